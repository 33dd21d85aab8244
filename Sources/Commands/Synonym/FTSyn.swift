import RESP
import SearchEngine
import SearchModel

/// `FT.SYNUPDATE index group [SKIPINITIALSCAN] term ...`
package struct FTSynUpdate: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.synupdate", [.write, .denyOOM], summary: "Adds terms to a synonym group", since: "1.2.0")
    }

    let index: Bytes
    let group: Bytes
    let terms: [Bytes]
    let skipsScan: Bool

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 4 else { throw ErrorReplies.arity("FT.SYNUPDATE") }
        guard let index = context.services.search.use(arguments[1]) else { throw ErrorReplies.unknownIndexName }
        self.index = index.name
        group = arguments.bytes(2)
        var cursor = ArgumentCursor(arguments, from: 3)
        skipsScan = cursor.take("SKIPINITIALSCAN")
        terms = cursor.bytes(cursor.position..<arguments.count)
    }

    package func run(in context: any CommandContext) {
        OnLane.run(in: context) { [index, group, terms, skipsScan] engine, reply throws(ReplyError) in
            do throws(CatalogError) {
                try engine.updateSynonyms(index: index, group: group, terms: terms, scanning: !skipsScan)
            } catch {
                throw error == .unknownIndex ? ErrorReplies.unknownIndexName : ErrorReplies.catalog(error)
            }
            reply.ok()
        }
    }
}

/// `FT.SYNDUMP index`: each term with its groups.
package struct FTSynDump: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.syndump", .readOnly, summary: "Lists the synonym groups of an index", since: "1.2.0")
    }

    let terms: [(term: Bytes, groups: [Bytes])]

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 2 else { throw ErrorReplies.arity("FT.SYNDUMP") }
        guard let index = context.services.search.use(arguments[1]) else { throw ErrorReplies.unknownIndexName }
        terms = index.synonymTerms
    }

    package func run(in context: any CommandContext) {
        let reply = context.reply
        reply.map(terms.count)
        for (term, groups) in terms {
            reply.bulk(term)
            reply.array(groups.count)
            for group in groups { reply.bulk(group) }
        }
    }
}

/// `FT.SYNADD`: gone, and says so.
package struct FTSynAdd: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.synadd", .write, summary: "Replaced by FT.SYNUPDATE", since: "1.2.0")
    }

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        throw ErrorReplies.synonymAddGone
    }

    package func run(in context: any CommandContext) {}
}
