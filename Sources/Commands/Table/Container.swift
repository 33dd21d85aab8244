// Commands that are a family: CLIENT, CONFIG, SLOWLOG ... One list of subcommands gives dispatch, errors and HELP.

import RESP

/// One subcommand and what runs it.
struct Subcommand: Sendable {
    let row: SubcommandRow
    /// Its line in HELP.
    let usage: String
    let body: @Sendable (CommandContext, Arguments) -> Void

    init(
        _ name: String, arity: Int, flags: CommandFlags = [], usage: String? = nil, since: String = "1.0.0",
        _ summary: String, _ body: @escaping @Sendable (CommandContext, Arguments) -> Void
    ) {
        row = SubcommandRow(name: name, arity: arity, flags: flags, summary: summary, since: since)
        self.usage = usage ?? name.uppercased()
        self.body = body
    }
}

extension CommandDescriptor {
    /// A command whose first argument says what it does.
    ///
    /// - Parameters:
    ///   - alone: runs when there is no first argument; without it that is an arity error.
    ///   - details: what HELP with further arguments answers.
    static func container(
        _ name: String, flags: CommandFlags, categories: [String], summary: String, since: String, group: String,
        alone: (@Sendable (CommandContext, Arguments) -> Void)? = nil,
        details: (@Sendable (CommandContext, Arguments) -> Void)? = nil, _ subcommands: [Subcommand]
    ) -> CommandDescriptor {
        let help = helpLines(name, subcommands, more: details == nil ? nil : "HELP <pattern>")
        let helpRow = Subcommand(
            "help", arity: details == nil ? 2 : -2, flags: [.loading, .stale], "Print this help."
        ) { context, arguments in
            if let details, arguments.count > 2 { return details(context, arguments) }
            context.reply.array(help.count)
            for line in help { context.reply.simple(line.utf8) }
        }
        let all = subcommands + [helpRow]
        let positions = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1.row.name, $0) })
        var descriptor = CommandDescriptor(
            name, arity: alone == nil ? -2 : -1, flags: flags, categories: categories, summary: summary, since: since,
            group: group, subcommands: all.map(\.row.name),
            body: .local { context, arguments in
                guard arguments.count > 1 else {
                    alone?(context, arguments)
                    return
                }
                let word = arguments[1]
                guard word.count <= 32,
                    let position = positions[String(decoding: word, as: UTF8.self).lowercased()]
                else {
                    context.reply.error(ErrorReplies.unknownSubcommand(word, of: name))
                    return
                }
                let subcommand = all[position]
                let arity = subcommand.row.arity
                guard arity >= 0 ? arguments.count == arity : arguments.count >= -arity else {
                    context.reply.error(ErrorReplies.wrongArity("\(name)|\(subcommand.row.name)"))
                    return
                }
                subcommand.body(context, arguments)
            })
        descriptor.subcommandRows = all.map(\.row)
        return descriptor
    }

    private static func helpLines(_ name: String, _ subcommands: [Subcommand], more: String?) -> [String] {
        var lines = ["\(name.uppercased()) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
        for subcommand in subcommands {
            lines.append(subcommand.usage)
            lines.append("    \(subcommand.row.summary)")
        }
        if let more { lines += [more, "    What the things of these names are for."] }
        return lines + ["HELP", "    Print this help."]
    }
}

extension Arguments {
    /// Whether an argument is this keyword (upper case), in any case.
    func `is`(_ keyword: StaticString, at index: Int) -> Bool {
        index < count && self[index].equalsIgnoringCase(keyword)
    }

    func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

    /// A decimal as Redis reads it: no blanks, no plus sign.
    func integer(_ index: Int) -> Int? {
        let text = text(index)
        guard let value = Int(text), String(value) == text else { return nil }
        return value
    }

    /// The arguments from `first` on, as a request of their own.
    func dropping(_ first: Int) -> Arguments {
        precondition(first <= count)
        return Arguments(
            base: base, spans: spans + 2 * first, count: count - first, frameLength: frameLength, isForwardable: false)
    }
}
