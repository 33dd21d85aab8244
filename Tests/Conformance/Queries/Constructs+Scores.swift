// Questions about scores.

extension Construct {
    static let scoring: [Construct] =
        ["TFIDF", "TFIDF.DOCNORM", "BM25", "BM25STD", "DISMAX", "DOCSCORE"].map { scorer in
            option("SCORER \(scorer)", applies: { $0.hasComparableLengths || !scorer.hasPrefix("BM25") }) { g in
                (
                    g.random.chance(0.6) ? g.tree(depth: 2) : g.simple(),
                    [["NOCONTENT"], ["WITHSCORES"], ["SCORER", scorer]]
                )
            }
        } + [
            option("SCORER HAMMING", applies: \.hasPayloads) { g in
                let payload = g.random.pick(["abcd", "zzzz", "abce", "x"])
                return (
                    g.random.chance(0.5) ? .all : g.simple(),
                    [["NOCONTENT"], ["WITHSCORES"], ["SCORER", "HAMMING"], ["PAYLOAD", payload]]
                )
            },
            option("WITHSCORES") { g in
                (g.tree(depth: 2), [["NOCONTENT"], ["WITHSCORES"]])
            },
            option("WITHSCORES and SORTBY") { g in
                (
                    g.simple(),
                    [["NOCONTENT"], ["WITHSCORES"], ["SORTBY", g.random.pick(g.corpus.sortableFields).attribute]]
                )
            },
            option("EXPLAINSCORE") { g in
                let scorer = g.random.pick(
                    ["TFIDF", "TFIDF.DOCNORM", "DISMAX", "DOCSCORE"]
                        + (g.corpus.hasComparableLengths ? ["BM25", "BM25STD"] : []))
                return (
                    g.random.chance(0.6) ? g.simple() : g.tree(depth: 2),
                    [["NOCONTENT"], ["WITHSCORES"], ["EXPLAINSCORE"], ["SCORER", scorer], ["LIMIT", "0", "20"]]
                )
            },
        ]
}
