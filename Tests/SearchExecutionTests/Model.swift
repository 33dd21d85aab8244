// The slow truth: queries answered by looking at every document, one by one.
//
// Written from the documentation of the semantics and shares nothing with the executor but the
// syntax tree, so that an agreement of both means something.

import SearchExecution
import SearchModel
import SearchQuery

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct Model {
    let schema: Schema
    let documents: [(document: TestDocument, analyzed: AnalyzedDocument)]
    let frequencies: [String: Int]
    let tagFrequencies: [String: [String: Int]]
    let vocabulary: [String]
    let tagVocabulary: [String: [String]]
    let averageLength: Double
    var maxExpansions = 200
    var slop: Int?
    var inOrder = false

    init(_ corpus: Corpus) {
        schema = corpus.schema
        documents = corpus.documents.filter { !$0.isDead }.map { ($0, AnalyzedDocument($0, corpus.schema)) }
        var frequencies: [String: Int] = [:]
        var tags: [String: [String: Int]] = [:]
        for (document, analyzed) in documents {
            for term in analyzed.terms.keys { frequencies[term, default: 0] += 1 }
            for (field, values) in document.tags {
                for value in Set(values) { tags[field, default: [:]][value, default: 0] += 1 }
            }
        }
        self.frequencies = frequencies
        tagFrequencies = tags
        // Dead documents' terms stay in the dictionary and take part in the limit of expansions.
        var words: Set<String> = []
        var values: [String: Set<String>] = [:]
        for document in corpus.documents {
            words.formUnion(AnalyzedDocument(document, corpus.schema).terms.keys)
            for (field, tags) in document.tags { values[field, default: []].formUnion(tags) }
        }
        vocabulary = words.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        tagVocabulary = values.mapValues { $0.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
        let lengths = documents.reduce(0) { $0 + Int($1.analyzed.length) }
        averageLength = documents.isEmpty ? 0 : Double(lengths) / Double(documents.count)
    }

    // MARK: match trees

    indirect enum Match {
        case term(positions: [Int], frequency: Double, documents: Int, weight: Double)
        case virtual(frequency: Double, weight: Double, isAll: Bool)
        /// A range that many documents fall into counts as a union of ranges in distances of scores.
        case number(weight: Double, isUnion: Bool)
        case aggregate([Match], weight: Double, isUnion: Bool)

        var isVirtual: Bool { if case .virtual = self { true } else { false } }
        func isNumber(_ forScore: Bool) -> Bool {
            if case .number(_, let isUnion) = self { !(forScore && isUnion) } else { false }
        }

        func weighted(_ weight: Double) -> Match {
            switch self {
            case .term(let p, let f, let d, _): .term(positions: p, frequency: f, documents: d, weight: weight)
            case .virtual(let f, _, let a): .virtual(frequency: f, weight: weight, isAll: a)
            case .number(_, let u): .number(weight: weight, isUnion: u)
            case .aggregate(let c, _, let u): .aggregate(c, weight: weight, isUnion: u)
            }
        }

        /// `nil`: takes no part in distances.
        func positions(forScore: Bool) -> [Int]? {
            switch self {
            case .term(let positions, _, _, _): return positions.isEmpty ? nil : positions
            case .virtual: return nil
            case .number(_, let isUnion): return forScore && isUnion ? [] : nil
            case .aggregate(let children, _, _):
                if children.allSatisfy(\.isVirtual) || children.allSatisfy({ $0.isNumber(forScore) }) { return nil }
                return children.flatMap { $0.positions(forScore: forScore) ?? [] }.sorted()
            }
        }
    }

    // MARK: what can match

    /// A query without what cannot match anything, its intersections in the order of evaluation.
    indirect enum Prepared {
        case all(weight: Double)
        case term(String, Set<Int>?, weight: Double)
        case first([Prepared], weight: Double)
        case and([Prepared], weight: Double, slop: Int, inOrder: Bool)
        case or([Prepared], weight: Double)
        case not(Prepared?, weight: Double)
        case optional(Prepared?, weight: Double)
        case number(String, NumericRange, isUnion: Bool)
        case tag(String, String, weight: Double)
        case missing(String)
        case keys([Bytes])
    }

    /// - Returns: `nil` when nothing can match; else the tree and how many documents it is taken to match.
    func prepare(_ node: QueryNode, _ outer: Set<Int>?) -> (Prepared, Int)? {
        let fields = restricted(outer, node.fields)
        switch node.kind {
        case .empty, .geo:
            return nil
        case .all:
            return (.all(weight: node.weight), documents.count)
        case .word(let word, _):
            let text = name(word)
            guard exists(text, in: fields), let frequency = frequencies[text] else { return nil }
            return (.term(text, fields, weight: node.weight), frequency)
        case .phrase(let nodes):
            if nodes.count == 1 { return prepare(nodes[0], fields) }
            return intersection(nodes, fields, node.weight, slop: 0, inOrder: true)
        case .intersection(let nodes):
            if nodes.count == 1 { return prepare(nodes[0], fields) }
            let ordered = inOrder || node.inOrder == true
            var slop = node.slop ?? -1
            if slop == -1 { slop = self.slop ?? -1 }
            return intersection(
                nodes, fields, node.weight, slop: slop == -1 && ordered ? .max : slop, inOrder: ordered)
        case .union(let nodes, _):
            let existing = nodes.compactMap { prepare($0, fields) }
            if existing.count <= 1 { return existing.first }
            return (.or(existing.map(\.0), weight: node.weight), existing.reduce(0) { $0 + $1.1 })
        case .not(let child):
            return (.not(prepare(child, fields)?.0, weight: node.weight), documents.count)
        case .optional(let child):
            return (.optional(prepare(child, fields)?.0, weight: node.weight), documents.count)
        case .prefix, .suffix, .infix, .wildcard, .fuzzy:
            let terms = expansions(node).filter { exists($0, in: fields) }
            if terms.isEmpty { return nil }
            return (
                .first(terms.map { .term($0, fields, weight: 1) }, weight: node.weight),
                terms.reduce(0) { $0 + frequencies[$1]! }
            )
        case .numeric(let field, let range):
            let count = documents.count { $0.document.numbers[name(field)].map { range.holds($0) } ?? false }
            if count == 0 { return nil }
            return (.number(name(field), range, isUnion: count > max(16, documents.count / 32)), count)
        case .tag(let field, let nodes):
            let found = nodes.compactMap { alternative(name(field), $0, node.weight) }
            if found.isEmpty { return nil }
            if nodes.count == 1 { return found[0] }
            return (.or(found.map(\.0), weight: node.weight), found.reduce(0) { $0 + $1.1 })
        case .missing(let field):
            guard schema.position(ofAttribute: field) != nil else { return nil }
            let count = documents.count { isMissing(name(field), $0.document) }
            return count == 0 ? nil : (.missing(name(field)), count)
        case .keys(let keys):
            let count = documents.count { keys.contains(bytes($0.document.key)) }
            return count == 0 ? nil : (.keys(keys), count)
        }
    }

    private func intersection(
        _ nodes: [QueryNode], _ fields: Set<Int>?, _ weight: Double, slop: Int, inOrder: Bool
    ) -> (Prepared, Int)? {
        var children: [(Prepared, Int)] = []
        for node in nodes {
            guard let child = prepare(node, fields) else { return nil }
            children.append(child)
        }
        if !inOrder {
            let keys = children.map { child in if case .and = child.0 { 0 } else { child.1 } }
            children = children.indices.sorted { keys[$0] == keys[$1] ? $0 < $1 : keys[$0] < keys[$1] }
                .map { children[$0] }
        }
        let least = children.map(\.1).min() ?? 0
        return (.and(children.map(\.0), weight: weight, slop: slop, inOrder: inOrder), least)
    }

    /// Whether some document has the term in one of the fields.
    private func exists(_ text: String, in fields: Set<Int>?) -> Bool {
        guard let fields else { return frequencies[text] != nil }
        return documents.contains { item in
            guard let mask = item.analyzed.terms[text]?.mask else { return false }
            return fields.contains { mask >> FieldMask($0) & 1 == 1 }
        }
    }

    private func alternative(_ field: String, _ node: QueryNode, _ weight: Double) -> (Prepared, Int)? {
        let values = tagValues(field, node)
        if values.isEmpty { return nil }
        let count = values.reduce(0) { $0 + tagFrequencies[field]![$1]! }
        if case .word = node.kind { return (.tag(field, values[0], weight: weight), count) }
        return (.first(values.map { .tag(field, $0, weight: 1) }, weight: weight), count)
    }

    private func isMissing(_ name: String, _ document: TestDocument) -> Bool {
        document.texts[name] == nil && document.numbers[name] == nil && document.tags[name] == nil
            && document.points[name] == nil
    }

    // MARK: what matches

    typealias Item = (document: TestDocument, analyzed: AnalyzedDocument)

    func match(_ node: Prepared, _ item: Item) -> Match? {
        switch node {
        case .all(let weight):
            return .virtual(frequency: 1, weight: weight, isAll: true)
        case .term(let text, let fields, let weight):
            return term(text, item, fields, weight)
        case .first(let children, let weight):
            for child in children {
                if let found = match(child, item) { return .aggregate([found], weight: weight, isUnion: true) }
            }
            return nil
        case .and(let children, let weight, let slop, let inOrder):
            var found: [Match] = []
            for child in children {
                guard let match = match(child, item) else { return nil }
                found.append(match)
            }
            if slop >= 0 {
                let lists = found.compactMap { $0.positions(forScore: false) }
                if !lists.isEmpty, !(inOrder ? Model.ordered(lists, slop) : Model.unordered(lists, slop)) {
                    return nil
                }
            }
            return .aggregate(found, weight: weight, isUnion: false)
        case .or(let children, let weight):
            let found = children.compactMap { match($0, item) }
            return found.isEmpty ? nil : .aggregate(found, weight: weight, isUnion: true)
        case .not(let child, let weight):
            if let child, match(child, item) != nil { return nil }
            return .virtual(frequency: 0, weight: weight, isAll: false)
        case .optional(let child, let weight):
            if let child, let found = match(child, item) { return found.weighted(weight) }
            return .virtual(frequency: 1, weight: 0, isAll: false)
        case .number(let field, let range, let isUnion):
            guard let value = item.document.numbers[field], range.holds(value) else { return nil }
            return .number(weight: 1, isUnion: isUnion)
        case .tag(let field, let value, let weight):
            guard item.document.tags[field]?.contains(value) == true else { return nil }
            return .term(
                positions: [], frequency: 1, documents: tagFrequencies[field]![value]!, weight: weight)
        case .missing(let field):
            return isMissing(field, item.document) ? .virtual(frequency: 1, weight: 0, isAll: false) : nil
        case .keys(let keys):
            return keys.contains(bytes(item.document.key)) ? .virtual(frequency: 0, weight: 1, isAll: false) : nil
        }
    }

    private func term(
        _ text: String, _ item: (document: TestDocument, analyzed: AnalyzedDocument), _ fields: Set<Int>?,
        _ weight: Double
    ) -> Match? {
        guard let found = item.analyzed.terms[text] else { return nil }
        if let fields, !fields.contains(where: { found.mask >> FieldMask($0) & 1 == 1 }) { return nil }
        return .term(
            positions: found.positions.map(Int.init), frequency: Double(found.frequency),
            documents: frequencies[text]!, weight: weight)
    }

    // MARK: names, fields, expansions

    private func name(_ bytes: Bytes) -> String { String(decoding: bytes, as: UTF8.self) }

    private func restricted(_ outer: Set<Int>?, _ names: [Bytes]?) -> Set<Int>? {
        guard let names else { return outer }
        var bits: Set<Int> = []
        for name in names {
            if let place = schema.position(ofAttribute: name), case .text(let options) = schema.fields[place].kind {
                bits.insert(options.bit)
            }
        }
        return outer.map { bits.intersection($0) } ?? bits
    }

    func expansions(_ node: QueryNode) -> [String] {
        Array(vocabulary.filter { accepts(node, $0) }.prefix(maxExpansions)).filter { frequencies[$0] != nil }
    }

    private func tagValues(_ field: String, _ node: QueryNode) -> [String] {
        guard let live = tagFrequencies[field] else { return [] }
        if case .word(let word, _) = node.kind { return live[name(word)] == nil ? [] : [name(word)] }
        return tagVocabulary[field]!.filter { accepts(node, $0) }.prefix(maxExpansions).filter { live[$0] != nil }
    }

    private func accepts(_ node: QueryNode, _ text: String) -> Bool {
        switch node.kind {
        case .prefix(let part): part.count >= 2 && text.hasPrefix(name(part))
        case .suffix(let part): part.count >= 2 && text.hasSuffix(name(part))
        case .infix(let part): part.count >= 2 && text.contains(name(part))
        case .fuzzy(let word, let distance): Model.isNear(text, name(word), distance)
        default: false
        }
    }

    /// Within the distance, or so without its last letter and, whole, near a prefix of the word.
    static func isNear(_ term: String, _ word: String, _ distance: Int) -> Bool {
        let row = distances(term, word)
        return row.last! <= distance
            || row.contains { $0 <= distance } && distances(String(term.dropLast()), word).last! <= distance
    }

    /// Edits between a term and each prefix of the word.
    private static func distances(_ a: String, _ b: String) -> [Int] {
        let (a, b) = (Array(a), Array(b))
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let cost = min(row[j + 1] + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = cost
            }
        }
        return row
    }

    // MARK: positions

    static let absent = Int(UInt32.max)

    static func unordered(_ lists: [[Int]], _ slop: Int) -> Bool {
        var rest = lists.map { $0[...] }
        var current = rest.indices.map { rest[$0].popFirst() ?? absent }
        func value(_ position: Int) -> Int { position == absent ? -1 : position }
        var latest = current.max()!
        while true {
            let earliest = current.firstIndex(of: current.min()!)!
            let span = value(latest) - value(current[earliest]) - (lists.count - 1)
            if current[earliest] != latest, span <= slop { return true }
            guard let next = rest[earliest].popFirst() else { return false }
            current[earliest] = next
            latest = max(latest, next)
        }
    }

    static func ordered(_ lists: [[Int]], _ slop: Int) -> Bool {
        var rest = lists.map { $0[...] }
        var current = [Int](repeating: 0, count: lists.count)
        while true {
            var span = 0
            for index in lists.indices {
                let previous = index == 0 ? 0 : current[index - 1]
                var position: Int? = index == 0 ? rest[0].popFirst() : current[index]
                while let at = position, at < previous { position = rest[index].popFirst() }
                guard let position else { return false }
                current[index] = position
                if index > 0 {
                    span += position - previous - 1
                    if span > slop { break }
                }
            }
            if span <= slop { return true }
        }
    }

    static func divisor(_ match: Match) -> Double {
        guard case .aggregate(let children, _, _) = match, children.count > 1 else { return 1 }
        let lists = children.compactMap { $0.positions(forScore: true) }
        var sum = 0
        for (a, b) in zip(lists, lists.dropFirst()) {
            var (a, b) = (a[...], b[...])
            var x = a.popFirst() ?? -1
            var y = b.popFirst() ?? -1
            var least = abs(x - y)
            while least > 1, x != -1, y != -1 {
                least = min(least, abs(x - y))
                if y > x { x = a.popFirst() ?? -1 } else { y = b.popFirst() ?? -1 }
            }
            sum += least * least
        }
        return sum == 0 ? Double(children.count - 1) : Double(sum).squareRoot().rounded(.down)
    }

    // MARK: scores

    func tree(_ match: Match, _ scorer: ScorerKind, _ legacy: Bool, _ length: Double) -> Double {
        let k1 = Double(Float(1.2))
        let b = legacy ? 0.5 : 0.75
        let n = documents.count
        func std(_ f: Double, _ c: Double) -> Double {
            c * f * Double(Float(1.2) + 1) / (f + k1 * (1 - b + b * length / (averageLength > 0 ? averageLength : 1)))
        }
        let bm25 = k1 * (1 - 0.5 + 0.5 * averageLength)
        switch match {
        case .term(_, let f, let df, let w):
            let idf = floor(log2(1 + Double(n + 1) / Double(df)))
            let idfStd = log(Double(Float(1 + (Double(n) - Double(df) + 0.5) / (Double(df) + 0.5))))
            switch scorer {
            case .tfidf, .tfidfDocNorm: return w * f * idf
            case .bm25: return idf * f / (f + bm25)
            case .bm25Std, .bm25StdNorm, .bm25StdTanh: return std(f, legacy ? idfStd : w * idfStd)
            case .disMax: return w * f
            case .docScore, .hamming: return 0
            }
        case .virtual(let f, let w, let isAll):
            switch scorer {
            case .tfidf, .tfidfDocNorm, .disMax: return w * f
            case .bm25: return f == 0 ? 0 : w * f / (f + bm25)
            case .bm25Std, .bm25StdNorm, .bm25StdTanh: return isAll ? std(f, legacy ? 1 : w) : 0
            case .docScore, .hamming: return 0
            }
        case .number(let w, _):
            return tree(.virtual(frequency: 1, weight: w, isAll: false), scorer, legacy, length)
        case .aggregate(let children, let weight, let isUnion):
            var sum = 0.0
            for child in children {
                let score = tree(child, scorer, legacy, length)
                sum = scorer == .disMax && isUnion ? max(sum, score) : sum + score
            }
            return sum * weight
        }
    }

    func score(
        _ match: Match, _ item: (document: TestDocument, analyzed: AnalyzedDocument), _ scorer: ScorerKind,
        _ legacy: Bool
    ) -> Double {
        let ds = Double(item.document.score)
        let total = tree(match, scorer, legacy, Double(item.analyzed.length))
        func nonNegative(_ score: Double) -> Double { score < 0 ? 0 : score }
        switch scorer {
        case .tfidf:
            let norm = Double(item.analyzed.maxFrequency)
            return norm == 0 ? 0 : nonNegative(ds * total / norm) / Model.divisor(match)
        case .tfidfDocNorm:
            let norm = Double(item.analyzed.length)
            return norm == 0 ? 0 : nonNegative(ds * total / norm) / Model.divisor(match)
        case .bm25: return nonNegative(ds * total) / Model.divisor(match)
        case .bm25Std, .bm25StdNorm, .bm25StdTanh: return ds * total
        case .disMax: return total
        case .docScore, .hamming: return ds
        }
    }

    struct Row {
        var document: TestDocument
        var score: Double
    }

    /// Every match, best first.
    func answer(_ query: QueryNode, _ scorer: ScorerKind, legacy: Bool = false) -> [Row] {
        guard let (prepared, _) = prepare(query, nil) else { return [] }
        var rows: [Row] = []
        for item in documents {
            if let match = match(prepared, item) {
                rows.append(Row(document: item.document, score: score(match, item, scorer, legacy)))
            }
        }
        return rows.sorted {
            $0.score == $1.score ? $0.document.stamp < $1.document.stamp : $0.score > $1.score
        }
    }
}

extension NumericRange {
    func holds(_ value: Double) -> Bool {
        (includesLower ? value >= lower : value > lower) && (includesUpper ? value <= upper : value < upper)
    }
}
