// The posting lists of a plan, opened once, at addresses that stay.

import SearchIndex
import SearchModel

/// Rows are terms, columns segments. Filled while the plan is made, only read afterwards.
///
/// `@unchecked Sendable`: nothing writes once the plan that owns it is complete.
final class PostingTable: @unchecked Sendable {
    private let segmentCount: Int
    private var lists: UnsafeMutablePointer<PostingReader>
    /// What keeps the lists' memory alive.
    private var owners: [AnyObject] = []
    private var count = 0
    private var capacity: Int
    /// Place of each row's lists, -1 where a segment has none.
    private var places: [Int32] = []

    init(segmentCount: Int) {
        self.segmentCount = segmentCount
        capacity = 8
        lists = .allocate(capacity: capacity)
        owners.reserveCapacity(capacity)
        places.reserveCapacity(capacity)
    }

    deinit {
        lists.deallocate()
    }

    /// Opens a term's lists.
    ///
    /// - Returns: the row and the live documents of the term; `nil` when there are none.
    func open(_ term: TermID, in segments: [SegmentView]) -> (row: Int, frequency: Int)? {
        let row = places.count
        let before = count
        var frequency = 0
        for segment in segments {
            guard let list = segment.postings(for: term) else {
                places.append(-1)
                continue
            }
            frequency += segment.hasDeletions ? list.liveDocumentFrequency(in: segment) : list.documentFrequency
            if count == capacity { grow() }
            (lists + count).initialize(to: list.reader)
            owners.append(list.owner)
            places.append(Int32(count))
            count += 1
        }
        if frequency > 0 { return (row, frequency) }
        owners.removeLast(count - before)
        count = before
        places.removeLast(segmentCount)
        return nil
    }

    /// A term's list in a segment, valid as long as the table.
    func list(row: Int, segment: Int) -> UnsafeMutablePointer<PostingReader>? {
        let place = places[row + segment]
        return place < 0 ? nil : lists + Int(place)
    }

    /// Whether a live document has the term in one of these fields.
    func occurs(row: Int, in fields: FieldMask, _ segments: [SegmentView]) -> Bool {
        segments.indices.contains { list(row: row, segment: $0)?.pointee.occurs(in: fields, of: segments[$0]) == true }
    }

    private func grow() {
        let larger = UnsafeMutablePointer<PostingReader>.allocate(capacity: 2 * capacity)
        larger.moveInitialize(from: lists, count: count)
        lists.deallocate()
        lists = larger
        capacity *= 2
    }
}
