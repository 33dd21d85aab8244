// What is asked: one entry for each thing that the query language or FT.SEARCH can say.

/// A kind of question.
struct Construct: Sendable {
    let name: String
    /// Whether a corpus can be asked it.
    var applies: @Sendable (Corpus) -> Bool = { _ in true }
    let make: @Sendable (inout QueryGenerator) -> QueryCase

    /// Dialects with the new parser.
    static let modern: [Int?] = [2, 2, 3, 4]

    static let all: [Construct] = text + fields + searchOptions + scoring + replies + mistakes

    /// Shorthand for questions that are a query and a wide LIMIT.
    static func query(
        _ name: String, dialects: [Int?] = [nil, 1, 2, 3, 4],
        applies: @escaping @Sendable (Corpus) -> Bool = { _ in true },
        _ make: @escaping @Sendable (inout QueryGenerator) -> Query
    ) -> Construct {
        Construct(name: name, applies: applies) { g in
            let query = make(&g)
            return g.makeCase(name, query, [["NOCONTENT"], g.wideLimit()], dialects: dialects)
        }
    }

    /// Shorthand for questions that are options on a simple query.
    static func option(
        _ name: String, dialects: [Int?] = [nil, 1, 2, 3, 4],
        applies: @escaping @Sendable (Corpus) -> Bool = { _ in true },
        _ make: @escaping @Sendable (inout QueryGenerator) -> (Query, [[String]])
    ) -> Construct {
        Construct(name: name, applies: applies) { g in
            let (query, options) = make(&g)
            let limit = options.contains { $0[0] == "LIMIT" } ? [] : [g.wideLimit()]
            return g.makeCase(name, query, options + limit, dialects: dialects)
        }
    }
}
