// The index against a dictionary of documents.

import SearchIndex
import SearchModel
import Testing

private let commonWords = (0..<24).map { "word\($0)" } + ["runs", "cats", "cat", "run", "s", "naïve"]

extension SplitMix {
    mutating func number() -> Double? { below(3) == 0 ? nil : Double(below(50)) / 4 }
    mutating func tags() -> Set<String> { Set((0..<below(3)).map { _ in "tag\(below(9))" }) }
    mutating func point() -> Double? { below(3) == 0 ? nil : Double(below(360) - 180) }

    mutating func word(_ serial: Int) -> String {
        switch below(20) {
        case 0: "rare\(serial % 997)"
        case 1: "once\(serial)s"
        default: commonWords[min(below(commonWords.count), below(commonWords.count))]
        }
    }

    mutating func fields(_ serial: Int) -> [(bit: Int, weight: UInt32, words: [String])] {
        (0..<3).map { bit in
            let count = below(4) == 0 ? 0 : below(8)
            return (bit, UInt32([1, 1, 3][bit]), (0..<count).map { word(serial &* 31 &+ $0) })
        }
    }
}

@Suite struct ModelTests {
    static let cases: [(seed: UInt64, capacity: Int, operations: Int)] = [
        (1, 1, 120), (2, 7, 400), (3, 128, 900), (4, 129, 900), (5, 8192, 1200), (6, 40, 1500),
    ]

    @Test(arguments: cases)
    func `the index says what a dictionary of documents says`(
        seed: UInt64, capacity: Int, operations: Int
    ) {
        var random = SplitMix(seed)
        var twin = Twin(capacity: capacity)
        for step in 0..<operations {
            let key = "doc:\(random.below(operations / 3))"
            switch random.below(20) {
            case 0..<4: twin.patch(key, number: random.number(), tags: random.tags(), point: random.point())
            case 4..<15:
                twin.put(
                    key, random.fields(step), score: random.below(5) == 0 ? Float(random.below(100)) / 100 : 1,
                    payload: random.below(6) == 0 ? "p\(step)" : nil, number: random.number(), tags: random.tags(),
                    point: random.point(), stampOffset: random.below(30) == 0 ? -random.below(40) : 0)
            case 15..<18: twin.remove(key)
            case 18: twin.writer.publish()
            default:
                twin.writer.publish()
                if random.below(4) == 0 {
                    twin.writer.mergeEverything(isQuiet: random.below(3) == 0)
                    twin.writer.publish()
                }
            }
            if random.below(operations / 6) == 0 {
                expectEqual(twin.writer.publish(), twin, "seed \(seed), step \(step)")
            }
        }
        expectEqual(twin.writer.publish(), twin, "seed \(seed), end")
        twin.writer.mergeEverything()
        expectEqual(twin.writer.publish(), twin, "seed \(seed), merged by tiers")
        twin.writer.mergeEverything(isQuiet: true)
        expectEqual(twin.writer.publish(), twin, "seed \(seed), merged to one")
        #expect(twin.writer.snapshot.segments.count <= 1)
    }

    @Test func `lists of all densities survive sealing and merging`() {
        var random = SplitMix(77)
        var twin = Twin(capacity: 5000, stems: false)
        for i in 0..<9000 {
            var words = ["every"]
            for (word, modulus) in [("half", 2), ("tenth", 10), ("sixty", 60), ("thousandth", 1000)]
            where random.below(modulus) == 0 {
                words.append(word)
            }
            if i > 3000 && i < 3400 { words.append("bunched") }
            twin.put(
                "k\(i)", [(i % 3, 1, words), ((i + 1) % 3, 1, random.below(5) == 0 ? ["every", "tenth"] : [])],
                score: i % 2 == 0 ? 1 : 0.3)
        }
        for i in stride(from: 0, to: 9000, by: 11) { twin.remove("k\(i)") }
        expectEqual(twin.writer.publish(), twin, "unsealed")
        twin.writer.freeze()
        twin.writer.mergeEverything()
        expectEqual(twin.writer.publish(), twin, "sealed")
        for i in stride(from: 5, to: 9000, by: 17) where twin.documents["k\(i)"] != nil { twin.remove("k\(i)") }
        expectEqual(twin.writer.publish(), twin, "sealed, more dead")
        twin.writer.mergeEverything(isQuiet: true)
        expectEqual(twin.writer.publish(), twin, "merged")
        #expect(twin.writer.snapshot.segments.count == 1)
    }
}
