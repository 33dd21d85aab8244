// Documents from a seed, as many as one likes.

import Foundation

extension Corpus {
    static func synthetic(count: Int, seed: UInt64, prefix: String) -> Corpus {
        var chance = Chance(seed: seed)
        let words = makeWords(50_000, &chance)
        // Zipf by inversion of its continuous form: rank = N^u, give or take.
        let logCount = log(Double(words.count))
        func word(_ chance: inout Chance) -> String {
            words[min(words.count - 1, Int(exp(chance.unit() * logCount)) - 1)]
        }
        let tags = (0..<60).map { "tag \($0)" }

        var builder = CorpusBuilder(expected: count)
        for i in 0..<count {
            let title = (0..<(3 + chance.below(6))).map { _ in word(&chance) }.joined(separator: " ")
            let body = (0..<(20 + chance.below(40))).map { _ in word(&chance) }.joined(separator: " ")
            let tag = tags[chance.below(1 + chance.below(tags.count))]
            let number = Double(chance.below(1_000_000)) / 100
            let place = (-170 + chance.unit() * 340, -80 + chance.unit() * 160)
            builder.add(
                [
                    "HSET", "\(prefix)\(i)", "title", title, "body", body, "kind", tag, "price", String(number),
                    "place",
                    String(format: "%.5f,%.5f", place.0, place.1),
                ], text: body, tag: tag, number: number, place: place)
        }
        return Corpus(
            name: "synthetic", prefix: prefix,
            schema: [
                "title", "TEXT", "WEIGHT", "2", "body", "TEXT", "NOSTEM", "kind", "TAG", "SORTABLE", "price", "NUMERIC",
                "SORTABLE", "place",
                "GEO",
            ], documents: builder.documents, samples: builder.samples, words: builder.words, text: "body", tag: "kind",
            number: "price",
            place: "place")
    }

    /// Words that can be pronounced, short ones first, as in real languages.
    private static func makeWords(_ count: Int, _ chance: inout Chance) -> [String] {
        let onsets = [
            "b", "br", "ch", "d", "dr", "f", "g", "gl", "h", "k", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr",
            "v", "w", "z",
        ]
        let vowels = ["a", "e", "i", "o", "u", "ai", "ea", "ou"]
        let codas = ["", "", "n", "r", "s", "l", "t", "m", "nd", "st"]
        var words: [String] = []
        var seen: Set<String> = []
        while words.count < count {
            let syllables = 1 + words.count * 3 / count + chance.below(2)
            let word = (0..<syllables).map { _ in chance.pick(onsets) + chance.pick(vowels) + chance.pick(codas) }
                .joined()
            if seen.insert(word).inserted { words.append(word) }
        }
        return words
    }
}
