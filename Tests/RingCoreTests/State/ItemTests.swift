import Testing

@testable import RingCore

@Suite struct ItemTests {
    private let version = Version(milliseconds: 1000, node: 7)

    private func encoded(_ item: Item) -> [UInt8] {
        var writer = WireWriter()
        item.encode(into: &writer)
        return writer.bytes
    }

    private func decoded(_ bytes: [UInt8]) throws -> [Item] {
        try bytes.withUnsafeBytes { bytes in
            var reader = StateReader(bytes)
            return try ItemList.decode(from: &reader)
        }
    }

    @Test func `a field that is set has these bytes`() {
        let item = Item(
            version: version, token: 9, key: "k".octets, effect: .assignFields([Content.Pair("f".octets, "v".octets)]))

        #expect(
            encoded(item) == [2, 0, 0, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 9, 0, 0, 0]
                + [1, 0x6b, 1, 1, 0x66, 1, 0x76])
    }

    @Test func `a deletion in a group has these bytes`() {
        let item = Item(version: version, token: 9, key: "k".octets, effect: .delete, isGrouped: true)

        #expect(encoded(item) == [131, 0, 0, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 9, 0, 0, 0, 1, 0x6b])
    }

    @Test func `random items survive the wire`() throws {
        for seed in UInt64(1)...2_000 {
            var chance = Chance(seed: seed)
            let items = (0..<chance.below(5)).map { _ in Item.random(&chance) }
            var writer = WireWriter()
            ItemList.encode(items, into: &writer)
            #expect(try decoded(writer.bytes) == items, "seed \(seed)")
        }
    }

    @Test func `bytes without sense are refused`() {
        for seed in UInt64(1)...4_000 {
            var chance = Chance(seed: seed)
            var writer = WireWriter()
            ItemList.encode((0..<3).map { _ in Item.random(&chance) }, into: &writer)
            var bytes = writer.bytes
            for _ in 0...chance.below(4) where !bytes.isEmpty {
                switch chance.below(3) {
                case 0: bytes[chance.below(bytes.count)] = UInt8(truncatingIfNeeded: chance.next())
                case 1: bytes.removeLast(1 + chance.below(bytes.count))
                default: bytes.insert(UInt8(truncatingIfNeeded: chance.next()), at: chance.below(bytes.count))
                }
            }
            guard let items = try? decoded(bytes) else { continue }
            // What can be read can be applied.
            var state = KeyState.random(&chance)
            for item in items {
                let context = ApplyContext(wall: UInt64(chance.below(20)), mayRefuse: chance.chance(50))
                let result = state.apply(item.effect, version: item.version, context: context)
                _ = result.change.requests(key: item.key)
                state = result.state
            }
        }
    }

    @Test func `what would make no sense as an effect is refused`() {
        var noFields = WireWriter()
        noFields.uv(1)
        noFields.raw(encoded(Item(version: version, token: 9, key: "k".octets, effect: .assignFields([]))))
        #expect(throws: StateCodingError.self) { try decoded(noFields.bytes) }

        var hash = WireWriter()
        hash.uv(1)
        hash.raw(
            encoded(
                Item(version: version, token: 9, key: "k".octets, effect: .assign(kind: .hash, expiry: nil, value: [])))
        )
        #expect(throws: StateCodingError.unknownCode(2)) { try decoded(hash.bytes) }
    }
}

extension Item {
    static func random(_ chance: inout Chance) -> Item {
        func bytes() -> [UInt8] { (0..<chance.below(6)).map { _ in UInt8(97 + chance.below(4)) } }
        let version = Version(stamp: UInt64(1 + chance.below(6)) << 16, node: UInt64(1 + chance.below(2)))
        let kind = chance.pick([ValueKind.string, .json, .list, .set, .sortedSet, .stream])
        let effect: Effect =
            switch chance.below(8) {
            case 0: .assign(kind: kind, expiry: chance.chance(50) ? UInt64(1 + chance.below(20)) : nil, value: bytes())
            case 1: .assignFields((0...chance.below(3)).map { Content.Pair("f\($0)".octets, bytes()) })
            case 2: .delete
            case 3: .deleteFields((0...chance.below(3)).map { "f\($0)".octets })
            case 4: .expiry(at: chance.chance(50) ? UInt64(1 + chance.below(20)) : nil, fields: [])
            case 5: .expiry(at: UInt64(1 + chance.below(20)), fields: ["f0".octets])
            case 6:
                .delta(
                    base: Version(stamp: UInt64(chance.below(6)) << 16, node: 1), kind: kind,
                    command: ["RPUSH".octets, "k".octets, bytes()])
            default: .state(KeyState.random(&chance).with(isIncomplete: false), content(&chance))
            }
        return Item(
            version: version, token: UInt32(chance.below(5)), key: bytes(), effect: effect, isGrouped: chance.chance(20)
        )
    }

    private static func content(_ chance: inout Chance) -> Content {
        switch chance.below(6) {
        case 0: .none
        case 1: .bytes("value".octets)
        case 2: .fields((0..<chance.below(20)).map { Content.Pair("f\($0)".octets, "v".octets) })
        case 3: .elements(["a".octets, "b".octets])
        case 4: .scored([Content.ScoredMember("a".octets, 1.5), Content.ScoredMember("b".octets, -.infinity)])
        default: .dump([0, 1, 2])
        }
    }
}

extension KeyState {
    fileprivate func with(isIncomplete: Bool) -> KeyState {
        var copy = self
        copy.isIncomplete = isIncomplete
        return copy
    }
}
