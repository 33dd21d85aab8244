// Names to values, looked up by borrowed bytes: a query names its index once per command.

import SearchModel

/// An immutable hash table over byte strings; lookups copy nothing.
struct NameTable<Value: Sendable>: Sendable {
    private let names: [Bytes]
    private let values: [Value]
    /// Power of two; position + 1, 0 for free.
    private let slots: [Int32]

    init() { self.init([]) }

    /// - Parameter entries: each name once.
    init(_ entries: [(name: Bytes, value: Value)]) {
        names = entries.map(\.name)
        values = entries.map(\.value)
        var size = 8
        while size < 2 * entries.count { size *= 2 }
        var slots = [Int32](repeating: 0, count: size)
        for (i, entry) in entries.enumerated() {
            var slot = entry.name.withUnsafeBufferPointer { Self.hash($0) } & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(i + 1)
        }
        self.slots = slots
    }

    var count: Int { names.count }

    subscript(name: ByteSlice) -> Value? {
        var slot = Self.hash(name) & (slots.count - 1)
        while true {
            let position = Int(slots[slot]) - 1
            if position < 0 { return nil }
            if names[position].count == name.count, names[position].elementsEqual(name) { return values[position] }
            slot = (slot + 1) & (slots.count - 1)
        }
    }

    subscript(name: Bytes) -> Value? { name.withUnsafeBufferPointer { self[$0] } }

    private static func hash(_ name: ByteSlice) -> Int {
        var h: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name { h = (h ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: h ^ (h >> 29))
    }
}
