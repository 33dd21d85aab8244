// The entries of one lane, packed in chunks: two million changes must not be two million small arrays.

extension ChangeFeed {
    struct Packed: Sendable {
        var lsn: UInt64
        var fingerprint: UInt64
        var token: UInt32
        var keyStart: UInt32
        var keyLength: UInt32
    }

    private struct Chunk: Sendable {
        static let entryBound = 4_096
        static let keyBound = 1 << 18

        var startTime: UInt64
        var entries: [Packed] = []
        var keys: Bytes = []

        var isFull: Bool { entries.count >= Self.entryBound || keys.count >= Self.keyBound }
        var byteCount: Int { entries.count * MemoryLayout<Packed>.stride + keys.count }

        func key(_ packed: Packed) -> ArraySlice<UInt8> {
            keys[Int(packed.keyStart)..<Int(packed.keyStart + packed.keyLength)]
        }
    }

    struct Lane: Sendable {
        private var chunks: ArraySlice<Chunk> = []
        private(set) var head: UInt64 = 0
        private(set) var trimmedThrough: UInt64 = 0

        init() {}

        init(startingAfter lsn: UInt64) {
            head = lsn
            trimmedThrough = lsn
        }

        var byteCount: Int { chunks.reduce(0) { $0 + $1.byteCount } }
        /// When the oldest chunk was begun.
        var oldestTime: UInt64? { chunks.first?.startTime }

        mutating func append(_ lsn: UInt64, _ entries: [Entry], _ now: UInt64, _ total: inout Int) {
            guard lsn > trimmedThrough, lsn >= head else { return }
            head = lsn
            for entry in entries {
                // A batch never spans chunks: a chunk that is dropped must not leave half of one.
                if chunks.last.map({ $0.isFull && $0.entries.last?.lsn != lsn }) ?? true {
                    chunks.append(Chunk(startTime: now))
                }
                let last = chunks.endIndex - 1
                let start = UInt32(truncatingIfNeeded: chunks[last].keys.count)
                chunks[last].entries.append(
                    Packed(
                        lsn: lsn, fingerprint: entry.fingerprint, token: entry.token, keyStart: start,
                        keyLength: UInt32(truncatingIfNeeded: entry.key.count)))
                chunks[last].keys += entry.key
                total += MemoryLayout<Packed>.stride + entry.key.count
            }
        }

        mutating func advance(to lsn: UInt64) { head = max(head, lsn) }

        mutating func dropOldest(_ total: inout Int) {
            guard let oldest = chunks.first else { return }
            total -= oldest.byteCount
            trimmedThrough = max(trimmedThrough, oldest.entries.last?.lsn ?? 0)
            // A slice keeps what it no longer shows: empty it, and let go of the place now and then.
            chunks[chunks.startIndex] = Chunk(startTime: 0)
            chunks.removeFirst()
            if chunks.startIndex > 64 { chunks = ArraySlice(Array(chunks)) }
        }

        /// Visits entries in order until `body` says no. `true`: it never did.
        func visit(after position: UInt64, _ body: (UInt64, Packed, ArraySlice<UInt8>) -> Bool) -> Bool {
            for chunk in chunks {
                guard let last = chunk.entries.last, last.lsn > position else { continue }
                for packed in chunk.entries[firstIndex(in: chunk, after: position)...] {
                    if !body(packed.lsn, packed, chunk.key(packed)) { return false }
                }
            }
            return true
        }

        private func firstIndex(in chunk: Chunk, after position: UInt64) -> Int {
            var low = 0
            var high = chunk.entries.count
            while low < high {
                let middle = (low + high) / 2
                if chunk.entries[middle].lsn <= position { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }
}
