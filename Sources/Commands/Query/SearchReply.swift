// The reply of FT.SEARCH, row by row.
//
//   RESP2   total, (id [score] [raw id] [payload] [sort key] [fields]) ...
//   RESP3   { attributes, total_results, format, results: [{ id ... values }], warning }

import RESP
import SearchEngine
import SearchExecution
import SearchModel
import Storage

/// Writes rows as they come and puts the head before them at the end, when the total is known.
///
/// `@unchecked Sendable`: one row source at a time; see ``RowConsumer``.
final class SearchReply: RowConsumer, @unchecked Sendable {
    private let search: IndexSearch
    /// Rows alone.
    private let body: ReplyWriter
    private var rowCount = 0
    /// `nil`: ids only.
    private let fieldWriter: FieldWriter?
    private let profile: SearchProfile?
    private let done: @Sendable (ReplyWriter) -> Void

    /// - Parameter done: takes the whole reply, once.
    init(
        _ search: IndexSearch, _ profile: SearchProfile? = nil, version: RESPVersion,
        done: @escaping @Sendable (ReplyWriter) -> Void
    ) {
        self.search = search
        self.profile = profile
        self.done = done
        body = ReplyWriter(version: version, capacity: 4096)
        fieldWriter = search.options.wantsContent ? FieldWriter(search) : nil
    }

    func row(_ hit: Int, of outcome: SearchOutcome, _ row: LoadedRows.Row) {
        Self.writeRow(hit, of: outcome, search, row, fieldWriter, to: body)
        rowCount += 1
    }

    func finish(_ outcome: SearchOutcome) {
        let reply = ReplyWriter(version: body.version, capacity: body.count + 256)
        Self.writeHead(outcome, rows: rowCount, search, profile, to: reply)
        reply.append(body.bytes)
        Self.writeTail(outcome, search, profile, to: reply)
        done(reply)
    }

    func fail(_ error: SearchError) {
        let reply = ReplyWriter(version: body.version)
        reply.error(ErrorReplies.search(error))
        done(reply)
    }

    // MARK: parts

    /// The whole reply of a search whose rows need nothing from the store.
    static func write(
        _ outcome: SearchOutcome, _ search: IndexSearch, _ profile: SearchProfile? = nil, to reply: ReplyWriter
    ) {
        writeHead(outcome, rows: outcome.hits.count, search, profile, to: reply)
        for hit in outcome.hits.indices { writeRow(hit, of: outcome, search, .missing, nil, to: reply) }
        writeTail(outcome, search, profile, to: reply)
    }

    private static func writeHead(
        _ outcome: SearchOutcome, rows: Int, _ search: IndexSearch, _ profile: SearchProfile?, to reply: ReplyWriter
    ) {
        // A cursor was asked for: FT.SEARCH gives all rows at once and a cursor that is at its end.
        if search.options.flags.contains(.withCursor) { reply.array(2) }
        if reply.version == .resp3 {
            reply.map(profile == nil ? 5 : 6)
            reply.simple("attributes")
            reply.array(0)
            reply.simple("total_results")
            reply.integer(outcome.total)
            reply.simple("format")
            reply.simple("STRING")
            reply.simple("results")
            reply.array(rows)
        } else {
            // The profile is the second of two.
            if profile != nil { reply.array(2) }
            reply.array(1 + rows * valuesPerRow(search))
            reply.integer(outcome.total)
        }
    }

    private static func writeTail(
        _ outcome: SearchOutcome, _ search: IndexSearch, _ profile: SearchProfile?, to reply: ReplyWriter
    ) {
        if reply.version == .resp3 {
            reply.simple("warning")
            reply.array((outcome.timedOut ? 1 : 0) + (outcome.expansionsTruncated ? 1 : 0))
            if outcome.timedOut { reply.simple("Timeout limit was reached") }
            if outcome.expansionsTruncated { reply.simple("Max prefix expansions limit was reached") }
        }
        if let profile {
            if reply.version == .resp3 { reply.simple("profile") }
            ProfileReply.write(profile, to: reply)
        }
        if search.options.flags.contains(.withCursor) { reply.integer(0) }
    }

    /// Id and whatever the options add, fields included.
    private static func valuesPerRow(_ search: IndexSearch) -> Int {
        let flags = search.options.flags
        var count = 1
        if flags.contains(.withScores) { count += 1 }
        if flags.contains(.withRawIDs) { count += 1 }
        if flags.contains(.withPayloads) { count += 1 }
        if flags.contains(.withSortKeys) { count += 1 }
        if search.options.wantsContent { count += 1 }
        return count
    }

    /// - Parameter fields: `nil`: ids only.
    private static func writeRow(
        _ position: Int, of outcome: SearchOutcome, _ search: IndexSearch, _ row: LoadedRows.Row,
        _ fields: FieldWriter?, to reply: ReplyWriter
    ) {
        let hit = outcome.hits[position]
        let flags = search.options.flags
        let segment = search.snapshot.segments[hit.segment]
        let isMap = reply.version == .resp3
        if isMap {
            reply.map(valuesPerRow(search) + 1)
            reply.simple("id")
        }
        segment.withKey(hit.docID) { reply.bulk($0) }
        if flags.contains(.withScores) {
            if isMap { reply.simple("score") }
            writeScore(hit, position < outcome.explanations.count ? outcome.explanations[position] : nil, to: reply)
        }
        if flags.contains(.withRawIDs) {
            // The oracle's spelling of the raw id is the same as that of the key.
            if isMap { reply.simple("id") }
            reply.integer(Int(truncatingIfNeeded: hit.stamp))
        }
        if flags.contains(.withPayloads) {
            if isMap { reply.simple("payload") }
            if let payload = segment.payload(hit.docID) { reply.bulk(payload) } else { reply.null() }
        }
        if flags.contains(.withSortKeys) {
            if isMap { reply.simple("sortkey") }
            if let fields, let text = fields.storedSortKey(row) {
                reply.bulk(text)
            } else {
                writeSortKey(hit.sortKey, to: reply)
            }
        }
        if let fields {
            if isMap { reply.simple("extra_attributes") }
            fields.write(row, of: hit, to: reply)
        }
        if isMap {
            reply.simple("values")
            reply.array(0)
        }
    }

    private static func writeScore(_ hit: Hit, _ explanation: ScoreExplanation?, to reply: ReplyWriter) {
        guard let explanation else {
            reply.double(hit.score)
            return
        }
        reply.array(2)
        reply.double(hit.score)
        write(explanation, to: reply)
    }

    /// A leaf is its text, anything else a pair of text and children.
    private static func write(_ explanation: ScoreExplanation, to reply: ReplyWriter) {
        if explanation.children.isEmpty {
            reply.simple(explanation.text.utf8)
            return
        }
        reply.array(2)
        reply.simple(explanation.text.utf8)
        reply.array(explanation.children.count)
        for child in explanation.children { write(child, to: reply) }
    }

    private static func writeSortKey(_ key: SortKey?, to reply: ReplyWriter) {
        switch key {
        case .number(let value): reply.bulk("#" + NumberText.sortKey(value))
        case .text(let text): reply.bulk([UInt8(ascii: "$")] + text)
        case .missing, nil: reply.null()
        }
    }
}
