// That work is saved, and that saving it changes nothing: counters of runs over one larger corpus.

import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery
import Testing

@Suite struct PruningTests {
    /// 12,000 documents; "common" in half of them, mostly once among many words, five times in a few short ones.
    static let snapshot: IndexSnapshot = {
        var corpus = Corpus()
        corpus.text("t")
        corpus.field("n", .numeric, sortable: true)
        for index in 0..<12_000 {
            var words = ["filler\(index % 700)"]
            if index % 2 == 0 { words.append("common") }
            if index % 3 == 0 { words.append("other") }
            if index % 1_000 == 4 { words = ["common", "common", "common", "common", "common"] }
            if index % 1_000 != 4 { words += (0..<(5 + index % 11)).map { "word\((index * 7 + $0) % 2_000)" } }
            if index == 9_000 { words.append("rare") }
            corpus.add(
                TestDocument(
                    key: "k\(index)", texts: ["t": words.joined(separator: " ")],
                    numbers: ["n": Double((index * 7_919) % 12_000)]))
        }
        return corpus.snapshot(sealingAt: [12_000], .merged)
    }()

    private func run(
        _ tree: QueryNode, _ scorer: ScorerKind = .bm25Std, limit: Int = 10, withoutCount: Bool = false,
        sparseLimit: Int = 0
    ) throws -> SearchOutcome {
        var parameters = SearchParameters(tree: tree)
        parameters.scorer = scorer
        parameters.limit = limit
        parameters.withoutCount = withoutCount
        parameters.sparseLimit = sparseLimit
        return try Executor.run(parameters, on: Self.snapshot)
    }

    @Test func `a common word is counted whole and scored in part`() throws {
        let outcome = try run(word("common"), limit: 4)

        #expect(outcome.total == 6_000)
        #expect(outcome.hits.allSatisfy { Self.snapshot.key($0).hasSuffix("004") || Self.snapshot.key($0) == "k4" })
        // Twelve blocks hold the best, and each touches two units of about 128 matches.
        #expect(outcome.counters.documentsScored <= 24 * 128, "\(outcome.counters)")
    }

    @Test func `equal best scores are pruned by arrival`() throws {
        let outcome = try run(word("common"), .tfidf)

        #expect(outcome.total == 6_000)
        let keys = outcome.hits.map(Self.snapshot.key)
        #expect(keys == keys.sorted { Int($0.dropFirst())! < Int($1.dropFirst())! })
        #expect(outcome.counters.documentsScored < 1_000, "\(outcome.counters)")
    }

    @Test func `documents whose words cannot add up are left unscored`() throws {
        let outcome = try run(any(word("common"), word("other"), word("rare")))

        #expect(outcome.total == 8_000)
        #expect(Self.snapshot.key(outcome.hits[0]) == "k9000")
        #expect(outcome.counters.documentsScored < 6_000, "\(outcome.counters)")
    }

    @Test func `windows without a match are not looked at`() throws {
        let outcome = try run(all(word("rare"), word("common")))

        #expect(outcome.total == 1)
        #expect(outcome.counters.windowsVisited == 1)
        #expect(outcome.counters.windowsSkipped == 2)
    }

    @Test func `few candidates are looked at without a window`() throws {
        let outcome = try run(all(word("rare"), word("common")), sparseLimit: 100)

        #expect(outcome.total == 1)
        #expect(outcome.counters.sparseSegments == 1)
        #expect(outcome.counters.windowsVisited == 0)
        #expect(outcome.counters.documentsScored == 1)
        let many = try run(word("common"), sparseLimit: 100)
        #expect(many.total == 6_000)
        #expect(many.counters.sparseSegments == 0)
    }

    @Test func `a word alone is counted without a window`() throws {
        let outcome = try run(word("common"), limit: 0)

        #expect(outcome.total == 6_000)
        #expect(outcome.hits.isEmpty)
        #expect(outcome.counters.windowsVisited == 0)
    }

    @Test func `a total that is not wanted is a lower bound, and the rows stay the same`() throws {
        let exact = try run(any(word("common"), word("other")))
        let loose = try run(any(word("common"), word("other")), withoutCount: true)

        #expect(loose.hits == exact.hits)
        #expect(loose.total <= exact.total && loose.total >= loose.hits.count)
    }

    @Test(arguments: [1, 10, 63, 64, 65, 500, 6_000, 1_000_000, Int.max])
    func `pages of any size are parts of one order`(_ limit: Int) throws {
        let whole = try run(word("common"), limit: 20_000).hits
        #expect(whole.count == 6_000)
        #expect(try run(word("common"), limit: limit).hits == Array(whole.prefix(limit)))

        var parameters = SearchParameters(tree: word("common"))
        parameters.offset = 137
        parameters.limit = limit
        #expect(try Executor.run(parameters, on: Self.snapshot).hits == Array(whole.dropFirst(137).prefix(limit)))
    }

    @Test func `a deadline that has passed ends the search with what was counted`() throws {
        var parameters = SearchParameters(tree: any(word("common"), word("other")))
        parameters.deadline = 1
        let outcome = try Executor.run(parameters, on: Self.snapshot)

        #expect(outcome.timedOut)
        #expect(outcome.total < 8_000)
    }

    @Test func `cheap queries are estimated cheap, dear ones dear`() throws {
        func estimate(_ tree: QueryNode) -> Int { Executor.estimate(SearchParameters(tree: tree), on: Self.snapshot) }

        #expect(estimate(word("rare")) < 20_000)
        #expect(estimate(word("common")) < 100_000)
        #expect(estimate(phrase("common", "other")) > estimate(all(word("common"), word("other"))))
    }

    @Test func `all matches are given in docID order to callers that sort themselves`() throws {
        var parameters = SearchParameters(tree: any(word("common"), word("other")))
        parameters.collectAll = true
        let outcome = try Executor.run(parameters, on: Self.snapshot)
        #expect(outcome.hits.count == outcome.total)
        #expect(outcome.hits.map(\.docID) == outcome.hits.map(\.docID).sorted())

        parameters.needsScores = true
        let scored = try Executor.run(parameters, on: Self.snapshot)
        let best = scored.hits.sorted { $0.score == $1.score ? $0.stamp < $1.stamp : $0.score > $1.score }
        #expect(try run(any(word("common"), word("other"))).hits.map(\.docID) == best.prefix(10).map(\.docID))
    }
}
