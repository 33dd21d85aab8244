// Syntax tree to clauses.
//
// Rules that come from the reference server and are visible in scores:
//  - a union of which only one alternative exists is that alternative, its own weight is lost;
//    unions of tag values and of expansions stay unions;
//  - a phrase or intersection of one child is that child, its own weight is lost;
//  - an intersection with an impossible child is impossible; NOT and OPTIONAL of it are not;
//  - OPTIONAL gives its weight to what it matched; numeric and geo clauses have none.

import SearchIndex
import SearchModel
import SearchQuery

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

func naturalLogarithm(_ x: Double) -> Double { log(x) }

struct PlanBuilder {
    var plan: Plan

    private var snapshot: IndexSnapshot { plan.snapshot }
    private var parameters: SearchParameters { plan.parameters }

    init(plan: Plan) {
        self.plan = plan
        // Most queries have no more clauses than this: a word is a union of three.
        self.plan.clauses.reserveCapacity(8)
    }

    mutating func build() throws(ExecutionError) -> Int? {
        try clause(for: parameters.tree, mask: parameters.inFields)
    }

    // MARK: nodes

    /// - Parameter mask: fields that words are restricted to; `nil` is all.
    /// - Returns: `nil` when the node cannot match anything.
    private mutating func clause(
        for node: QueryNode, mask outer: FieldMask?
    ) throws(ExecutionError) -> Int? {
        let mask = restricted(outer, by: node)
        switch node.kind {
        case .empty:
            return nil
        case .all:
            var clause = Clause(.all)
            clause.weight = node.weight
            clause.estimate = plan.documentCount
            return try add(clause)
        case .word(let word, _):
            return try term(word, mask: mask, weight: node.weight)
        case .phrase(let children):
            return try intersection(children, of: node, mask: mask, isPhrase: true)
        case .intersection(let children):
            return try intersection(children, of: node, mask: mask, isPhrase: false)
        case .union(let children, _):
            return try union(children, weight: node.weight, mask: mask)
        case .not(let child):
            var clause = Clause(.not)
            clause.weight = node.weight
            clause.estimate = plan.documentCount
            if let child = try self.clause(for: child, mask: mask) { clause.children = [child] }
            return try add(clause)
        case .optional(let child):
            var clause = Clause(.optional)
            clause.estimate = plan.documentCount
            if let child = try self.clause(for: child, mask: mask) {
                give(weight: node.weight, to: child)
                clause.children = [child]
            }
            return try add(clause)
        case .prefix(let text):
            guard text.count >= parameters.minPrefix else { return nil }
            return try expansion(of: text, mask: mask, weight: node.weight) { $0.expandPrefix($1, limit: $2) }
        case .suffix(let text):
            guard text.count >= parameters.minPrefix else { return nil }
            return try expansion(of: text, mask: mask, weight: node.weight) { $0.expandSuffix($1, limit: $2) }
        case .infix(let text):
            guard text.count >= parameters.minPrefix else { return nil }
            return try expansion(of: text, mask: mask, weight: node.weight) { $0.expandInfix($1, limit: $2) }
        case .wildcard(let text):
            return try expansion(of: text, mask: mask, weight: node.weight) { $0.expandWildcard($1, limit: $2) }
        case .fuzzy(let text, let distance):
            return try expansion(of: text, mask: mask, weight: node.weight) {
                $0.expandFuzzy($1, distance: distance, limit: $2)
            }
        case .numeric(let field, let range):
            return try numeric(field, range)
        case .geo(let field, let longitude, let latitude, let radius, let unit):
            return try geo(
                field, GeoCircle(longitude: longitude, latitude: latitude, radius: radius * unit.inMeters))
        case .tag(let field, let children):
            return try tag(field, children, weight: node.weight)
        case .missing(let field):
            return try missing(field)
        case .keys(let keys):
            return try self.keys(keys)
        }
    }

    private mutating func add(_ clause: Clause) throws(ExecutionError) -> Int {
        guard plan.clauses.count < Plan.clauseLimit else {
            throw .tooManyClauses(limit: Plan.clauseLimit)
        }
        plan.clauses.append(clause)
        return plan.clauses.count - 1
    }

    /// OPTIONAL's weight replaces that of the match it passes on.
    private mutating func give(weight: Double, to index: Int) {
        switch plan.clauses[index].source {
        case .optional:
            plan.clauses[index].unmatchedWeight = weight
            for child in plan.clauses[index].children { give(weight: weight, to: child) }
        default:
            plan.clauses[index].weight = weight
        }
    }

    // MARK: words

    private mutating func term(
        _ word: Bytes, mask: FieldMask?, weight: Double
    ) throws(ExecutionError) -> Int? {
        guard let id = word.withUnsafeBufferPointer({ plan.snapshot.dictionary.lookup($0) }) else { return nil }
        return try term(id, mask: mask, weight: weight)
    }

    private mutating func term(
        _ id: TermID, mask: FieldMask?, weight: Double
    ) throws(ExecutionError) -> Int? {
        if let mask, mask == 0 { return nil }
        guard plan.termCount < Plan.termLimit else { throw .tooManyTerms(limit: Plan.termLimit) }
        guard let (row, frequency) = plan.postings.open(id, in: plan.snapshot.segments) else { return nil }
        // A term that these fields never had is no term: it makes no union and no estimate.
        if let mask, !plan.postings.occurs(row: row, in: mask, plan.snapshot.segments) { return nil }
        plan.termCount += 1
        var clause = Clause(.term(id, mask))
        clause.weight = weight
        clause.row = row
        setStatistics(&clause, frequency: frequency)
        return try add(clause)
    }

    private func setStatistics(_ clause: inout Clause, frequency: Int) {
        clause.estimate = frequency
        if parameters.scorer.usesStatistics || parameters.explainScores {
            clause.idf = Plan.idf(documents: plan.documentCount, frequency: frequency)
            clause.idfStd = Plan.idfStd(documents: plan.documentCount, frequency: frequency)
        }
    }

    /// A union over terms that the dictionary finds, the first of the index's terms in order.
    private mutating func expansion(
        of text: Bytes, mask: FieldMask?, weight: Double,
        _ expand: (TermDictionary, ByteSlice, Int) -> TermExpansion
    ) throws(ExecutionError) -> Int? {
        if let mask, mask == 0 { return nil }
        let limit = max(1, parameters.maxExpansions)
        let expanded = text.withUnsafeBufferPointer { expand(plan.snapshot.dictionary, $0, limit) }
        if expanded.truncated { plan.expansionsTruncated = true }
        var clause = Clause(.expansion)
        clause.weight = weight
        for id in expanded.terms {
            if let child = try term(id, mask: mask, weight: 1) { clause.children.append(child) }
        }
        return try finishExpansion(clause)
    }

    private mutating func finishExpansion(_ clause: Clause) throws(ExecutionError) -> Int? {
        guard !clause.children.isEmpty else { return nil }
        var clause = clause
        clause.estimate = clause.children.reduce(0) { $0 + plan.clauses[$1].estimate }
        return try add(clause)
    }

    // MARK: AND, OR

    private mutating func intersection(
        _ nodes: [QueryNode], of node: QueryNode, mask: FieldMask?, isPhrase: Bool
    ) throws(ExecutionError) -> Int? {
        if nodes.count == 1 { return try clause(for: nodes[0], mask: mask) }
        var clause = Clause(.and)
        clause.weight = node.weight
        for child in nodes {
            guard let index = try self.clause(for: child, mask: mask) else { return nil }
            clause.children.append(index)
        }
        guard !clause.children.isEmpty else { return nil }
        if isPhrase {
            clause.maxSlop = 0
            clause.inOrder = true
        } else {
            clause.inOrder = parameters.inOrder || node.inOrder == true
            let slop = (node.slop ?? -1) == -1 ? parameters.slop ?? -1 : node.slop ?? -1
            clause.maxSlop = slop >= 0 ? slop : clause.inOrder ? .max : nil
        }
        var least = Int.max
        for child in clause.children { least = min(least, plan.clauses[child].estimate) }
        clause.estimate = least
        if !clause.inOrder { sortForIntersection(&clause.children) }
        return try add(clause)
    }

    /// By estimates; equal ones keep the order of the query. ANDs and phrases go first, whatever they are expected to
    /// match.
    private func sortForIntersection(_ children: inout [Int]) {
        func key(_ child: Int) -> Int { plan.clauses[child].isIntersection ? 0 : plan.clauses[child].estimate }
        guard children.count <= 16 else {
            let keys = children.map(key)
            children = children.indices.sorted {
                keys[$0] == keys[$1] ? $0 < $1 : keys[$0] < keys[$1]
            }.map { children[$0] }
            return
        }
        for index in children.indices.dropFirst() {
            let child = children[index]
            let own = key(child)
            var place = index
            while place > 0, key(children[place - 1]) > own {
                children[place] = children[place - 1]
                place -= 1
            }
            children[place] = child
        }
    }

    private mutating func union(
        _ nodes: [QueryNode], weight: Double, mask: FieldMask?
    ) throws(ExecutionError) -> Int? {
        var clause = Clause(.or)
        clause.weight = weight
        for node in nodes {
            if let child = try self.clause(for: node, mask: mask) { clause.children.append(child) }
        }
        if clause.children.count <= 1 { return clause.children.first }
        clause.estimate = clause.children.reduce(0) { $0 + plan.clauses[$1].estimate }
        return try add(clause)
    }

    // MARK: fields

    /// Whether the order of an AND's children shows in scores; then estimates must be exact over live
    /// documents, or the same documents in other segments would score differently.
    private var orderIsVisible: Bool { parameters.scorer.dividesBySlop }

    private func field(_ name: Bytes) -> (position: Int, spec: FieldSpec)? {
        guard let position = snapshot.schema.position(ofAttribute: name) else { return nil }
        let spec = snapshot.schema.fields[position]
        return spec.isNotIndexed ? nil : (position, spec)
    }

    /// The mask that the expander resolved, or the fields by name in a tree that it has not seen.
    private func restricted(_ outer: FieldMask?, by node: QueryNode) -> FieldMask? {
        if parameters.ignoresFields { return nil }
        if let own = node.fieldMask { return own & (outer ?? .max) }
        guard let names = node.fields else { return outer }
        var mask: FieldMask = 0
        for name in names {
            if let (_, spec) = field(name), case .text(let options) = spec.kind {
                mask |= 1 << FieldMask(options.bit)
            }
        }
        return mask & (outer ?? .max)
    }

    private mutating func numeric(_ name: Bytes, _ range: NumericRange) throws(ExecutionError) -> Int? {
        guard let (position, spec) = field(name), spec.kind == .numeric else { return nil }
        let values = ValueRange(
            lower: range.lower, upper: range.upper,
            includesLower: range.includesLower, includesUpper: range.includesUpper)
        guard !values.isEmpty else { return nil }
        var clause = Clause(.numeric(field: position, values))
        for segment in snapshot.segments {
            guard let column = segment.numeric(position) else { continue }
            clause.estimate +=
                orderIsVisible && segment.hasDeletions
                ? column.liveCount(
                    values, deadCount: segment.documentCount - segment.liveCount, copyLiveWindow: segment.copyLiveWindow
                )
                : column.estimate(values)
        }
        guard clause.estimate > 0 else { return nil }
        clause.isRangeUnion = clause.estimate > max(16, plan.documentCount / 32)
        return try add(clause)
    }

    private mutating func geo(_ name: Bytes, _ circle: GeoCircle) throws(ExecutionError) -> Int? {
        guard let (position, spec) = field(name), spec.kind == .geo else { return nil }
        var clause = Clause(.geo(field: position, circle))
        for segment in snapshot.segments {
            guard let column = segment.geo(position) else { continue }
            clause.estimate +=
                orderIsVisible
                ? column.matches(circle).liveDocumentFrequency(
                    deadCount: segment.documentCount - segment.liveCount, copyLiveWindow: segment.copyLiveWindow)
                : column.estimate(circle)
        }
        guard clause.estimate > 0 else { return nil }
        clause.isRangeUnion = true
        return try add(clause)
    }

    private mutating func missing(_ name: Bytes) throws(ExecutionError) -> Int? {
        guard let position = snapshot.schema.position(ofAttribute: name) else { return nil }
        var clause = Clause(.missing(field: position))
        clause.weight = 0
        for segment in snapshot.segments {
            clause.estimate += segment.missing(position)?.count ?? 0
        }
        guard clause.estimate > 0 else { return nil }
        return try add(clause)
    }

    private mutating func keys(_ keys: [Bytes]) throws(ExecutionError) -> Int? {
        var found = [[DocID]](repeating: [], count: plan.segmentCount)
        for key in keys {
            if let (segment, docID) = key.withUnsafeBufferPointer({ plan.snapshot.locate($0) }) {
                found[segment].append(docID)
            }
        }
        for segment in found.indices {
            found[segment].sort()
            // A key may be named twice.
            found[segment] = found[segment].enumerated()
                .filter { $0.offset == 0 || found[segment][$0.offset - 1] != $0.element }.map(\.element)
        }
        var clause = Clause(.keys(found))
        clause.estimate = found.reduce(0) { $0 + $1.count }
        guard clause.estimate > 0 else { return nil }
        return try add(clause)
    }

    // MARK: tags

    private mutating func tag(
        _ name: Bytes, _ nodes: [QueryNode], weight: Double
    ) throws(ExecutionError) -> Int? {
        guard let (position, spec) = field(name), case .tag = spec.kind,
            let dictionary = snapshot.tagDictionary(position)
        else { return nil }
        if nodes.count == 1 { return try tagAlternative(position, nodes[0], weight, dictionary) }
        var clause = Clause(.or)
        clause.weight = weight
        for node in nodes {
            if let child = try tagAlternative(position, node, weight, dictionary) {
                clause.children.append(child)
            }
        }
        guard !clause.children.isEmpty else { return nil }
        clause.estimate = clause.children.reduce(0) { $0 + plan.clauses[$1].estimate }
        return try add(clause)
    }

    private mutating func tagAlternative(
        _ position: Int, _ node: QueryNode, _ weight: Double, _ dictionary: TagDictionary
    ) throws(ExecutionError) -> Int? {
        let limit = max(1, parameters.maxExpansions)
        let expanded: TermExpansion
        switch node.kind {
        case .word(let value, _):
            return try tagValue(position, value, weight, dictionary)
        case .phrase(let words), .intersection(let words):
            return try tagValue(position, joined(words), weight, dictionary)
        case .prefix(let text):
            guard text.count >= parameters.minPrefix else { return nil }
            expanded = text.withUnsafeBufferPointer { dictionary.expandPrefix($0, limit: limit) }
        case .suffix(let text):
            guard text.count >= parameters.minPrefix else { return nil }
            expanded = text.withUnsafeBufferPointer { dictionary.expandSuffix($0, limit: limit) }
        case .infix(let text):
            guard text.count >= parameters.minPrefix else { return nil }
            expanded = text.withUnsafeBufferPointer { dictionary.expandInfix($0, limit: limit) }
        case .wildcard(let text):
            // Tags are bytes to the reference server: its `?` is half of an `é`.
            expanded = text.withUnsafeBufferPointer { dictionary.expandWildcard($0, unit: .byte, limit: limit) }
        case .empty, .all, .union, .not, .optional, .fuzzy, .numeric, .geo, .tag, .missing, .keys:
            return nil
        }
        if expanded.truncated { plan.expansionsTruncated = true }
        var clause = Clause(.expansion)
        clause.weight = weight
        for value in inSignedOrder(expanded.terms, dictionary) {
            if let child = try tagValue(position, value, 1) { clause.children.append(child) }
        }
        return try finishExpansion(clause)
    }

    /// The reference server takes the first value that matches in the order of signed bytes: `É` before `a`.
    private func inSignedOrder(_ values: [TagID], _ dictionary: TagDictionary) -> [TagID] {
        let later = values.firstIndex { id in dictionary.withTerm(id) { ($0.first ?? 0) >= 0x80 } } ?? values.count
        return Array(values[later...] + values[..<later])
    }

    /// Words of one tag are joined by one space.
    private func joined(_ words: [QueryNode]) -> Bytes {
        var value: Bytes = []
        for word in words {
            if case .word(let bytes, _) = word.kind {
                if !value.isEmpty { value.append(UInt8(ascii: " ")) }
                value += bytes
            }
        }
        return value
    }

    private mutating func tagValue(
        _ position: Int, _ value: Bytes, _ weight: Double, _ dictionary: TagDictionary
    ) throws(ExecutionError) -> Int? {
        guard let id = value.withUnsafeBufferPointer({ dictionary.lookup($0) }) else { return nil }
        return try tagValue(position, id, weight)
    }

    private mutating func tagValue(
        _ position: Int, _ id: TagID, _ weight: Double
    ) throws(ExecutionError) -> Int? {
        guard plan.termCount < Plan.termLimit else { throw .tooManyTerms(limit: Plan.termLimit) }
        var frequency = 0
        for segment in snapshot.segments {
            guard let column = segment.tags(position) else { continue }
            if segment.hasDeletions, let list = column.list(for: id) {
                frequency += list.liveDocumentFrequency(
                    deadCount: segment.documentCount - segment.liveCount, copyLiveWindow: segment.copyLiveWindow)
            } else {
                frequency += column.documentFrequency(for: id)
            }
        }
        guard frequency > 0 else { return nil }
        var clause = Clause(.tag(field: position, id))
        clause.weight = weight
        setStatistics(&clause, frequency: frequency)
        return try add(clause)
    }
}
