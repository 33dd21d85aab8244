// Positions of one document, in memory that is used again for the next one.

/// Ascending positions. Whoever makes one frees it.
package struct PositionBuffer: BitwiseCopyable {
    package private(set) var base: UnsafeMutablePointer<UInt32>
    package var count = 0
    private var capacity = 16

    package init() { base = .allocate(capacity: capacity) }

    package func deallocate() { base.deallocate() }

    /// Makes room for `extra` more.
    @inline(__always) mutating func reserve(_ extra: Int) {
        if count &+ extra > capacity { grow(extra) }
    }

    @inline(never) private mutating func grow(_ extra: Int) {
        let larger = max(2 * capacity, count + extra)
        let fresh = UnsafeMutablePointer<UInt32>.allocate(capacity: larger)
        fresh.update(from: base, count: count)
        base.deallocate()
        base = fresh
        capacity = larger
    }

    package mutating func removeAll() { count = 0 }

    package var first: UInt32? { count > 0 ? base[0] : nil }

    @inline(__always) package subscript(_ index: Int) -> UInt32 { base[index] }

    /// Puts what was appended from `start` on in order. A few short ascending runs: insertion is quickest.
    package func sort(from start: Int) {
        var i = start &+ 1
        while i < count {
            let value = base[i]
            var j = i
            while j > start, base[j &- 1] > value {
                base[j] = base[j &- 1]
                j &-= 1
            }
            base[j] = value
            i &+= 1
        }
    }
}
