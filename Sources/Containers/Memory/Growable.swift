// An array without checks and reference counts, for loops that fill and drain it in place.
//
// Public, not package: only what is public and inlinable is specialized in other modules, and these are inner loops.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A growing run of plain values with one owner.
///
/// Indices are not checked: callers loop below `count` only.
@frozen
public struct Growable<Element: BitwiseCopyable>: ~Copyable {
    public var base: UnsafeMutablePointer<Element>
    public var count = 0
    public var capacity: Int

    @inlinable public init(capacity: Int = 16) {
        self.capacity = max(1, capacity)
        base = malloc(self.capacity &* MemoryLayout<Element>.stride)!.assumingMemoryBound(to: Element.self)
    }

    @inlinable deinit { free(base) }

    @inlinable public subscript(_ index: Int) -> Element {
        @inline(__always) get { base[index] }
        @inline(__always) nonmutating set { base[index] = newValue }
    }

    @inlinable @inline(__always) public mutating func append(_ value: Element) {
        if count == capacity { reserve(count &+ 1) }
        base[count] = value
        count &+= 1
    }

    @inlinable public mutating func append(from source: UnsafePointer<Element>, count added: Int) {
        if count + added > capacity { reserve(count + added) }
        (base + count).update(from: source, count: added)
        count += added
    }

    @inlinable public mutating func removeAll() { count = 0 }

    /// Makes room for `wanted` elements in all; what exists keeps its place in the order, not in memory.
    @inlinable @inline(never) public mutating func reserve(_ wanted: Int) {
        guard wanted > capacity else { return }
        capacity = max(wanted, capacity * 2)
        base = realloc(base, capacity * MemoryLayout<Element>.stride)!.assumingMemoryBound(to: Element.self)
    }

    /// Exactly the bytes in use, plus `padding` zero bytes that kernels may read.
    public func copy(padding: Int = 0) -> RawBlock {
        let used = count * MemoryLayout<Element>.stride
        let block = malloc(max(1, used + padding))!
        memcpy(block, base, used)
        if padding > 0 { memset(block + used, 0, padding) }
        return RawBlock(adopting: block, byteCount: used + padding)
    }
}

extension Growable where Element == UInt8 {
    /// Appends zeros until `count` is a multiple of `alignment`.
    @inlinable public mutating func align(to alignment: Int) {
        while count % alignment != 0 { append(0) }
    }

    @inlinable public mutating func append<T: BitwiseCopyable>(raw value: T) {
        if count + MemoryLayout<T>.size > capacity { reserve(count + MemoryLayout<T>.size) }
        UnsafeMutableRawPointer(base + count).storeBytes(of: value, as: T.self)
        count += MemoryLayout<T>.size
    }

    @inlinable public mutating func append(varint value: UInt64) {
        var value = value
        while value >= 128 {
            append(UInt8(truncatingIfNeeded: value) | 128)
            value >>= 7
        }
        append(UInt8(truncatingIfNeeded: value))
    }

    @inlinable public mutating func append(varint value: UInt128) {
        if value < 128 {
            append(UInt8(truncatingIfNeeded: value))
            return
        }
        var value = value
        while value >= 128 {
            append(UInt8(truncatingIfNeeded: value) | 128)
            value >>= 7
        }
        append(UInt8(truncatingIfNeeded: value))
    }
}

extension UnsafePointer<UInt8> {
    /// Reads a varint and moves past it. The bytes are the process's own, so there is no end to check.
    @inlinable public mutating func takeVarint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = pointee
            self += 1
            value |= UInt64(byte & 127) &<< shift
            if byte < 128 { return value }
            shift &+= 7
        }
    }

    @inlinable public mutating func takeWideVarint() -> UInt128 {
        let first = pointee
        if first < 128 {
            self += 1
            return UInt128(first)
        }
        var value: UInt128 = 0
        var shift: UInt128 = 0
        while true {
            let byte = pointee
            self += 1
            value |= UInt128(byte & 127) &<< shift
            if byte < 128 { return value }
            shift &+= 7
        }
    }
}
