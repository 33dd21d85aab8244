// Exact document frequencies over live documents, without a forward index: dead postings are counted when asked for,
// and only those since the last time.

import CKernels
import Containers
import SearchModel

/// Dead postings per term of one segment, as of some position in its death log.
final class DeadCountCache: Sendable {
    struct Entry {
        var position: UInt32
        var dead: UInt32
    }

    private static let limit = 4096
    private let entries = Locked<[TermID: Entry]>([:])

    func entry(for term: TermID) -> Entry? { entries.withLock { $0[term] } }

    func store(_ entry: Entry, for term: TermID) {
        entries.withLock { entries in
            // An older snapshot must not take back what a younger one has learnt.
            if let known = entries[term], known.position > entry.position { return }
            if entries.count >= Self.limit { entries.removeAll() }
            entries[term] = entry
        }
    }
}

extension PostingReader {
    /// Postings of live documents, exact. Cheap when nothing died since the last time.
    package func liveDocumentFrequency(in view: SegmentView) -> Int {
        let deaths = view.deaths
        if deaths.count == 0 { return documentFrequency }
        guard view.isSealed else { return documentFrequency - deadPostings(by: deaths) }
        var from = 0
        var dead = 0
        if let known = view.deadCounts.entry(for: term), Int(known.position) <= deaths.count {
            from = Int(known.position)
            dead = Int(known.dead)
        }
        if from < deaths.count {
            // A seek costs about forty decoded postings.
            if (deaths.count - from) * 40 < documentFrequency {
                for i in from..<deaths.count where contains(deaths.log.docs[i]) { dead += 1 }
            } else {
                dead = deadPostings(by: deaths)
            }
            view.deadCounts.store(
                DeadCountCache.Entry(position: UInt32(deaths.count), dead: UInt32(dead)), for: term)
        }
        return documentFrequency - dead
    }

    /// Whether a live document has the term in one of these fields.
    package func occurs(in fields: FieldMask, of view: SegmentView) -> Bool {
        if let single = isSingleMask { return single & fields != 0 && liveDocumentFrequency(in: view) > 0 }
        let deaths = view.deaths
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockSize) { docs in
            for block in 0..<blockCount {
                let hits = matching(block, fields)
                if hits == (0, 0) { continue }
                if deaths.count == 0 { return true }
                for i in 0..<decodeDocIDs(block, into: docs.baseAddress!) {
                    let bits = i < 64 ? hits.0 : hits.1
                    if bits >> UInt64(i & 63) & 1 != 0, !deaths.contains(docs[i]) { return true }
                }
            }
            return false
        }
    }

    /// Whether the document is among the postings.
    package func contains(_ docID: DocID) -> Bool {
        let block = firstBlock(endingAtOrAfter: docID, from: 0)
        guard block < blockCount else { return false }
        if let words = bitmapWindow(Int(docID) / windowSize) {
            return words[(Int(docID) % windowSize) >> 6] >> UInt64(docID & 63) & 1 != 0
        }
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockSize) { docs in
            let count = decodeDocIDs(block, into: docs.baseAddress!)
            let at = Int(rk_lower_bound(docs.baseAddress!, Int32(count), docID))
            return at < count && docs[at] == docID
        }
    }

    /// Counts them all over.
    private func deadPostings(by deaths: DeathTable) -> Int {
        var dead = 0
        if form == .bitmap {
            for window in 0..<packed.windowCount {
                if let words = deaths.window(window) {
                    dead += rk_and_popcount(words, bitmapWindow(window)!, wordsPerWindow)
                }
            }
            return dead
        }
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockSize) { docs in
            for block in 0..<blockCount {
                let count = decodeDocIDs(block, into: docs.baseAddress!)
                for i in 0..<count where deaths.contains(docs[i]) { dead += 1 }
            }
        }
        return dead
    }
}
