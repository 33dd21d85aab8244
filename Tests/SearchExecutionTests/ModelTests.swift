// The executor against the slow truth, on random corpora and queries.

import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery
import Testing

@Suite struct ModelTests {
    static let scorers: [ScorerKind] = [.bm25Std, .tfidf, .tfidfDocNorm, .bm25, .disMax, .docScore]

    @Test(arguments: 1...24)
    func `hits, order, scores and totals are those of looking at every document`(_ seed: Int) throws {
        var random = Seeded(seed)
        let corpus = Random.corpus(
            &random, documents: 20 + random.below(180), deadPercent: seed % 2 == 0 ? 0 : 15, scores: seed % 3 == 0)
        let seals = [[1], [7], [64, 129], [8_192]][seed % 4]
        let style = random.pick([Corpus.Style.unsealed, .sealed, .merged])
        try check(corpus, seals, style, &random, queries: 60, seed)
    }

    @Test(arguments: 101...106)
    func `pruning changes no answer`(_ seed: Int) throws {
        var random = Seeded(seed)
        let corpus = Random.corpus(
            &random, documents: 6_000, deadPercent: seed % 2 == 0 ? 0 : 10, scores: seed % 3 == 0)
        let style = random.pick([Corpus.Style.unsealed, .sealed, .merged])
        try check(corpus, [[8_192], [1_500], [700, 5_000]][seed % 3], style, &random, queries: 30, seed)
    }

    private func check(
        _ corpus: Corpus, _ seals: [Int], _ style: Corpus.Style, _ random: inout Seeded, queries: Int, _ seed: Int
    ) throws {
        let snapshot = corpus.snapshot(sealingAt: seals, style)
        var model = Model(corpus)
        for turn in 0..<queries {
            let query = Random.query(&random, depth: 1 + random.below(3))
            let scorer = random.pick(Self.scorers)
            var parameters = SearchParameters(tree: query)
            parameters.scorer = scorer
            parameters.bm25Legacy = random.chance(30)
            parameters.limit = random.pick([1, 3, 10, 100])
            parameters.offset = random.chance(20) ? random.below(90) : 0
            parameters.slop = random.chance(10) ? random.below(4) : nil
            parameters.inOrder = random.chance(5)
            // By windows always, for the shortest lists never, as it comes.
            parameters.sparseLimit = random.pick([0, 40, 4096])
            model.slop = parameters.slop
            model.inOrder = parameters.inOrder
            let expected = model.answer(query, scorer, legacy: parameters.bm25Legacy)
            let outcome = try Executor.run(parameters, on: snapshot)
            let what =
                "seed \(seed) \(style) \(seals) turn \(turn) \(scorer) \(query.sketch) limit \(parameters.offset) \(parameters.limit) sparse \(parameters.sparseLimit)"
            try #require(outcome.total == expected.count, "\(what)")
            let page = expected.dropFirst(parameters.offset).prefix(parameters.limit)
            for (place, (hit, row)) in zip(outcome.hits, page).enumerated() {
                let found = "\(snapshot.key(hit)) \(hit.score)"
                try #require(found == "\(row.document.key) \(row.score)", "\(what), row \(place)")
            }
            try #require(outcome.hits.count == page.count, "\(what)")

            parameters.limit = 0
            #expect(try Executor.run(parameters, on: snapshot).total == expected.count, "\(what), only counted")
        }
    }
}

extension QueryNode {
    /// Short text for messages.
    var sketch: String {
        func list(_ nodes: [QueryNode], _ separator: String) -> String {
            nodes.map(\.sketch).joined(separator: separator)
        }
        func text(_ bytes: Bytes) -> String { String(decoding: bytes, as: UTF8.self) }
        let core =
            switch kind {
            case .empty: "<empty>"
            case .all: "*"
            case .word(let word, _): text(word)
            case .phrase(let nodes): "\"" + list(nodes, " ") + "\""
            case .intersection(let nodes): "(" + list(nodes, " ") + ")"
            case .union(let nodes, let isExpansion):
                (isExpansion ? "<" : "(") + list(nodes, "|") + (isExpansion ? ">" : ")")
            case .not(let node): "-" + node.sketch
            case .optional(let node): "~" + node.sketch
            case .prefix(let part): text(part) + "*"
            case .suffix(let part): "*" + text(part)
            case .infix(let part): "*" + text(part) + "*"
            case .wildcard(let part): "w'" + text(part) + "'"
            case .fuzzy(let part, let distance): "%\(distance)" + text(part) + "%"
            case .numeric(let field, let range): "@\(text(field)):[\(range.lower) \(range.upper)]"
            case .geo(let field, _, _, _, _): "@\(text(field)):[geo]"
            case .tag(let field, let nodes): "@\(text(field)):{" + list(nodes, "|") + "}"
            case .missing(let field): "ismissing(@\(text(field)))"
            case .keys(let keys): "keys(\(keys.map(text)))"
            }
        var attributes = ""
        if weight != 1 { attributes += "$weight:\(weight);" }
        if let slop { attributes += "$slop:\(slop);" }
        if inOrder == true { attributes += "$inorder;" }
        let scoped = fields.map { "@" + $0.map(text).joined(separator: "|") + ":" } ?? ""
        return scoped + core + (attributes.isEmpty ? "" : "=>{" + attributes + "}")
    }
}
