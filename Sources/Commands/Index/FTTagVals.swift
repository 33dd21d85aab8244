import RESP
import SearchEngine
import SearchModel

/// `FT.TAGVALS index field`: the tags of a field, folded, in byte order.
package struct FTTagVals: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.tagvals", .readOnly, categories: ["read", "slow", "dangerous"],
            summary: "Lists the distinct values of a TAG field")
    }

    let values: [Bytes]

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 3 else { throw ErrorReplies.arity("FT.TAGVALS") }
        guard let index = context.services.search.use(arguments[1]) else { throw ErrorReplies.unknownIndexNameCapital }
        try index.checkLoaded()
        let schema = index.definition.schema
        guard let field = schema.position(ofAttribute: arguments[2]) else { throw ErrorReplies.noSuchField }
        guard case .tag = schema.fields[field].kind else { throw ErrorReplies.notATagField }
        values = index.tagValues(field: field)
    }

    package func run(in context: any CommandContext) {
        context.reply.set(values.count)
        for value in values { context.reply.bulk(value) }
    }
}
