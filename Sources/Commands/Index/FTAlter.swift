import RESP
import SearchEngine
import SearchModel

/// `FT.ALTER index [SKIPINITIALSCAN] SCHEMA ADD field ...`
package struct FTAlter: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.alter", [.write, .denyOOM], summary: "Adds fields to an index")
    }

    let change: AlterGrammar.Change?

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 5 else { throw ErrorReplies.arity("FT.ALTER") }
        change = try AlterGrammar.parse(arguments, in: context, ifNotExists: false)
    }

    package func run(in context: any CommandContext) { AlterGrammar.run(change, in: context) }
}

/// `FT._ALTERIFNX`: content when the first of the fields is there already.
package struct FTAlterIfNotExists: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft._alterifnx", [.write, .denyOOM], summary: "Adds fields to an index unless the first one is there")
    }

    let change: AlterGrammar.Change?

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 5 else { throw ErrorReplies.arity("FT._ALTERIFNX") }
        change = try AlterGrammar.parse(arguments, in: context, ifNotExists: true)
    }

    package func run(in context: any CommandContext) { AlterGrammar.run(change, in: context) }
}

enum AlterGrammar {
    struct Change: Sendable {
        var index: Bytes
        var fields: [FieldSpec]
        var skipsScan: Bool
    }

    /// `nil`: nothing to do.
    static func parse(
        _ arguments: Arguments, in context: any CommandContext, ifNotExists: Bool
    ) throws(ReplyError) -> Change? {
        guard let index = context.services.search.find(arguments[1]) else { throw ErrorReplies.unknownIndexName }
        var cursor = ArgumentCursor(arguments, from: 2)
        let skipsScan = cursor.take("SKIPINITIALSCAN")
        guard cursor.take("SCHEMA") else { throw ErrorReplies.alterWithoutSchema }
        guard cursor.take("ADD") else { throw ErrorReplies.alterUnknownAction }
        guard let first = cursor.peek else { throw ErrorReplies.alterNoFields }
        let definition = index.definition
        if ifNotExists, definition.schema.fields.contains(where: { $0.identifier.elementsEqual(first) }) { return nil }

        var schema = definition.schema
        let known = schema.fields.count
        try SchemaGrammar.parseFields(&cursor, into: &schema, isNarrow: !definition.maxTextFields)
        return Change(index: definition.name, fields: Array(schema.fields[known...]), skipsScan: skipsScan)
    }

    static func run(_ change: Change?, in context: any CommandContext) {
        guard let change else {
            context.reply.ok()
            return
        }
        OnLane.run(in: context) { engine, reply throws(ReplyError) in
            do throws(CatalogError) {
                try engine.addFields(change.fields, to: change.index, scanning: !change.skipsScan)
            } catch {
                throw ErrorReplies.catalog(error)
            }
            reply.ok()
        }
    }
}
