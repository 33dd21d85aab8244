// FT.SPELLCHECK: index terms near the words of a query that no document has.

import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery

package struct SpellCheck: Sendable {
    package struct Suggestion: Equatable, Sendable {
        package var text: Bytes
        /// Live documents that have it; 0 for words of a dictionary alone.
        package var documentCount: Int
    }

    package struct Word: Equatable, Sendable {
        package var text: Bytes
        /// A term of the index: nothing to suggest.
        package var isKnown: Bool
        /// Best first.
        package var suggestions: [Suggestion]
    }

    package struct Result: Sendable {
        package var documentCount: Int
        package var words: [Word]
    }

    package enum Failure: Error, Equatable, Sendable {
        case syntax(QuerySyntaxError)
        case noSuchDictionary(Bytes)
    }

    package var distance = 1
    package var dialect: Int
    package var included: [Bytes] = []
    package var excluded: [Bytes] = []
    package var includedTerms: [Bytes] = []
    package var excludedTerms: [Bytes] = []

    package init(dialect: Int) { self.dialect = dialect }

    package func run(
        _ query: ByteSlice, on index: LiveIndex, dictionaries: SearchEngine
    ) throws(Failure) -> Result {
        let configuration = index.configuration
        let root: QueryNode
        do throws(QuerySyntaxError) {
            root = try QueryParser.parse(
                query, options: QueryParserOptions(dialect: dialect, stopWords: configuration.stopWords))
        } catch {
            throw .syntax(error)
        }
        var extra = includedTerms
        for name in included { extra += try terms(of: name, dictionaries) }
        // Dictionaries keep the case of their terms; words of a query are lower-case.
        var ignored = Set(excludedTerms.map(\.asciiLowercased))
        for name in excluded { ignored.formUnion(try terms(of: name, dictionaries).map(\.asciiLowercased)) }

        var words: [(Bytes, FieldMask?)] = []
        Self.collect(root, nil, configuration.definition.schema, into: &words)
        let snapshot = index.snapshot
        var result = Result(documentCount: snapshot.documentCount, words: [])
        for (text, mask) in words where !ignored.contains(text) {
            if Self.documentCount(of: text, nil, snapshot) > 0 {
                result.words.append(Word(text: text, isKnown: true, suggestions: []))
            } else {
                result.words.append(
                    Word(
                        text: text, isKnown: false, suggestions: suggestions(for: text, mask, snapshot, extra)))
            }
        }
        return result
    }

    private func terms(of name: Bytes, _ engine: SearchEngine) throws(Failure) -> [Bytes] {
        guard let terms = engine.dictionary(name) else { throw .noSuchDictionary(name) }
        return terms
    }

    private func suggestions(
        for word: Bytes, _ mask: FieldMask?, _ snapshot: IndexSnapshot, _ extra: [Bytes]
    ) -> [Suggestion] {
        var found: [Suggestion] = []
        let near = word.withUnsafeBufferPointer {
            snapshot.dictionary.expandFuzzy($0, distance: distance, limit: .max).terms
        }
        for term in near {
            let text = snapshot.dictionary.withTerm(term) { Bytes($0) }
            let count = Self.documentCount(of: text, mask, snapshot)
            if count > 0 { found.append(Suggestion(text: text, documentCount: count)) }
        }
        let folded = word.asciiLowercased.withUnsafeBufferPointer { FuzzyWord($0, distance: distance) }
        for text in extra
        where !found.contains(where: { $0.text == text })
            && text.asciiLowercased.withUnsafeBufferPointer(folded.matches)
        {
            found.append(Suggestion(text: text, documentCount: 0))
        }
        found.sort { a, b in
            a.documentCount != b.documentCount
                ? a.documentCount > b.documentCount : a.text.lexicographicallyPrecedes(b.text)
        }
        return found
    }

    /// Live documents that have the term in one of the fields.
    static func documentCount(of term: Bytes, _ mask: FieldMask?, _ snapshot: IndexSnapshot) -> Int {
        guard let id = term.withUnsafeBufferPointer({ snapshot.dictionary.lookup($0) }) else { return 0 }
        var count = 0
        for segment in snapshot.segments {
            guard let list = segment.postings(for: id) else { continue }
            if let mask {
                count += liveCount(list, mask, segment)
            } else {
                count += list.liveDocumentFrequency(in: segment)
            }
        }
        return count
    }

    private static func liveCount(_ list: PostingList, _ mask: FieldMask, _ segment: SegmentView) -> Int {
        var count = 0
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * wordsPerWindow) { words in
            guard let found = words.baseAddress else { return }
            let live = found + wordsPerWindow
            for window in 0..<(segment.documentCount + windowSize - 1) / windowSize {
                found.update(repeating: 0, count: wordsPerWindow)
                list.fillWindow(window, mask: mask, words: found)
                segment.copyLiveWindow(window, into: live)
                for i in 0..<wordsPerWindow { count += (found[i] & live[i]).nonzeroBitCount }
            }
        }
        return count
    }

    /// The plain words of a query, each as often as it stands there.
    private static func collect(
        _ node: QueryNode, _ outer: FieldMask?, _ schema: Schema, into words: inout [(Bytes, FieldMask?)]
    ) {
        var mask = outer
        if let fields = node.fields {
            var own: FieldMask = 0
            for field in schema.fields {
                if case .text(let options) = field.kind, fields.contains(field.attribute) { own |= 1 << options.bit }
            }
            mask = own & (outer ?? ~0)
        }
        switch node.kind {
        case .word(let text, _):
            if !text.isEmpty { words.append((text, mask)) }
        case .phrase(let children), .intersection(let children), .union(let children, _):
            for child in children { collect(child, mask, schema, into: &words) }
        case .not(let child), .optional(let child):
            collect(child, mask, schema, into: &words)
        case .tag(_, let children):
            // As the oracle: the words of a tag are looked at as if they were text.
            for child in children { collect(child, mask, schema, into: &words) }
        case .empty, .all, .prefix, .suffix, .infix, .wildcard, .fuzzy, .numeric, .geo, .missing, .keys:
            break
        }
    }
}
