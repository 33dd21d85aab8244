// Texts and their tokens, as RediSearch 2.10 indexes them.

import SearchAnalysis
import SearchModel
import Testing

@Suite struct TokenizerTests {
    private func tokens(_ text: String, stopWords: StopWords = .none) -> [String] {
        let buffer = TokenBuffer()
        append(text, to: buffer, stopWords: stopWords)
        return (0..<buffer.count).map { String(decoding: buffer.text(of: buffer[$0]), as: UTF8.self) }
    }

    private func append(_ text: String, to buffer: TokenBuffer, stopWords: StopWords = .none) {
        Array(text.utf8).withUnsafeBufferPointer { Tokenizer(stopWords: stopWords).append($0, to: buffer) }
    }

    @Test(
        arguments: [
            ("Hello, World!", ["hello", "world"]),
            ("don't stop", ["don", "t", "stop"]),
            ("x.y.z 12.5 -5", ["x", "y", "z", "12", "5", "5"]),
            ("a_b __ _", ["a_b", "__", "_"]),
            (#"a\-b c"#, ["a-b", "c"]),
            (#"a\bb"#, ["abb"]),
            (#"a\\b"#, [#"a\b"#]),
            (#"a\ b"#, ["a b"]),
            (#"ab\\ cd"#, [#"ab\"#, "cd"]),
            (#"ab\"#, ["ab"]),
            ("alpha\nbeta gamma", ["alphabeta", "gamma"]),
            ("ab\r\ncd", ["abcd"]),
            ("tab\there", ["tab", "here"]),
            ("\u{1}\u{2} x", ["x"]),
            ("École ÉCOLE 日本語", ["École", "École", "日本語"]),
            ("", []),
            (" ,;- ", []),
        ] as [(String, [String])])
    func `a text splits at spaces and punctuation`(text: String, expected: [String]) {
        #expect(tokens(text) == expected)
    }

    @Test func `only A to Z are lowered`() {
        #expect(tokens("ÀÉ Straße ŠKODA") == ["ÀÉ", "straße", "Škoda"])
    }

    @Test func `stop words take no position`() {
        let buffer = TokenBuffer()

        append("the quick and The brown", to: buffer, stopWords: .standard)

        #expect((0..<buffer.count).map { buffer[$0].position } == [1, 2])
    }

    @Test func `positions go on over the fields of a document`() {
        let buffer = TokenBuffer()

        append("one two", to: buffer)
        append("three", to: buffer)

        #expect((0..<buffer.count).map { buffer[$0].position } == [1, 2, 3])
        buffer.removeAll()
        append("four", to: buffer)
        #expect(buffer[0].position == 1)
    }

    @Test func `a token knows where it stood`() {
        let buffer = TokenBuffer()

        append(#"  Ab\-c, d"#, to: buffer)

        #expect((0..<buffer.count).map { buffer[$0].sourceOffset } == [2, 9])
        #expect((0..<buffer.count).map { buffer[$0].sourceLength } == [5, 1])
    }

    @Test func `a buffer grows with its texts`() {
        let buffer = TokenBuffer()
        let words = (0..<20_000).map { "word\($0)" }

        append(words.joined(separator: " "), to: buffer)

        #expect(buffer.count == words.count)
        #expect((0..<buffer.count).allSatisfy { buffer.text(of: buffer[$0]).elementsEqual(words[$0].utf8) })
    }

    @Test func `an empty value can be a token`() {
        let buffer = TokenBuffer()

        buffer.appendEmptyToken()

        #expect(buffer.count == 1)
        #expect(buffer.text(of: buffer[0]).isEmpty)
    }
}

@Suite struct StopWordsTests {
    @Test func `the standard list has 33 words`() {
        #expect(StopWords.standard.words.count == 33)
        #expect(StopWords.standard.words.allSatisfy(StopWords.standard.contains))
    }

    @Test func `words near a stop word are none`() {
        for word in ["thee", "th", "tha", "", "THE", "withe", "aa"] {
            #expect(!StopWords.standard.contains(Array(word.utf8)))
        }
    }

    @Test func `a list of an index is folded and may be long`() {
        let words = (0..<5_000).map { Array("Stop\($0)".utf8) }
        let stopWords = StopWords(words)

        #expect(words.map(\.asciiLowercased).allSatisfy(stopWords.contains))
        #expect(!stopWords.contains(Array("stop5000".utf8)))
    }
}
