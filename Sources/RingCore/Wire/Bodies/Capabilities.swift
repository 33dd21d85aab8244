// What a node says it can do, as names with values.
//
//   u8 version 1 | u32 entries | ( u16 name length | name | u16 values | ( u32 length | value ) * ) *
//
// Little-endian. A receiver skips names that it does not know.

/// A list of capabilities, in the order of their names.
package struct Capabilities: Equatable, Sendable {
    package static let entryBound = 1024
    package static let nameBound = 256
    package static let valueBound = 16 << 10
    /// Values of all names together.
    package static let valuesBound = 16_384

    private var values: [String: [[UInt8]]] = [:]

    package init() {}

    package subscript(name: String) -> [[UInt8]] {
        get { values[name] ?? [] }
        set { values[name] = newValue }
    }

    package var names: [String] { values.keys.sorted() }

    /// The first value of a name as text.
    package func text(_ name: String) -> String? {
        self[name].first.flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The first value of a name as a decimal number.
    package func number(_ name: String) -> UInt64? {
        guard let digits = self[name].first, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self))
    }

    package mutating func set(_ name: String, _ text: String) { self[name] = [Array(text.utf8)] }
    package mutating func set(_ name: String, _ number: UInt64) { set(name, String(number)) }

    package func encode(into writer: inout WireWriter) {
        writer.u8(1)
        writer.u32(UInt32(clamping: values.count))
        for name in names {
            let list = self[name]
            writer.u16(UInt16(clamping: name.utf8.count))
            writer.raw(name.utf8)
            writer.u16(UInt16(clamping: list.count))
            for value in list {
                writer.u32(UInt32(clamping: value.count))
                writer.raw(value)
            }
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let version = try reader.u8()
        guard version == 1 else { throw .unknownCode(version) }
        let entries = try reader.u32()
        guard entries <= UInt32(Self.entryBound) else { throw .countTooLarge }
        var total = 0
        for _ in 0..<entries {
            let length = Int(try reader.u16())
            guard length <= Self.nameBound else { throw .countTooLarge }
            guard let name = String(validating: try reader.raw(length), as: UTF8.self) else { throw .invalidValue }
            let count = Int(try reader.u16())
            total += count
            guard total <= Self.valuesBound else { throw .countTooLarge }
            var list: [[UInt8]] = []
            for _ in 0..<count {
                let length = try reader.u32()
                guard length <= UInt32(Self.valueBound) else { throw .countTooLarge }
                list.append(try reader.raw(Int(length)))
            }
            values[name] = list
        }
    }
}
