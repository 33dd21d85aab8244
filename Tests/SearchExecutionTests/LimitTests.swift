// What bounds a query: expansions, terms, clauses, depth.

import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery
import Testing

@Suite struct LimitTests {
    static let snapshot: IndexSnapshot = {
        var corpus = Corpus()
        corpus.text("t", noStem: false)
        corpus.text("u")
        for index in 0..<300 {
            corpus.add(TestDocument(key: "k\(index)", texts: ["t": "pre\(100 + index) running"]))
        }
        return corpus.snapshot()
    }()

    private func run(_ tree: QueryNode, _ change: (inout SearchParameters) -> Void = { _ in }) throws -> SearchOutcome {
        var parameters = SearchParameters(tree: tree)
        parameters.limit = 1_000
        change(&parameters)
        return try Executor.run(parameters, on: Self.snapshot)
    }

    @Test func `expansions end at the limit, first in order, and say so`() throws {
        let all = try run(prefix("pre"))
        #expect(all.total == 200 && all.expansionsTruncated)
        #expect(Set(all.hits.map(Self.snapshot.key)) == Set((0..<200).map { "k\($0)" }))

        let few = try run(prefix("pre")) { $0.maxExpansions = 7 }
        #expect(few.total == 7 && few.expansionsTruncated)

        let many = try run(prefix("pre")) { $0.maxExpansions = 1_000 }
        #expect(many.total == 300 && !many.expansionsTruncated)
    }

    @Test func `a pattern shorter than allowed matches nothing`() throws {
        #expect(try run(prefix("p")).total == 0)
        #expect(try run(prefix("p")) { $0.minPrefix = 1 }.total == 200)
        #expect(try run(not(prefix("p"))).total == 300)
    }

    @Test func `internal terms are among the expansions`() throws {
        #expect(try run(QueryNode(.infix(bytes("run")))).total == 300)
        #expect(try run(prefix("+run")).total == 300)
    }

    @Test func `unknown fields and fields of other kinds match nothing`() throws {
        #expect(try run(word("running", fields: ["nope"])).total == 0)
        #expect(try run(word("running", fields: ["u"])).total == 0)
        #expect(try run(word("running", fields: ["t", "nope"])).total == 300)
        #expect(try run(range("t", 0, 1)).total == 0)
        #expect(try run(tag("nope", "x")).total == 0)
        #expect(try run(word("running")) { $0.inFields = 0 }.total == 0)
        #expect(try run(word("running")) { $0.inFields = 2 }.total == 0)
        #expect(try run(word("running")) { $0.inFields = 3 }.total == 300)
    }

    @Test func `too many terms are refused`() {
        let tree = QueryNode(.union((0..<(Plan.termLimit + 1)).map { _ in word("running") }, isExpansion: false))
        #expect(throws: ExecutionError.tooManyTerms(limit: Plan.termLimit)) { try run(tree) }
    }

    @Test func `too many clauses are refused`() {
        let tree = QueryNode(.union((0...Plan.clauseLimit).map { _ in QueryNode(.all) }, isExpansion: false))
        #expect(throws: ExecutionError.tooManyClauses(limit: Plan.clauseLimit)) { try run(tree) }
    }

    @Test(arguments: [ScorerKind.bm25Std, .tfidf, .disMax])
    func `a query may be five hundred deep`(_ scorer: ScorerKind) throws {
        var tree = word("running")
        for level in 0..<500 {
            switch level % 4 {
            case 0: tree = all(tree, word("running"))
            case 1: tree = any(tree, word("pre105"))
            case 2: tree = not(not(tree))
            default: tree = all(word("running"), SearchExecutionTests.optional(tree))
            }
        }
        #expect(try run(tree) { $0.scorer = scorer }.total == 300)
    }

    @Test func `an empty index has no hits`() throws {
        let snapshot = IndexWriter(schema: Schema()).publish()
        for scorer in ScorerKind.allCases {
            var parameters = SearchParameters(tree: QueryNode(.all))
            parameters.scorer = scorer
            let outcome = try Executor.run(parameters, on: snapshot)
            #expect(outcome.total == 0 && outcome.hits.isEmpty)
        }
    }

    @Test func `documents without text score 0 where a length or frequency divides`() throws {
        var corpus = Corpus()
        corpus.text("t")
        corpus.field("n", .numeric)
        corpus.add(TestDocument(key: "k1", numbers: ["n": 1]))
        corpus.add(TestDocument(key: "k2", numbers: ["n": 2]))
        let snapshot = corpus.snapshot()
        for scorer in [ScorerKind.tfidf, .tfidfDocNorm] {
            var parameters = SearchParameters(tree: QueryNode(.all))
            parameters.scorer = scorer
            #expect(try Executor.run(parameters, on: snapshot).hits.map(\.score) == [0, 0])
        }
        let hits = try Executor.run(SearchParameters(tree: QueryNode(.all)), on: snapshot).hits
        #expect(hits.count == 2 && hits.allSatisfy { $0.score.isFinite })
    }

    @Test func `negative scores of documents order last and prune nothing`() throws {
        var corpus = Corpus()
        corpus.text("t")
        for index in 0..<2_000 {
            var document = TestDocument(key: "k\(index)", texts: ["t": "word"])
            document.score = index % 2 == 0 ? -1 : Float(index)
            corpus.add(document)
        }
        let snapshot = corpus.snapshot()
        var parameters = SearchParameters(tree: word("word"))
        parameters.limit = 2_000
        let hits = try Executor.run(parameters, on: snapshot).hits
        #expect(hits.first.map(snapshot.key) == "k1999")
        #expect(hits.suffix(1_000).allSatisfy { $0.score < 0 })
    }
}
