// SORTBY against sorting every match.

import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery
import Testing

@Suite struct SortTests {
    static func corpus(_ random: inout Seeded, documents: Int, deadPercent: Int, shuffled: Bool) -> Corpus {
        var corpus = Corpus()
        corpus.text("t")
        corpus.field("n", .numeric, sortable: true)
        corpus.text("s", sortable: true)
        for index in 0..<documents {
            var document = TestDocument(key: "k\(index)")
            document.texts["t"] = (0..<4).map { _ in Random.word(&random) }.joined(separator: " ")
            if random.chance(80) { document.numbers["n"] = Double(random.below(40)) - 20 }
            if random.chance(80) { document.texts["s"] = random.pick(["apple", "pear", "fig", "figs", "kiwi", ""]) }
            document.isDead = random.chance(deadPercent)
            if shuffled { document.stamp = ArrivalStamp(1 + random.below(1 << 40)) }
            corpus.add(document)
        }
        return corpus
    }

    @Test(arguments: 1...30)
    func `rows come in the order of the column, missing values last, ties by arrival`(_ seed: Int) throws {
        var random = Seeded(seed)
        let isLarge = seed > 24
        let corpus = Self.corpus(
            &random, documents: isLarge ? 3_000 : 30 + random.below(170), deadPercent: seed % 2 == 0 ? 0 : 20,
            shuffled: seed % 3 == 0)
        let snapshot = corpus.snapshot(
            sealingAt: [[1], [7], [64, 129], [8_192], [500]][seed % 5],
            random.pick([Corpus.Style.unsealed, .sealed, .merged]))
        let model = Model(corpus)
        for turn in 0..<20 {
            let query = random.chance(30) ? QueryNode(.all) : Random.query(&random, depth: 1)
            let ascending = random.chance(50)
            let field = random.pick(["n", "s"])
            var parameters = SearchParameters(tree: query)
            parameters.sort = (corpus.position(field), ascending)
            parameters.limit = random.pick([1, 10, 100, 1_000_000])
            parameters.offset = random.pick([0, 0, 3, 70])
            let expected = model.answer(query, .docScore).map(\.document).sorted {
                Self.precedes($0, $1, field, ascending)
            }
            let outcome = try Executor.run(parameters, on: snapshot)
            let what = "seed \(seed) turn \(turn) \(query.sketch) \(field) \(ascending ? "ASC" : "DESC")"
            try #require(outcome.total == expected.count, "\(what)")
            let page = expected.dropFirst(parameters.offset).prefix(parameters.limit)
            try #require(outcome.hits.map(snapshot.key) == page.map(\.key), "\(what)")
            for (hit, document) in zip(outcome.hits, page) {
                let key: SortKey =
                    if field == "n" {
                        document.numbers["n"].map { .number($0) } ?? .missing
                    } else {
                        document.texts["s"].map { .text(bytes($0)) } ?? .missing
                    }
                try #require(hit.sortKey == key, "\(what)")
            }
        }
    }

    private static func precedes(
        _ a: TestDocument, _ b: TestDocument, _ field: String, _ ascending: Bool
    ) -> Bool {
        let arrival = ascending ? a.stamp < b.stamp : a.stamp > b.stamp
        if field == "n" {
            switch (a.numbers["n"], b.numbers["n"]) {
            case (let x?, let y?): return x == y ? arrival : ascending ? x < y : x > y
            case (nil, nil): return arrival
            case (let x, _): return x != nil
            }
        }
        switch (a.texts["s"], b.texts["s"]) {
        case (let x?, let y?): return x == y ? arrival : ascending ? x < y : x > y
        case (nil, nil): return arrival
        case (let x, _): return x != nil
        }
    }

    @Test func `a sorted search gives scores when asked`() throws {
        let snapshot = WorkedScoresTests.corpus.snapshot(sealingAt: [2])
        var parameters = SearchParameters(tree: word("redis"))
        parameters.sort = (WorkedScoresTests.corpus.position("n"), false)
        parameters.needsScores = true
        for (scorer, expected) in [
            (ScorerKind.tfidf, [0.25, 0.125, 1, 1]),
            (.bm25StdNorm, [0.232598607391287, 0.262778502067937, 1, 0.922899882739374]),
        ] {
            parameters.scorer = scorer
            let hits = try Executor.run(parameters, on: snapshot).hits
            #expect(hits.map(snapshot.key) == ["s5", "s3", "s2", "s1"])
            for (hit, score) in zip(hits, expected) { #expect(abs(hit.score - score) < 1e-9) }
        }
    }
}
