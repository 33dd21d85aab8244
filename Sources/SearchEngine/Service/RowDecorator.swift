// HIGHLIGHT and SUMMARIZE: which words of a row the query found, and what is made of them.

import RESP
import SearchAnalysis
import SearchExecution
import SearchIndex
import SearchModel

/// Decorates the rows of one search. Not thread-safe; one per reply.
package final class RowDecorator {
    private let finder: TermFinder
    private let snapshot: IndexSnapshot
    /// TEXT fields: what rows call them, and their bits.
    private let fields: [(name: Bytes, bit: Int)]

    // The row at hand.
    private var names: [Bytes] = []
    private var found: [[FoundTerm]] = []
    /// By leaf of the query.
    private var weights: [Double?]

    package init(_ search: IndexSearch) {
        let configuration = search.index.configuration
        snapshot = search.snapshot
        fields = configuration.definition.schema.fields.compactMap { field in
            guard case .text(let options) = field.kind else { return nil }
            return (name: field.attribute, bit: options.bit)
        }
        finder = TermFinder(
            tree: search.tree, schema: configuration.definition.schema,
            tokenizer: Tokenizer(stopWords: configuration.stopWords), stemmer: Stemmer(search.language),
            synonyms: configuration.synonyms, minStemLength: configuration.analysis.minStemLength,
            minPhoneticLength: configuration.analysis.minPhoneticLength)
        weights = Array(repeating: nil, count: finder.leafCount)
    }

    /// A new row.
    ///
    /// - Parameter value: the text of a field, by the name that the row shows; `nil` when it is not there.
    package func begin(_ value: (Bytes) -> ByteSlice?) {
        names.removeAll(keepingCapacity: true)
        var texts: [TermFinder.FieldText] = []
        for field in fields {
            guard let text = value(field.name) else { continue }
            names.append(field.name)
            texts.append(TermFinder.FieldText(bit: field.bit, text: Bytes(text)))
        }
        found = finder.find(in: texts)
        // Patterns stand for another term in each document.
        for leaf in weights.indices { weights[leaf] = nil }
    }

    /// The text of a field of the row as it is shown.
    package func decorated(_ value: ByteSlice, _ name: some Collection<UInt8>, _ decoration: Decoration) -> Bytes {
        let text = Bytes(value)
        let terms = names.firstIndex { $0.elementsEqual(name) }.map { found[$0] } ?? []
        var tags: HighlightTags?
        if let highlight = decoration.highlight {
            tags = HighlightTags()
            tags?.open = highlight.open
            tags?.close = highlight.close
        }
        if let summarize = decoration.summarize {
            var options = SummaryOptions()
            options.fragments = summarize.fragments
            options.words = summarize.length
            options.separator = summarize.separator
            return Summarizer(options: options, tags: tags).summarize(text, terms) { weight(ofLeaf: $0) }
        }
        return tags.map { Highlighter.highlight(text, terms, tags: $0) } ?? text
    }

    /// How rare a leaf's term is: whole bits, as TFIDF counts them.
    private func weight(ofLeaf leaf: Int) -> Double {
        if let known = weights[leaf] { return known }
        let count = max(1, SpellCheck.documentCount(of: finder.term(ofLeaf: leaf), nil, snapshot))
        let weight = Double((1 + Double(snapshot.documentCount + 1) / Double(count)).exponent)
        weights[leaf] = weight
        return weight
    }
}
