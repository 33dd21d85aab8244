import CKernels
import Testing

@testable import SearchIndex
@testable import SearchModel

extension GeoColumn: TestedColumn {
    static func makeBuilder(capacity: Int) -> GeoColumnBuilder { GeoColumnBuilder(capacity: capacity) }
    static func set(_ builder: GeoColumnBuilder, _ docID: DocID, _ cell: UInt64?) { builder.set(docID, cell) }
    static func view(_ builder: GeoColumnBuilder, _ count: Int) -> GeoColumn { builder.view(documentCount: count) }
    mutating func change(_ docID: DocID, _ cell: UInt64?) { patch(docID, cell) }
}

enum PointKind: String, CaseIterable, Sendable {
    case everywhere, oneTown, dateLine, polar, edges

    func point(_ random: inout SeededGenerator) -> (longitude: Double, latitude: Double) {
        func between(_ low: Double, _ high: Double) -> Double {
            low + (high - low) * Double(random.below(1_000_000_000)) / 1_000_000_000
        }
        switch self {
        case .everywhere: return (between(-180, 180), between(-85, 85))
        case .oneTown: return (between(2.2, 2.5), between(48.8, 48.9))
        case .dateLine: return (random.chance(50) ? between(179, 180) : between(-180, -179), between(-10, 10))
        case .polar: return (between(-180, 180), between(80, 85.05))
        case .edges: return ([-180, 180, 0][random.below(3)], [-85.05112878, 85.05112878, 0][random.below(3)])
        }
    }

    func draw(_ random: inout SeededGenerator) -> UInt64? {
        if random.chance(10) { return nil }
        let point = point(&random)
        return GeoCell.encode(longitude: point.longitude, latitude: point.latitude)
    }
}

@Suite struct FieldsGeoTests {
    @Test(arguments: PointKind.allCases)
    func `a geo column answers as a list of points does`(_ kind: PointKind) {
        forEachSpecimen(GeoColumn.self, value: kind.draw) { specimen, random in
            let (column, model) = (specimen.column, specimen.model)
            #expect((0..<DocID(model.count)).map { column.cell($0) } == model, specimen.note)
            #expect(column.byteCount > 0)
            for meters in [0, 700, 40_000, 500_000, 4_000_000, 12_000_000, 30_000_000] {
                let centre = kind.point(&random)
                let circle = GeoCircle(
                    longitude: centre.longitude, latitude: centre.latitude, radius: Double(meters))
                let note: Comment = "\(meters) m around \(centre), \(specimen.note)"
                let expected = (0..<DocID(model.count)).filter { docID in
                    model[Int(docID)].map { circle.distance($0) <= Double(meters) } ?? false
                }
                let matches = column.matches(circle)
                checkList(matches, expected, documentCount: model.count, &random, note)
                #expect(column.estimate(circle) >= expected.count, note)
                expectWindows(
                    TestedBits(documentCount: model.count, expected), documentCount: model.count, &random, note,
                    fill: { column.fillWindow($0, circle, words: $1) },
                    restrict: { column.restrict($0, circle, words: $1) })
            }
        }
    }

    @Test func `circles through points have them inside or outside exactly as the distance says`() {
        var random = SeededGenerator(seed: fieldsSeed)
        for _ in 0..<2000 {
            let kind = PointKind.allCases[random.below(PointKind.allCases.count)]
            let (centre, cell) = (kind.point(&random), kind.draw(&random))
            guard let cell else { continue }
            let there = GeoCircle(longitude: centre.longitude, latitude: centre.latitude, radius: 1).distance(cell)
            for radius in [there.nextDown, there, there.nextUp, there * (1 + 1e-9), there * (1 - 1e-9)] {
                let circle = GeoCircle(longitude: centre.longitude, latitude: centre.latitude, radius: radius)
                var docIDs: [DocID] = [0]
                let cells = [cell]
                let kept = circle.select(docIDs, count: 1, cells: cells, into: &docIDs)
                #expect((kept == 1) == (there <= radius), "\(centre) \(cell) \(radius) FIELDS_SEED=\(fieldsSeed)")
                #expect(circle.contains(cell) == (there <= radius))
            }
        }
    }

    @Test func `a circle without a radius or a place has no documents`() {
        let cell = GeoCell.encode(longitude: 1, latitude: 2)
        let builder = GeoColumnBuilder(capacity: 10)
        builder.set(0, cell)
        let open = builder.view(documentCount: 1)
        let sealed = GeoColumn.merge([(open, .identity(1))], documentCount: 1)
        for column in [open, sealed] {
            for (longitude, latitude, radius) in [
                (1, 2, -1), (1, 2, Double.nan), (.nan, 2, 10), (1, .nan, 10), (.infinity, 2, 10),
            ] {
                let circle = GeoCircle(longitude: longitude, latitude: latitude, radius: radius)
                #expect(column.matches(circle).documentFrequency == 0)
                #expect(!circle.contains(cell ?? 0))
            }
            let all = GeoCircle(longitude: 1, latitude: 2, radius: .infinity)
            #expect(column.matches(all).documentFrequency == 1)
        }
    }

    @Test func `cells are those of the store`() {
        // Palermo and Catania of the store's documentation, as GEOADD keeps them.
        #expect(GeoCell.encode(longitude: 13.361389, latitude: 38.115556) == 3_479_099_956_230_698)
        #expect(GeoCell.encode(longitude: 15.087269, latitude: 37.502669) == 3_479_447_370_796_909)
        #expect(GeoCell.encode(longitude: 180.1, latitude: 0) == nil)
        #expect(GeoCell.encode(longitude: 0, latitude: -86) == nil)
        #expect(GeoCell.encode(longitude: .nan, latitude: 0) == nil)
        let palermo = GeoCell.decode(3_479_099_956_230_698)
        let catania = GeoCell.decode(3_479_447_370_796_909)
        let distance = GeoCell.distance(
            longitude: palermo.longitude, latitude: palermo.latitude, toLongitude: catania.longitude,
            latitude: catania.latitude)
        #expect((distance * 10_000).rounded() == 1_662_741_516)
    }
}
