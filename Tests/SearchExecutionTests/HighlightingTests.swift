// HIGHLIGHT and SUMMARIZE, as RediSearch 2.10 answers them.

import SearchAnalysis
import SearchExecution
import SearchModel
import SearchQuery
import Testing

@Suite struct HighlightingTests {
    private static let long =
        "The quick brown fox jumps over the lazy dog. Foxes are clever animals and the fox runs. Nothing here matters "
        + "at all for the purposes of this long sentence. Finally another fox appears at the very end of the text."

    private func bytes(_ text: String) -> Bytes { Array(text.utf8) }

    private func finder(_ query: String) throws -> TermFinder {
        var schema = Schema()
        for name in ["t", "u"] {
            schema.append(FieldSpec(identifier: bytes(name), attribute: bytes(name), kind: .text(TextOptions())))
        }
        var synonyms = SynonymTable()
        synonyms.add([bytes("vulpes"), bytes("fox")], to: bytes("g1"))
        let stemmer = Stemmer(.english)
        let expander = QueryExpander(schema: schema, stemmer: stemmer, synonyms: synonyms)
        let tree = try QueryParser.parse(bytes(query), options: QueryParserOptions(dialect: 2))
        return TermFinder(
            tree: try expander.expand(tree), schema: schema, tokenizer: Tokenizer(), stemmer: stemmer,
            synonyms: synonyms)
    }

    /// Field t with `[`tags`]`; field u takes part in the match.
    private func highlighted(_ text: String, _ query: String, u: String = "") throws -> String {
        var tags = HighlightTags()
        tags.open = bytes("[")
        tags.close = bytes("]")
        let finder = try finder(query)
        var result = Bytes()
        bytes(text).withUnsafeBufferPointer { text in
            bytes(u).withUnsafeBufferPointer { u in
                finder.find(in: [TermFinder.FieldText(bit: 0, text: text), TermFinder.FieldText(bit: 1, text: u)])
            }
            Highlighter.highlight(text, finder.found(inField: 0), tags: tags, to: &result)
        }
        return String(decoding: result, as: UTF8.self)
    }

    private func summarized(
        _ text: String, _ query: String, fragments: Int = 3, words: Int = 20, separator: String = "... ",
        tags: Bool = false, idf: [String: Double] = [:]
    ) throws -> String {
        var options = SummaryOptions()
        options.fragments = fragments
        options.words = words
        options.separator = bytes(separator)
        var brackets = HighlightTags()
        brackets.open = bytes("<i>")
        brackets.close = bytes("</i>")
        let finder = try finder(query)
        var summary = Bytes()
        bytes(text).withUnsafeBufferPointer { text in
            finder.find(in: [TermFinder.FieldText(bit: 0, text: text)])
            Summarizer(options: options, tags: tags ? brackets : nil)
                .summarize(text, finder.found(inField: 0), to: &summary) { leaf in
                    idf[String(decoding: finder.term(ofLeaf: leaf), as: UTF8.self)] ?? 1
                }
        }
        return String(decoding: summary, as: UTF8.self)
    }

    @Test(
        arguments: [
            ("fox", "a [fox], two [Foxes]"),
            ("foxes", "a [fox], two [Foxes]"),
            ("\"fox\"", "a [fox], two Foxes"),
            ("vulpes", "a [fox], two Foxes"),
            ("fo*", "a [fox], two Foxes"),
            ("*ox", "a fox, two [Foxes]"),
            ("%fix%", "a [fox], two Foxes"),
            ("w'f?x'", "a [fox], two Foxes"),
            ("f*", "a fox, two Foxes"),
            ("*", "a fox, two Foxes"),
            ("(fox cat)|two", "a fox, [two] Foxes"),
            ("(fox two)|cat", "a [fox], [two] [Foxes]"),
            ("\"fox two\"|cat", "a [fox], [two] Foxes"),
            ("\"two fox\"|a1|two", "a fox, [two] Foxes"),
            ("two ~cat", "a fox, [two] Foxes"),
            ("two ~(fox cat)", "a fox, [two] Foxes"),
            ("two -cat", "a fox, [two] Foxes"),
            ("(two -fox)|(two -cat foxes)", "a [fox], [two] [Foxes]"),
            ("@n:[1 2] two", "a fox, [two] Foxes"),
            ("@u:fox two", "a [fox], [two] [Foxes]"),
        ] as [(String, String)])
    func `the words of the branches that matched stand between tags`(query: String, expected: String) throws {
        #expect(try highlighted("a fox, two Foxes", query) == expected)
    }

    @Test(arguments: [51, 52])
    func `fields that are not shown need not be searched when they cannot matter`(seed: Int) throws {
        let queries = [
            "fox", "foxes", "fox cat", "fox|cat", "(fox cat)|two", "\"fox two\"", "\"fox two\"|cat", "two -cat",
            "two ~cat", "two ~(fox cat)", "fo*", "%fix%", "@u:fox two", "@t:fox|cat", "@t|u:fox", "vulpes two",
        ]
        let words = ["fox", "Foxes", "cat", "two", "fix", "vulpes", "dog"]
        var random = Seeded(seed)
        var independent = 0
        for query in queries {
            let finder = try finder(query)
            if finder.dependsOnAllFields { continue }
            independent += 1
            for _ in 0..<20 {
                let t = bytes((0..<random.below(6)).map { _ in random.pick(words) }.joined(separator: " "))
                let u = bytes((0..<random.below(6)).map { _ in random.pick(words) }.joined(separator: " "))
                t.withUnsafeBufferPointer { t in
                    let own = TermFinder.FieldText(bit: 0, text: t)
                    finder.find(in: [own])
                    let alone = Array(finder.found(inField: 0))
                    u.withUnsafeBufferPointer { finder.find(in: [own, TermFinder.FieldText(bit: 1, text: $0)]) }
                    #expect(Array(finder.found(inField: 0)) == alone, "seed \(seed), \(query)")
                }
            }
        }
        #expect(independent >= 5)
    }

    @Test func `a stem is not found in a field that is not stemmed`() throws {
        var schema = Schema()
        var options = TextOptions()
        options.noStem = true
        schema.append(FieldSpec(identifier: bytes("t"), attribute: bytes("t"), kind: .text(options)))
        let stemmer = Stemmer(.english)
        let tree = try QueryExpander(schema: schema, stemmer: stemmer, synonyms: SynonymTable())
            .expand(QueryParser.parse(bytes("word"), options: QueryParserOptions(dialect: 2)))
        let finder = TermFinder(tree: tree, schema: schema, tokenizer: Tokenizer(), stemmer: stemmer)
        bytes("words word").withUnsafeBufferPointer { text in
            finder.find(in: [TermFinder.FieldText(bit: 0, text: text)])
        }
        #expect(finder.found(inField: 0).map(\.offset) == [6])
    }

    @Test func `a match in another field shows the word everywhere, once for a pattern`() throws {
        #expect(try highlighted("fox cat", "@u:fox|hen", u: "fox") == "[fox] cat")
        #expect(try highlighted("fox cat", "@u:fox|cat", u: "hen") == "fox [cat]")
        #expect(try highlighted("foo fop foq", "fo*", u: "foa") == "foo fop foq")
        #expect(try highlighted("fop foo fop foq", "fo*") == "fop [foo] fop foq")
    }

    @Test(
        arguments: [
            (#"a\-b c"#, #"a\-b"#, #"[a\]-b c"#),
            (#""fox", (fox) fox-fox fox_fox"#, "fox", #""[fox]", ([fox]) [fox]-[fox] fox_fox"#),
            ("école École", "École", "école [École]"),
            ("fo\u{1}x", "fox", "[fo\u{1}x]"),
            ("  fox  ", "fox", "  [fox]  "),
            (#"x\fox y"#, "xfox", #"[x\fox] y"#),
        ] as [(String, String, String)])
    func `a shown word ends at the next separator`(text: String, query: String, expected: String) throws {
        #expect(try highlighted(text, query) == expected)
    }

    @Test func `a summary shows the parts around what matched`() throws {
        #expect(
            try summarized(Self.long, "fox")
                == "quick brown fox jumps over the lazy dog. Foxes are clever animals and the fox runs. Nothing here "
                + "matters at all for the... for the purposes of this long sentence. Finally another fox appears at the "
                + "very end of the text... ")
        #expect(
            try summarized(Self.long, "fox", fragments: 1, words: 5, separator: "|")
                == "fox jumps over the lazy dog. Foxes are clever animals and the fox|")
        #expect(
            try summarized(Self.long, "fox", fragments: 2, words: 4, tags: true)
                == "<i>fox</i> jumps over the lazy dog. <i>Foxes</i> are clever animals and the <i>fox</i>... another "
                + "<i>fox</i> appears at... ")
    }

    @Test func `the best parts are those with the rarest words, then the first`() throws {
        let gap = (0..<12).map { "z\($0)" }.joined(separator: " ")
        let text = "cat \(gap) fox \(gap) cat \(gap) fox cat"

        func best(_ fragments: Int, _ idf: [String: Double] = [:]) throws -> String {
            try summarized(text, "fox cat", fragments: fragments, words: 0, idf: idf)
        }
        #expect(try best(1) == "fox cat... ")
        #expect(try best(2, ["fox": 3, "cat": 1]) == "fox... fox cat... ")
        #expect(try best(2, ["fox": 1, "cat": 3]) == "cat... fox cat... ")
    }

    @Test func `a text without matches is cut after as many words as the summary has`() throws {
        #expect(try summarized("a b c d e f g h i j k l", "*", fragments: 1, words: 1) == "a b c d e f")
        #expect(try summarized("aaaa bbbb.", "*") == "aaaa bbbb.")
        #expect(try summarized("aaa bbb", "*") == "aaa")
        #expect(try summarized("a  b \n c    d e", "*") == "a b c d")
        #expect(try summarized("a  b \n c    d e", "*", tags: true) == "a  b \n c    d e")
        #expect(try summarized("", "*") == "")
    }

    @Test func `context is half before and half behind, in whole words`() throws {
        let text = (0..<60).map { $0 == 30 ? "fox" : "w\($0)xx" }.joined(separator: " ")

        #expect(try summarized(text, "fox", words: 4) == "w29xx fox w31xx w32xx... ")
        #expect(try summarized(text, "fox", words: 1) == "fox ... ")
        #expect(try summarized(text, "fox", words: 0) == "fox... ")
        #expect(try summarized(text, "fox", fragments: 0) == "")
    }
}
