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
        (1, 1, 120), (2, 7, 250), (3, 128, 450), (4, 129, 450), (5, 8192, 500), (6, 40, 600),
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
            if random.below(operations / 3) == 0 {
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

    @Test(arguments: [21, 22] as [UInt64])
    func `what happens during a merge is not lost`(seed: UInt64) {
        var random = SplitMix(seed)
        var twin = Twin(capacity: 25)
        var task: MergeTask?
        var hasRun = false
        for step in 0..<700 {
            let key = "doc:\(random.below(220))"
            switch random.below(10) {
            case 0..<3: twin.patch(key, number: random.number(), tags: random.tags(), point: random.point())
            case 3..<8:
                twin.put(
                    key, random.fields(step), number: random.number(), tags: random.tags(), point: random.point(),
                    stampOffset: random.below(40) == 0 ? -random.below(40) : 0)
            case 8: twin.remove(key)
            default:
                if let current = task {
                    if hasRun {
                        twin.writer.install(current)
                        task = nil
                    } else if random.below(8) == 0 {
                        current.run { true }
                        hasRun = true
                    } else {
                        current.run()
                        hasRun = true
                    }
                } else {
                    task = twin.writer.planMerge(isQuiet: random.below(6) == 0)
                    hasRun = false
                }
            }
            if random.below(3) == 0 { twin.writer.publish() }
            if random.below(350) == 0 { expectEqual(twin.writer.publish(), twin, "seed \(seed), step \(step)") }
        }
        expectEqual(twin.writer.publish(), twin, "seed \(seed), end")
    }

    @Test func `removing everything leaves an index that can be filled again`() {
        var twin = Twin(capacity: 10)
        for i in 0..<35 { twin.put("k\(i)", [(0, 1, ["word\(i % 3)"])]) }
        let task = twin.writer.planMerge()
        task?.run()
        twin.writer.removeAll()
        if let task { twin.writer.install(task) }
        twin.documents.removeAll()
        expectEqual(twin.writer.publish(), twin, "empty")
        for i in 0..<35 { twin.put("k\(i)", [(0, 1, ["word\(i % 3)"])]) }
        twin.writer.mergeEverything(isQuiet: true)
        expectEqual(twin.writer.publish(), twin, "filled again")
    }

    @Test func `a document from before a new field cannot be patched, only replaced`() {
        var twin = Twin(capacity: 10)
        twin.put("old", [(0, 1, ["one"])])
        twin.writer.publish()
        var schema = twin.writer.schema
        schema.append(FieldSpec(identifier: [120], attribute: [120], kind: .numeric))
        twin.writer.setSchema(schema)
        twin.put("new", [(0, 1, ["one"])])
        #expect(!"old".asSlice { twin.writer.beginPatch(key: $0, stamp: 900) })
        #expect("new".asSlice { twin.writer.beginPatch(key: $0, stamp: 900) })
        twin.writer.setNumeric(field: 6, 5)
        twin.writer.endPatch()
        twin.documents["new"]!.stamp = 900
        for _ in 0..<2 {
            let snapshot = twin.writer.publish()
            expectEqual(snapshot, twin, "altered")
            let (segment, docID) = "new".asSlice { snapshot.locate($0) }!
            #expect(snapshot.segments[segment].numeric(6)?.value(docID) == 5)
            twin.writer.mergeEverything(isQuiet: true)
        }
        #expect("old".asSlice { twin.writer.beginPatch(key: $0, stamp: 901) })
        twin.writer.endPatch()
    }

    @Test func `a writer whose segments nobody merges does it by itself`() {
        var options = IndexOptions()
        options.segmentLimit = 40
        var twin = Twin(capacity: 1, options: options, stems: false)
        for i in 0..<150 { twin.put("k\(i % 120)", [(0, 1, ["w"])]) }
        let snapshot = twin.writer.publish()
        #expect(snapshot.segments.count <= 40)
        expectEqual(snapshot, twin, "merged on the lane")
    }

    @Test func `an abandoned document leaves no trace`() {
        var twin = Twin(capacity: 10)
        twin.put("a", [(0, 1, ["one"])])
        "a".asSlice { twin.writer.beginDocument(key: $0, stamp: 500) }
        "two".asSlice { twin.writer.addToken($0, position: 1, bit: 0, weight: 1, stems: true) }
        twin.writer.setNumeric(field: 3, 9)
        twin.writer.abandonDocument()
        twin.vocabulary.insert("two")
        expectEqual(twin.writer.publish(), twin, "abandoned")
        twin.put("b", [(0, 1, ["one"])], number: nil)
        expectEqual(twin.writer.publish(), twin, "the next one")
        twin.writer.mergeEverything(isQuiet: true)
        expectEqual(twin.writer.publish(), twin, "sealed")
    }

    @Test func `an index without offsets, frequencies and fields keeps documents only`() {
        var options = IndexOptions()
        options.keepsOffsets = false
        options.keepsFrequencies = false
        options.keepsFields = false
        options.segmentCapacity = 300
        let writer = IndexWriter(schema: Schema(), options: options)
        for i in 0..<400 {
            "k\(i)".asSlice { writer.beginDocument(key: $0, stamp: UInt64(i + 1)) }
            for position in 0..<3 {
                "word".asSlice {
                    writer.addToken($0, position: UInt32(position), bit: position, weight: 2, stems: false)
                }
            }
            writer.endDocument()
        }
        for sealed in [false, true] {
            if sealed { writer.mergeEverything(isQuiet: true) }
            let snapshot = writer.publish()
            let id = "word".asSlice { snapshot.dictionary.lookup($0) }!
            var total = 0
            for view in snapshot.segments {
                let list = view.postings(for: id)!
                total += list.documentFrequency
                #expect(list.isSingleMask == .max)
                #expect(list.countMatching(1 << 77) == list.documentFrequency)
                #expect(list.maxFrequency == 1)
                #expect(!list.hasPositions && list.positionCount(0, 0) == 0)
                #expect(view.length(0) == 6 && view.maxFrequency(0) == 6)
            }
            #expect(total == 400)
        }
    }

    @Test func `long documents and large frequencies stay exact`() {
        var twin = Twin(capacity: 40)
        var random = SplitMix(3)
        twin.put("long", [(0, 60_000, (0..<40).map { _ in "heavy" }), (1, 1, ["light"])])
        for i in 0..<200 {
            twin.put("k\(i)", [(i % 2, UInt32(1 + random.below(600)), ["heavy", "light", "k\(i)"])])
        }
        twin.put("many", [(0, 1, (0..<70_000).map { _ in "heavy" })])
        expectEqual(twin.writer.publish(), twin, "unsealed")
        twin.writer.mergeEverything(isQuiet: true)
        expectEqual(twin.writer.publish(), twin, "sealed")
    }

    @Test(arguments: [31, 32, 33] as [UInt64])
    func `no posting scores above the bound of its block`(seed: UInt64) {
        var random = SplitMix(seed)
        var twin = Twin(capacity: 400, stems: false)
        for i in 0..<1500 {
            let words = (0..<random.below(random.below(9) == 0 ? 90 : 20)).map { _ in
                "w\(min(random.below(9), random.below(9)))"
            }
            twin.put("k\(i)", [(0, UInt32(1 + random.below(3)), words)])
        }
        twin.writer.mergeEverything()
        let snapshot = twin.writer.publish()
        var docs = [UInt32](repeating: 0, count: 128)
        var frequencies = docs
        var checked = 0
        for _ in 0..<12 {
            let b = Double(random.below(101)) / 100
            let average = 0.5 + Double(random.below(1000)) / 10
            for view in snapshot.segments where view.isSealed {
                let rho = view.bounds.rho(b: b, averageLength: average)
                for word in twin.vocabulary {
                    guard let list = view.postings(for: word.asSlice { snapshot.dictionary.lookup($0) }!) else {
                        continue
                    }
                    for block in 0..<list.blockCount {
                        let bounds = list.bounds(block)
                        let best = Double(bounds.bmF)
                        let bound = rho * best / (best + 1.2 * view.bounds.n0(length: bounds.bmLen))
                        list.decodeFrequencies(block, into: &frequencies)
                        for i in 0..<list.decodeDocIDs(block, into: &docs) {
                            let f = Double(frequencies[i])
                            let n = 1 - b + b * Double(view.length(docs[i])) / average
                            if f / (f + 1.2 * n) > bound * (1 + 1e-6) {
                                Issue.record("seed \(seed), b \(b), average \(average), \(word): above the bound")
                                return
                            }
                            checked += 1
                        }
                    }
                }
            }
        }
        #expect(checked > 10_000)
    }

    @Test func `fields up to the last bit are told apart`() {
        let writer = IndexWriter(schema: Schema())
        for i in 0..<500 {
            "k\(i)".asSlice { writer.beginDocument(key: $0, stamp: UInt64(i + 1)) }
            "word".asSlice { writer.addToken($0, position: 1, bit: i % 128, weight: 1, stems: false) }
            writer.endDocument()
        }
        for sealed in [false, true] {
            if sealed { writer.mergeEverything(isQuiet: true) }
            let snapshot = writer.publish()
            let list = snapshot.segments[0].postings(for: "word".asSlice { snapshot.dictionary.lookup($0) }!)!
            for bit in [0, 1, 63, 64, 127] {
                #expect(list.countMatching(1 << FieldMask(bit)) == (0..<500).count { $0 % 128 == bit })
            }
            #expect(list.mask(1, 5) == 1 << FieldMask(133 % 128))
        }
    }

    @Test func `lists of all densities survive sealing and merging`() {
        var random = SplitMix(77)
        var twin = Twin(capacity: 4500, stems: false)
        for i in 0..<6500 {
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
        for i in stride(from: 0, to: 6500, by: 11) { twin.remove("k\(i)") }
        expectEqual(twin.writer.publish(), twin, "unsealed")
        twin.writer.freeze()
        twin.writer.mergeEverything()
        expectEqual(twin.writer.publish(), twin, "sealed")
        for i in stride(from: 5, to: 6500, by: 17) where twin.documents["k\(i)"] != nil { twin.remove("k\(i)") }
        expectEqual(twin.writer.publish(), twin, "sealed, more dead")
        twin.writer.mergeEverything(isQuiet: true)
        expectEqual(twin.writer.publish(), twin, "merged")
        #expect(twin.writer.snapshot.segments.count == 1)
    }
}
