import Synchronization
import Testing

@testable import SearchIndex
@testable import SearchModel

/// The columns of one published snapshot, and the round that wrote them.
private struct Published: Sendable {
    var round: Int
    var numbers: NumericColumn
    var tags: TagColumn
    var points: GeoColumn
    var texts: TextColumn
    var missing: MissingBitmap
}

private final class Publication: Sendable {
    let latest = Mutex<Published?>(nil)
    let isDone = Atomic<Bool>(false)
}

/// Worth running under the thread sanitizer: readers share memory with the writer without locks.
@Suite struct FieldsConcurrencyTests {
    @Test func `readers see each published state whole while the writer goes on`() async {
        let publication = Publication()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                write { published in publication.latest.withLock { $0 = published } }
                publication.isDone.store(true, ordering: .releasing)
            }
            for _ in 0..<2 {
                group.addTask {
                    while !publication.isDone.load(ordering: .acquiring) {
                        if let published = publication.latest.withLock({ $0 }) { check(published) }
                        await Task.yield()
                    }
                    if let published = publication.latest.withLock({ $0 }) { check(published) }
                }
            }
        }
    }
}

/// Every document carries the number of its last write, and every round rewrites document 0 and a few others.
private func write(_ publish: (Published) -> Void) {
    let capacity = 6000
    let numbers = NumericColumnBuilder(capacity: capacity)
    let tags = TagColumnBuilder(capacity: capacity)
    let points = GeoColumnBuilder(capacity: capacity)
    let texts = TextColumnBuilder(capacity: capacity)
    let missing = MissingBitmapBuilder(capacity: capacity)
    func set(_ docID: DocID, _ round: Int) {
        numbers.set(docID, Double(round))
        withUnsafePointer(to: TagID(round)) { tags.set(docID, UnsafeBufferPointer(start: $0, count: 1)) }
        points.set(docID, UInt64(round))
        withBytes(Array("\(round)".utf8)) { texts.set(docID, $0) }
        missing.set(docID, round % 2 == 0)
    }
    var count = 0
    var round = 0
    while count < capacity {
        round += 1
        for _ in 0..<min(20, capacity - count) {
            set(DocID(count), round)
            count += 1
        }
        for old in stride(from: 0, to: count, by: 97) { set(DocID(old), round) }
        publish(
            Published(
                round: round, numbers: numbers.view(documentCount: count), tags: tags.view(documentCount: count),
                points: points.view(documentCount: count), texts: texts.view(documentCount: count),
                missing: missing.view(documentCount: count)))
    }
}

private func check(_ published: Published) {
    let round = Double(published.round)
    let count = published.numbers.documentCount
    let rewritten = (count + 96) / 97
    // The round's own documents and nothing later: one for each rewritten, and those that are new.
    let current = published.numbers.scanCount(ValueRange(lower: round, upper: round))
    #expect(current >= rewritten && current <= rewritten + 20)
    #expect(published.numbers.scanCount(ValueRange(lower: round + 1, upper: .infinity)) == 0)
    #expect(published.numbers.valueCount == count)
    #expect(published.tags.documentFrequency(for: TagID(published.round)) == current)
    #expect(published.tags.list(for: TagID(published.round))?.documentFrequency == current)
    #expect(published.tags.list(for: TagID(published.round + 1)) == nil)
    let text = Array("\(published.round)".utf8)
    var seen = 0
    for docID in 0..<DocID(count) {
        let bytes = published.texts.bytes(docID).map { Array($0) }
        if bytes == text { seen += 1 }
    }
    #expect(seen == current)
    #expect((0..<DocID(count)).count { published.points.cell($0) == UInt64(published.round) } == current)
    #expect(published.missing.isMissing(0) == (published.round % 2 == 0))
}
