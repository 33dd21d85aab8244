import CKernels
import Testing

@testable import SearchIndex
@testable import SearchModel

extension NumericColumn: TestedColumn {
    static func makeBuilder(capacity: Int) -> NumericColumnBuilder { NumericColumnBuilder(capacity: capacity) }
    static func set(_ builder: NumericColumnBuilder, _ docID: DocID, _ value: Double?) { builder.set(docID, value) }
    static func view(_ builder: NumericColumnBuilder, _ count: Int) -> NumericColumn {
        builder.view(documentCount: count)
    }
    mutating func change(_ docID: DocID, _ value: Double?) { patch(docID, value) }
}

/// Sources of numbers that end in each of the stored forms.
enum NumberKind: String, CaseIterable, Sendable {
    case smallIntegers, negativeIntegers, unsignedIntegers, floats, doubles, extremes, constant, absent

    func draw(_ random: inout SeededGenerator) -> Double? {
        if random.chance(10) { return nil }
        switch self {
        case .smallIntegers: return Double(random.below(50))
        case .negativeIntegers: return Double(random.below(4_000_000)) - 2_000_000
        case .unsignedIntegers: return Double(random.below(4_294_967_295))
        case .floats: return Double(Float(random.below(10_000)) / 8 - 200)
        case .doubles: return Double(random.below(1_000_000)) / 1000 - 300
        case .extremes:
            return [
                .infinity, -.infinity, 0, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
                -2_147_483_648, 2_147_483_647, 4_294_967_295, 1e300,
            ][random.below(10)]
        case .constant: return 7
        case .absent: return nil
        }
    }
}

func randomRange(_ model: [Double?], _ random: inout SeededGenerator) -> ValueRange {
    func bound() -> Double {
        let value = model.isEmpty ? 1 : (model[random.below(model.count)] ?? 3)
        return [value, value, value, value + 0.5, .infinity, -.infinity][random.below(6)]
    }
    let (a, b) = (bound(), bound())
    return ValueRange(
        lower: random.chance(90) ? min(a, b) : max(a, b), upper: max(a, b), includesLower: random.chance(50),
        includesUpper: random.chance(50))
}

@Suite struct FieldsNumericTests {
    @Test(arguments: NumberKind.allCases)
    func `a numeric column answers as an array of numbers does`(_ kind: NumberKind) {
        forEachSpecimen(NumericColumn.self, value: kind.draw) { specimen, random in
            checkValues(specimen)
            for _ in 0..<3 { checkRange(specimen, randomRange(specimen.model, &random), &random) }
            checkRange(specimen, .all, &random)
            checkWalk(specimen, .all, &random)
            checkWalk(specimen, randomRange(specimen.model, &random), &random)
        }
    }

    private func checkValues(_ specimen: Specimen<NumericColumn>) {
        let (column, model) = (specimen.column, specimen.model)
        #expect(column.documentCount == model.count, specimen.note)
        #expect((0..<DocID(model.count)).map { column.value($0) } == model, specimen.note)
        #expect(column.value(DocID(model.count)) == nil, specimen.note)
        let present = model.compactMap { $0 }
        #expect(column.valueCount == present.count, specimen.note)
        if let least = present.min(), let most = present.max() {
            #expect((column.minimum ?? .nan) <= least && (column.maximum ?? .nan) >= most, specimen.note)
        }
        let docIDs = Array(0..<DocID(model.count))
        var gathered = [Double](repeating: 0, count: model.count)
        column.gather(docIDs, count: docIDs.count, into: &gathered)
        #expect(gathered.map { $0.isNaN ? nil : $0 } == model, specimen.note)
        #expect(column.byteCount > 0)
    }

    private func checkRange(_ specimen: Specimen<NumericColumn>, _ range: ValueRange, _ random: inout SeededGenerator) {
        let (column, model) = (specimen.column, specimen.model)
        let note: Comment = "\(range) \(specimen.note)"
        let matches = (0..<DocID(model.count)).filter { model[Int($0)].map(range.contains) ?? false }
        let expected = TestedBits(documentCount: model.count, matches)
        expectWindows(
            expected, documentCount: model.count, &random, note,
            fill: { column.fillWindow($0, range, words: $1) }, restrict: { column.restrict($0, range, words: $1) })
        #expect(column.scanCount(range) == matches.count, note)
        #expect((column.count(range) ?? matches.count) == matches.count, note)
        #expect((column.count(range) == nil) == !column.hasSortedPermutation)
        for rarity in [1, 6] {
            let deaths = TestedDeaths(model.count, rarity: rarity, &random)
            let live = column.liveCount(range, deadCount: deaths.deadCount, copyLiveWindow: deaths.copyLiveWindow)
            #expect(live == expected.intersection(deaths.live).count, note)
        }
    }

    private func checkWalk(_ specimen: Specimen<NumericColumn>, _ range: ValueRange, _ random: inout SeededGenerator) {
        let (column, model) = (specimen.column, specimen.model)
        let expected = (0..<DocID(model.count))
            .compactMap { docID in model[Int(docID)].map { ($0, docID) } }
            .filter { range.contains($0.0) }
            .sorted { $0 < $1 }
        for ascending in [true, false] {
            var walk = column.sortedWalk(ascending: ascending, within: range)
            var found: [(Double, DocID)] = []
            var docIDs = [DocID](repeating: 0, count: 300)
            var values = [Double](repeating: 0, count: 300)
            while true {
                let count = walk.next(&docIDs, &values, capacity: 1 + random.below(300))
                if count == 0 { break }
                found += zip(values, docIDs).prefix(count)
            }
            let wanted = ascending ? expected : expected.reversed()
            #expect(found.elementsEqual(wanted, by: ==), "ascending \(ascending) \(range) \(specimen.note)")
        }
    }

    @Test func `values are stored in four bytes when that is exact`() {
        func form(_ values: [Double]) -> NumericForm {
            values.withUnsafeBufferPointer { NumericColumn($0).storage.form }
        }
        #expect(form([1, -5, .nan]) == .int32)
        #expect(form([-2_147_483_647, 2_147_483_647]) == .int32)
        #expect(form([4_294_967_294]) == .uint32)
        #expect(form([4_294_967_295]) == .float64)
        #expect(form([-2_147_483_648]) == .float32)
        #expect(form([0.5, .infinity]) == .float32)
        #expect(form([0.1]) == .float64)
        #expect(form([.nan, .nan]) == .int32)
    }

    @Test func `many patches ask for a rebuild that leaves none`() {
        var column = [Double](repeating: 1, count: 2000).withUnsafeBufferPointer { NumericColumn($0) }
        for docID in 0..<DocID(1024) {
            #expect(!column.needsRebuild)
            column.patch(docID, Double(docID))
        }
        #expect(column.needsRebuild)
        #expect(column.rebuilt().patchCount == 0)
        #expect(column.rebuilt().value(5) == 5)
    }

    @Test func `a range with NaN or crossed bounds is empty`() {
        #expect(ValueRange(lower: .nan, upper: 1).isEmpty)
        #expect(ValueRange(lower: 2, upper: 1).isEmpty)
        #expect(ValueRange(lower: 1, upper: 1, includesLower: false).isEmpty)
        #expect(ValueRange(lower: .infinity, upper: .infinity, includesLower: false).isEmpty)
        #expect(!ValueRange(lower: .infinity, upper: .infinity).isEmpty)
        #expect(!ValueRange(lower: 1, upper: 1.0.nextUp, includesLower: false).isEmpty)
    }

    @Test func `all versions of the range kernels agree`() {
        var random = SeededGenerator(seed: fieldsSeed)
        defer { rk_column_choose_kernels(2) }
        for kind in NumberKind.allCases {
            let model = (0..<5000).map { _ in kind.draw(&random) }
            let column = model.map { $0 ?? .nan }.withUnsafeBufferPointer { NumericColumn($0) }
            for _ in 0..<10 {
                let range = randomRange(model, &random)
                let results = [0, 1, 2].map { level in
                    _ = rk_column_choose_kernels(Int32(level))
                    var words = TestedBits(documentCount: model.count)
                    words.forEachWindow { column.fillWindow($0, range, words: $1) }
                    return words
                }
                #expect(results[0] == results[1] && results[1] == results[2], "FIELDS_SEED=\(fieldsSeed)")
            }
        }
    }
}
