// CLIENT: connections, seen and steered. CLIENT REPLY is the session's own.

import RESP

package enum ClientCommand {
    static let descriptor = CommandDescriptor.container(
        "client", flags: [], categories: ["slow"], summary: "Commands on connections.", since: "2.4.0",
        group: "connection",
        [
            Subcommand("id", arity: 2, flags: flags, since: "5.0.0", "The number of this connection.") { context, _ in
                context.reply.integer(Int(truncatingIfNeeded: context.clientID))
            },
            Subcommand("info", arity: 2, flags: flags, since: "6.2.0", "What is known of this connection.") {
                context, _ in
                let server = context.services.server
                guard let record = server.clients[context.clientID] else { return }
                context.reply.bulk(record.line(table: server.table) + "\n")
            },
            Subcommand(
                "list", arity: -2, flags: flags.union(.admin),
                usage: "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <id> ...]", since: "2.4.0",
                "What is known of all connections.", list),
            Subcommand(
                "kill", arity: -3, flags: flags.union(.admin),
                usage: "KILL <address> | KILL <ID|ADDR|LADDR|TYPE|USER|MAXAGE|SKIPME> <value> ...", since: "2.4.0",
                "End connections.", ClientKill.run),
            Subcommand("getname", arity: 2, flags: flags, since: "2.6.9", "The name of this connection.") {
                context, _ in
                let name = context.services.server.clients[context.clientID]?.texts.name ?? []
                if name.isEmpty { context.reply.null() } else { context.reply.bulk(name) }
            },
            Subcommand(
                "setname", arity: 3, flags: flags, usage: "SETNAME <name>", since: "2.6.9", "Name this connection."
            ) { context, arguments in
                guard isPrintable(arguments[2]) else {
                    context.reply.error(ErrorReplies.invalidClientName)
                    return
                }
                context.services.server.clients[context.clientID]?.texts.name = arguments.bytes(2)
                context.reply.ok()
            },
            Subcommand(
                "setinfo", arity: 4, flags: flags, usage: "SETINFO <LIB-NAME|LIB-VER> <value>", since: "7.2.0",
                "Tell which library this client uses.", setInformation),
            Subcommand(
                "no-evict", arity: 3, flags: flags.union(.admin), usage: "NO-EVICT (ON|OFF)", since: "7.0.0",
                "Protect this connection when memory for connections is short."
            ) { context, arguments in toggle(.noEvict, context, arguments) },
            Subcommand(
                "no-touch", arity: 3, flags: flags, usage: "NO-TOUCH (ON|OFF)", since: "7.2.0",
                "Do not count this connection's commands as uses of keys."
            ) { context, arguments in toggle(.noTouch, context, arguments) },
            Subcommand(
                "reply", arity: 3, flags: flags, usage: "REPLY (ON|OFF|SKIP)", since: "3.2.0",
                "Say whether commands are answered."
            ) { context, _ in context.reply.ok() },
            Subcommand(
                "unblock", arity: -3, flags: flags.union(.admin), usage: "UNBLOCK <id> [TIMEOUT|ERROR]",
                since: "5.0.0", "Wake a connection that waits in a blocking command.", unblock),
            Subcommand(
                "pause", arity: -3, flags: flags.union(.admin), usage: "PAUSE <milliseconds> [WRITE|ALL]",
                since: "3.0.0", "Let commands of all connections wait.", pause),
            Subcommand(
                "unpause", arity: 2, flags: flags.union(.admin), since: "6.2.0", "End a pause."
            ) { context, _ in
                context.services.server.unpause()
                context.reply.ok()
            },
            Subcommand(
                "getredir", arity: 2, flags: flags, since: "6.0.0", "Where invalidation messages go: nowhere."
            ) { context, _ in context.reply.integer(-1) },
            Subcommand(
                "trackinginfo", arity: 2, flags: flags, since: "6.2.0",
                "Whether this connection is told of changed keys: it is not."
            ) { context, _ in
                context.reply.map(3)
                context.reply.bulk("flags")
                context.reply.set(1)
                context.reply.bulk("off")
                context.reply.bulk("redirect")
                context.reply.integer(-1)
                context.reply.bulk("prefixes")
                context.reply.array(0)
            },
            Subcommand(
                "tracking", arity: -3, flags: flags, usage: "TRACKING OFF", since: "6.0.0",
                "Messages about changed keys; they are not offered."
            ) { context, arguments in
                if arguments.is("OFF", at: 2) {
                    context.reply.ok()
                } else if arguments.is("ON", at: 2) {
                    context.reply.error("ERR CLIENT TRACKING is not supported")
                } else {
                    context.reply.error(ErrorReplies.syntax)
                }
            },
            Subcommand(
                "caching", arity: 3, flags: flags, usage: "CACHING (YES|NO)", since: "6.0.0",
                "Choose the keys that are tracked."
            ) { context, _ in
                context.reply.error(
                    "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT"
                        + " mode enabled")
            },
        ])

    private static let flags: CommandFlags = [.noScript, .loading, .stale]

    /// Printable ASCII without blanks: what a client name may hold.
    package static func isPrintable(_ text: ByteSlice) -> Bool { text.allSatisfy { $0 >= 33 && $0 <= 126 } }

    // MARK: LIST

    private static func list(_ context: CommandContext, _ arguments: Arguments) {
        let server = context.services.server
        var records = server.clients.all()
        if arguments.count == 4, arguments.is("TYPE", at: 2) {
            guard let isNormal = clientType(arguments[3]) else {
                context.reply.error("ERR Unknown client type '\(ErrorReplies.text(arguments[3]))'")
                return
            }
            if !isNormal { records = [] }
        } else if arguments.count > 3, arguments.is("ID", at: 2) {
            var wanted: Set<UInt64> = []
            for i in 3..<arguments.count {
                guard let id = arguments.integer(i), id > 0 else {
                    context.reply.error("ERR Invalid client ID")
                    return
                }
                wanted.insert(UInt64(id))
            }
            records = records.filter { wanted.contains($0.id) }
        } else if arguments.count > 2 {
            context.reply.error(ErrorReplies.syntax)
            return
        }
        let now = Clock.monotonic()
        let table = server.table
        let text = records.map { $0.line(table: table, now: now) + "\n" }.joined()
        context.reply.verbatim(text)
    }

    /// Whether a type is that of ordinary clients (there are no others here); `nil`: no such type.
    static func clientType(_ word: ByteSlice) -> Bool? {
        if word.equalsIgnoringCase("NORMAL") { return true }
        for other in ["MASTER", "REPLICA", "SLAVE", "PUBSUB"] as [StaticString] where word.equalsIgnoringCase(other) {
            return false
        }
        return nil
    }

    // MARK: small ones

    private static func setInformation(_ context: CommandContext, _ arguments: Arguments) {
        let option = arguments.text(2).lowercased()
        guard option == "lib-name" || option == "lib-ver" else {
            context.reply.error("ERR Unrecognized option '\(ErrorReplies.text(arguments[2]))'")
            return
        }
        guard isPrintable(arguments[3]) else {
            context.reply.error("ERR \(option) cannot contain spaces, newlines or special characters.")
            return
        }
        let record = context.services.server.clients[context.clientID]
        if option == "lib-name" {
            record?.texts.libraryName = arguments.bytes(3)
        } else {
            record?.texts.libraryVersion = arguments.bytes(3)
        }
        context.reply.ok()
    }

    private static func toggle(_ flag: ClientRecord.Flags, _ context: CommandContext, _ arguments: Arguments) {
        let on = arguments.is("ON", at: 2)
        guard on || arguments.is("OFF", at: 2) else {
            context.reply.error(ErrorReplies.syntax)
            return
        }
        context.services.server.clients[context.clientID]?.set(flag, on)
        context.reply.ok()
    }

    private static func unblock(_ context: CommandContext, _ arguments: Arguments) {
        if arguments.count > 4
            || (arguments.count == 4 && !arguments.is("TIMEOUT", at: 3) && !arguments.is("ERROR", at: 3))
        {
            context.reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
            return
        }
        guard let id = arguments.integer(2) else {
            context.reply.error(ErrorReplies.notAnInteger)
            return
        }
        // In a transaction the lane runs this, which must not wait for itself.
        guard id > 0, context.services.server.clients[UInt64(id)] != nil, !context.mustAnswerNow else {
            context.reply.integer(0)
            return
        }
        let pending = context.completeLater()
        context.services.store.unblock(UInt64(id), withError: arguments.is("ERROR", at: 3)) { wasBlocked in
            let reply = ReplyWriter(version: pending.version)
            reply.integer(wasBlocked ? 1 : 0)
            pending.finish(reply)
        }
    }

    private static func pause(_ context: CommandContext, _ arguments: Arguments) {
        var all = true
        if arguments.count == 4 {
            guard arguments.is("ALL", at: 3) || arguments.is("WRITE", at: 3) else {
                context.reply.error("ERR CLIENT PAUSE mode must be WRITE or ALL")
                return
            }
            all = arguments.is("ALL", at: 3)
        } else if arguments.count > 4 {
            context.reply.error(ErrorReplies.syntax)
            return
        }
        guard let milliseconds = arguments.integer(2), milliseconds <= Int.max / 1_000_000 else {
            context.reply.error("ERR timeout is not an integer or out of range")
            return
        }
        guard milliseconds >= 0 else {
            context.reply.error("ERR timeout is negative")
            return
        }
        context.services.server.pause(
            until: Clock.monotonic() &+ UInt64(milliseconds) &* 1_000_000, all: all)
        context.reply.ok()
    }
}
