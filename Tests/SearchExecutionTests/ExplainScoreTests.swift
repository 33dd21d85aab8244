// EXPLAINSCORE's texts, as the reference server prints them.

import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery
import Testing

@Suite struct ExplainScoreTests {
    static let snapshot = WorkedScoresTests.corpus.snapshot(sealingAt: [2])

    private func explanation(
        _ tree: QueryNode, _ scorer: ScorerKind, isLegacy: Bool = true, payload: String? = nil
    ) throws -> ScoreExplanation {
        var parameters = SearchParameters(tree: tree)
        parameters.scorer = scorer
        parameters.bm25Legacy = isLegacy
        parameters.explainScores = true
        parameters.payload = payload.map(bytes)
        let outcome = try Executor.run(parameters, on: Self.snapshot)
        #expect(outcome.explanations.count == outcome.hits.count)
        return try #require(outcome.explanations.first)
    }

    private func check(
        _ tree: QueryNode, _ scorer: ScorerKind, isLegacy: Bool = true, _ expected: ScoreExplanation
    ) throws {
        #expect(try explanation(tree, scorer, isLegacy: isLegacy) == expected)
    }

    private typealias E = ScoreExplanation

    @Test func `TFIDF tells frequency, idf, weights, norm and slop`() throws {
        try check(
            word("redis"), .tfidf,
            E(
                "Final TFIDF : words TFIDF 4.00 * document score 1.00 / norm 4 / slop 1",
                [E("(TFIDF 4.00 = Weight 1.00 * TF 4 * IDF 1.00)")]))
        try check(
            all(word("redis"), word("engine"), weight: 2.5), .tfidf,
            E(
                "Final TFIDF : words TFIDF 15.00 * document score 1.00 / norm 4 / slop 2",
                [
                    E(
                        "(Weight 2.50 * total children TFIDF 6.00)",
                        [
                            E("(TFIDF 2.00 = Weight 1.00 * TF 1 * IDF 2.00)"),
                            E("(TFIDF 4.00 = Weight 1.00 * TF 4 * IDF 1.00)"),
                        ])
                ]))
        try check(
            all(word("redis"), optional(word("nosuch"))), .tfidf,
            E(
                "Final TFIDF : words TFIDF 4.00 * document score 1.00 / norm 4 / slop 1",
                [
                    E(
                        "(Weight 1.00 * total children TFIDF 4.00)",
                        [
                            E("(TFIDF 4.00 = Weight 1.00 * TF 4 * IDF 1.00)"),
                            E("(TFIDF 0.00 = Weight 0.00 * Frequency 1)"),
                        ])
                ]))
        try check(
            all(word("redis"), not(word("nosuch"))), .tfidf,
            E(
                "Final TFIDF : words TFIDF 4.00 * document score 1.00 / norm 4 / slop 1",
                [
                    E(
                        "(Weight 1.00 * total children TFIDF 4.00)",
                        [
                            E("(TFIDF 4.00 = Weight 1.00 * TF 4 * IDF 1.00)"),
                            E("(TFIDF 0.00 = Weight 1.00 * Frequency 0)"),
                        ])
                ]))
        try check(
            QueryNode(.all), .tfidf,
            E(
                "Final TFIDF : words TFIDF 1.00 * document score 1.00 / norm 2 / slop 1",
                [E("(TFIDF 1.00 = Weight 1.00 * Frequency 1)")]))
        try check(
            prefix("red"), .tfidf,
            E(
                "Final TFIDF : words TFIDF 4.00 * document score 1.00 / norm 4 / slop 1",
                [E("(Weight 1.00 * total children TFIDF 4.00)", [E("(TFIDF 4.00 = Weight 1.00 * TF 4 * IDF 1.00)")])]))
        try check(
            tag("g", "a"), .tfidfDocNorm,
            E(
                "Final TFIDF : words TFIDF 2.00 * document score 1.00 / norm 4 / slop 1",
                [E("(TFIDF 2.00 = Weight 1.00 * TF 1 * IDF 2.00)")]))
    }

    @Test func `BM25 tells its divisor`() throws {
        let divisor = "k1 1.2 * (1 - b 0.5 + b 0.5 * Average Len 6.20)"
        try check(
            all(word("redis"), word("search")), .bm25,
            E(
                "Final BM25 : words BM25 0.86 * document score 1.00 / slop 1",
                [
                    E(
                        "(Weight 1.00 * children BM25 0.86)",
                        [
                            E("(0.38 = IDF 2.00 * F 1 / (F 1 + \(divisor)))"),
                            E("(0.48 = IDF 1.00 * F 4 / (F 4 + \(divisor)))"),
                        ])
                ]))
        try check(
            not(word("nosuch")), .bm25,
            E(
                "Final BM25 : words BM25 0.00 * document score 1.00 / slop 1", [E("Frequency 0 -> value 0")]))
        try check(
            range("n", 1, 2), .bm25,
            E(
                "Final BM25 : words BM25 0.19 * document score 1.00 / slop 1",
                [E("(0.19 = Weight 1.00 * F 1 / (F 1 + \(divisor)))")]))
    }

    @Test func `BM25STD names the terms`() throws {
        func leaf(_ name: String, _ value: String, _ idf: String, _ f: String, _ length: Int) -> E {
            E(
                "\(name): (\(value) = IDF \(idf) * (F \(f) * (k1 1.2 + 1)) / (F \(f) + k1 1.2 * (1 - b 0.5"
                    + " + b 0.5 * Doc Len \(length) / Average Doc Len 6.20)))")
        }
        try check(
            all(word("redis"), range("n", 1, 3)), .bm25Std,
            E(
                "Final BM25 : words BM25 0.48 * document score 1.00",
                [
                    E(
                        "(Weight 1.00 * children BM25 0.48)",
                        [
                            E("Irrelevant token -> score is 0"), leaf("redis", "0.48", "0.29", "3.00", 4),
                        ])
                ]))
        try check(
            QueryNode(.all), .bm25Std,
            E(
                "Final BM25 : words BM25 1.11 * document score 1.00", [leaf("*", "1.11", "1.00", "1.00", 4)]))
        try check(
            tag("g", "a", "b"), .bm25Std,
            E(
                "Final BM25 : words BM25 0.97 * document score 1.00",
                [E("(Weight 1.00 * children BM25 0.97)", [leaf("a", "0.97", "0.88", "1.00", 4)])]))
        try check(
            word("search", weight: 2.5), .bm25Std, isLegacy: false,
            E(
                "Final BM25 : words BM25 1.85 * document score 1.00",
                [
                    E(
                        "search: (1.85 = Weight 2.50 * IDF 0.88 * (F 1.00 * (k1 1.2 + 1)) / (F 1.00 + k1 1.2 * (1 - b 0.75"
                            + " + b 0.75 * Doc Len 9 / Average Doc Len 6.20)))")
                ]))
    }

    @Test func `the other scorers say what they did`() throws {
        try check(word("redis"), .disMax, E("DISMAX 4.00 = Weight 1.00 * Frequency 4"))
        try check(
            any(word("redis"), word("engine")), .disMax,
            E(
                "4.00 = Weight 1.00 * children DISMAX 4.00",
                [
                    E("DISMAX 4.00 = Weight 1.00 * Frequency 4"), E("DISMAX 1.00 = Weight 1.00 * Frequency 1"),
                ]))
        try check(word("redis"), .docScore, E("Document's score is 1.00"))
        try check(word("redis"), .hamming, E("Payloads provided to scorer vary in length"))
        let tanh = try explanation(word("redis"), .bm25StdTanh, isLegacy: false)
        #expect(tanh.text == "Final Normalized BM25 : tanh(stretch factor 1/4 * Final BM25 0.49)")
        #expect(tanh.children.map(\.text) == ["Final BM25 : words BM25 0.49 * document score 1.00"])
    }
}
