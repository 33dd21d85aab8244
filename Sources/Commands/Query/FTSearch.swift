import Platform
import RESP
import SearchEngine
import SearchExecution
import SearchModel
import Storage

/// `FT.SEARCH index query [option ...]`
package struct FTSearch: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.search", .readOnly, categories: ["read"], summary: "Searches an index for documents")
    }

    let search: IndexSearch

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 2 else { throw ErrorReplies.arity("FT.SEARCH") }
        guard arguments.count >= 3 else { throw ErrorReplies.noQuery }
        let settings = context.services.settings.search
        let options = try SearchGrammar.parse(arguments, query: 2, settings: settings)
        guard let index = context.services.search.use(arguments[1]) else {
            throw ErrorReplies.noSuchIndex(arguments[1])
        }
        try index.checkLoaded()
        if options.flags.contains(.expandFormat), context.version == .resp2 { throw ErrorReplies.expandNeedsRESP3 }
        do throws(SearchError) {
            search = try IndexSearch(index, query: arguments[2], options, settings: settings)
        } catch {
            throw ErrorReplies.search(error)
        }
    }

    package func run(in context: any CommandContext) throws(ReplyError) {
        try SearchRun.start(search, in: context)
    }
}

/// Runs a prepared search where it belongs and writes its reply.
enum SearchRun {
    /// - Parameter profiler: FT.PROFILE's.
    static func start(
        _ search: IndexSearch, _ profiler: SearchProfiler? = nil, in context: any CommandContext
    ) throws(ReplyError) {
        let engine = context.services.search
        if context.mustAnswerNow {
            try answerNow(search, profiler, in: context)
        } else if search.estimate <= engine.inlineLimit {
            let (outcome, profile) = try run(search, profiler)
            if search.needsStore(outcome) {
                let pending = context.completeLater()
                deliver(search, outcome, profile, store: context.services.store, to: pending)
            } else {
                SearchReply.write(outcome, search, profile, to: context.reply)
            }
        } else {
            let pending = context.completeLater()
            let store = context.services.store
            let isQueued = engine.workers.submit {
                do throws(ReplyError) {
                    let (outcome, profile) = try run(search, profiler)
                    deliver(search, outcome, profile, store: store, to: pending)
                } catch {
                    fail(error, pending)
                }
            }
            if !isQueued { fail(ErrorReplies.busy, pending) }
        }
    }

    private static func run(
        _ search: IndexSearch, _ profiler: SearchProfiler?
    ) throws(ReplyError) -> (SearchOutcome, SearchProfile?) {
        do throws(SearchError) {
            guard let profiler else { return (try search.run(), nil) }
            let (outcome, profile) = try profiler.run(search)
            return (outcome, profile)
        } catch {
            throw ErrorReplies.search(error)
        }
    }

    private static func fail(_ error: ReplyError, _ pending: any PendingReply) {
        let reply = ReplyWriter(version: pending.version)
        reply.error(error)
        pending.finish(reply)
    }

    private static func deliver(
        _ search: IndexSearch, _ outcome: SearchOutcome, _ profile: SearchProfile?, store: any DocumentStore,
        to pending: any PendingReply
    ) {
        guard search.needsStore(outcome) else {
            let reply = ReplyWriter(version: pending.version)
            SearchReply.write(outcome, search, profile, to: reply)
            pending.finish(reply)
            return
        }
        search.deliver(
            outcome, store: store,
            to: SearchReply(search, profile, version: pending.version) { reply in pending.finish(reply) })
    }

    /// Inside a transaction: on the lane, which may wait for the loader.
    private static func answerNow(
        _ search: IndexSearch, _ profiler: SearchProfiler?, in context: any CommandContext
    ) throws(ReplyError) {
        let (outcome, profile) = try run(search, profiler)
        guard search.needsStore(outcome) else {
            SearchReply.write(outcome, search, profile, to: context.reply)
            return
        }
        let answer = Monitor<ReplyWriter?>(nil)
        search.deliver(
            outcome, store: context.services.store,
            to: SearchReply(search, profile, version: context.version) { reply in answer.change { $0 = reply } })
        guard let reply = answer.wait({ $0 }) else { return }
        context.reply.append(reply.bytes)
    }
}
