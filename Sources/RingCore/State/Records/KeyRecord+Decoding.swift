// Records from bytes. Whatever the bytes are, the result is a state in normal form or an error.

extension KeyRecord {
    /// A record that was stored, as far as its own bytes tell.
    package enum Loaded: Equatable, Sendable {
        case whole(KeyRecord)
        /// The fields are entries of their own: ``KeyRecord/decodeField(name:_:)`` reads each.
        case wide(KeyRecord, WideSummary)
    }

    /// What a wide record says of its fields.
    package struct WideSummary: Equatable, Sendable {
        package var count: Int
        /// The sum of ``KeyState/Field/digest`` modulo 2^64.
        package var digestSum: UInt64
    }

    private struct Head {
        var flags: UInt8
        var groups: Int
        var shape: UInt32
        var lsn: UInt64
        var floor: KeyState.Floor?
        var expiry: KeyState.Expiry?

        var isWide: Bool { flags & Flag.wide != 0 }

        func record(_ fields: [KeyState.Field]) -> KeyRecord {
            let isIncomplete = flags & Flag.incomplete != 0
            let state = KeyState(floor: floor, expiry: expiry, fields: fields, isIncomplete: isIncomplete)
            return KeyRecord(state: state, lsn: lsn)
        }
    }

    /// Reads a stored record. `reader` stands at its first byte.
    package static func decode(
        from reader: inout StateReader, shapes: some ShapeTable
    ) throws(StateCodingError) -> Loaded {
        let head = try head(&reader)
        if head.isWide {
            let count = try reader.u32()
            let summary = WideSummary(count: Int(count), digestSum: try reader.u64())
            return .wide(head.record([]), summary)
        }
        guard head.shape != 0 else {
            guard head.groups == 0 else { throw .invalidValue }
            return .whole(head.record([]))
        }
        guard let names = shapes.names(of: head.shape) else { throw .unknownShape(head.shape) }
        return .whole(head.record(try groups(&reader, head.groups, names)))
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer, shapes: some ShapeTable
    ) throws(StateCodingError) -> Loaded {
        var reader = StateReader(bytes)
        return try decode(from: &reader, shapes: shapes)
    }

    /// Reads a record that travelled.
    package static func decodeNamed(from reader: inout StateReader) throws(StateCodingError) -> KeyRecord {
        let head = try head(&reader)
        if head.isWide {
            let fields = try reader.list(minimumSize: 18) { (reader) throws(StateCodingError) in
                try field(named: try reader.lp(), &reader)
            }
            try checkAscending(fields.map(\.name))
            return head.record(fields)
        }
        let names = try reader.list(minimumSize: 1) { (reader) throws(StateCodingError) in try reader.lp() }
        try checkAscending(names)
        return head.record(try groups(&reader, head.groups, names))
    }

    /// A wide record's field from its entry's value.
    package static func decodeField(
        name: Bytes, _ bytes: UnsafeRawBufferPointer
    ) throws(StateCodingError) -> KeyState.Field {
        var reader = StateReader(bytes)
        return try field(named: name, &reader)
    }

    // MARK: private

    private static func head(_ reader: inout StateReader) throws(StateCodingError) -> Head {
        let first = try reader.u8()
        guard first & 0xf0 == format else { throw .unknownCode(first) }
        let kinds = try reader.u8()
        guard let floorKind = ValueKind(rawValue: kinds >> 4) else { throw .unknownCode(kinds) }
        let groups = Int(try reader.u16())
        let shape = try reader.u32()
        var head = Head(flags: first & 0x0f, groups: groups, shape: shape, lsn: try reader.u64())
        if head.flags & Flag.floor != 0 { head.floor = KeyState.Floor(try reader.version(), floorKind) }
        if head.flags & Flag.expiry != 0 {
            let version = try reader.version()
            let at = try reader.u64()
            head.expiry = KeyState.Expiry(version, at: at == .max ? nil : at)
        }
        return head
    }

    private static func field(
        named name: Bytes, _ reader: inout StateReader
    ) throws(StateCodingError) -> KeyState.Field {
        let version = try reader.version()
        let flags = try reader.u8()
        guard flags & ~(Flag.deleted | Flag.timed) == 0 else { throw .unknownCode(flags) }
        let expiry = flags & Flag.timed != 0 ? try reader.u64() : nil
        return KeyState.Field(name, version, isDeleted: flags & Flag.deleted != 0, expiry: expiry)
    }

    /// Every field belongs to one group, and only to one.
    private static func groups(
        _ reader: inout StateReader, _ count: Int, _ names: [Bytes]
    ) throws(StateCodingError) -> [KeyState.Field] {
        var fields: [KeyState.Field?] = Array(repeating: nil, count: names.count)
        var left = names.count
        for _ in 0..<count {
            let leader = try field(named: [], &reader)
            let map = try reader.slice((names.count + 7) / 8)
            for (offset, byte) in map.enumerated() where byte != 0 {
                for bit in 0..<8 where byte & 1 << UInt8(bit) != 0 {
                    let i = 8 * offset + bit
                    guard i < names.count, fields[i] == nil else { throw .invalidValue }
                    fields[i] = leader
                    fields[i]?.name = names[i]
                    left -= 1
                }
            }
        }
        guard left == 0 else { throw .invalidValue }
        return fields.compactMap { $0 }
    }

    private static func checkAscending(_ names: [Bytes]) throws(StateCodingError) {
        for (a, b) in zip(names, names.dropFirst()) where !precedes(a, b) { throw .invalidValue }
    }
}
