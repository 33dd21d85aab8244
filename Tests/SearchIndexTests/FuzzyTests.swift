// Fuzzy expansions and their kernels against the plain distance table.

import CKernels
import SearchIndex
import SearchModel
import Testing

/// The last row of the distance table: the term's distances to the prefixes of the word.
private func distances(_ term: some Collection<Unicode.Scalar>, _ word: some Collection<Unicode.Scalar>) -> [Int] {
    let word = Array(word)
    var row = Array(0...word.count)
    for scalar in term {
        var diagonal = row[0]
        row[0] += 1
        for j in 0..<word.count {
            let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (scalar == word[j] ? 0 : 1))
            diagonal = row[j + 1]
            row[j + 1] = next
        }
    }
    return row
}

/// What RediSearch takes for near: also a term whose last letter comes after a match and can still be part of one.
func isNear(_ term: String, _ word: String, _ distance: Int) -> Bool {
    let row = distances(term.unicodeScalars, word.unicodeScalars)
    if row[row.count - 1] <= distance { return true }
    guard row.contains(where: { $0 <= distance }) else { return false }
    return distances(term.unicodeScalars.dropLast(), word.unicodeScalars).last! <= distance
}

@Suite struct FuzzyTests {
    @Test func `a swap of the last letters is one edit and elsewhere two`() {
        let word = "hello".asSlice { FuzzyWord($0, distance: 1) }
        for (term, expected) in [
            ("hello", true), ("helol", true), ("hlelo", false), ("ehllo", false), ("hell", true), ("hellox", true),
            ("helloxx", false), ("", false),
        ] {
            #expect(term.asSlice { word.matches($0) } == expected, "\(term)")
            #expect(isNear(term, "hello", 1) == expected, "\(term)")
        }
        #expect("zzx".asSlice { term in "xy".asSlice { FuzzyWord($0, distance: 2) }.matches(term) })
    }

    @Test(arguments: [21, 22] as [UInt64])
    func `terms are near as the distance table says`(seed: UInt64) {
        var random = SplitMix(seed)
        let letters = ["a", "b", "c", "+", "7", "é", "漢", "\u{1F600}"]
        func randomWord(_ length: Int) -> String {
            (0..<length).map { _ in letters[min(random.below(8), random.below(8))] }.joined()
        }
        for _ in 0..<4000 {
            let length = random.below(20) == 0 ? 60 + random.below(12) : random.below(9)
            let word = randomWord(length)
            var near = Array(word.unicodeScalars)
            for _ in 0..<random.below(5) {
                let letter = letters[random.below(8)].unicodeScalars.first!
                let at = random.below(near.count + 1)
                switch random.below(3) {
                case 0: near.insert(letter, at: at)
                case 1 where at < near.count: near[at] = letter
                default: if at < near.count { near.remove(at: at) }
                }
            }
            var scalars = String.UnicodeScalarView()
            scalars.append(contentsOf: near)
            let term = String(scalars)
            let allowed = random.below(5)
            let fuzzy = word.asSlice { FuzzyWord($0, distance: allowed) }
            #expect(
                term.asSlice { fuzzy.matches($0) } == isNear(term, word, allowed),
                "seed \(seed), '\(term)' to '\(word)' within \(allowed)")
        }
    }

    @Test func `signatures of near terms are never left out`() {
        var random = SplitMix(31)
        let letters = ["a", "e", "z", "q", "1", "+", "_", "é", "漢"]
        func randomWord() -> String {
            (0..<random.below(8)).map { _ in letters[random.below(9)] }.joined()
        }
        for round in 0..<300 {
            let word = randomWord()
            let terms = (0..<random.below(40)).map { _ in randomWord() }
            var points = 0
            let signature = word.asSlice { rk_signature($0.baseAddress, $0.count, &points) }
            #expect(points == word.unicodeScalars.count)
            #expect(signature & 0xFFFF == 0)
            let entries = terms.enumerated().map { place, term in
                term.asSlice { rk_signature($0.baseAddress, $0.count, &points) } | UInt64(place)
            }
            for allowed in 0...4 {
                var found = [UInt16](repeating: 0, count: entries.count + 1)
                let count = rk_near_signatures(entries, entries.count, signature, Int32(allowed), &found)
                var plain = [UInt16](repeating: 0, count: entries.count + 1)
                let plainCount = rk_near_signatures_plain(
                    entries, entries.count, signature, Int32(allowed), &plain)
                #expect(found[..<count] == plain[..<plainCount], "round \(round)")
                for (place, term) in terms.enumerated() where isNear(term, word, allowed) {
                    #expect(found[..<count].contains(UInt16(place)), "'\(term)' to '\(word)' within \(allowed)")
                }
            }
        }
    }

    @Test func `a fuzzy clause finds terms of all ages`() {
        var random = SplitMix(41)
        let builder = TermDictionaryBuilder()
        var words: [String: TermID] = [:]
        func letter() -> String { String(UnicodeScalar(UInt8(97 + random.below(26)))) }
        // More than one large piece, some small ones and a rest; asked for in between.
        for count in [10, 4096, 5000, 65_600, 75_000] {
            while words.count < count {
                let word = (0..<2 + random.below(7)).map { _ in letter() }.joined()
                words[word] = word.asSlice { builder.intern($0) }
            }
            let view = builder.view()
            for allowed in 1...2 {
                let word = (0..<3 + random.below(5)).map { _ in letter() }.joined()
                let bytes = Array(word.utf8)
                let expected = words.filter { term, _ in
                    abs(term.utf8.count - bytes.count) <= allowed && isNear(term, word, allowed)
                }.sorted { $0.key < $1.key }.map(\.value)
                #expect(
                    word.asSlice { view.expandFuzzy($0, distance: allowed, limit: .max) }.terms == expected,
                    "\(count) terms, '\(word)' within \(allowed)")
            }
        }
    }
}
