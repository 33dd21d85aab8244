import Testing

@testable import SearchIndex
@testable import SearchModel

func withBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeBufferPointer<UInt8>?) -> R) -> R {
    guard let bytes else { return body(nil) }
    return bytes.withUnsafeBufferPointer { body($0) }
}

extension TextColumn: TestedColumn {
    static func makeBuilder(capacity: Int) -> TextColumnBuilder { TextColumnBuilder(capacity: capacity) }
    static func set(_ builder: TextColumnBuilder, _ docID: DocID, _ text: [UInt8]?) {
        withBytes(text) { builder.set(docID, $0) }
    }
    static func view(_ builder: TextColumnBuilder, _ count: Int) -> TextColumn { builder.view(documentCount: count) }
    mutating func change(_ docID: DocID, _ text: [UInt8]?) { withBytes(text) { patch(docID, $0) } }
}

enum TextKind: String, CaseIterable, Sendable {
    case fewWords, sharedPrefix, binary, unique

    func draw(_ random: inout SeededGenerator) -> [UInt8]? {
        if random.chance(10) { return nil }
        switch self {
        case .fewWords: return Array(["", "red", "green", "blue", "a rather longer word"][random.below(5)].utf8)
        case .sharedPrefix: return Array("prefix of all \(random.below(400))".utf8)
        // Zero bytes and bytes above 127 around the length of eight.
        case .binary: return (0..<(6 + random.below(4))).map { _ in [0, 0, 1, 200][random.below(4)] }
        case .unique: return Array("\(random.below(1_000_000))".utf8)
        }
    }
}

@Suite struct FieldsTextTests {
    @Test(arguments: TextKind.allCases)
    func `a text column answers as a list of byte strings does`(_ kind: TextKind) {
        forEachSpecimen(TextColumn.self, value: kind.draw) { specimen, random in
            let (column, model) = (specimen.column, specimen.model)
            #expect((0..<DocID(model.count)).map { column.bytes($0).map { Array($0) } } == model, specimen.note)
            #expect(column.bytes(DocID(model.count)) == nil)
            #expect(column.byteCount > 0)
            let sorted = (0..<DocID(model.count)).filter { model[Int($0)] != nil }.sorted { a, b in
                let (x, y) = (model[Int(a)] ?? [], model[Int(b)] ?? [])
                return x == y ? a < b : x.lexicographicallyPrecedes(y)
            }
            for ascending in [true, false] {
                var walk = column.sortedWalk(ascending: ascending)
                var found: [DocID] = []
                var room = [DocID](repeating: 0, count: 100)
                while true {
                    let count = walk.next(&room, capacity: 1 + random.below(100))
                    if count == 0 { break }
                    found += room.prefix(count)
                }
                #expect(found == (ascending ? sorted : sorted.reversed()), "\(ascending) \(specimen.note)")
            }
            if column.hasRanks { checkRanks(specimen, &random) }
            for _ in 0..<20 where model.count > 1 {
                let (a, b) = (random.below(model.count), random.below(model.count))
                guard let x = model[a], let y = model[b] else { continue }
                let expected = x == y ? 0 : x.lexicographicallyPrecedes(y) ? -1 : 1
                #expect(column.compare(DocID(a), DocID(b)).signum() == expected, specimen.note)
            }
        }
    }

    private func checkRanks(_ specimen: Specimen<TextColumn>, _ random: inout SeededGenerator) {
        let (column, model) = (specimen.column, specimen.model)
        let distinct = Set(model.compactMap { $0 }).sorted { $0.lexicographicallyPrecedes($1) }
        let rankOf = Dictionary(uniqueKeysWithValues: zip(distinct, UInt32(0)...))
        #expect(
            (0..<DocID(model.count)).map { column.rank($0) } == model.map { $0.flatMap { rankOf[$0] } }, specimen.note)
        var gathered = [UInt32](repeating: 9, count: model.count)
        column.gatherRanks(Array(0..<DocID(model.count)), count: model.count, into: &gathered)
        #expect(gathered == model.map { $0.flatMap { rankOf[$0] }.map { $0 + 1 } ?? 0 }, specimen.note)
        for _ in 0..<5 {
            let probe = TextKind.allCases[random.below(4)].draw(&random) ?? []
            let smaller = distinct.count { $0.lexicographicallyPrecedes(probe) }
            #expect(withBytes(probe) { column.firstRank(notBefore: $0!) } == UInt32(smaller), specimen.note)
        }
    }
}

/// A missing-field column seen as values: true where the field is missing.
struct MissingSpecimen: TestedColumn {
    var column: MissingBitmap

    static func makeBuilder(capacity: Int) -> MissingBitmapBuilder { MissingBitmapBuilder(capacity: capacity) }
    static func set(_ builder: MissingBitmapBuilder, _ docID: DocID, _ value: Bool?) {
        builder.set(docID, value ?? false)
    }
    static func view(_ builder: MissingBitmapBuilder, _ count: Int) -> Self {
        Self(column: builder.view(documentCount: count))
    }
    static func merge(_ inputs: [(column: Self, mapping: DocIDMapping)], documentCount: Int) -> Self {
        Self(column: .merge(inputs.map { ($0.column.column, $0.mapping) }, documentCount: documentCount))
    }
    mutating func change(_ docID: DocID, _ value: Bool?) { column.patch(docID, value ?? false) }
    mutating func adoptPatches(of current: Self, since frozen: Self, mapping: DocIDMapping?) {
        column.adoptPatches(of: current.column, since: frozen.column, mapping: mapping)
    }
    func rebuilt() -> Self { self }
}

@Suite struct FieldsMissingTests {
    @Test(arguments: [2, 50, 100])
    func `a missing-field bitmap answers as a list of flags does`(_ percent: Int) {
        forEachSpecimen(MissingSpecimen.self) { random in
            random.chance(percent) ? true : nil
        } check: { specimen, random in
            let (column, model) = (specimen.column.column, specimen.model)
            let expected = (0..<DocID(model.count)).filter { model[Int($0)] == true }
            let bits = TestedBits(documentCount: model.count, expected)
            #expect(column.documentCount == model.count, specimen.note)
            #expect(column.missingCount == expected.count, specimen.note)
            #expect((0..<DocID(model.count)).filter { column.isMissing($0) } == expected, specimen.note)
            expectWindows(
                bits, documentCount: model.count, &random, specimen.note,
                fill: { column.fillWindow($0, words: $1) }, restrict: { column.restrict($0, words: $1) })
            let deaths = TestedDeaths(model.count, rarity: 2, &random)
            let live = column.liveCount(deadCount: deaths.deadCount, copyLiveWindow: deaths.copyLiveWindow)
            #expect(live == bits.intersection(deaths.live).count, specimen.note)
        }
    }
}
