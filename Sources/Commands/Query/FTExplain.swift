import RESP
import SearchEngine
import SearchModel
import SearchQuery

/// `FT.EXPLAIN index query [option ...]`: the tree that would run, as one text.
package struct FTExplain: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.explain", .readOnly, summary: "Shows how a query is understood")
    }

    let text: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 3 else { throw ErrorReplies.arity("FT.EXPLAIN") }
        text = try Explanation.text(arguments, in: context)
    }

    package func run(in context: any CommandContext) { context.reply.bulk(text) }
}

/// `FT.EXPLAINCLI`: the same, a line an element.
package struct FTExplainCLI: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.explaincli", .readOnly, summary: "Shows how a query is understood, line by line")
    }

    let text: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 3 else { throw ErrorReplies.arity("FT.EXPLAINCLI") }
        text = try Explanation.text(arguments, in: context)
    }

    package func run(in context: any CommandContext) {
        // The text ends with a line break, so that the last line is an empty one.
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        context.reply.array(lines.count)
        for line in lines { context.reply.simple(line) }
    }
}

private enum Explanation {
    static func text(_ arguments: Arguments, in context: any CommandContext) throws(ReplyError) -> Bytes {
        let settings = context.services.settings.search
        let options = try SearchGrammar.parse(arguments, query: 2, command: .explain, settings: settings)
        guard let index = context.services.search.use(arguments[1]) else {
            throw ErrorReplies.noSuchIndex(arguments[1])
        }
        do throws(SearchError) {
            return try index.explanation(of: arguments[2], options)
        } catch {
            throw ErrorReplies.search(error)
        }
    }
}
