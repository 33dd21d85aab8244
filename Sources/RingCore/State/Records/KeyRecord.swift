// The record of a key: its state as bytes, fields grouped by version.
//
//   0   u8   format 1 in the high nibble; flags: 1 floor, 2 expiry, 4 incomplete, 8 wide
//   1   u8   kind of the key in the low nibble, of the floor in the high one
//   2   u16  number of groups
//   4   u32  shape: the number of the list of all fields, deleted ones too; 0 for none
//   8   u64  LSN of the last change on this node; 0 when it travels
//   16  [16 version of the floor] [16 version of the expiry, u64 ms or 2^64 - 1 for never]
//       [a record that travels: uv n, lp name × n, ascending]
//       per group: 16 version │ u8 flags: 1 deleted, 2 expiry (u64 ms follows) │ bitmap of ⌈fields / 8⌉ bytes
//       wide, in the database:  u32 number of fields │ u64 sum of their digests
//       wide, travelling:       uv n │ per field: lp name, 16 version, u8 flags, [u64 ms]
//
// A fresh document of ten fields is one group: 16 + 16 + 1 + 2 = 35 bytes.

/// A key's state as it is stored and as it travels.
package struct KeyRecord: Equatable, Sendable {
    /// More fields than this make a record wide.
    package static let longestShape = 512

    package var state: KeyState
    /// The number of the last log record that changed it on this node.
    package var lsn: UInt64

    package init(state: KeyState, lsn: UInt64 = 0) {
        self.state = state
        self.lsn = lsn
    }

    /// What is stored for a record.
    package struct Stored: Equatable, Sendable {
        package var bytes: Bytes
        /// Whether the fields are entries of their own.
        package var isWide: Bool
    }

    // MARK: flags

    enum Flag {
        static let floor: UInt8 = 1
        static let expiry: UInt8 = 2
        static let incomplete: UInt8 = 4
        static let wide: UInt8 = 8
        static let deleted: UInt8 = 1
        static let timed: UInt8 = 2
    }

    static let format: UInt8 = 1 << 4

    private func flags(isWide: Bool) -> UInt8 {
        Self.format | (state.floor != nil ? Flag.floor : 0) | (state.expiry != nil ? Flag.expiry : 0)
            | (state.isIncomplete ? Flag.incomplete : 0) | (isWide ? Flag.wide : 0)
    }

    // MARK: encoding

    /// The record as it is stored. Wide when it has too many fields, or fields that no shape could be had for.
    package func encode(shapes: inout some ShapeTable) -> Stored {
        var shape: UInt32 = 0
        var isWide = state.fields.count > Self.longestShape
        if !isWide, !state.fields.isEmpty {
            if let number = shapes.number(of: state.fields.map(\.name)) { shape = number } else { isWide = true }
        }
        var writer = WireWriter(capacity: 64)
        let start = putHead(&writer, shape: shape, lsn: lsn, isWide: isWide)
        if isWide {
            writer.u32(UInt32(clamping: state.fields.count))
            writer.u64(state.fieldDigestSum)
        } else {
            putGroups(&writer, recordAt: start)
        }
        return Stored(bytes: writer.bytes, isWide: isWide)
    }

    /// The record as it travels: names instead of a shape, no LSN.
    package func encodeNamed(into writer: inout WireWriter) {
        let isWide = state.fields.count > Self.longestShape
        let start = putHead(&writer, shape: 0, lsn: 0, isWide: isWide)
        writer.uv(UInt64(state.fields.count))
        if isWide {
            for field in state.fields {
                writer.lp(field.name)
                Self.put(field, into: &writer)
            }
        } else {
            for field in state.fields { writer.lp(field.name) }
            putGroups(&writer, recordAt: start)
        }
    }

    /// The value of a wide record's field in the database.
    package static func encodeField(_ field: KeyState.Field) -> Bytes {
        var writer = WireWriter(capacity: 25)
        put(field, into: &writer)
        return writer.bytes
    }

    private static func put(_ field: KeyState.Field, into writer: inout WireWriter) {
        writer.version(field.version)
        writer.u8((field.isDeleted ? Flag.deleted : 0) | (field.expiry != nil ? Flag.timed : 0))
        if let expiry = field.expiry { writer.u64(expiry) }
    }

    /// - Returns: the offset of the record's first byte.
    private func putHead(_ writer: inout WireWriter, shape: UInt32, lsn: UInt64, isWide: Bool) -> Int {
        let start = writer.bytes.count
        writer.u8(flags(isWide: isWide))
        writer.u8(state.recordKind.rawValue | (state.floor?.kind.rawValue ?? 0) << 4)
        writer.u16(0)
        writer.u32(shape)
        writer.u64(lsn)
        if let floor = state.floor { writer.version(floor.version) }
        if let expiry = state.expiry {
            writer.version(expiry.version)
            writer.u64(expiry.at ?? .max)
        }
        return start
    }

    private func putGroups(_ writer: inout WireWriter, recordAt start: Int) {
        let fields = state.fields
        var isDone = [Bool](repeating: false, count: fields.count)
        var groups: UInt16 = 0
        for first in fields.indices where !isDone[first] {
            let leader = fields[first]
            Self.put(leader, into: &writer)
            let map = writer.bytes.count
            writer.grow(by: (fields.count + 7) / 8)
            for i in first..<fields.count where !isDone[i] && Self.areAlike(fields[i], leader) {
                writer.setBit(i, ofMapAt: map)
                isDone[i] = true
            }
            groups += 1
        }
        writer.patch(u16: groups, at: start + 2)
    }

    private static func areAlike(_ a: KeyState.Field, _ b: KeyState.Field) -> Bool {
        a.version == b.version && a.isDeleted == b.isDeleted && a.expiry == b.expiry
    }
}
