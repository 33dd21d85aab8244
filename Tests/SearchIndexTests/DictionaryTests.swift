// The dictionary against plain string functions.

import SearchIndex
import SearchModel
import Testing

private struct Words {
    let builder = TermDictionaryBuilder()
    var ids: [String: TermID] = [:]

    mutating func add(_ word: String) { ids[word] = word.asSlice { builder.intern($0) } }

    /// What the expansion of all words that satisfy `belongs` must be.
    func expected(limit: Int, _ belongs: (String) -> Bool) -> TermExpansion {
        let all = ids.keys.filter(belongs).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return TermExpansion(terms: all.prefix(limit).map { ids[$0]! }, truncated: all.count > limit)
    }
}

private func matches(_ pattern: Substring.UnicodeScalarView, _ text: Substring.UnicodeScalarView) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    switch first {
    case "*":
        return matches(pattern.dropFirst(), text) || !text.isEmpty && matches(pattern, text.dropFirst())
    case "?": return !text.isEmpty && matches(pattern.dropFirst(), text.dropFirst())
    default: return text.first == first && matches(pattern.dropFirst(), text.dropFirst())
    }
}

@Suite struct DictionaryTests {
    @Test func `a term has one id and keeps it`() {
        var words = Words()
        for i in 0..<8000 { words.add("t\(i * 7919 % 20_011)") }
        words.add("")
        words.add(String(repeating: "long", count: 40_000))
        for (word, id) in words.ids {
            #expect(word.asSlice { words.builder.intern($0) } == id)
            #expect(words.builder.view().withTerm(id) { String(decoding: $0, as: UTF8.self) } == word)
        }
        #expect(words.builder.view().termCount == words.ids.count)
        #expect("absent".asSlice { words.builder.view().lookup($0) } == nil)
    }

    @Test func `a view does not know younger terms`() {
        var words = Words()
        words.add("old")
        let view = words.builder.view()
        words.add("older")
        #expect("older".asSlice { view.lookup($0) } == nil)
        #expect("ol".asSlice { view.expandPrefix($0, limit: 9) }.terms == [words.ids["old"]!])
        let younger = words.builder.view()
        #expect("ol".asSlice { younger.expandPrefix($0, limit: 9) }.terms.count == 2)
        // The runs are shared and hold the younger term now.
        #expect("ol".asSlice { view.expandPrefix($0, limit: 9) }.terms == [words.ids["old"]!])
        #expect("d".asSlice { view.expandInfix($0, limit: 9) }.terms == [words.ids["old"]!])
    }

    @Test(arguments: [11, 12, 13] as [UInt64])
    func `expansions are the first matches in byte order`(seed: UInt64) {
        var random = SplitMix(seed)
        var words = Words()
        let letters = ["a", "b", "c", "é", "ß", "漢", "+"]
        func randomWord(_ length: Int) -> String {
            (0..<length).map { _ in letters[min(random.below(7), random.below(7))] }.joined()
        }
        var checked = 0
        for round in 0..<3 {
            for _ in 0..<700 { words.add(randomWord(1 + random.below(9))) }
            words.add("\u{1F600}x")
            let view = words.builder.view()
            for _ in 0..<12 {
                let piece = randomWord(1 + random.below(3))
                let limit = [3, 50, 100_000][random.below(3)]
                let comment: Comment = "seed \(seed), round \(round), '\(piece)', limit \(limit)"
                #expect(
                    piece.asSlice { view.expandPrefix($0, limit: limit) }
                        == words.expected(limit: limit) { $0.utf8.starts(with: piece.utf8) }, comment)
                #expect(
                    piece.asSlice { view.expandSuffix($0, limit: limit) }
                        == words.expected(limit: limit) { $0.utf8.reversed().starts(with: piece.utf8.reversed()) },
                    comment)
                #expect(
                    piece.asSlice { view.expandInfix($0, limit: limit) }
                        == words.expected(limit: limit) { Array($0.utf8).contains(Array(piece.utf8)) }, comment)
                checked += 1
            }
            for _ in 0..<10 {
                let pattern = (0..<1 + random.below(5)).map { _ in
                    random.below(3) == 0 ? "*" : random.below(3) == 0 ? "?" : randomWord(1)
                }.joined()
                let limit = [3, 200][random.below(2)]
                #expect(
                    pattern.asSlice { view.expandWildcard($0, limit: limit) }
                        == words.expected(limit: limit) {
                            matches(pattern[...].unicodeScalars, $0[...].unicodeScalars)
                        }, "seed \(seed), '\(pattern)', limit \(limit)")
                let word = randomWord(1 + random.below(7))
                let allowed = 1 + random.below(3)
                #expect(
                    word.asSlice { view.expandFuzzy($0, distance: allowed, limit: limit) }
                        == words.expected(limit: limit) { isNear($0, word, allowed) },
                    "seed \(seed), '\(word)' within \(allowed), limit \(limit)")
            }
        }
        #expect(checked > 0)
    }

    @Test func `bytes that are no UTF-8 count one each`() {
        let builder = TermDictionaryBuilder()
        let broken: [UInt8] = [0x61, 0xC3]
        let id = broken.withUnsafeBufferPointer { builder.intern($0) }
        let whole = "aé".asSlice { builder.intern($0) }
        let view = builder.view()
        #expect("a".asSlice { view.expandFuzzy($0, distance: 1, limit: 9) }.terms == [id, whole])
        #expect("a?".asSlice { view.expandWildcard($0, limit: 9) }.terms == [id, whole])
    }

    @Test func `an escaped star is a star`() {
        var words = Words()
        for word in ["a*b", "axb", "a?b", "a\\b"] { words.add(word) }
        let view = words.builder.view()
        #expect(#"a\*b"#.asSlice { view.expandWildcard($0, limit: 9) }.terms == [words.ids["a*b"]!])
        #expect(#"a\?b"#.asSlice { view.expandWildcard($0, limit: 9) }.terms == [words.ids["a?b"]!])
        #expect(#"a\\b"#.asSlice { view.expandWildcard($0, limit: 9) }.terms == [words.ids["a\\b"]!])
    }

    @Test func `a pathological pattern ends soon`() {
        let builder = TermDictionaryBuilder()
        _ = String(repeating: "a", count: 2000).asSlice { builder.intern($0) }
        let pattern = String(repeating: "*a", count: 500) + "b"
        #expect(pattern.asSlice { builder.view().expandWildcard($0, limit: 9) }.terms.isEmpty)
    }

    @Test func `the stem of a word is known to readers`() {
        var twin = Twin(capacity: 10)
        twin.put("k", [(0, 1, ["cats", "dog"])])
        let dictionary = twin.writer.publish().dictionary
        let cats = "cats".asSlice { dictionary.lookup($0) }!
        let dog = "dog".asSlice { dictionary.lookup($0) }!
        #expect(dictionary.stem(of: cats) == "+cat".asSlice { dictionary.lookup($0) })
        #expect(dictionary.stem(of: dog) == nil)
    }
}

extension Array where Element: Equatable {
    fileprivate func contains(_ piece: [Element]) -> Bool {
        if piece.isEmpty { return true }
        guard count >= piece.count else { return false }
        return (0...count - piece.count).contains { Array(self[$0..<$0 + piece.count]) == piece }
    }
}
