import Testing

@testable import RingCore

@Suite struct RecordTests {
    private let document = KeyState(
        fields: (0..<10).map { KeyState.Field("field\($0)".octets, Version(milliseconds: 1000, node: 7)) })

    private func decoded(_ bytes: [UInt8], _ shapes: MemoryShapes) throws -> KeyRecord.Loaded {
        try bytes.withUnsafeBytes { bytes in
            try KeyRecord.decode(bytes, shapes: shapes)
        }
    }

    @Test func `a fresh document of ten fields takes 35 bytes`() throws {
        var shapes = MemoryShapes()
        let stored = KeyRecord(state: document, lsn: 5).encode(shapes: &shapes)

        #expect(stored.bytes.count == 35)
        #expect(
            stored.bytes == [0x10, 2, 1, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]
                + [0, 0, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0xff, 3])
        #expect(try decoded(stored.bytes, shapes) == .whole(KeyRecord(state: document, lsn: 5)))
    }

    @Test func `each version that differs adds 19 bytes`() {
        var shapes = MemoryShapes()
        let update = KeyState(fields: [KeyState.Field("field3".octets, Version(milliseconds: 2000, node: 7))])
        let stored = KeyRecord(state: document.merged(with: update)).encode(shapes: &shapes)

        #expect(stored.bytes.count == 35 + 19)
    }

    @Test func `documents with the same fields share a shape, and new shapes are told once`() throws {
        var shapes = MemoryShapes()
        _ = KeyRecord(state: document).encode(shapes: &shapes)
        #expect(shapes.takeNew().map(\.number) == [1])
        _ = KeyRecord(state: document).encode(shapes: &shapes)
        #expect(shapes.takeNew().isEmpty)

        let names = try #require(shapes.names(of: 1))
        let again = try ShapeCoding.encode(names).withUnsafeBytes { bytes in try ShapeCoding.decode(bytes) }
        #expect(again == names)
    }

    @Test func `random states survive the database and the wire`() throws {
        for seed in UInt64(1)...2_000 {
            var chance = Chance(seed: seed)
            let record = KeyRecord(state: .random(&chance), lsn: chance.next())
            var shapes = MemoryShapes()
            let stored = record.encode(shapes: &shapes)
            #expect(try decoded(stored.bytes, shapes) == .whole(record), "seed \(seed)")

            var writer = WireWriter()
            record.encodeNamed(into: &writer)
            let travelled = try writer.bytes.withUnsafeBytes { bytes in
                var reader = StateReader(bytes)
                return try KeyRecord.decodeNamed(from: &reader)
            }
            #expect(travelled.state == record.state, "seed \(seed)")
            #expect(travelled.lsn == 0)
        }
    }

    @Test func `a record with too many fields, or when shapes run out, keeps its fields apart`() throws {
        let many = KeyState(
            fields: (0..<600).map {
                KeyState.Field("f\($0)".octets, Version(milliseconds: UInt64(1 + $0), node: 7), isDeleted: $0 == 9)
            })
        var shapes = MemoryShapes()
        let stored = KeyRecord(state: many, lsn: 3).encode(shapes: &shapes)
        #expect(stored.isWide)
        guard case .wide(var record, let summary) = try decoded(stored.bytes, shapes) else {
            Issue.record("not wide")
            return
        }
        #expect(summary == KeyRecord.WideSummary(count: 600, digestSum: many.fieldDigestSum))
        let fields = try many.fields.map { field in
            try KeyRecord.encodeField(field).withUnsafeBytes { bytes in
                try KeyRecord.decodeField(name: field.name, bytes)
            }
        }
        record.state = KeyState(fields: fields)
        #expect(record.state == many)

        var none = MemoryShapes(limit: 0)
        #expect(KeyRecord(state: document).encode(shapes: &none).isWide)
        // Its hash is the same whichever way it is kept.
        let hash = document.recordHash(key: "k".octets)
        #expect(
            KeyState.empty.recordHash(key: "k".octets, fieldCount: 10, fieldDigestSum: document.fieldDigestSum) == hash)
    }

    @Test func `a wide state survives the wire`() throws {
        let many = KeyState(
            fields: (0..<600).map { KeyState.Field("f\($0)".octets, Version(stamp: UInt64(1 + $0), node: 7)) })
        var writer = WireWriter()
        KeyRecord(state: many).encodeNamed(into: &writer)
        let state = try writer.bytes.withUnsafeBytes { bytes in
            var reader = StateReader(bytes)
            return try KeyRecord.decodeNamed(from: &reader).state
        }
        #expect(state == many)
    }

    @Test func `the hash sees every part and nothing local`() {
        let base = KeyState(
            floor: KeyState.Floor(Version(stamp: 5, node: 1), .string),
            expiry: KeyState.Expiry(Version(stamp: 6, node: 1), at: 9_000),
            fields: [KeyState.Field("a".octets, Version(stamp: 7, node: 1))])
        var hashes = [base.recordHash(key: "k".octets), base.recordHash(key: "l".octets)]
        var other = base
        other.floor?.kind = .list
        hashes.append(other.recordHash(key: "k".octets))
        other = base
        other.expiry?.at = nil
        hashes.append(other.recordHash(key: "k".octets))
        other = base
        other.fields[0].isDeleted = true
        hashes.append(other.recordHash(key: "k".octets))
        other = base
        other.fields[0].name = "b".octets
        hashes.append(other.recordHash(key: "k".octets))
        #expect(Set(hashes).count == hashes.count)

        other = base
        other.isIncomplete = true
        #expect(other.recordHash(key: "k".octets) == hashes[0])
    }

    @Test func `records are ordered by token, and long keys are found by their hash`() throws {
        let short = RecordKey.encode(token: 0x0102_0304, key: "book:1".octets)
        #expect(short == [1, 2, 3, 4, 0] + "book:1".octets)
        let key = [UInt8](repeating: 7, count: 481)
        let long = RecordKey.encode(token: 1, key: key)
        #expect(long.count == 21)

        var value = WireWriter()
        value.lp(key)
        try long.withUnsafeBytes { entry in
            try value.bytes.withUnsafeBytes { bytes in
                var reader = StateReader(bytes)
                let found = try RecordKey.decode(entry, value: &reader)
                #expect(found.token == 1)
                #expect(found.key == key)
                #expect(reader.remaining == 0)
            }
        }
        #expect(RecordKey.encode(record: short, field: "a".octets) == short + [0] + "a".octets)
        #expect(RecordKey.encode(record: short, field: [UInt8](repeating: 1, count: 600)).count == short.count + 17)
    }

    @Test func `bytes without sense are refused`() {
        for seed in UInt64(1)...3_000 {
            var chance = Chance(seed: seed)
            var shapes = MemoryShapes()
            var bytes = KeyRecord(state: .random(&chance)).encode(shapes: &shapes).bytes
            for _ in 0...chance.below(4) where !bytes.isEmpty {
                switch chance.below(3) {
                case 0: bytes[chance.below(bytes.count)] = UInt8(truncatingIfNeeded: chance.next())
                case 1: bytes.removeLast(1 + chance.below(bytes.count))
                default: bytes.append(UInt8(truncatingIfNeeded: chance.next()))
                }
            }
            _ = try? decoded(bytes, shapes)
            // Most are no record that travels, but whatever they are, reading ends.
            bytes.withUnsafeBytes { bytes in
                var reader = StateReader(bytes)
                _ = try? KeyRecord.decodeNamed(from: &reader)
            }
        }
    }
}

extension KeyState {
    static func random(_ chance: inout Chance) -> KeyState {
        func version() -> Version {
            Version(stamp: UInt64(1 + chance.below(6)) << 16, node: UInt64(1 + chance.below(2)))
        }
        let floor = chance.chance(50) ? Floor(version(), chance.pick(ValueKind.allCases)) : nil
        let expiry = chance.chance(40) ? Expiry(version(), at: chance.chance(70) ? UInt64(chance.below(20)) : nil) : nil
        let fields = (0..<chance.below(20)).map { _ in
            Field(
                "f\(chance.below(30))".octets, version(), isDeleted: chance.chance(30),
                expiry: chance.chance(20) ? UInt64(chance.below(20)) : nil)
        }
        return KeyState(floor: floor, expiry: expiry, fields: fields, isIncomplete: chance.chance(10))
    }
}
