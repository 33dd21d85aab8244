import RESP
import SearchEngine
import SearchModel

/// `FT.CREATE index [option ...] SCHEMA field ...`
package struct FTCreate: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.create", [.write, .denyOOM], summary: "Creates an index")
    }

    let definition: IndexDefinition

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 5 else { throw ErrorReplies.arity("FT.CREATE") }
        // Before anything else: a taken name is the error, whatever the rest says.
        guard context.services.search.index(named: arguments[1]) == nil else { throw ErrorReplies.indexExists }
        var cursor = ArgumentCursor(arguments, from: 2)
        definition = try IndexGrammar.parse(name: arguments[1], &cursor)
    }

    package func run(in context: any CommandContext) {
        let definition = definition
        OnLane.run(in: context) { engine, reply throws(ReplyError) in
            do throws(CatalogError) {
                try engine.createIndex(definition)
            } catch {
                throw ErrorReplies.catalog(error)
            }
            reply.ok()
        }
    }
}

/// `FT._CREATEIFNX`: FT.CREATE that is content with an index of that name, whatever its schema.
package struct FTCreateIfNotExists: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft._createifnx", [.write, .denyOOM], summary: "Creates an index unless there is one of that name")
    }

    /// `nil`: there is one.
    let definition: IndexDefinition?

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 5 else { throw ErrorReplies.arity("FT._CREATEIFNX") }
        guard context.services.search.index(named: arguments[1]) == nil else {
            definition = nil
            return
        }
        var cursor = ArgumentCursor(arguments, from: 2)
        definition = try IndexGrammar.parse(name: arguments[1], &cursor)
    }

    package func run(in context: any CommandContext) {
        guard let definition else {
            context.reply.ok()
            return
        }
        OnLane.run(in: context) { engine, reply throws(ReplyError) in
            do throws(CatalogError) {
                try engine.createIndex(definition)
            } catch {
                guard error == .indexExists else { throw ErrorReplies.catalog(error) }
            }
            reply.ok()
        }
    }
}
