import RESP
import SearchEngine
import SearchModel
import Storage

/// `FT.GET index key`: a document of the index, names and values in turn.
package struct FTGet: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.get", .readOnly, keys: KeyPositions(2, 2, 1), categories: ["read"],
            summary: "Reads a document (use HGETALL)")
    }

    let index: LiveIndex
    let key: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 3 else { throw ErrorReplies.arity("FT.GET") }
        guard let index = context.services.search.use(arguments[1]) else { throw ErrorReplies.unknownIndexNameCapital }
        self.index = index
        key = arguments.bytes(2)
    }

    package func run(in context: any CommandContext) {
        context.run(
            DocumentFetch([key], of: index) { documents, reply in
                if let document = documents[0] { FTMGet.write(document, to: reply) } else { reply.null() }
            })
    }
}

/// `FT.MGET index key ...`
package struct FTMGet: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.mget", .readOnly, categories: ["read"], summary: "Reads documents (use HGETALL)")
    }

    let index: LiveIndex
    let keys: [Bytes]

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 3 else { throw ErrorReplies.arity("FT.MGET") }
        guard let index = context.services.search.use(arguments[1]) else { throw ErrorReplies.unknownIndexNameCapital }
        self.index = index
        keys = (2..<arguments.count).map { arguments.bytes($0) }
    }

    package func run(in context: any CommandContext) {
        context.run(
            DocumentFetch(keys, of: index) { documents, reply in
                reply.array(documents.count)
                for document in documents {
                    if let document { Self.write(document, to: reply) } else { reply.null() }
                }
            })
    }

    static func write(_ document: [Bytes], to reply: ReplyWriter) {
        reply.array(document.count)
        for text in document { reply.bulk(text) }
    }
}

/// `FT.DEL index key [DD]`: 1 when there was something under the key. The index is only looked up.
package struct FTDel: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.del", .write, keys: KeyPositions(2, 2, 1), summary: "Deletes a document (use DEL)")
    }

    private static let deleteRow = KeyspaceCommandTable.specification("del")

    let key: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard (3...4).contains(arguments.count) else { throw ErrorReplies.arity("FT.DEL") }
        guard context.services.search.use(arguments[1]) != nil else { throw ErrorReplies.unknownIndexNameCapital }
        key = arguments.bytes(2)
    }

    package func run(in context: any CommandContext) {
        context.run(DocumentRemoval(key))
    }
}
