// FT.PROFILE: what a search did, told in the oracle's words.
//
// This engine has no tree of iterators: it works on windows and blocks. What is shown per clause is measured by running
// the clause alone: how many documents it matches, and how long that takes.

import Platform
import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery

package struct SearchProfile: Sendable {
    /// One clause.
    package struct Clause: Sendable {
        package var type: String
        package var queryType: Bytes?
        package var term: Bytes?
        package var nanoseconds: UInt64
        /// Documents it matches.
        package var count: Int
        /// Leaves say so a second time, as their size.
        package var isLeaf: Bool
        package var children: [Clause] = []
        /// LIMITED: how many children are not told one by one.
        package var hiddenChildren: Int?
    }

    package struct Step: Sendable {
        package var type: String
        package var nanoseconds: UInt64
        package var count: Int
    }

    /// Whether times are told (`_PRINT_PROFILE_CLOCK`): without them replies can be compared.
    package var showsTimes = true
    package var parsing: UInt64 = 0
    package var planning: UInt64 = 0
    package var total: UInt64 = 0
    package var warnings: [String] = []
    /// `nil`: the query is for nothing.
    package var clauses: Clause?
    package var steps: [Step] = []
}

/// Measures one search.
package struct SearchProfiler: Sendable {
    let isLimited: Bool
    let showsTimes: Bool
    let start: UInt64
    private(set) var parsed: UInt64 = 0
    private(set) var planned: UInt64 = 0

    /// - Parameters:
    ///   - isLimited: children of unions are counted, not told.
    ///   - showsTimes: see ``SearchProfile/showsTimes``.
    package init(isLimited: Bool, showsTimes: Bool = true) {
        self.isLimited = isLimited
        self.showsTimes = showsTimes
        start = MonotonicClock.nanoseconds
    }

    /// The options have been read.
    package mutating func noteParsed() { parsed = MonotonicClock.nanoseconds }

    /// The search is ready to run.
    package mutating func notePlanned() { planned = MonotonicClock.nanoseconds }

    /// Runs the search, then its clauses one by one.
    package func run(_ search: IndexSearch) throws(SearchError) -> (SearchOutcome, SearchProfile) {
        let before = MonotonicClock.nanoseconds
        let outcome = try search.run()
        let after = MonotonicClock.nanoseconds

        var profile = SearchProfile()
        profile.showsTimes = showsTimes
        profile.parsing = parsed &- start
        profile.planning = planned &- parsed
        profile.total = (after &- before) &+ (planned &- start)
        if outcome.timedOut { profile.warnings.append("Timeout limit was reached") }
        if outcome.expansionsTruncated { profile.warnings.append("Max prefix expansions limit was reached") }
        profile.clauses = clause(search.tree, search.snapshot)
        let rows = min(outcome.hits.count, search.options.limit)
        profile.steps.append(SearchProfile.Step(type: "Index", nanoseconds: after &- before, count: outcome.total))
        if search.options.sort == nil || search.options.flags.contains(.withScores) {
            profile.steps.append(SearchProfile.Step(type: "Scorer", nanoseconds: 0, count: outcome.total))
        }
        profile.steps.append(SearchProfile.Step(type: "Sorter", nanoseconds: 0, count: rows))
        if search.options.wantsContent {
            profile.steps.append(SearchProfile.Step(type: "Loader", nanoseconds: 0, count: rows))
            if search.options.wantsDecoration {
                profile.steps.append(SearchProfile.Step(type: "Highlighter", nanoseconds: 0, count: rows))
            }
        }
        return (outcome, profile)
    }

    // MARK: clauses

    func clause(_ node: QueryNode, _ snapshot: IndexSnapshot) -> SearchProfile.Clause? {
        if case .empty = node.kind { return nil }
        var (count, nanoseconds) = snapshot.measure(node)
        var clause = SearchProfile.Clause(type: "", nanoseconds: nanoseconds, count: count, isLeaf: true)
        func inner(_ type: String, _ query: Bytes?, _ children: [QueryNode]) {
            clause.type = type
            clause.queryType = query
            clause.isLeaf = false
            let isUnion = type == "UNION"
            if isUnion, isLimited {
                clause.hiddenChildren = children.count
            } else {
                clause.children = children.compactMap { self.clause($0, snapshot) }
            }
        }
        switch node.kind {
        case .empty: return nil
        case .all: clause.type = "WILDCARD"
        case .word where count == 0: clause.type = "EMPTY"
        case .word(let word, _):
            clause.type = "TEXT"
            clause.term = word
        case .phrase(let children): inner("INTERSECT", nil, children)
        case .intersection(let children): inner("INTERSECT", nil, children)
        case .union: inner("UNION", Bytes("UNION".utf8), [])
        case .not(let child): inner("NOT", nil, [child])
        case .optional(let child): inner("OPTIONAL", nil, [child])
        case .prefix(let text): inner("UNION", Bytes("PREFIX - ".utf8) + text, snapshot.terms(of: node))
        case .suffix(let text): inner("UNION", Bytes("SUFFIX - ".utf8) + text, snapshot.terms(of: node))
        case .infix(let text): inner("UNION", Bytes("INFIX - ".utf8) + text, snapshot.terms(of: node))
        case .wildcard(let text): inner("UNION", Bytes("WILDCARD - ".utf8) + text, snapshot.terms(of: node))
        case .fuzzy(let text, _): inner("UNION", Bytes("FUZZY - ".utf8) + text, snapshot.terms(of: node))
        case .numeric(_, let range):
            clause.type = "NUMERIC"
            clause.term = Bytes("\(NumberText.row(range.lower)) - \(NumberText.row(range.upper))".utf8)
        case .geo(_, let longitude, let latitude, let radius, let unit):
            clause.type = "GEO"
            clause.term = Bytes(
                "\(NumberText.row(longitude)),\(NumberText.row(latitude)) - \(NumberText.row(radius)) \(unit.rawValue)"
                    .utf8)
        case .tag(let field, let tags):
            if tags.count == 1, case .word(let tag, _) = tags[0].kind {
                clause.type = "TAG"
                clause.term = tag
            } else {
                inner("UNION", Bytes("TAG".utf8), [])
                let children = tags.compactMap { tag -> SearchProfile.Clause? in
                    var single = node
                    single.kind = .tag(field: field, [tag])
                    guard case .word(let text, _) = tag.kind else { return nil }
                    (count, nanoseconds) = snapshot.measure(single)
                    return SearchProfile.Clause(
                        type: "TAG", term: text, nanoseconds: nanoseconds, count: count, isLeaf: true)
                }
                if isLimited { clause.hiddenChildren = children.count } else { clause.children = children }
            }
        case .missing(let field):
            clause.type = "MISSING"
            clause.term = field
        case .keys: clause.type = "ID-LIST"
        }
        if case .union = node.kind {
            // Words that no document has are not told, and a union of one is that one.
            let present = snapshot.childrenWithMatches(node)
            if present.count == 1 { return self.clause(present[0], snapshot) }
            if isLimited {
                clause.hiddenChildren = present.count
            } else {
                clause.children = present.compactMap { self.clause($0, snapshot) }
            }
        }
        return clause
    }
}

extension IndexSnapshot {
    /// Documents that one clause of the tree matches alone, and how long counting them takes.
    fileprivate func measure(_ node: QueryNode) -> (count: Int, nanoseconds: UInt64) {
        var parameters = SearchParameters(tree: node)
        parameters.limit = 0
        parameters.scorer = .docScore
        let start = MonotonicClock.nanoseconds
        let total = (try? Executor.run(parameters, on: self))?.total ?? 0  // what is too large counts for nothing
        return (total, MonotonicClock.nanoseconds &- start)
    }

    /// The children of a union that match something.
    fileprivate func childrenWithMatches(_ node: QueryNode) -> [QueryNode] {
        guard case .union(let children, _) = node.kind else { return [] }
        return children.filter { measure($0).count > 0 }
    }

    /// The terms of the dictionary that a pattern stands for, as words.
    fileprivate func terms(of node: QueryNode) -> [QueryNode] {
        let limit = 200
        let dictionary = self.dictionary
        func expand(_ text: Bytes, _ body: (ByteSlice) -> TermExpansion) -> [TermID] {
            text.withUnsafeBufferPointer(body).terms
        }
        let terms: [TermID]
        switch node.kind {
        case .prefix(let text): terms = expand(text) { dictionary.expandPrefix($0, limit: limit) }
        case .suffix(let text): terms = expand(text) { dictionary.expandSuffix($0, limit: limit) }
        case .infix(let text): terms = expand(text) { dictionary.expandInfix($0, limit: limit) }
        case .wildcard(let text): terms = expand(text) { dictionary.expandWildcard($0, limit: limit) }
        case .fuzzy(let text, let distance):
            terms = expand(text) { dictionary.expandFuzzy($0, distance: distance, limit: limit) }
        default: terms = []
        }
        return terms.map { id in
            var word = QueryNode(.word(dictionary.withTerm(id) { Bytes($0) }, isExpandable: false))
            word.fieldMask = node.fieldMask
            return word
        }
    }
}
