// The lists of field names that records share. Documents of one kind have the same fields, so a record has a number
// where the names would be.

/// Lists of field names by number. Numbers are local to a node.
package protocol ShapeTable {
    /// The number of a list of names in ascending order; `nil` when no more fit. Never 0.
    mutating func number(of names: [Bytes]) -> UInt32?
    /// The names of a number; `nil` when it was never given out.
    func names(of number: UInt32) -> [Bytes]?
}

/// Shapes in memory, with a note of those that are not stored yet.
package struct MemoryShapes: ShapeTable, Sendable {
    package let limit: Int
    private var lists: [UInt32: [Bytes]] = [:]
    private var numbers: [[Bytes]: UInt32] = [:]
    private var next: UInt32 = 1
    /// Numbers given out since ``takeNew()`` was last called.
    private var new: [UInt32] = []

    package init(limit: Int = 65_535) { self.limit = limit }

    package mutating func number(of names: [Bytes]) -> UInt32? {
        if let known = numbers[names] { return known }
        guard lists.count < limit, next < .max else { return nil }
        let number = next
        insert(names, as: number)
        new.append(number)
        return number
    }

    package func names(of number: UInt32) -> [Bytes]? { lists[number] }

    /// A list that was stored under this number in an earlier life.
    package mutating func insert(_ names: [Bytes], as number: UInt32) {
        lists[number] = names
        numbers[names] = number
        next = max(next, number &+ 1)
    }

    /// What is to be stored together with the records that use it.
    package mutating func takeNew() -> [(number: UInt32, names: [Bytes])] {
        defer { new = [] }
        return new.map { ($0, lists[$0] ?? []) }
    }
}

/// Names as the value of an entry of the database.
package enum ShapeCoding {
    package static func encode(_ names: [Bytes]) -> Bytes {
        var writer = WireWriter()
        writer.uv(UInt64(names.count))
        for name in names { writer.lp(name) }
        return writer.bytes
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(StateCodingError) -> [Bytes] {
        var reader = StateReader(bytes)
        let names = try reader.list(minimumSize: 1) { (reader) throws(StateCodingError) in try reader.lp() }
        for (a, b) in zip(names, names.dropFirst()) where !precedes(a, b) { throw .invalidValue }
        return names
    }
}
