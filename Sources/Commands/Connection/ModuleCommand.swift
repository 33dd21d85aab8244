// MODULE LIST: what clients look at to see whether search is there.

import RESP

package enum ModuleCommand {
    static let descriptor = CommandDescriptor.container(
        "module", flags: [], categories: ["slow"], summary: "Commands on modules.", since: "4.0.0", group: "server",
        [
            Subcommand("list", arity: 2, flags: [.admin, .noScript], since: "4.0.0", "The modules there are.") {
                context, _ in writeList(to: context.reply, services: context.services)
            },
            Subcommand(
                "load", arity: -3, flags: flags, usage: "LOAD <path> [<arg> ...]", since: "4.0.0", refusal, refuse),
            Subcommand(
                "loadex", arity: -3, flags: flags, usage: "LOADEX <path> [...]", since: "7.0.0", refusal, refuse),
            Subcommand("unload", arity: 3, flags: flags, usage: "UNLOAD <name>", since: "4.0.0", refusal, refuse),
        ])

    private static let flags: CommandFlags = [.admin, .noScript, .noAsyncLoading]
    private static let refusal = "Not offered: what the server can do is built in."

    private static func refuse(_ context: CommandContext, _ arguments: Arguments) {
        context.reply.error("ERR modules cannot be loaded or unloaded: what the server can do is built in")
    }

    package static func writeList(to reply: ReplyWriter, services: Services) {
        let modules = services.server.modules
        reply.array(modules.count)
        for module in modules {
            reply.map(4)
            reply.bulk("name")
            reply.bulk(module.name)
            reply.bulk("ver")
            reply.integer(module.version)
            reply.bulk("path")
            reply.bulk("built-in")
            reply.bulk("args")
            reply.array(0)
        }
    }
}
