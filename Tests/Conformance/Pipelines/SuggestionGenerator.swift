// Random changes of a suggestion dictionary, and questions to it.

import TestKit

enum SuggestionGenerator {
    private static let letters = ["a", "b", "c", "A", "é", " "]

    private static func word(_ random: inout SeededRandom, _ longest: Int) -> String {
        let letters = random.chance(0.8) ? Array(Self.letters.prefix(3)) : Self.letters
        return (0...random.below(longest)).map { _ in random.pick(letters) }.joined()
    }

    static func change(_ key: String, _ random: inout SeededRandom) -> [String] {
        let text = word(&random, 5)
        switch random.below(8) {
        case 0: return ["FT.SUGDEL", key, text]
        case 1: return ["FT.SUGADD", key, text, "1", "INCR"]
        case 2: return ["FT.SUGADD", key, text, String(random.integer(1...4)), "PAYLOAD", random.pick(["p", "q", ""])]
        case 3 where random.chance(0.2):
            return [
                "FT.SUGADD", key, text, random.pick(["x", "0", "", "nan"]), random.pick(["INCR", "FOO", "PAYLOAD"]),
            ]
        default: return ["FT.SUGADD", key, text, random.pick(["1", "2", "0.5", "3", "10"])]
        }
    }

    static func question(_ key: String, _ random: inout SeededRandom) -> [String] {
        if random.chance(0.1) { return ["FT.SUGLEN", key] }
        var words = ["FT.SUGGET", key, word(&random, 4)]
        if random.chance(0.4) {
            words += ["FUZZY", "WITHSCORES"]
        } else {
            if random.chance(0.7) { words.append("WITHSCORES") }
            if random.chance(0.3) { words.append("WITHPAYLOADS") }
        }
        if random.chance(0.2) { words.append("TRIM") }
        if random.chance(0.6) { words += ["MAX", random.pick(["1", "2", "3", "50"])] }
        if random.chance(0.05) { words.append(random.pick(["FOO", "MAX"])) }
        return words
    }

    /// Entries of a fuzzy search that have equal scores come in another order here, and which of them are cut off may
    /// differ with it: there scores alone are compared.
    static func differ(_ a: RESPValue, _ b: RESPValue, _ command: [String]) -> Bool {
        if a == b { return false }
        guard command.contains("FUZZY"), let x = a.elements, let y = b.elements else { return true }
        func scores(_ elements: [RESPValue]) -> [Double] {
            elements.indices.filter { $0 % 2 == 1 }.map { elements[$0].number ?? .nan }
        }
        return scores(x) != scores(y)
    }
}
