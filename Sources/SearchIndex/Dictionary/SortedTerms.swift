// The terms in byte order: one long run, and a short one of terms that came since.
//
// Made on demand, by the reader that wants it, and shared by all views. New terms are sorted and merged into the
// short run; when that has grown past a sixteenth of the long one, both become one.

import Containers
import SearchModel

/// What runs hold never changes; the pair of runs is swapped under the mutex.
final class SortedTerms: Sendable {
    /// Term ids ordered by the bytes of their terms.
    final class Run: Sendable {
        let ids: [TermID]
        init(_ ids: [TermID]) { self.ids = ids }
    }

    struct Runs: Sendable {
        var long = Run([])
        var short = Run([])
        var covered = 0
        /// Reads every term of the runs, also those younger than the view that asks.
        var reader: TermRecords?
    }

    private let state = Locked(Runs())

    /// Runs that hold every id below `count`, and maybe younger ones: readers leave those out.
    func runs(covering count: Int, _ reader: TermRecords) -> Runs {
        state.withLock { runs in
            if runs.covered >= count { return runs }
            let fresh = Self.sort(TermID(runs.covered)..<TermID(count), reader)
            let short = Self.merge(runs.short.ids, fresh, reader)
            if short.count > max(1024, runs.long.ids.count / 16) {
                runs.long = Run(Self.merge(runs.long.ids, short, reader))
                runs.short = Run([])
            } else {
                runs.short = Run(short)
            }
            runs.covered = count
            runs.reader = reader
            return runs
        }
    }

    var byteCount: Int {
        state.withLock { ($0.long.ids.capacity + $0.short.ids.capacity) * MemoryLayout<TermID>.stride }
    }

    private static func sort(_ ids: Range<TermID>, _ reader: TermRecords) -> [TermID] {
        var keyed = ids.map { (key: reader.sortKey($0), id: $0) }
        keyed.sort { a, b in
            a.key != b.key ? a.key < b.key : compareBytes(reader.bytes(a.id), reader.bytes(b.id)) < 0
        }
        return keyed.map(\.id)
    }

    private static func merge(_ a: [TermID], _ b: [TermID], _ reader: TermRecords) -> [TermID] {
        if a.isEmpty { return b }
        if b.isEmpty { return a }
        return [TermID](unsafeUninitializedCapacity: a.count + b.count) { out, count in
            var i = 0
            var j = 0
            var keyA = reader.sortKey(a[0])
            var keyB = reader.sortKey(b[0])
            while true {
                let takesA =
                    keyA != keyB ? keyA < keyB : compareBytes(reader.bytes(a[i]), reader.bytes(b[j])) < 0
                out.initializeElement(at: count, to: takesA ? a[i] : b[j])
                count += 1
                if takesA {
                    i += 1
                    if i == a.count { break }
                    keyA = reader.sortKey(a[i])
                } else {
                    j += 1
                    if j == b.count { break }
                    keyB = reader.sortKey(b[j])
                }
            }
            for k in i..<a.count {
                out.initializeElement(at: count, to: a[k])
                count += 1
            }
            for k in j..<b.count {
                out.initializeElement(at: count, to: b[k])
                count += 1
            }
        }
    }
}
