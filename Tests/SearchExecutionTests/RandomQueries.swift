// Random corpora and queries from a seed.

import SearchModel
import SearchQuery

/// SplitMix64: small, and the same everywhere.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: Int) {
        state = UInt64(truncatingIfNeeded: seed)
        // Neighboring seeds must not give the same numbers, shifted by one.
        state = next() ^ 0xD1B5_4A32_D192_ED03
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
}

enum Random {
    static let words = [
        "run", "runs", "running", "runned", "jump", "jumps", "jumping", "redis", "search", "searching", "engine",
        "engines", "alpha", "beta", "gamma", "delta", "graph", "vector", "zebra", "zen",
    ]

    /// Common words first: word i is picked about 1 / (i + 1) as often as the first.
    static func word(_ random: inout Seeded) -> String {
        let x = random.below(1000)
        var place = 0
        var sum = 0
        for (index, _) in words.enumerated() {
            sum += 280 / (index + 1)
            place = index
            if sum > x { break }
        }
        return words[place]
    }

    static func corpus(_ random: inout Seeded, documents: Int, deadPercent: Int, scores: Bool) -> Corpus {
        var corpus = Corpus()
        corpus.text("t", noStem: false)
        corpus.text("v", weight: 11, noStem: false)
        corpus.text("u", weight: 2, noStem: true)
        corpus.field("g", .tag(TagOptions()))
        corpus.field("n", .numeric, sortable: true)
        var stamp: ArrivalStamp = 1
        for index in 0..<documents {
            var document = TestDocument(key: "k\(index)")
            if random.chance(95) {
                let count = random.below(12)
                document.texts["t"] = (0..<count).map { _ in word(&random) }.joined(separator: " ")
            }
            if random.chance(40) {
                document.texts["u"] = (0..<(1 + random.below(3))).map { _ in word(&random) }.joined(separator: " ")
            }
            if random.chance(15) { document.texts["v"] = word(&random) + " " + word(&random) }
            if random.chance(60) {
                document.tags["g"] = (0..<(1 + random.below(2))).map { _ in random.pick(["ax", "ay", "bx", "c"]) }
            }
            if random.chance(80) { document.numbers["n"] = Double(random.below(50)) }
            if scores, random.chance(30) { document.score = Float(random.pick([0.5, 0.25, 0.3, 2, 0])) }
            document.isDead = random.chance(deadPercent)
            stamp += 1 + ArrivalStamp(random.below(3))
            document.stamp = stamp
            corpus.add(document)
        }
        return corpus
    }

    static func query(_ random: inout Seeded, depth: Int) -> QueryNode {
        let x = random.below(100)
        if depth == 0 || x < 25 { return leaf(&random) }
        switch x {
        case 25..<50:
            var node = QueryNode(
                .intersection((0..<(2 + random.below(2))).map { _ in query(&random, depth: depth - 1) }))
            if random.chance(25) { node.slop = random.below(5) }
            if random.chance(15) { node.inOrder = true }
            node.weight = random.chance(15) ? 2.5 : 1
            return node
        case 50..<75:
            var node = QueryNode(
                .union(
                    (0..<(2 + random.below(3))).map { _ in query(&random, depth: depth - 1) }, isExpansion: false))
            node.weight = random.chance(15) ? 2.5 : 1
            return node
        case 75..<80: return not(query(&random, depth: depth - 1))
        case 80..<88:
            return SearchExecutionTests.optional(query(&random, depth: depth - 1), weight: random.chance(20) ? 3 : 1)
        default:
            return QueryNode(
                .phrase(
                    (0..<(2 + random.below(2))).map { _ in
                        SearchExecutionTests.word(word(&random))
                    }))
        }
    }

    static func leaf(_ random: inout Seeded) -> QueryNode {
        let x = random.below(100)
        let weight = random.chance(15) ? random.pick([0, 0.5, 3]) : 1
        switch x {
        case 0..<40:
            let fields: [String]? = random.chance(20) ? [random.pick(["t", "u", "g"])] : nil
            return SearchExecutionTests.word(word(&random), weight: weight, fields: fields)
        case 40..<60:
            let text = word(&random)
            let stem = Corpus.stem(text)
            return QueryNode(
                .union(
                    [SearchExecutionTests.word(text, weight: weight), SearchExecutionTests.word("+" + stem)]
                        + (stem == text ? [] : [SearchExecutionTests.word(stem)]), isExpansion: true))
        case 60..<66: return range("n", Double(random.below(40)), Double(10 + random.below(40)))
        case 66..<74:
            var node = QueryNode(
                .tag(
                    field: bytes("g"),
                    (0..<(1 + random.below(2))).map { _ in
                        random.chance(20)
                            ? QueryNode(.prefix(bytes(random.pick(["ax", "b", "bx"]))))
                            : SearchExecutionTests.word(random.pick(["ax", "ay", "bx", "c", "none"]))
                    }))
            node.weight = weight
            return node
        case 74..<84: return prefix(random.pick(["ru", "ju", "se", "en", "r", "+r", "ze"]), weight: weight)
        case 84..<88: return QueryNode(.infix(bytes(random.pick(["un", "ar", "in", "e"]))))
        case 88..<92: return QueryNode(.fuzzy(bytes(random.pick(["rum", "jumpt", "graf"])), distance: 1))
        case 92..<94: return QueryNode(.missing(field: bytes(random.pick(["g", "n"]))))
        case 94..<96: return QueryNode(.keys((0..<5).map { _ in bytes("k\(random.below(200))") }))
        case 96..<98: return SearchExecutionTests.word("nosuchword")
        default: return QueryNode(.all)
        }
    }
}
