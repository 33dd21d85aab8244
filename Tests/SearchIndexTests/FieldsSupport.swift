// One contract for all field structures in all their forms.
//
// `makeColumn` drives a structure through its life (unsealed, patched, sealed, merged, rebuilt) next to a plain
// array that says what every document's value is. The suites then ask both the same questions.

import Testing

@testable import SearchIndex
@testable import SearchModel

/// SplitMix64: small, good enough, the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// The seed of this run: fixed by `FIELDS_SEED`, else drawn, and printed either way.
let fieldsSeed: UInt64 = {
    let seed = environment("FIELDS_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 1...1_000_000)
    print("field structures: FIELDS_SEED=\(seed)")
    return seed
}()

enum ColumnForm: String, CaseIterable, Sendable {
    case open, openPatched, sealed, sealedPatched, rebuilt, merged, mergedPatched, adopted
}

/// What the suites need of a field structure. `Value` nil: the document lacks the field.
protocol TestedColumn {
    associatedtype Value: Equatable
    associatedtype Builder

    static func makeBuilder(capacity: Int) -> Builder
    static func set(_ builder: Builder, _ docID: DocID, _ value: Value?)
    static func view(_ builder: Builder, _ documentCount: Int) -> Self
    static func merge(_ inputs: [(column: Self, mapping: DocIDMapping)], documentCount: Int) -> Self
    mutating func change(_ docID: DocID, _ value: Value?)
    mutating func adoptPatches(of current: Self, since frozen: Self, mapping: DocIDMapping?)
    func rebuilt() -> Self
}

/// A structure and what it must say.
struct Specimen<Column: TestedColumn> {
    var column: Column
    var model: [Column.Value?]
    var seed: UInt64
    var form: ColumnForm

    var note: Comment { "\(form.rawValue), \(model.count) documents, FIELDS_SEED=\(seed)" }
}

/// A mapping that drops some documents and moves the others to random free places of `free`.
func randomMapping(
    _ count: Int, dropping percent: Int, into free: inout [DocID], _ random: inout SeededGenerator
) -> DocIDMapping {
    DocIDMapping((0..<count).map { _ in random.chance(percent) ? DocIDMapping.dropped : free.removeLast() })
}

/// Builds `form` of about `count` documents. Also returns older copies that later writes must not have changed.
func makeColumn<Column: TestedColumn>(
    _ type: Column.Type, _ form: ColumnForm, count: Int, seed: UInt64,
    value: (inout SeededGenerator) -> Column.Value?
) -> (specimen: Specimen<Column>, older: [Specimen<Column>]) {
    var random = SeededGenerator(seed: seed)
    var older: [Specimen<Column>] = []

    func open(_ count: Int, patched: Bool) -> Specimen<Column> {
        let builder = Column.makeBuilder(capacity: count)
        var model: [Column.Value?] = []
        while model.count < count {
            for _ in 0..<min(1 + random.below(300), count - model.count) {
                let drawn = value(&random)
                if drawn != nil || random.chance(50) { Column.set(builder, DocID(model.count), drawn) }
                model.append(drawn)
                if random.chance(5) {
                    // Set once more before any view covers it.
                    model[model.count - 1] = value(&random)
                    Column.set(builder, DocID(model.count - 1), model[model.count - 1])
                }
            }
            let view = Column.view(builder, model.count)
            older.append(Specimen(column: view, model: model, seed: seed, form: form))
            if patched {
                for _ in 0..<random.below(100) {
                    let docID = random.below(model.count)
                    model[docID] = value(&random)
                    Column.set(builder, DocID(docID), model[docID])
                }
            }
        }
        let view = Column.view(builder, count)
        return Specimen(column: view, model: model, seed: seed, form: form)
    }

    func patch(_ specimen: inout Specimen<Column>, times: Int) {
        guard !specimen.model.isEmpty else { return }
        for i in 0..<times {
            if i % 37 == 0 { older.append(specimen) }
            let docID = random.below(specimen.model.count)
            specimen.model[docID] = value(&random)
            specimen.column.change(DocID(docID), specimen.model[docID])
        }
    }

    func merge(
        _ inputs: [Specimen<Column>], dropping percent: Int, extra: Int
    )
        -> (merged: Specimen<Column>, mappings: [DocIDMapping])
    {
        let total = inputs.reduce(extra) { $0 + $1.model.count }
        var free = Array(0..<DocID(total)).shuffled(using: &random)
        var model = [Column.Value?](repeating: nil, count: total)
        var mappings: [DocIDMapping] = []
        for input in inputs {
            let mapping = randomMapping(input.model.count, dropping: percent, into: &free, &random)
            for (old, value) in input.model.enumerated() where mapping[DocID(old)] != DocIDMapping.dropped {
                model[Int(mapping[DocID(old)])] = value
            }
            mappings.append(mapping)
        }
        let column = Column.merge(
            zip(inputs, mappings).map { (column: $0.column, mapping: $1) }, documentCount: total)
        return (Specimen(column: column, model: model, seed: seed, form: form), mappings)
    }

    func sealed(_ count: Int) -> Specimen<Column> {
        let source = open(count, patched: true)
        let column = Column.merge([(source.column, .identity(count))], documentCount: count)
        return Specimen(column: column, model: source.model, seed: seed, form: form)
    }

    var result: Specimen<Column>
    switch form {
    case .open: result = open(count, patched: false)
    case .openPatched: result = open(count, patched: true)
    case .sealed: result = sealed(count)
    case .sealedPatched:
        result = sealed(count)
        patch(&result, times: count / 6 + 3)
    case .rebuilt:
        result = sealed(count)
        patch(&result, times: count / 6 + 3)
        result.column = result.column.rebuilt()
    case .merged, .mergedPatched, .adopted:
        var inputs = [sealed(count / 2), open(count / 4, patched: true), sealed(count - count / 2 - count / 4)]
        patch(&inputs[2], times: 20)
        let (merged, mappings) = merge(inputs, dropping: 15, extra: random.below(40))
        result = merged
        if form == .mergedPatched { patch(&result, times: count / 6 + 3) }
        if form == .adopted {
            // Writes that arrived while the merge ran.
            for i in [0, 2] {
                let before = inputs[i]
                patch(&inputs[i], times: count / 10 + 1)
                for (old, value) in inputs[i].model.enumerated() where value != before.model[old] {
                    let new = mappings[i][DocID(old)]
                    if new != DocIDMapping.dropped { result.model[Int(new)] = value }
                }
                result.column.adoptPatches(of: inputs[i].column, since: before.column, mapping: mappings[i])
            }
        }
    }
    return (result, Array(older.shuffled(using: &random).prefix(4)))
}

/// Sizes around block and window borders; the larger ones take turns, or the suites would take minutes.
let smallSizes = [0, 1, 127, 128, 129, 700]
let largeSizes = [4096, 4097, 8192]

/// Runs `check` on every form, several sizes, and older copies of each.
func forEachSpecimen<Column: TestedColumn>(
    _ type: Column.Type, value: (inout SeededGenerator) -> Column.Value?,
    check: (Specimen<Column>, inout SeededGenerator) -> Void
) {
    // Different for each suite case, the same for each seed.
    var choice = SeededGenerator(seed: fieldsSeed &+ UInt64(String(describing: type).utf8.count))
    for form in ColumnForm.allCases {
        var sizes = [smallSizes[choice.below(3)], smallSizes[3 + choice.below(3)]]
        if choice.chance(40) { sizes.append(largeSizes[choice.below(3)]) }
        for size in sizes {
            let seed = choice.next()
            let (specimen, older) = makeColumn(type, form, count: size, seed: seed, value: value)
            var random = SeededGenerator(seed: seed)
            check(specimen, &random)
            for copy in older.prefix(size > 1000 ? 1 : 3) { check(copy, &random) }
        }
    }
}

// MARK: windows

/// Bitmaps of whole windows.
struct TestedBits: Equatable {
    var words: [UInt64]

    var windows: Int { words.count / wordsPerWindow }

    /// At least one window; one more than needed now and then, as a caller may ask past the end.
    init(documentCount: Int) {
        words = Array(repeating: 0, count: (documentCount / windowSize + 1) * wordsPerWindow)
    }

    init(documentCount: Int, _ docIDs: [DocID]) {
        self.init(documentCount: documentCount)
        for docID in docIDs { words[Int(docID / 64)] |= 1 << UInt64(docID % 64) }
    }

    /// Bits set with the likelihood 2^-rarity, also past the document count.
    init(documentCount: Int, rarity: Int, _ random: inout SeededGenerator) {
        self.init(documentCount: documentCount)
        for w in words.indices {
            words[w] = (0..<rarity).reduce(UInt64.max) { bits, _ in bits & random.next() }
        }
    }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    func contains(_ docID: DocID) -> Bool { words[Int(docID / 64)] >> UInt64(docID % 64) & 1 == 1 }

    func intersection(_ other: TestedBits) -> TestedBits {
        var result = self
        for w in words.indices { result.words[w] &= other.words[w] }
        return result
    }

    func union(_ other: TestedBits) -> TestedBits {
        var result = self
        for w in words.indices { result.words[w] |= other.words[w] }
        return result
    }

    func complement(documentCount: Int) -> TestedBits {
        var result = TestedBits(documentCount: documentCount)
        for docID in 0..<documentCount { result.words[docID / 64] |= 1 << UInt64(docID % 64) }
        for w in words.indices { result.words[w] &= ~words[w] }
        return result
    }

    /// Runs `body` on the words of every window.
    mutating func forEachWindow(_ body: (Int, WindowWords) -> Void) {
        let windows = windows
        words.withUnsafeMutableBufferPointer { words in
            for window in 0..<windows { body(window, words.baseAddress! + window * wordsPerWindow) }
        }
    }
}

/// Checks a clause's window operations against the documents that it matches.
func expectWindows(
    _ expected: TestedBits, documentCount: Int, _ random: inout SeededGenerator, _ note: Comment,
    fill: (Int, WindowWords) -> Void, restrict: (Int, WindowWords) -> Void
) {
    let before = TestedBits(documentCount: documentCount, rarity: 3, &random)
    var words = before
    words.forEachWindow(fill)
    #expect(words == before.union(expected), note)
    for rarity in [1, 7] {
        let before = TestedBits(documentCount: documentCount, rarity: rarity, &random)
        var words = before
        words.forEachWindow(restrict)
        #expect(words == before.intersection(expected), note)
    }
}

/// A live bitmap with deaths of the likelihood 2^-rarity.
struct TestedDeaths {
    let live: TestedBits
    let deadCount: Int

    init(_ documentCount: Int, rarity: Int, _ random: inout SeededGenerator) {
        let dead = TestedBits(documentCount: documentCount, rarity: rarity, &random)
        live = dead.complement(documentCount: documentCount)
        deadCount = documentCount - live.count
    }

    func copyLiveWindow(_ window: Int, _ words: UnsafeMutablePointer<UInt64>) {
        for w in 0..<wordsPerWindow { words[w] = live.words[window * wordsPerWindow + w] }
    }
}
