import RESP
import SearchEngine
import SearchModel
import Settings
import Storage

/// `FT.AGGREGATE index query [option ...] [step ...]`
package struct FTAggregate: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.aggregate", .readOnly, categories: ["read"], summary: "Computes with the documents that match a query")
    }

    let search: AggregateSearch

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 2 else { throw ErrorReplies.arity("FT.AGGREGATE") }
        guard arguments.count >= 3 else { throw ErrorReplies.noQuery }
        let settings = context.services.settings.search
        let request = try AggregateGrammar.parse(arguments, query: 2, settings: settings)
        guard let index = context.services.search.use(arguments[1]) else {
            throw ErrorReplies.noSuchIndex(arguments[1])
        }
        try index.checkLoaded()
        if request.options.flags.contains(.expandFormat), context.version == .resp2 {
            throw ErrorReplies.expandNeedsRESP3
        }
        if request.cursor != nil, request.options.flags.contains(.withCount) { throw ErrorReplies.withCountAndCursor }
        do throws(SearchError) {
            search = try AggregateSearch(index, query: arguments[2], request, settings: settings)
        } catch {
            throw ErrorReplies.search(error)
        }
    }

    package func run(in context: any CommandContext) throws(ReplyError) {
        let run: AggregateRun
        do throws(SearchError) {
            run = try search.start(store: context.services.store)
        } catch {
            throw ErrorReplies.search(error)
        }
        guard let cursor = search.request.cursor else {
            try ChunkReading(run, limit: .max, cursor: nil).start(in: context)
            return
        }
        let settings = context.services.settings.search
        let id: Int
        do throws(CursorTable.Failure) {
            id = try context.services.search.cursors.open(
                run, cursor, limit: settings.indexCursorLimit, longestIdle: settings.cursorMaxIdle)
        } catch {
            throw ErrorReplies.cursor(error)
        }
        try ChunkReading(run, limit: cursor.count, cursor: id).start(in: context)
    }
}

/// Reads one chunk where it belongs, and answers with it.
struct ChunkReading {
    let run: AggregateRun
    let limit: Int
    /// The cursor whose chunk it is: its id is the second half of the reply.
    let cursor: Int?
    /// FT.PROFILE's.
    let profiler: SearchProfiler?

    init(_ run: AggregateRun, limit: Int, cursor: Int?, _ profiler: SearchProfiler? = nil) {
        self.run = run
        self.limit = limit
        self.cursor = cursor
        self.profiler = profiler
    }

    func start(in context: any CommandContext) throws(ReplyError) {
        let engine = context.services.search
        if context.mustAnswerNow {
            let reply = context.reply
            let consumer = AggregateReply(run, cursor, engine, profiler, version: context.version) {
                reply.append($0.bytes)
            }
            run.readNow(limit, to: consumer)
            return
        }
        let isCheap = run.estimate <= engine.inlineLimit
        let pending = context.completeLater()
        let consumer = AggregateReply(run, cursor, engine, profiler, version: pending.version) { pending.finish($0) }
        let (run, limit) = (run, limit)
        if isCheap {
            run.read(limit, to: consumer) { $0() }
            return
        }
        let isQueued = engine.workers.submit {
            run.read(limit, to: consumer) { proceed in
                // A full queue must not lose what is under way.
                if !engine.workers.submit(proceed) { proceed() }
            }
        }
        if !isQueued {
            if let cursor { engine.cursors.close(cursor) }
            let reply = ReplyWriter(version: pending.version)
            reply.error(ErrorReplies.busy)
            pending.finish(reply)
        }
    }
}
