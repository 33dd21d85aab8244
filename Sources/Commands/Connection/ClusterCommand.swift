// CLUSTER and ROLE: to clients every node is a server of its own.

import RESP

enum ClusterCommand {
    private static let disabled = "ERR This instance has cluster support disabled"

    static let descriptor = CommandDescriptor(
        "cluster", arity: -2, flags: [], categories: ["slow"], summary: "Says that there is no slot cluster.",
        since: "3.0.0", group: "cluster", subcommands: ["info"],
        body: .local { context, arguments in
            if arguments.is("INFO", at: 1), arguments.count == 2 {
                context.reply.verbatim("cluster_enabled:0\r\n")
            } else {
                context.reply.error(disabled)
            }
        })

    /// Commands that only mean something in a cluster.
    static let refusals: [CommandDescriptor] = ["readonly", "readwrite", "asking"].map {
        var descriptor = CommandDescriptor(
            $0, arity: 1, flags: [.loading, .stale, .fast], categories: ["fast", "connection"], since: "3.0.0",
            group: "cluster", body: .local { context, _ in context.reply.error(disabled) })
        descriptor.isRefused = true
        return descriptor
    }
}

enum RoleCommand {
    static let descriptor = CommandDescriptor(
        "role", arity: 1, flags: [.noScript, .loading, .stale, .fast], categories: ["admin", "fast", "dangerous"],
        summary: "Says that this server takes writes.", since: "2.8.12", group: "server",
        body: .local { context, _ in
            context.reply.array(3)
            context.reply.bulk("master")
            context.reply.integer(0)
            context.reply.array(0)
        })
}

enum ShutdownCommand {
    static let descriptor = CommandDescriptor(
        "shutdown", arity: -1, flags: [.admin, .noScript, .loading, .stale, .noMulti, .allowBusy],
        categories: ["admin", "slow", "dangerous"], summary: "Stops the server.", group: "server",
        body: .local { context, arguments in
            for i in 1..<max(arguments.count, 1) {
                let word = arguments[i]
                if word.equalsIgnoringCase("ABORT") {
                    context.reply.error("ERR No shutdown in progress.")
                    return
                }
                guard
                    word.equalsIgnoringCase("NOSAVE") || word.equalsIgnoringCase("SAVE")
                        || word.equalsIgnoringCase("NOW") || word.equalsIgnoringCase("FORCE")
                else {
                    context.reply.error(ErrorReplies.syntax)
                    return
                }
            }
            guard let stop = context.services.server.stop else {
                context.reply.error("ERR this server cannot be stopped by a client")
                return
            }
            // Clients take the end of the connection for the answer, and an answer for a failure.
            let pending = context.completeLater()
            stop()
            context.services.server.clients[context.clientID]?.control?.end(afterReply: false)
            withExtendedLifetime(pending) {}
        })
}
