import RESP
import SearchEngine

/// `FT._LIST`: names of all indexes, aliases left out.
package struct FTList: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft._list", .readOnly, categories: ["slow", "admin"], summary: "Lists all indexes", since: "2.0.0")
    }

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 1 else { throw ErrorReplies.arity("FT._LIST") }
    }

    package func run(in context: any CommandContext) {
        let names = context.services.search.indexNames
        context.reply.set(names.count)
        for name in names { context.reply.simple(name) }
    }
}
