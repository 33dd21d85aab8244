import RESP
import SearchEngine
import SearchExecution
import SearchModel

/// `FT.PROFILE index SEARCH|AGGREGATE [LIMITED] QUERY query [option ...]`: the reply of FT.SEARCH or FT.AGGREGATE, and
/// what it took.
package struct FTProfile: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.profile", .readOnly, categories: ["read"], summary: "Runs a search and shows what it took",
            since: "2.2.0")
    }

    private enum Subject {
        case search(IndexSearch)
        case aggregate(AggregateSearch)
    }

    private let subject: Subject
    let profiler: SearchProfiler

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 5 else { throw ErrorReplies.arity("FT.PROFILE") }
        var cursor = ArgumentCursor(arguments, from: 2)
        let isAggregate = cursor.take("AGGREGATE")
        guard isAggregate || cursor.take("SEARCH") else { throw ErrorReplies.profileKind }
        let settings = context.services.settings.search
        var profiler = SearchProfiler(isLimited: cursor.take("LIMITED"), showsTimes: settings.printProfileClock)
        guard cursor.take("QUERY") else { throw ErrorReplies.profileQuery }
        guard let query = cursor.take() else { throw ErrorReplies.noQuery }
        let position = cursor.position - 1
        if isAggregate {
            let request = try AggregateGrammar.parse(arguments, query: position, settings: settings)
            if request.cursor != nil { throw ErrorReplies.profileCursor }
            let index = try Self.index(arguments[1], request.options, in: context)
            profiler.noteParsed()
            do throws(SearchError) {
                subject = .aggregate(try AggregateSearch(index, query: query, request, settings: settings))
            } catch {
                throw ErrorReplies.search(error)
            }
        } else {
            let options = try SearchGrammar.parse(arguments, query: position, settings: settings)
            if options.flags.contains(.withCursor) { throw ErrorReplies.profileCursor }
            let index = try Self.index(arguments[1], options, in: context)
            profiler.noteParsed()
            do throws(SearchError) {
                subject = .search(try IndexSearch(index, query: query, options, settings: settings))
            } catch {
                throw ErrorReplies.search(error)
            }
        }
        profiler.notePlanned()
        self.profiler = profiler
    }

    private static func index(
        _ name: ByteSlice, _ options: SearchOptions, in context: any CommandContext
    ) throws(ReplyError) -> LiveIndex {
        guard let index = context.services.search.use(name) else { throw ErrorReplies.noSuchIndex(name) }
        try index.checkLoaded()
        if options.flags.contains(.expandFormat), context.version == .resp2 { throw ErrorReplies.expandNeedsRESP3 }
        return index
    }

    package func run(in context: any CommandContext) throws(ReplyError) {
        switch subject {
        case .search(let search): try SearchRun.start(search, profiler, in: context)
        case .aggregate(let search):
            let run: AggregateRun
            do throws(SearchError) {
                run = try search.start(store: context.services.store)
            } catch {
                throw ErrorReplies.search(error)
            }
            try ChunkReading(run, limit: .max, cursor: nil, profiler).start(in: context)
        }
    }
}

/// The profile as it stands in the reply: pairs in arrays in RESP2, maps in RESP3.
enum ProfileReply {
    static func write(_ profile: SearchProfile, to reply: ReplyWriter) {
        ProfileWriter(reply: reply, showsTimes: profile.showsTimes).write(profile)
    }
}

private struct ProfileWriter {
    let reply: ReplyWriter
    let showsTimes: Bool

    func write(_ profile: SearchProfile) {
        let isMap = reply.version == .resp3
        if isMap { reply.map(showsTimes ? 6 : 3) } else { reply.array(6) }
        writeTime("Total profile time", profile.total)
        writeTime("Parsing time", profile.parsing)
        writeTime("Pipeline creation time", profile.planning)

        if !isMap { reply.array(1 + profile.warnings.count) }
        reply.simple("Warning")
        for warning in profile.warnings.prefix(isMap ? 1 : .max) { reply.simple(warning.utf8) }
        if isMap, profile.warnings.isEmpty { reply.simple("None") }

        if !isMap { reply.array(profile.clauses == nil ? 1 : 2) }
        reply.simple("Iterators profile")
        if isMap { reply.array(profile.clauses == nil ? 0 : 1) }
        if let clauses = profile.clauses { write(clauses) }

        if !isMap { reply.array(1 + profile.steps.count) }
        reply.simple("Result processors profile")
        if isMap { reply.array(profile.steps.count) }
        for step in profile.steps {
            reply.map(showsTimes ? 3 : 2)
            reply.simple("Type")
            reply.simple(step.type.utf8)
            writeTime(step.nanoseconds)
            reply.simple("Counter")
            reply.integer(step.count)
        }
    }

    /// Without the clock the names stay in RESP2, alone, and are gone in RESP3.
    private func writeTime(_ name: StaticString, _ nanoseconds: UInt64) {
        if reply.version == .resp2 { reply.array(showsTimes ? 2 : 1) }
        if showsTimes || reply.version == .resp2 { reply.simple(name) }
        if showsTimes { reply.double(Double(nanoseconds) / 1e6) }
    }

    private func writeTime(_ nanoseconds: UInt64) {
        guard showsTimes else { return }
        reply.simple("Time")
        reply.double(Double(nanoseconds) / 1e6)
    }

    private func write(_ clause: SearchProfile.Clause) {
        let isMap = reply.version == .resp3
        let isSingle = clause.type == "NOT" || clause.type == "OPTIONAL"
        let hasChildren = !clause.isLeaf
        var pairs = showsTimes ? 3 : 2
        if clause.queryType != nil { pairs += 1 }
        if clause.term != nil { pairs += 1 }
        if clause.isLeaf, clause.term != nil { pairs += 1 }
        if isMap {
            reply.map(pairs + (hasChildren ? 1 : 0))
        } else {
            // Children stand behind their name, one by one, in the same array.
            let children = clause.hiddenChildren == nil ? clause.children.count : 1
            reply.array(2 * pairs + (hasChildren ? 1 + children : 0))
        }
        reply.simple("Type")
        reply.simple(clause.type.utf8)
        if let query = clause.queryType {
            reply.simple("Query type")
            reply.simple(query)
        }
        if let term = clause.term {
            reply.simple("Term")
            reply.simple(term)
        }
        writeTime(clause.nanoseconds)
        reply.simple("Counter")
        reply.integer(clause.count)
        if clause.isLeaf, clause.term != nil {
            reply.simple("Size")
            reply.integer(clause.count)
        }
        guard hasChildren else { return }
        reply.simple(isSingle ? "Child iterator" : "Child iterators")
        if let hidden = clause.hiddenChildren {
            reply.simple("The number of iterators in the union is \(hidden)".utf8)
            return
        }
        if isMap, !isSingle || clause.children.isEmpty { reply.array(clause.children.count) }
        for child in clause.children { write(child) }
    }
}
