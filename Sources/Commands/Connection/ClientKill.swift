// CLIENT KILL, old form and new.

import RESP

enum ClientKill {
    private struct Filter {
        var id: UInt64?
        var address: String?
        var localAddress: String?
        var isNormal: Bool?
        var user: String?
        var minimumAge: UInt64?
        var skipsSelf = true

        func matches(_ record: ClientRecord, now: UInt64) -> Bool {
            if let id, record.id != id { return false }
            if let address, record.address != address { return false }
            if let localAddress, record.localAddress != localAddress { return false }
            if isNormal == false { return false }
            if let minimumAge, (now &- record.connected) / 1_000_000_000 < minimumAge { return false }
            return true
        }
    }

    static func run(_ context: CommandContext, _ arguments: Arguments) {
        if arguments.count == 3 {
            killAddress(context, arguments.text(2))
            return
        }
        guard let filter = parse(context, arguments) else { return }
        let now = Clock.monotonic()
        let victims = context.services.server.clients.all().filter {
            filter.matches($0, now: now) && !(filter.skipsSelf && $0.id == context.clientID)
        }
        for victim in victims { victim.control?.end(afterReply: victim.id == context.clientID) }
        context.reply.integer(victims.count)
    }

    private static func killAddress(_ context: CommandContext, _ address: String) {
        let victim = context.services.server.clients.all().first { $0.address == address }
        guard let victim else {
            context.reply.error("ERR No such client")
            return
        }
        victim.control?.end(afterReply: victim.id == context.clientID)
        context.reply.ok()
    }

    /// `nil`: an error was answered.
    private static func parse(_ context: CommandContext, _ arguments: Arguments) -> Filter? {
        var filter = Filter()
        var i = 2
        while i < arguments.count {
            guard i + 1 < arguments.count else { return fail(context, ErrorReplies.syntax) }
            if arguments.is("ID", at: i) {
                guard let id = arguments.integer(i + 1), id > 0 else {
                    return fail(context, "ERR client-id should be greater than 0")
                }
                filter.id = UInt64(id)
            } else if arguments.is("ADDR", at: i) {
                filter.address = arguments.text(i + 1)
            } else if arguments.is("LADDR", at: i) {
                filter.localAddress = arguments.text(i + 1)
            } else if arguments.is("TYPE", at: i) {
                guard let isNormal = ClientCommand.clientType(arguments[i + 1]) else {
                    return fail(context, "ERR Unknown client type '\(ErrorReplies.text(arguments[i + 1]))'")
                }
                filter.isNormal = isNormal
            } else if arguments.is("USER", at: i) {
                guard arguments.text(i + 1) == "default" else {
                    return fail(context, "ERR No such user '\(ErrorReplies.text(arguments[i + 1]))'")
                }
            } else if arguments.is("MAXAGE", at: i) {
                guard let age = arguments.integer(i + 1) else {
                    return fail(context, "ERR maxage is not an integer or out of range")
                }
                guard age > 0 else { return fail(context, "ERR maxage should be greater than 0") }
                filter.minimumAge = UInt64(age)
            } else if arguments.is("SKIPME", at: i) {
                guard arguments.is("YES", at: i + 1) || arguments.is("NO", at: i + 1) else {
                    return fail(context, ErrorReplies.syntax)
                }
                filter.skipsSelf = arguments.is("YES", at: i + 1)
            } else {
                return fail(context, ErrorReplies.syntax)
            }
            i += 2
        }
        return filter
    }

    private static func fail(_ context: CommandContext, _ text: String) -> Filter? {
        context.reply.error(text)
        return nil
    }
}
