import Testing

@testable import RingCore

@Suite struct FeedTests {
    private func entry(_ n: Int) -> ChangeFeed.Entry {
        ChangeFeed.Entry(token: UInt32(n), fingerprint: UInt64(1000 + n), key: "key\(n)".octets)
    }

    private func feed(_ bounds: ChangeFeed.Bounds = ChangeFeed.Bounds(age: 60_000)) -> ChangeFeed {
        ChangeFeed(id: 77, bounds: bounds)
    }

    @Test func `a reader gets everything after its position, in order`() throws {
        var feed = feed()
        for n in 1...5 { feed.append(lane: 0, lsn: UInt64(n), [entry(n), entry(n + 100)], now: 0) }
        let all = try #require(feed.fingerprints(lane: 0, after: 2, byteBound: 1_000) { _ in true })

        #expect(all.elements.map(\.lsn) == [3, 4, 5])
        #expect(all.elements.map(\.fingerprints) == [[1003, 1103], [1004, 1104], [1005, 1105]])
        #expect(all.to == 5)
        #expect(all.head == 5)
        #expect(feed.head(lane: 0) == 5)
    }

    @Test func `what the reader does not share is left out, and its position moves on all the same`() throws {
        var feed = feed()
        for n in 1...5 { feed.append(lane: 0, lsn: UInt64(n), [entry(n), entry(n + 100)], now: 0) }
        let shared = try #require(feed.fingerprints(lane: 0, after: 0, byteBound: 1_000) { $0 == 103 })
        #expect(shared.elements == [ChangeFeed.BatchFingerprints(lsn: 3, fingerprints: [1103])])
        #expect(shared.to == 5)
        #expect(feed.entry(at: FeedPlace(lane: 0, lsn: 3, index: 0)) { $0 == 103 } == entry(103))
        #expect(feed.entry(at: FeedPlace(lane: 0, lsn: 3, index: 1)) { _ in true } == entry(103))
        #expect(feed.entry(at: FeedPlace(lane: 0, lsn: 3, index: 2)) { _ in true } == nil)
        #expect(feed.entry(at: FeedPlace(lane: 0, lsn: 9, index: 0)) { _ in true } == nil)
        #expect(feed.entry(at: FeedPlace(lane: 3, lsn: 1, index: 0)) { _ in true } == nil)
    }

    @Test func `a stretch ends between batches`() throws {
        var feed = feed()
        for n in 1...5 { feed.append(lane: 0, lsn: UInt64(n), (0..<10).map { entry(100 * n + $0) }, now: 0) }
        var position: UInt64 = 0
        var seen: [UInt64] = []
        while true {
            let part = try #require(feed.fingerprints(lane: 0, after: position, byteBound: 100) { _ in true })
            if part.elements.isEmpty { break }
            seen += part.elements.flatMap(\.fingerprints)
            position = part.to
        }
        var written: [UInt64] = []
        for n: UInt64 in 1...5 { written += (0..<10).map { 1000 + 100 * n + $0 } }
        #expect(seen == written)
    }

    @Test func `of many changes of a key only the last one is live`() throws {
        var feed = feed()
        for lsn in 1...100 { feed.append(lane: 0, lsn: UInt64(lsn), [entry(lsn % 3), entry(lsn % 3)], now: 0) }
        let last: [[UInt8]: UInt64] = ["key0".octets: 99, "key1".octets: 100, "key2".octets: 98]
        let live = try #require(
            feed.liveEntries(lane: 0, after: 0, limit: 1_000, isShared: { _ in true }, isLive: { last[$0.key] == $1 }))
        #expect(live.elements.map(\.lsn) == [98, 99, 100])
        #expect(live.to == 100)
    }

    @Test func `a reader that has missed something is told so`() throws {
        var feed = feed(ChangeFeed.Bounds(age: 1_000))
        for n in 1...10 { feed.append(lane: 0, lsn: UInt64(n), [entry(n)], now: 0) }
        feed.append(lane: 0, lsn: 11, (0..<5_000).map(entry), now: 0)
        feed.append(lane: 0, lsn: 12, [entry(12)], now: 900)
        feed.trim(now: 1_500)

        #expect(feed.trimmedThrough(lane: 0) == 11)
        #expect(feed.fingerprints(lane: 0, after: 10, byteBound: 1_000) { _ in true } == nil)
        #expect(
            feed.liveEntries(lane: 0, after: 10, limit: 9, isShared: { _ in true }, isLive: { _, _ in true }) == nil)
        let rest = try #require(feed.fingerprints(lane: 0, after: 11, byteBound: 1_000) { _ in true })
        #expect(rest.elements.map(\.lsn) == [12])
    }

    @Test func `the feed keeps within its bytes`() {
        var feed = feed(ChangeFeed.Bounds(bytes: 1 << 20, age: .max))
        for n in 1...200_000 { feed.append(lane: UInt8(n % 3), lsn: UInt64(n), [entry(n)], now: UInt64(n)) }
        #expect(feed.byteCount <= 1 << 20)
        #expect(feed.byteCount > 1 << 18)
        #expect(feed.laneNumbers == [0, 1, 2])
        for lane in feed.laneNumbers {
            #expect(feed.trimmedThrough(lane: lane) > 100_000)
            #expect(
                feed.fingerprints(lane: lane, after: feed.trimmedThrough(lane: lane), byteBound: 8) { _ in true } != nil
            )
        }
    }

    @Test func `a feed that starts anew has forgotten what came before`() {
        var feed = feed()
        feed.start(lane: 0, after: 1 << 32)
        feed.append(lane: 0, lsn: 1 << 32 + 1, [entry(1)], now: 0)
        #expect(feed.fingerprints(lane: 0, after: 5, byteBound: 100) { _ in true } == nil)
        #expect(feed.fingerprints(lane: 0, after: 1 << 32, byteBound: 100) { _ in true }?.elements.count == 1)
        // A lane that was never written to has nothing, and nothing was missed of it.
        #expect(feed.fingerprints(lane: 1, after: 0, byteBound: 100) { _ in true }?.to == 0)
    }

    @Test func `positions hold for one feed and never fall`() {
        var positions = FeedPositions()
        positions.confirm(node: 1, feed: 77, lane: 0, lsn: 10)
        positions.confirm(node: 1, feed: 77, lane: 0, lsn: 7)
        positions.confirm(node: 1, feed: 77, lane: 1, lsn: 3)
        #expect(positions.position(of: 1, feed: 77, lane: 0) == 10)
        #expect(positions.position(of: 1, feed: 77, lane: 1) == 3)
        #expect(positions.position(of: 1, feed: 78, lane: 0) == 0)
        positions.confirm(node: 1, feed: 78, lane: 0, lsn: 2)
        #expect(positions.position(of: 1, feed: 78, lane: 0) == 2)
        #expect(positions.position(of: 1, feed: 78, lane: 1) == 0)
    }

    @Test func `what was seen within the last minute is known`() {
        var recent = RecentFingerprints()
        let seen = (0..<10_000).map { UInt64($0) &* 0x9e37_79b9_7f4a_7c15 }
        for fingerprint in seen { recent.insert(fingerprint, now: 1_000_000) }
        #expect(recent.count == 10_000)
        var found = 0
        for fingerprint in seen where recent.contains(fingerprint, now: 1_060_000) { found += 1 }
        #expect(found == 10_000)
        let isUnknown = !recent.contains(42, now: 1_060_000)
        #expect(isUnknown)
        let isOld = !recent.contains(seen[1], now: 1_200_000)
        #expect(isOld)
    }
}
