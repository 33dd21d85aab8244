// Rows of an aggregation: matches of the executor, values from the columns of the snapshot, and from the store what
// the columns do not have.

import SearchAggregation
import SearchExecution
import SearchExpressions
import SearchIndex
import SearchModel
import Storage

/// Belongs to one thread at a time.
final class AggregateSource: RowSource, ColumnFiller, RowLoader {
    private let snapshot: IndexSnapshot
    private let schema: Schema
    private let plan: AggregatePlan
    private let store: any DocumentStore
    let stream: MatchStream
    private let batchSize: Int
    private(set) var pulled = 0
    private var tables: [TableKey: SegmentTexts] = [:]

    private struct TableKey: Hashable {
        var segment: UInt32
        var slot: Int
    }

    init(_ search: AggregateSearch, stream: MatchStream, store: any DocumentStore, batchSize: Int) {
        snapshot = search.snapshot
        schema = search.schema
        plan = search.plan
        self.stream = stream
        self.store = store
        self.batchSize = batchSize
    }

    // MARK: RowSource

    func nextBatch() -> RowBatch? {
        guard let matches = stream.next(atMost: batchSize) else { return nil }
        let batch: RowBatch
        switch matches {
        case .segment(let segment, let docIDs, let scores, let count):
            let copy = LaneBuffer<UInt32>(capacity: count)
            copy.start.update(from: docIDs, count: count)
            batch = RowBatch(
                segment: UInt32(segment), docIDs: copy, count: count, firstOrdinal: pulled, slots: plan.slots.count,
                filler: self)
            if let scores {
                let copy = LaneBuffer<Double>(capacity: count)
                copy.start.update(from: scores, count: count)
                batch.scores = copy
            }
        case .mixed(let matches):
            batch = RowBatch(
                origins: matches.map { RowOrigin(segment: $0.segment, docID: $0.docID, stamp: $0.stamp) },
                firstOrdinal: pulled, slots: plan.slots.count, filler: self)
            if plan.usesScores || stream.hasScores {
                let copy = LaneBuffer<Double>(capacity: matches.count)
                for (place, match) in matches.enumerated() { copy.start[place] = match.score }
                batch.scores = copy
            }
        }
        pulled += batch.count
        return batch
    }

    func stamp(segment: UInt32, docID: UInt32) -> UInt64 { snapshot.segments[Int(segment)].stamp(docID) }

    // MARK: ColumnFiller

    func matchedTerms(of origin: RowOrigin) -> [Bytes] {
        stream.matchedTerms(segment: Int(origin.segment), docID: origin.docID)
    }

    func fill(_ slot: Int, of batch: RowBatch) -> ColumnVector {
        switch plan.slots[slot].origin {
        case .computed: return .absent
        case .score:
            guard let scores = batch.scores else { return .absent }
            let copy = LaneBuffer<Double>(capacity: batch.count)
            copy.start.update(from: scores.start, count: batch.count)
            return .numbers(copy, hasGaps: false)
        case .key:
            return .values((0..<batch.count).map { .string(key(of: batch, $0)) })
        case .sortValue(let field):
            return schema.fields[field].kind == .numeric
                ? numbers(field, of: batch) : texts(slot, of: batch)
        case .document(_, let field):
            guard let field, hasRawTexts(field, for: batch) else { return .absent }
            return texts(slot, of: batch)
        }
    }

    private func key(of batch: RowBatch, _ row: Int) -> Bytes {
        let origin = batch.origin(row)
        return snapshot.segments[Int(origin.segment)].withKey(origin.docID) { Bytes($0) }
    }

    private func numbers(_ field: Int, of batch: RowBatch) -> ColumnVector {
        let buffer = LaneBuffer<Double>(capacity: batch.count)
        if let segment = batch.segment, let docIDs = batch.docIDs {
            guard let column = snapshot.segments[Int(segment)].numeric(field) else { return .absent }
            column.gather(docIDs.start, count: batch.count, into: buffer.start)
            return .numbers(buffer, hasGaps: column.valueCount < column.documentCount)
        }
        for row in 0..<batch.count {
            let origin = batch.origin(row)
            let value = snapshot.segments[Int(origin.segment)].numeric(field)?.value(origin.docID)
            buffer.start[row] = value ?? .nan
        }
        return .numbers(buffer, hasGaps: true)
    }

    private func texts(_ slot: Int, of batch: RowBatch) -> ColumnVector {
        if let segment = batch.segment, let docIDs = batch.docIDs {
            let table = table(segment, slot)
            let buffer = LaneBuffer<UInt32>(capacity: batch.count)
            table.gather(docIDs.start, count: batch.count, into: buffer.start)
            return .ordinals(buffer, table)
        }
        return .values(
            (0..<batch.count).map { row in
                let origin = batch.origin(row)
                return table(origin.segment, slot).bytes(origin.docID).map { .string(Bytes($0)) }
            })
    }

    private func table(_ segment: UInt32, _ slot: Int) -> SegmentTexts {
        let key = TableKey(segment: segment, slot: slot)
        if let known = tables[key] { return known }
        let view = snapshot.segments[Int(segment)]
        let made: SegmentTexts
        switch plan.slots[slot].origin {
        case .sortValue(let field):
            if case .text(let column)? = view.sortColumn(field) {
                made = SegmentTexts(.sort(column))
            } else {
                made = SegmentTexts(.none)
            }
        case .document(_, let field?): made = SegmentTexts(view.rawTexts(field).map { .raw($0) } ?? .none)
        case .document, .key, .score, .computed: made = SegmentTexts(.none)
        }
        tables[key] = made
        return made
    }

    /// Whether the index has a TAG field's texts for all rows.
    private func hasRawTexts(_ field: Int, for batch: RowBatch) -> Bool {
        if let segment = batch.segment { return snapshot.segments[Int(segment)].rawTexts(field) != nil }
        return Set(batch.mixedOrigins.map(\.segment)).allSatisfy {
            snapshot.segments[Int($0)].rawTexts(field) != nil
        }
    }

    // MARK: RowLoader

    func load(
        _ batch: RowBatch, slots: [Int], whole: Bool,
        done: @escaping @Sendable (Result<LoadedColumns, AggregateFailure>) -> Void
    ) -> Bool {
        var wanted: [DocumentReading.Wanted] = []
        var paths: [Bytes] = []
        for slot in slots {
            guard case .document(let path, let field) = plan.slots[slot].origin else { continue }
            if let field, hasRawTexts(field, for: batch) { continue }
            let place: Int
            if let known = paths.firstIndex(of: path) {
                place = known
            } else {
                place = paths.count
                paths.append(path)
            }
            wanted.append(DocumentReading.Wanted(slot: slot, place: place))
        }
        guard whole || !wanted.isEmpty else { return false }
        let reading = DocumentReading(plan, wanted)
        let keys = (0..<batch.count).map { key(of: batch, $0) }
        store.load(LoadRequest(keys: keys, fields: whole ? nil : paths)) { result in
            switch result {
            case .failure(let failure): done(.failure(.store(failure.message)))
            case .success(let loaded): done(.success(whole ? reading.whole(loaded) : reading.fields(loaded)))
            }
        }
        return true
    }
}

/// The texts of one column of one segment, by ordinal.
private final class SegmentTexts: OrdinalTexts {
    enum Column {
        case none
        case sort(TextColumn)
        case raw(RawTextColumn)
    }

    private let column: Column
    private let distinctCount: Int
    /// Texts that are in no dictionary, in order of appearance: those of patched documents and of unsealed segments.
    private var extras: [Bytes] = []

    init(_ column: Column) {
        self.column = column
        distinctCount =
            switch column {
            case .none: 0
            case .sort(let texts): texts.distinctCount
            case .raw(let texts): texts.distinctCount
            }
    }

    func bytes(_ docID: DocID) -> UnsafeBufferPointer<UInt8>? {
        switch column {
        case .none: nil
        case .sort(let texts): texts.bytes(docID)
        case .raw(let texts): texts.bytes(docID)
        }
    }

    func gather(_ docIDs: UnsafePointer<DocID>, count: Int, into ordinals: UnsafeMutablePointer<UInt32>) {
        switch column {
        case .none: ordinals.update(repeating: 0, count: count)
        case .sort(let texts): texts.gather(docIDs, count: count, into: ordinals) { add($0) }
        case .raw(let texts): texts.gather(docIDs, count: count, into: ordinals) { add($0) }
        }
    }

    private func add(_ text: UnsafeBufferPointer<UInt8>) -> UInt32 {
        extras.append(Bytes(text))
        return UInt32(distinctCount + extras.count)
    }

    func text(_ ordinal: UInt32) -> Bytes {
        if Int(ordinal) > distinctCount { return extras[Int(ordinal) - distinctCount - 1] }
        switch column {
        case .none: return []
        case .sort(let texts): return Bytes(texts.text(ordinal))
        case .raw(let texts): return Bytes(texts.text(ordinal))
        }
    }
}
