// HIGHLIGHT and SUMMARIZE: which words of a row the query found, and what is made of them.

import RESP
import SearchAnalysis
import SearchExecution
import SearchIndex
import SearchModel

/// Decorates the rows of one search. Not thread-safe; one per reply.
package final class RowDecorator {
    /// Of the language of the row at hand: documents are stemmed in their own.
    @exclusivity(unchecked) private var finder: TermFinder
    @exclusivity(unchecked) private var finders: [Language: TermFinder]
    @exclusivity(unchecked) private var stemmers: [Stemmer] = []
    private let search: IndexSearch
    private let snapshot: IndexSnapshot
    /// TEXT fields that have to be searched.
    private let fields: [Field]

    private struct Field {
        /// What rows call it.
        let name: Bytes
        let bit: Int
    }

    /// What is done to values, by name.
    private let named: [(name: Bytes, style: Style)]
    /// What is done to all others.
    private let common: Style

    private enum Style {
        case plain
        case highlight(HighlightTags)
        case summary(Summarizer)

        init(_ decoration: Decoration) {
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
                self = .summary(Summarizer(options: options, tags: tags))
            } else {
                self = tags.map(Style.highlight) ?? .plain
            }
        }

        var isPlain: Bool {
            if case .plain = self { true } else { false }
        }
    }

    // The row at hand.
    @exclusivity(unchecked) private var texts: [TermFinder.FieldText] = []
    /// By position in `texts`: which of the fields it is.
    @exclusivity(unchecked) private var present: [Int] = []
    /// By leaf of the query.
    @exclusivity(unchecked) private var weights: [Double?]
    @exclusivity(unchecked) private var scratch = Bytes()

    package init(_ search: IndexSearch) {
        self.search = search
        let configuration = search.index.configuration
        snapshot = search.snapshot
        let rows = search.rows
        let named = rows.decorated.map { (name: $0.name, style: Style(rows.decoration(of: $0.name))) }
        let common = Style(rows.decorationOfOthers)
        self.named = named
        self.common = common
        let stemmer = IndexSearch.stemmers.take(configuration.language)
        if let stemmer { stemmers.append(stemmer) }
        finder = Self.finder(search, stemmer)
        finders = [configuration.language: finder]
        weights = Array(repeating: nil, count: finder.leafCount)
        let needsAll = finder.dependsOnAllFields
        fields = configuration.definition.schema.fields.compactMap { field in
            guard case .text(let options) = field.kind else { return nil }
            let style = named.first { $0.name == field.attribute }?.style ?? common
            return needsAll || !style.isPlain ? Field(name: field.attribute, bit: options.bit) : nil
        }
    }

    deinit {
        for stemmer in stemmers { IndexSearch.stemmers.giveBack(stemmer) }
    }

    private static func finder(_ search: IndexSearch, _ stemmer: Stemmer?) -> TermFinder {
        let configuration = search.index.configuration
        return TermFinder(
            tree: search.tree, schema: configuration.definition.schema,
            tokenizer: Tokenizer(stopWords: configuration.stopWords), stemmer: stemmer,
            synonyms: configuration.synonyms, minStemLength: configuration.analysis.minStemLength,
            minPhoneticLength: configuration.analysis.minPhoneticLength)
    }

    /// Turns to the finder of a document's language; the index's own when it has none that is known.
    private func turn(to name: ByteSlice?) {
        let language = name.flatMap { Language(name: Bytes($0)) } ?? search.index.configuration.language
        if let known = finders[language] {
            finder = known
            return
        }
        let stemmer = IndexSearch.stemmers.take(language)
        if let stemmer { stemmers.append(stemmer) }
        finder = Self.finder(search, stemmer)
        finders[language] = finder
    }

    /// A new row.
    ///
    /// - Parameters:
    ///   - value: the text of a field, by its attribute; `nil` when it is not there. The texts are only read during
    ///     the call.
    ///   - language: what the document says its language is.
    package func begin(language: ByteSlice?, _ value: (Bytes) -> ByteSlice?) {
        if search.rows.languageField != nil { turn(to: language) }
        texts.removeAll(keepingCapacity: true)
        present.removeAll(keepingCapacity: true)
        for (position, field) in fields.enumerated() {
            guard let text = value(field.name) else { continue }
            texts.append(TermFinder.FieldText(bit: field.bit, text: text))
            present.append(position)
        }
        finder.find(in: texts)
        for leaf in weights.indices where finder.isPattern(leaf: leaf) { weights[leaf] = nil }
    }

    /// Writes the text of a field of the row as it is shown.
    package func write(_ value: ByteSlice, _ name: ByteSlice, to reply: ReplyWriter) {
        var style = common
        for entry in named where name.isEqual(to: entry.name) {
            style = entry.style
            break
        }
        if case .plain = style {
            reply.bulk(value)
            return
        }
        let place = present.firstIndex { name.isEqual(to: fields[$0].name) }
        let terms = place.map(finder.found(inField:)) ?? []
        scratch.removeAll(keepingCapacity: true)
        switch style {
        case .plain: break
        case .highlight(let tags):
            Highlighter.highlight(value, terms, tags: tags, to: &scratch)
        case .summary(let summarizer):
            summarizer.summarize(value, terms, to: &scratch) { weight(ofLeaf: $0) }
        }
        reply.bulk(scratch)
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
