import RESP
import SearchEngine
import SearchModel

/// `FT.ALIASADD alias index`
package struct FTAliasAdd: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.aliasadd", [.write, .denyOOM], summary: "Gives an index a second name")
    }

    let alias: Bytes
    let index: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 3 else { throw ErrorReplies.arity("FT.ALIASADD") }
        alias = arguments.bytes(1)
        index = arguments.bytes(2)
    }

    package func run(in context: any CommandContext) {
        AliasChange.run(in: context) { [alias, index] engine throws(CatalogError) in
            try engine.addAlias(alias, to: index, ifNotExists: false)
        }
    }
}

/// `FT._ALIASADDIFNX alias index`: content when the alias means that very index already.
package struct FTAliasAddIfNotExists: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft._aliasaddifnx", [.write, .denyOOM], summary: "Gives an index a second name unless it has it")
    }

    let alias: Bytes
    let index: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 3 else { throw ErrorReplies.arity("FT._ALIASADDIFNX") }
        alias = arguments.bytes(1)
        index = arguments.bytes(2)
    }

    package func run(in context: any CommandContext) {
        AliasChange.run(in: context) { [alias, index] engine throws(CatalogError) in
            try engine.addAlias(alias, to: index, ifNotExists: true)
        }
    }
}

/// `FT.ALIASUPDATE alias index`
package struct FTAliasUpdate: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.aliasupdate", [.write, .denyOOM], summary: "Points an alias to another index")
    }

    let alias: Bytes
    let index: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 3 else { throw ErrorReplies.arity("FT.ALIASUPDATE") }
        alias = arguments.bytes(1)
        index = arguments.bytes(2)
    }

    package func run(in context: any CommandContext) {
        AliasChange.run(in: context) { [alias, index] engine throws(CatalogError) in
            try engine.updateAlias(alias, to: index)
        }
    }
}

/// `FT.ALIASDEL alias`
package struct FTAliasDel: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.aliasdel", .write, summary: "Removes an alias")
    }

    let alias: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 2 else { throw ErrorReplies.arity("FT.ALIASDEL") }
        alias = arguments.bytes(1)
    }

    package func run(in context: any CommandContext) {
        AliasChange.run(in: context) { [alias] engine throws(CatalogError) in
            try engine.removeAlias(alias, ifExists: false)
        }
    }
}

/// `FT._ALIASDELIFX alias`
package struct FTAliasDelIfExists: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft._aliasdelifx", .write, summary: "Removes an alias if it is there")
    }

    let alias: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 2 else { throw ErrorReplies.arity("FT._ALIASDELIFX") }
        alias = arguments.bytes(1)
    }

    package func run(in context: any CommandContext) {
        AliasChange.run(in: context) { [alias] engine throws(CatalogError) in
            try engine.removeAlias(alias, ifExists: true)
        }
    }
}

private enum AliasChange {
    static func run(
        in context: any CommandContext, _ change: @escaping @Sendable (SearchEngine) throws(CatalogError) -> Void
    ) {
        OnLane.run(in: context) { engine, reply throws(ReplyError) in
            do throws(CatalogError) {
                try change(engine)
            } catch {
                throw error == .unknownIndex ? ErrorReplies.unknownIndexOrAlias : ErrorReplies.catalog(error)
            }
            reply.ok()
        }
    }
}
