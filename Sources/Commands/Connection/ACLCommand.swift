// ACL, as far as it goes with one user.

import RESP

enum ACLCommand {
    static let descriptor = CommandDescriptor.container(
        "acl", flags: [], categories: ["slow"], summary: "Commands on users.", since: "6.0.0", group: "server",
        [
            Subcommand("whoami", arity: 2, flags: flags, since: "6.0.0", "The user of this connection.") {
                context, _ in context.reply.bulk("default")
            },
            Subcommand("users", arity: 2, flags: admin, since: "6.0.0", "The names of all users.") { context, _ in
                context.reply.array(1)
                context.reply.bulk("default")
            },
            Subcommand("list", arity: 2, flags: admin, since: "6.0.0", "All users and what they may do.") {
                context, _ in
                context.reply.array(1)
                let password = context.services.settings.hasPassword ? "#(hidden)" : "nopass"
                context.reply.bulk("user default on \(password) sanitize-payload ~* &* +@all")
            },
            Subcommand(
                "getuser", arity: 3, flags: admin, usage: "GETUSER <name>", since: "6.0.0", "What a user may do.",
                getUser),
            Subcommand(
                "cat", arity: -2, flags: flags, usage: "CAT [<category>]", since: "6.0.0",
                "The categories of commands, or the commands of one.", categories),
            Subcommand(
                "genpass", arity: -2, flags: flags, usage: "GENPASS [<bits>]", since: "6.0.0",
                "Makes a random password.", generatePassword),
            Subcommand(
                "dryrun", arity: -4, flags: admin, usage: "DRYRUN <user> <command> [<arg> ...]", since: "7.0.0",
                "Whether a user may run a command.", dryRun),
            Subcommand(
                "setuser", arity: -3, flags: admin, usage: "SETUSER <name> [...]", since: "6.0.0", refusal, refuse),
            Subcommand(
                "deluser", arity: -3, flags: admin, usage: "DELUSER <name> ...", since: "6.0.0", refusal, refuse),
            Subcommand("log", arity: -2, flags: admin, usage: "LOG [<count>|RESET]", since: "6.0.0", refusal, refuse),
            Subcommand("load", arity: 2, flags: admin, since: "6.0.0", refusal, refuse),
            Subcommand("save", arity: 2, flags: admin, since: "6.0.0", refusal, refuse),
        ])

    private static let flags: CommandFlags = [.noScript, .loading, .stale]
    private static let admin: CommandFlags = [.admin, .noScript, .loading, .stale]
    private static let refusal = "Not offered: there is one user, named default."

    private static func refuse(_ context: CommandContext, _ arguments: Arguments) {
        context.reply.error("ERR there is one user, named default: set its password with CONFIG SET requirepass")
    }

    private static func getUser(_ context: CommandContext, _ arguments: Arguments) {
        let reply = context.reply
        guard arguments.text(2) == "default" else {
            reply.null()
            return
        }
        reply.map(6)
        reply.bulk("flags")
        let words = context.services.settings.hasPassword ? ["on"] : ["on", "nopass"]
        reply.set(words.count)
        for word in words { reply.bulk(word) }
        reply.bulk("passwords")
        reply.array(0)
        reply.bulk("commands")
        reply.bulk("+@all")
        reply.bulk("keys")
        reply.bulk("~*")
        reply.bulk("channels")
        reply.bulk("&*")
        reply.bulk("selectors")
        reply.array(0)
    }

    private static func categories(_ context: CommandContext, _ arguments: Arguments) {
        let commands = context.services.server.table.commands.filter { !$0.isRefused }
        if arguments.count == 2 {
            let names = Set(commands.flatMap(\.categories)).sorted()
            context.reply.array(names.count)
            for name in names { context.reply.bulk(name) }
        } else if arguments.count == 3 {
            let wanted = arguments.text(2).lowercased()
            let names = commands.filter { $0.categories.contains(wanted) }.map(\.shownName)
            guard !names.isEmpty else {
                context.reply.error("ERR Unknown category '\(ErrorReplies.text(arguments[2]))'")
                return
            }
            context.reply.array(names.count)
            for name in names { context.reply.bulk(name) }
        } else {
            context.reply.error(ErrorReplies.syntax)
        }
    }

    private static func generatePassword(_ context: CommandContext, _ arguments: Arguments) {
        var bits = 256
        if arguments.count == 3 {
            guard let wanted = arguments.integer(2), wanted > 0, wanted <= 4096 else {
                context.reply.error(
                    "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number"
                        + " up to 4096")
                return
            }
            bits = wanted
        } else if arguments.count > 3 {
            context.reply.error(ErrorReplies.syntax)
            return
        }
        var random = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef".utf8)
        context.reply.bulk((0..<(bits + 3) / 4).map { _ in digits[Int(random.next(upperBound: UInt64(16)))] })
    }

    private static func dryRun(_ context: CommandContext, _ arguments: Arguments) {
        guard arguments.text(2) == "default" else {
            context.reply.error("ERR User '\(ErrorReplies.text(arguments[2]))' not found")
            return
        }
        guard context.services.server.table.position(of: arguments[3]) != nil else {
            context.reply.error("ERR Command '\(ErrorReplies.text(arguments[3]))' not found")
            return
        }
        context.reply.ok()
    }
}
