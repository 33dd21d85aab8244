// COMMAND: the table that dispatches, shown to clients.

import RESP
import Storage

enum CommandCommand {
    static let descriptor = CommandDescriptor.container(
        "command", flags: [.loading, .stale], categories: ["slow", "connection"],
        summary: "Commands on commands.", since: "2.8.13", group: "server",
        alone: { context, _ in
            let commands = offered(context)
            context.reply.array(commands.count)
            for command in commands { writeInformation(command, to: context.reply) }
        },
        [
            Subcommand("count", arity: 2, flags: flags, since: "2.8.13", "How many commands there are.") {
                context, _ in context.reply.integer(offered(context).count)
            },
            Subcommand(
                "info", arity: -2, flags: flags, usage: "INFO [<command> ...]", since: "2.8.13",
                "Arity, flags and keys of commands.", information),
            Subcommand(
                "docs", arity: -2, flags: flags, usage: "DOCS [<command> ...]", since: "7.0.0",
                "What commands do.", documentation),
            Subcommand(
                "list", arity: -2, flags: flags,
                usage: "LIST [FILTERBY (MODULE <name>|ACLCAT <category>|PATTERN <glob>)]",
                since: "7.0.0", "The names of all commands.", list),
            Subcommand(
                "getkeys", arity: -3, flags: flags, usage: "GETKEYS <full command>", since: "2.8.13",
                "The keys in a command."
            ) { context, arguments in keys(context, arguments, withFlags: false) },
            Subcommand(
                "getkeysandflags", arity: -3, flags: flags, usage: "GETKEYSANDFLAGS <full command>", since: "7.0.0",
                "The keys in a command, and what it does to them."
            ) { context, arguments in keys(context, arguments, withFlags: true) },
        ])

    private static let flags: CommandFlags = [.loading, .stale]

    private static func offered(_ context: CommandContext) -> [CommandDescriptor] {
        let store = version(HelloReply.storeVersion(context.services))
        return context.services.server.table.commands.filter { isThere($0, store) }
    }

    /// Whether a command works: the store refuses those that came after its own version.
    private static func isThere(_ command: CommandDescriptor, _ store: [Int]) -> Bool {
        guard !command.isRefused else { return false }
        guard case .store = command.body else { return true }
        return !store.lexicographicallyPrecedes(version(command.since))
    }

    private static func version(_ text: String) -> [Int] { text.split(separator: ".").map { Int($0) ?? 0 } }

    /// A command, or one of its subcommands, by the name COMMAND INFO uses: `client|id`.
    private static func find(
        _ name: ByteSlice, in context: CommandContext
    ) -> (command: CommandDescriptor, subcommand: String?)? {
        let table = context.services.server.table
        let parts = String(decoding: name, as: UTF8.self).lowercased().split(
            separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let position = table.position(of: String(first)) else { return nil }
        let command = table.commands[position]
        guard isThere(command, version(HelloReply.storeVersion(context.services))) else { return nil }
        guard parts.count == 2 else { return (command, nil) }
        let subcommand = String(parts[1])
        return command.subcommands.contains(subcommand) ? (command, subcommand) : nil
    }

    // MARK: INFO

    private static func information(_ context: CommandContext, _ arguments: Arguments) {
        if arguments.count == 2 {
            let commands = offered(context)
            context.reply.array(commands.count)
            for command in commands { writeInformation(command, to: context.reply) }
            return
        }
        context.reply.array(arguments.count - 2)
        for i in 2..<arguments.count {
            switch find(arguments[i], in: context) {
            case nil: context.reply.nullArray()
            case (let command, nil)?: writeInformation(command, to: context.reply)
            case (let command, let subcommand?)?:
                writeInformation(of: subcommand, command, to: context.reply)
            }
        }
    }

    private static func writeInformation(_ command: CommandDescriptor, to reply: ReplyWriter) {
        reply.array(10)
        reply.bulk(command.shownName)
        reply.integer(command.arity)
        writeWords(command.flags.shownNames, to: reply)
        reply.integer(command.keys.first)
        reply.integer(command.keys.last)
        reply.integer(command.keys.step)
        writeWords(command.categories.map { "@\($0)" }, to: reply)
        reply.set(0)
        writeKeySpecification(command, to: reply)
        reply.set(command.subcommands.count)
        for subcommand in command.subcommands { writeInformation(of: subcommand, command, to: reply) }
    }

    private static func writeInformation(of subcommand: String, _ command: CommandDescriptor, to reply: ReplyWriter) {
        let row = command.subcommandRows.first { $0.name == subcommand }
        let flags = row?.flags ?? command.flags
        reply.array(10)
        reply.bulk("\(command.name)|\(subcommand)")
        reply.integer(row?.arity ?? -2)
        writeWords(flags.shownNames, to: reply)
        for _ in 0..<3 { reply.integer(0) }
        let categories = command.categories + (flags.contains(.admin) ? ["admin", "dangerous"] : [])
        writeWords(categories.map { "@\($0)" }, to: reply)
        reply.set(0)
        reply.set(0)
        reply.set(0)
    }

    /// A set of simple strings.
    private static func writeWords(_ words: [String], to reply: ReplyWriter) {
        reply.set(words.count)
        for word in words { reply.simple(word.utf8) }
    }

    private static func writeKeySpecification(_ command: CommandDescriptor, to reply: ReplyWriter) {
        let keys = command.keys
        guard keys != .none else {
            reply.set(0)
            return
        }
        reply.set(1)
        reply.map(3)
        reply.bulk("flags")
        writeWords(keyFlags(command), to: reply)
        reply.bulk("begin_search")
        reply.map(2)
        reply.bulk("type")
        reply.bulk("index")
        reply.bulk("spec")
        reply.map(1)
        reply.bulk("index")
        reply.integer(keys.first)
        reply.bulk("find_keys")
        reply.map(2)
        reply.bulk("type")
        reply.bulk("range")
        reply.bulk("spec")
        reply.map(3)
        reply.bulk("lastkey")
        reply.integer(keys.last < 0 ? keys.last : keys.last - keys.first)
        reply.bulk("keystep")
        reply.integer(keys.step)
        reply.bulk("limit")
        reply.integer(0)
    }

    private static func keyFlags(_ command: CommandDescriptor) -> [String] {
        command.flags.contains(.readOnly) ? ["RO", "access"] : ["RW", "access", "update"]
    }

    // MARK: DOCS

    private static func documentation(_ context: CommandContext, _ arguments: Arguments) {
        if arguments.count == 2 {
            let commands = offered(context)
            context.reply.map(commands.count)
            for command in commands { writeDocumentation(command, to: context.reply) }
            return
        }
        let found = (2..<arguments.count).compactMap { find(arguments[$0], in: context) }
        context.reply.map(found.count)
        for (command, subcommand) in found {
            if let subcommand {
                writeDocumentation(of: subcommand, command, to: context.reply)
            } else {
                writeDocumentation(command, to: context.reply)
            }
        }
    }

    private static func writeDocumentation(_ command: CommandDescriptor, to reply: ReplyWriter) {
        let isModule = command.flags.contains(.module)
        reply.bulk(command.shownName)
        reply.map(3 + (isModule ? 1 : 0) + (command.subcommands.isEmpty ? 0 : 1))
        reply.bulk("summary")
        reply.bulk(command.summary)
        reply.bulk("since")
        reply.bulk(command.since)
        reply.bulk("group")
        reply.bulk(isModule ? "module" : command.group)
        if isModule {
            reply.bulk("module")
            reply.bulk("search")
        }
        guard !command.subcommands.isEmpty else { return }
        reply.bulk("subcommands")
        reply.map(command.subcommands.count)
        for subcommand in command.subcommands { writeDocumentation(of: subcommand, command, to: reply) }
    }

    private static func writeDocumentation(
        of subcommand: String, _ command: CommandDescriptor, to reply: ReplyWriter
    ) {
        let row = command.subcommandRows.first { $0.name == subcommand }
        reply.bulk("\(command.name)|\(subcommand)")
        reply.map(3)
        reply.bulk("summary")
        reply.bulk(row?.summary ?? command.summary)
        reply.bulk("since")
        reply.bulk(row?.since ?? command.since)
        reply.bulk("group")
        reply.bulk(command.group)
    }

    // MARK: LIST

    private static func list(_ context: CommandContext, _ arguments: Arguments) {
        var commands = offered(context)
        if arguments.count == 5, arguments.is("FILTERBY", at: 2) {
            let value = arguments.text(4)
            if arguments.is("MODULE", at: 3) {
                let isOurs = value == "search"
                commands = commands.filter { isOurs && $0.flags.contains(.module) }
            } else if arguments.is("ACLCAT", at: 3) {
                let category = value.lowercased()
                commands = commands.filter { $0.categories.contains(category) }
            } else if arguments.is("PATTERN", at: 3) {
                let pattern = Array(value.lowercased().utf8)
                commands = commands.filter { Glob.matches(pattern, Array($0.name.utf8)) }
            } else {
                context.reply.error(ErrorReplies.syntax)
                return
            }
        } else if arguments.count != 2 {
            context.reply.error(ErrorReplies.syntax)
            return
        }
        context.reply.array(commands.count)
        for command in commands { context.reply.bulk(command.shownName) }
    }

    // MARK: GETKEYS

    private static func keys(_ context: CommandContext, _ arguments: Arguments, withFlags: Bool) {
        let table = context.services.server.table
        let reply = context.reply
        let full = arguments.dropping(2)
        guard let position = table.position(of: full[0]), !table.commands[position].isRefused else {
            reply.error("ERR Invalid command specified")
            return
        }
        let command = table.commands[position]
        var row: KeyspaceCommand?
        if case .store = command.body, let specification = KeyspaceCommandTable.specification(command.name) {
            row = KeyspaceCommandTable.rows[specification]
        }
        guard command.keys != .none || (row.map { $0.keyFinder != .positions } ?? false) else {
            reply.error("ERR The command has no key arguments")
            return
        }
        guard command.arity >= 0 ? full.count == command.arity : full.count >= -command.arity else {
            reply.error("ERR Invalid number of arguments specified for command")
            return
        }
        let found = row.map { $0.keyIndices(full) } ?? Array(command.keys.indices(argumentCount: full.count))
        guard let found else {
            reply.error("ERR Invalid arguments specified for command")
            return
        }
        if found.isEmpty, !command.flags.contains(.noMandatoryKeys) {
            reply.error("ERR The command has no key arguments")
            return
        }
        reply.array(found.count)
        for i in found {
            if withFlags { reply.array(2) }
            reply.bulk(full[i])
            if withFlags { writeWords(keyFlags(command), to: reply) }
        }
    }
}
