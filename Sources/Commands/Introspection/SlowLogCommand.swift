// SLOWLOG: the commands that took long.

import RESP

enum SlowLogCommand {
    static let descriptor = CommandDescriptor.container(
        "slowlog", flags: [], categories: ["slow"], summary: "Commands on the slow log.", since: "2.2.12",
        group: "server",
        [
            Subcommand(
                "get", arity: -2, flags: flags, usage: "GET [<count>]", since: "2.2.12",
                "The newest entries (10 of them, -1 is all): number, time, microseconds, arguments, client, its name.",
                get),
            Subcommand("len", arity: 2, flags: flags, since: "2.2.12", "How many entries there are.") { context, _ in
                context.reply.integer(context.services.server.slowLog.count)
            },
            Subcommand("reset", arity: 2, flags: flags, since: "2.2.12", "Drop all entries.") { context, _ in
                context.services.server.slowLog.reset()
                context.reply.ok()
            },
        ])

    private static let flags: CommandFlags = [.admin, .loading, .stale]

    private static func get(_ context: CommandContext, _ arguments: Arguments) {
        guard arguments.count <= 3 else {
            context.reply.error(ErrorReplies.wrongArity("slowlog|get"))
            return
        }
        var count = 10
        if arguments.count == 3 {
            guard let wanted = arguments.integer(2), wanted >= -1 else {
                context.reply.error("ERR count should be greater than or equal to -1")
                return
            }
            count = wanted == -1 ? Int.max : wanted
        }
        let entries = context.services.server.slowLog.newest(count)
        let reply = context.reply
        reply.array(entries.count)
        for entry in entries {
            reply.array(6)
            reply.integer(entry.id)
            reply.integer(entry.time)
            reply.integer(entry.microseconds)
            reply.array(entry.arguments.count)
            for argument in entry.arguments { reply.bulk(argument) }
            reply.bulk(entry.address)
            reply.bulk(entry.clientName)
        }
    }
}
