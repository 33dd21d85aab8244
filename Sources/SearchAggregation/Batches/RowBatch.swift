// Rows on their way through the steps, column by column.
//
//   row              0        1        2
//   origins     seg 0 doc 7  doc 12   doc 31     where the row comes from; none after GROUPBY
//   @size           100      nan      7           numbers
//   @section        3        1        3           ordinals of texts
//   @upper          "NET"    "LIBS"   "NET"       values
//
// A column of the source is read when a step first asks for it, so that rows which a FILTER has dropped cost nothing.

import SearchExpressions
import SearchModel

/// The document that a row comes from.
package struct RowOrigin: BitwiseCopyable, Sendable {
    package var segment: UInt32
    package var docID: UInt32
    package var stamp: UInt64

    package init(segment: UInt32, docID: UInt32, stamp: UInt64) {
        self.segment = segment
        self.docID = docID
        self.stamp = stamp
    }
}

/// Memory for one number a row.
package final class LaneBuffer<Element: BitwiseCopyable> {
    package let start: UnsafeMutablePointer<Element>

    package init(capacity: Int = RowBatch.capacity) { start = .allocate(capacity: max(1, capacity)) }

    deinit { start.deallocate() }
}

/// The texts behind the ordinals of a column: 1 is the first one.
package protocol OrdinalTexts: AnyObject {
    func text(_ ordinal: UInt32) -> Bytes
}

package enum ColumnVector {
    /// No row has a value.
    case absent
    /// With gaps, nan is a row without a value.
    case numbers(LaneBuffer<Double>, hasGaps: Bool)
    /// 0 is a row without a value.
    case ordinals(LaneBuffer<UInt32>, any OrdinalTexts)
    case values([ExpressionValue?])
}

/// What reads columns of the source.
package protocol ColumnFiller: AnyObject {
    /// The values of the batch's rows in a slot whose origin is the source.
    func fill(_ slot: Int, of batch: RowBatch) -> ColumnVector
    /// Terms of the query that a document matched.
    func matchedTerms(of origin: RowOrigin) -> [Bytes]
}

/// Some rows in order.
///
/// `@unchecked Sendable`: one thread at a time; a load's completion hands a batch back to the pipeline.
package final class RowBatch: @unchecked Sendable {
    /// Rows at most.
    package static let capacity = 4096

    package private(set) var count: Int
    /// All rows of one segment: `origins` need not be made then.
    package let segment: UInt32?
    /// Without a `segment` meaningless.
    package let docIDs: LaneBuffer<UInt32>?
    /// Where rows of several segments come from. Empty after GROUPBY, and when `segment` says it.
    package private(set) var mixedOrigins: [RowOrigin] = []
    /// One score a row, when the query has scores.
    package var scores: LaneBuffer<Double>?
    /// Rows that the source had given out before this batch.
    package let firstOrdinal: Int

    /// Place of a row among those that the source gave out for this batch; `nil`: all are there.
    private var positions: [UInt32]?
    private var columns: [ColumnVector?]
    /// Fields of whole documents that no step has named, as name slots of the run.
    package var extras: [Int: [ExpressionValue?]] = [:]
    private let filler: (any ColumnFiller)?

    /// Rows of one segment.
    package init(
        segment: UInt32, docIDs: LaneBuffer<UInt32>, count: Int, firstOrdinal: Int, slots: Int,
        filler: any ColumnFiller
    ) {
        self.segment = segment
        self.docIDs = docIDs
        self.count = count
        self.firstOrdinal = firstOrdinal
        self.filler = filler
        columns = Array(repeating: nil, count: slots)
    }

    /// Rows of several segments.
    package init(origins: [RowOrigin], firstOrdinal: Int, slots: Int, filler: any ColumnFiller) {
        segment = nil
        docIDs = nil
        mixedOrigins = origins
        count = origins.count
        self.firstOrdinal = firstOrdinal
        self.filler = filler
        columns = Array(repeating: nil, count: slots)
    }

    /// Rows that come from no document: groups.
    package init(count: Int, slots: Int) {
        segment = nil
        docIDs = nil
        self.count = count
        firstOrdinal = 0
        filler = nil
        columns = Array(repeating: .absent, count: slots)
    }

    package var slotCount: Int { columns.count }

    package var hasOrigins: Bool { segment != nil || !mixedOrigins.isEmpty }

    /// - Precondition: the rows have origins.
    /// - Parameter stamp: gives a document's arrival; without it that of rows of one segment is 0.
    package func origin(_ row: Int, stamp: ((UInt32, UInt32) -> UInt64)? = nil) -> RowOrigin {
        if let segment, let docIDs {
            let docID = docIDs.start[row]
            return RowOrigin(segment: segment, docID: docID, stamp: stamp?(segment, docID) ?? 0)
        }
        return mixedOrigins[row]
    }

    /// How many rows the source had given out when it gave out this one.
    package func ordinal(_ row: Int) -> Int {
        firstOrdinal + Int(positions?[row] ?? UInt32(row)) + 1
    }

    // MARK: columns

    package func column(_ slot: Int) -> ColumnVector {
        if let column = columns[slot] { return column }
        let column = filler?.fill(slot, of: self) ?? .absent
        columns[slot] = column
        return column
    }

    /// Whether the column is there already.
    package func isFilled(_ slot: Int) -> Bool { columns[slot] != nil }

    package func set(_ slot: Int, _ column: ColumnVector) { columns[slot] = column }

    package func value(_ slot: Int, _ row: Int) -> ExpressionValue? {
        switch column(slot) {
        case .absent: nil
        case .numbers(let numbers, let hasGaps):
            hasGaps && numbers.start[row].isNaN ? nil : .number(numbers.start[row])
        case .ordinals(let ordinals, let texts):
            ordinals.start[row] == 0 ? nil : .string(texts.text(ordinals.start[row]))
        case .values(let values): values[row]
        }
    }

    package func matchedTerms(_ row: Int) -> [Bytes] {
        guard let filler, hasOrigins else { return [] }
        return filler.matchedTerms(of: origin(row))
    }

    // MARK: rows

    /// Keeps the first rows.
    package func truncate(_ rows: Int) { count = min(count, rows) }

    /// Keeps some rows, given in ascending order.
    package func keep(_ rows: UnsafeBufferPointer<UInt32>) {
        if rows.count == count { return }
        let kept = rows.count
        if let docIDs { Self.compact(docIDs.start, rows) }
        if let scores { Self.compact(scores.start, rows) }
        if !mixedOrigins.isEmpty { mixedOrigins = rows.map { mixedOrigins[Int($0)] } }
        positions = rows.map { positions?[Int($0)] ?? $0 }
        for slot in columns.indices {
            switch columns[slot] {
            case .numbers(let numbers, _)?: Self.compact(numbers.start, rows)
            case .ordinals(let ordinals, _)?: Self.compact(ordinals.start, rows)
            case .values(let values)?: columns[slot] = .values(rows.map { values[Int($0)] })
            case .absent?, nil: break
            }
        }
        for (slot, values) in extras { extras[slot] = rows.map { values[Int($0)] } }
        count = kept
    }

    private static func compact<T>(_ values: UnsafeMutablePointer<T>, _ rows: UnsafeBufferPointer<UInt32>) {
        for (place, row) in rows.enumerated() { values[place] = values[Int(row)] }
    }

    /// Drops the first rows.
    package func dropFirst(_ rows: Int) {
        if rows <= 0 { return }
        let kept = (UInt32(min(rows, count))..<UInt32(count)).map { $0 }
        kept.withUnsafeBufferPointer { keep($0) }
    }
}

/// One row of a batch as expressions see it.
package struct BatchRow: ExpressionRow {
    let batch: RowBatch
    let row: Int

    package init(_ batch: RowBatch, _ row: Int) {
        self.batch = batch
        self.row = row
    }

    package func value(slot: Int) -> ExpressionValue? { batch.value(slot, row) }
    package var matchedTerms: [Bytes] { batch.matchedTerms(row) }
}
