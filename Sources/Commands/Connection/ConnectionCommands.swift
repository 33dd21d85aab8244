// PING, ECHO, SELECT, and the commands that the session itself runs.

import RESP

package enum ConnectionCommands {
    private static let flags: CommandFlags = [.loading, .stale, .fast]

    /// Everything this module answers without the store and without an index.
    package static let all: [CommandDescriptor] =
        conversation + [
            ClientCommand.descriptor, CommandCommand.descriptor, InfoCommand.descriptor, ConfigCommand.descriptor,
            SlowLogCommand.descriptor, LatencyCommand.descriptor, MemoryCommand.descriptor, ModuleCommand.descriptor,
            ACLCommand.descriptor, ClusterCommand.descriptor, RoleCommand.descriptor, ShutdownCommand.descriptor,
            SearchConfigCommand.descriptor,
        ] + ClusterCommand.refusals

    private static let conversation: [CommandDescriptor] = [
        CommandDescriptor(
            "ping", arity: -1, flags: [.fast], categories: ["fast", "connection"],
            summary: "Answers PONG, or the given message.", group: "connection",
            body: .local { context, arguments in
                switch arguments.count {
                case 1: context.reply.raw("+PONG\r\n")
                case 2: context.reply.bulk(arguments[1])
                default: context.reply.error(ErrorReplies.wrongArity("ping"))
                }
            }),
        CommandDescriptor(
            "echo", arity: 2, flags: flags, categories: ["fast", "connection"],
            summary: "Answers the given message.", group: "connection",
            body: .local { context, arguments in context.reply.bulk(arguments[1]) }),
        CommandDescriptor(
            "select", arity: 2, flags: flags, categories: ["fast", "connection"],
            summary: "Chooses the database: there is one, number 0.", group: "connection",
            body: .local { context, arguments in
                switch arguments.integer(1) {
                case nil: context.reply.error(ErrorReplies.notAnInteger)
                case 0: context.reply.ok()
                default: context.reply.error(ErrorReplies.databaseOutOfRange)
                }
            }),
        CommandDescriptor(
            "hello", arity: -1, flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
            categories: ["fast", "connection"], summary: "Chooses the protocol and describes the server.",
            since: "6.0.0", group: "connection", body: .session),
        CommandDescriptor(
            "auth", arity: -2, flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
            categories: ["fast", "connection"], summary: "Authenticates the connection.", group: "connection",
            body: .session),
        CommandDescriptor(
            "reset", arity: 1, flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
            categories: ["fast", "connection"], summary: "Puts the connection back to how it began.", since: "6.2.0",
            group: "connection", body: .session),
        CommandDescriptor(
            "quit", arity: -1, flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
            categories: ["fast", "connection"], summary: "Ends the connection.", group: "connection", body: .session),
        CommandDescriptor(
            "monitor", arity: 1, flags: [.admin, .noScript, .loading, .stale, .noMulti],
            categories: ["admin", "slow", "dangerous"], summary: "Shows every command as it arrives.", group: "server",
            body: .session),
        CommandDescriptor(
            "multi", arity: 1, flags: [.noScript, .loading, .stale, .fast, .allowBusy],
            categories: ["fast", "transaction"], summary: "Begins a transaction.", since: "1.2.0",
            group: "transactions", body: .session),
        CommandDescriptor(
            "exec", arity: 1, flags: [.noScript, .loading, .stale, .skipMonitor], categories: ["slow", "transaction"],
            summary: "Runs the commands of a transaction.", since: "1.2.0", group: "transactions", body: .session),
        CommandDescriptor(
            "discard", arity: 1, flags: [.noScript, .loading, .stale, .fast, .allowBusy],
            categories: ["fast", "transaction"], summary: "Drops a transaction.", since: "2.0.0",
            group: "transactions", body: .session),
    ]
}
