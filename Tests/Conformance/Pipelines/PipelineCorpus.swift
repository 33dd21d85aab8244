// Documents for aggregations: few, with values that meet each other in groups and sorts.

import TestKit

struct PipelineCorpus {
    let index: String
    let prefix: String
    let creation: [String]
    let documents: [[String]]

    static let words = ["apple", "banana", "cherry", "date", "elder", "fig", "grape", "honey", "iris", "juniper"]
    static let tags = ["red", "green", "blue", "dark gray", "Red"]

    init(seed: UInt64, namePrefix: String, count: Int = 150) {
        var random = SeededRandom(seed: seed, stream: "pipeline corpus")
        let prefix = namePrefix + "p:"
        self.prefix = prefix
        index = namePrefix + "pidx"
        creation = [
            "FT.CREATE", index, "PREFIX", "1", prefix, "SCHEMA", "t", "TEXT", "s", "TEXT", "SORTABLE", "g", "TAG", "gs",
            "TAG", "SORTABLE", "n", "NUMERIC", "ns", "NUMERIC", "SORTABLE", "geo", "GEO", "d", "NUMERIC", "SORTABLE",
        ]
        documents = (0..<count).map { i in
            var words = ["HSET", "\(prefix)\(i)"]
            words += ["t", (0...random.below(4)).map { _ in random.pick(Self.words) }.joined(separator: " ")]
            words += ["ns", String(random.integer(-5...20)), "d", String(random.integer(0...1_900_000_000))]
            words += ["gs", random.sample(Self.tags, 1 + random.below(2)).joined(separator: ",")]
            words += ["s", random.pick(Self.words).capitalized + " " + random.pick(Self.words)]
            words += ["g", random.pick(Self.tags)]
            words += ["n", random.chance(0.5) ? String(random.integer(0...9)) : "\(random.integer(-40...99)).25"]
            if random.chance(0.8) { words += ["geo", "\(random.integer(-20...20)).5,\(random.integer(-60...60)).25"] }
            if random.chance(0.7) { words += ["x", random.chance(0.5) ? String(random.below(50)) : "x,y ;z"] }
            return words
        }
    }
}
