// The trie against a plain list of entries, and what RediSearch was seen to answer.

import SearchModel
import SearchSuggest
import Testing

#if canImport(Glibc)
import Glibc
#endif

private func text(_ string: String) -> Bytes { Array(string.utf8) }

private func words(_ trie: SuggestionTrie, _ prefix: String, _ limit: Int = 50, fuzzy: Bool = false) -> [String] {
    trie.suggestions(for: SuggestionText.folded(prefix.utf8), limit: limit, isFuzzy: fuzzy).map {
        String(decoding: $0.text, as: UTF8.self)
    }
}

private func trie(_ entries: [(String, Float)]) -> SuggestionTrie {
    var trie = SuggestionTrie()
    for (word, score) in entries { trie.insert(text(word), score: score) }
    return trie
}

/// The same by looking at every entry.
private struct Model {
    var entries: [String: Float] = [:]

    func scores(_ prefix: String, fuzzy: Bool) -> [String: Float] {
        var result: [String: Float] = [:]
        for (word, score) in entries {
            if let hit = hit(Array(word), score, Array(prefix.lowercased()), fuzzy) { result[word] = hit }
        }
        return result
    }

    private func hit(_ word: [Character], _ score: Float, _ prefix: [Character], _ fuzzy: Bool) -> Float? {
        let folded = word.map { Character($0.lowercased()) }
        var distance = 0
        if fuzzy {
            guard let found = Self.distance(folded, prefix) else { return nil }
            distance = found
        } else if !folded.starts(with: prefix) {
            return nil
        }
        let isText = word.count == prefix.count && Self.half(word) == Self.half(prefix)
        var value: Float = isText ? 2_147_483_648 : score
        value = Float(Double(value) * exp(-2 * Double(distance)))
        return Float(Double(value) / Double(1 + abs(word.count - prefix.count)).squareRoot())
    }

    /// As many bytes as there are characters, of two bytes each.
    private static func half(_ word: [Character]) -> [UInt8] {
        Array(word.map { [$0.asciiValue!, 0] as [UInt8] }.joined().prefix(word.count))
    }

    private static func distance(_ word: [Character], _ prefix: [Character]) -> Int? {
        var best: Int?
        var last = 2
        for end in 1...word.count {
            let rows = (0...prefix.count).map { edits(Array(word[..<end]), Array(prefix[..<$0])) }
            if rows.min()! > 1 { return last <= 1 ? best : nil }
            last = rows[prefix.count]
            if last <= 1 { best = min(best ?? last, last) }
        }
        return best
    }

    private static func edits(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for i in a.indices {
            var previous = row[0]
            row[0] = i + 1
            for j in b.indices {
                let cell = min(row[j + 1] + 1, row[j] + 1, previous + (a[i] == b[j] ? 0 : 1))
                previous = row[j + 1]
                row[j + 1] = cell
            }
        }
        return row[b.count]
    }
}

/// A small generator, so that a failure can be played again.
private struct Chance {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    mutating func word(_ letters: String, _ longest: Int) -> String {
        let letters = Array(letters)
        return String((0...below(longest)).map { _ in letters[below(letters.count)] })
    }
}

@Suite struct SuggestionTrieTests {
    @Test func `the score falls with the length that is left`() {
        let hits = trie([("hello", 1), ("help", 2)]).suggestions(for: SuggestionText.folded("hel".utf8), limit: 5)

        #expect(hits.map(\.score) == [1.4142135, 0.57735026])
        #expect(hits.map(\.text) == [text("help"), text("hello")])
    }

    @Test func `the text itself comes first`() {
        let hits = trie([("hello", 1), ("helloween", 99)]).suggestions(
            for: SuggestionText.folded("Hello".utf8), limit: 5)

        #expect(hits.map(\.score) == [2_147_483_648, 44.274147])
    }

    @Test func `case is kept, and does not matter for finding`() {
        let entries = trie([("Hello", 1), ("hello", 1), ("ÉCOLE", 1), ("ΣΑΣ", 1)])

        #expect(Set(words(entries, "HE")) == ["Hello", "hello"])
        #expect(words(entries, "é") == ["ÉCOLE"])
        #expect(words(entries, "σας") == ["ΣΑΣ"])
        #expect(entries.entry(text("HELLO")) == nil)
    }

    @Test func `bytes that are no text come back as they were`() {
        var entries = SuggestionTrie()
        entries.insert([0xff, 0xfe, 0x61], score: 1)
        entries.insert([0xf0, 0x9f, 0x98, 0x80], score: 2)

        #expect(entries.suggestions(for: SuggestionText.folded([0xff]), limit: 5).map(\.text) == [[0xff, 0xfe, 0x61]])
        #expect(entries.suggestions(for: [], limit: 1).map(\.text) == [[0xf0, 0x9f, 0x98, 0x80]])
    }

    @Test func `a payload stays until there is another`() {
        var entries = SuggestionTrie()
        entries.insert(text("a"), score: 1, payload: text("p"))
        entries.insert(text("a"), score: 2)
        entries.insert(text("ab"), score: 1, payload: text("q"))
        #expect(entries.entry(text("a"))?.payload == text("p"))

        entries.insert(text("a"), score: 2, payload: text("r"))

        #expect(entries.entry(text("a"))?.payload == text("r"))
        #expect(entries.entry(text("ab"))?.payload == text("q"))
    }

    @Test func `scores of 0, empty and overlong texts are not kept`() {
        var entries = SuggestionTrie()

        #expect(entries.insert(text("a"), score: 0) == nil)
        #expect(entries.insert([], score: 1) == nil)
        #expect(entries.insert(Bytes(repeating: 97, count: 256), score: 1) == nil)
        #expect(entries.insert(Bytes(repeating: 97, count: 255), score: 1) == 1)
        #expect(entries.count == 1)
    }

    /// Seen at RediSearch 2.10.5: entries with equal scores, in the order in which they came back.
    @Test(arguments: [
        ("xa xb xc xd xe xf", "x", 50, "xd xe xa xc xb xf"), ("xa xb xc xd xe xf", "x", 3, "xa xb xc"),
        ("xf xe xd xc xb xa", "x", 50, "xc xb xe xd xf xa"), ("xf xe xd xc xb xa", "x", 1, "xe"),
        ("xc xa xe xb", "x", 10, "xe xc xa xb"), ("xc xa xe xb", "x", 2, "xa xc"),
        ("bac:1 ab:2 bc:2", "", 50, "ab bc bac"),
        ("bcb:1 ccc:1 b:1 c:2", "", 50, "c b bcb ccc"), ("bc:1 cba:1 ab:1 cc:2", "", 3, "cc ab bc"),
        ("cb:2 ca:1 cc:2 baa:1", "", 50, "cc cb ca baa"), ("abc:1 cb:2 b:1 ba:2", "", 50, "ba cb b abc"),
        ("cc:2 a:1 b:1 aa:1 bb:2", "", 50, "bb cc a b aa"),
    ])
    func `equal scores come in the order of the peer`(entries: String, prefix: String, limit: Int, expected: String) {
        let added = entries.split(separator: " ").map { entry -> (String, Float) in
            let parts = entry.split(separator: ":")
            return (String(parts[0]), parts.count > 1 ? Float(parts[1])! : 1)
        }

        #expect(words(trie(added), prefix, limit).joined(separator: " ") == expected)
    }

    @Test(arguments: 1...60)
    func `any sequence of changes leaves what a list would hold`(seed: Int) {
        var chance = Chance(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15)
        var entries = SuggestionTrie()
        var model = Model()
        for _ in 0..<120 {
            let word = chance.word("abAB", 6)
            let score = Float(chance.below(9) - 2) + 0.25
            switch chance.below(4) {
            case 0:
                #expect(entries.remove(text(word)) == (model.entries.removeValue(forKey: word) != nil), "seed \(seed)")
            case 1:
                entries.insert(text(word), score: score, adding: true)
                model.entries[word, default: 0] += score
            default:
                entries.insert(text(word), score: score)
                model.entries[word] = score
            }
        }
        #expect(entries.count == model.entries.count)

        for _ in 0..<20 {
            let prefix = chance.word("ab", 5)
            for fuzzy in [false, true] {
                let limit = [1, 3, 500][chance.below(3)]
                let hits = entries.suggestions(for: SuggestionText.folded(prefix.utf8), limit: limit, isFuzzy: fuzzy)
                let expected = model.scores(prefix, fuzzy: fuzzy)
                let best = expected.values.sorted(by: >).prefix(limit)
                #expect(hits.map(\.score) == Array(best), "seed \(seed), \(prefix), fuzzy \(fuzzy), \(limit)")
                for hit in hits {
                    #expect(expected[String(decoding: hit.text, as: UTF8.self)] == hit.score, "seed \(seed)")
                }
            }
        }
    }
}
