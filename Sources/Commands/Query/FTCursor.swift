import RESP
import SearchEngine
import SearchModel

/// `FT.CURSOR READ index id [COUNT n]`, `FT.CURSOR DEL index id`, `FT.CURSOR GC index 0`
///
/// The index is not looked at: ids are the node's.
package struct FTCursor: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.cursor", .readOnly, categories: ["read"], summary: "Reads on from an aggregation's cursor, or ends it",
            since: "1.1.0")
    }

    private enum Action {
        case read(Int, count: Int)
        case delete(Int)
        case collect
    }

    private let action: Action

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 4 else { throw ErrorReplies.arity("FT.CURSOR") }
        var cursor = ArgumentCursor(arguments, from: 1)
        if cursor.take("READ") {
            let id = try Self.id(arguments)
            var count = 0
            // As the oracle: a word without a number behind it is nothing.
            if arguments.count > 5 {
                guard let value = NumberText.integer(arguments[5]) else { throw ErrorReplies.badCursorCount }
                count = value
            }
            action = .read(id, count: count)
        } else if cursor.take("DEL") {
            action = .delete(try Self.id(arguments))
        } else if cursor.take("GC") {
            action = .collect
        } else {
            throw ErrorReplies.unknownCursorSubcommand
        }
    }

    private static func id(_ arguments: Arguments) throws(ReplyError) -> Int {
        guard let id = NumberText.integer(arguments[3]) else { throw ErrorReplies.badCursorID }
        return id
    }

    package func run(in context: any CommandContext) throws(ReplyError) {
        let cursors = context.services.search.cursors
        switch action {
        case .read(let id, let count):
            let found: (run: AggregateRun, count: Int)
            do throws(CursorTable.Failure) {
                found = try cursors.take(id)
            } catch {
                throw ErrorReplies.cursor(error)
            }
            let limit = count == 0 ? found.count : count < 0 ? .max : count
            try ChunkReading(found.run, limit: limit, cursor: id).start(in: context)
        case .delete(let id):
            guard cursors.close(id) else { throw ErrorReplies.cursorDoesNotExist }
            context.reply.ok()
        case .collect:
            let closed = cursors.collect()
            // Nothing was due.
            context.reply.integer(closed == 0 ? -1 : closed)
        }
    }
}

extension ErrorReplies {
    static func cursor(_ failure: CursorTable.Failure) -> ReplyError {
        switch failure {
        case .notFound: cursorNotFound
        case .tooMany: tooManyCursors
        case .indexDropped: indexDroppedUnderCursor
        }
    }
}
