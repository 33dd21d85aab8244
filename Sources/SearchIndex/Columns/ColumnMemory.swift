// Memory of columns: raw blocks with one owner, so that a column is a handful of pointers.

/// A block of memory that is freed with its owner.
///
/// `@unchecked Sendable`: the block is filled before it is shared, or, in the unsealed segment, written
/// only past what readers have been told of.
final class ColumnMemory: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int

    /// 64-byte aligned and zeroed; at least one cache line, so that `start` is always valid.
    init(byteCount: Int) {
        self.byteCount = max(byteCount, 64)
        start = .allocate(byteCount: self.byteCount, alignment: 64)
        start.initializeMemory(as: UInt8.self, repeating: 0, count: self.byteCount)
    }

    deinit { start.deallocate() }

    /// The block as an array of a trivial type.
    func bound<Element: BitwiseCopyable>(to type: Element.Type) -> UnsafeMutablePointer<Element> {
        start.assumingMemoryBound(to: type)
    }

    static func array<Element: BitwiseCopyable>(
        of type: Element.Type, count: Int, repeating value: Element
    ) -> ColumnMemory {
        let memory = ColumnMemory(byteCount: count * MemoryLayout<Element>.stride)
        memory.bound(to: type).update(repeating: value, count: count)
        return memory
    }
}

/// Gathers bytes whose number is not known beforehand, then hands them over as a trimmed block.
struct ByteArena: ~Copyable {
    private var start: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 1024) {
        self.capacity = max(capacity, 64)
        start = .allocate(byteCount: self.capacity, alignment: 64)
    }

    deinit { start.deallocate() }

    /// Room for `byteCount` zeroed bytes at the end, beginning at a multiple of `alignment` (a power of two, <= 64).
    mutating func append(_ byteCount: Int, alignment: Int = 1) -> UnsafeMutableRawPointer {
        let begin = (count + alignment - 1) & ~(alignment - 1)
        let end = begin + byteCount
        if end > capacity { grow(to: end) }
        (start + count).initializeMemory(as: UInt8.self, repeating: 0, count: end - count)
        count = end
        return start + begin
    }

    private mutating func grow(to needed: Int) {
        let larger = max(needed, capacity + capacity / 2)
        let place = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
        place.copyMemory(from: start, byteCount: count)
        start.deallocate()
        start = place
        capacity = larger
    }

    func trimmed() -> ColumnMemory {
        let memory = ColumnMemory(byteCount: count)
        memory.start.copyMemory(from: start, byteCount: count)
        return memory
    }
}
