// From what a query says to what it looks for in one index.
//
//   running  ──►  UNION { running  ~group...  <RNNK  +run  run }
//
// Words become unions of the word, its synonym groups, its phonetic code and its stem; field names become
// masks; patterns and tags are folded as their field folds its values. Nothing below NOT and OPTIONAL is
// expanded, and quoted words never are.

import SearchAnalysis
import SearchModel
import SearchQuery

/// Which expansions a query asks for (EXPANDER, VERBATIM).
package struct ExpansionKinds: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let synonyms = ExpansionKinds(rawValue: 1 << 0)
    /// Phonetic codes for words that may match a PHONETIC field.
    package static let phonetics = ExpansionKinds(rawValue: 1 << 1)
    package static let stems = ExpansionKinds(rawValue: 1 << 2)
    /// Phonetic codes for every word, whatever its fields: what EXPANDER PHONETIC does.
    package static let allPhonetics = ExpansionKinds(rawValue: 1 << 3)

    package static let standard: ExpansionKinds = [.synonyms, .phonetics, .stems]

    /// The expansions of an EXPANDER name; an unknown name expands nothing. Names are upper case.
    package init(expander name: Bytes) {
        switch String(decoding: name, as: UTF8.self) {
        case "DEFAULT": self = .standard
        case "SBSTEM": self = .stems
        case "SYNONYM": self = .synonyms
        case "PHONETIC": self = .allPhonetics
        default: self = []
        }
    }
}

/// Expands the queries of one index. Holds a stemmer, so it is not thread-safe.
package struct QueryExpander {
    package enum Purpose: Equatable, Sendable {
        case execution
        /// Patterns and tags keep their spelling, as FT.EXPLAIN shows them, but for tags of these fields: the
        /// reference server folds tags when it looks for them, which it does not when the field has no values.
        case explanation(tagFieldsWithValues: Set<Bytes>)
    }

    package var schema: Schema
    package var stemmer: Stemmer?
    package var synonyms: SynonymTable
    package var kinds: ExpansionKinds

    package init(
        schema: Schema, stemmer: Stemmer?, synonyms: SynonymTable = SynonymTable(),
        kinds: ExpansionKinds = .standard
    ) {
        self.schema = schema
        self.stemmer = stemmer
        self.synonyms = synonyms
        self.kinds = kinds
    }

    /// The tree to run, or to explain. Every node has its ``QueryNode/fieldMask``.
    ///
    /// Throws what only the schema can tell: `ismissing`, `""` and `$phonetic` on fields that lack the option.
    package func expand(
        _ node: QueryNode, for purpose: Purpose = .execution
    ) throws(QuerySyntaxError) -> QueryNode {
        try expand(node, Context(mask: nil, isExpandable: true, purpose: purpose))
    }

    /// What the nodes above decide.
    private struct Context {
        var mask: FieldMask?
        var isExpandable: Bool
        let purpose: Purpose
    }

    private func expand(_ node: QueryNode, _ outer: Context) throws(QuerySyntaxError) -> QueryNode {
        var context = outer
        if let fields = node.fields { context.mask = mask(of: fields) & (context.mask ?? ~0) }
        var node = node
        node.fieldMask = context.mask
        switch node.kind {
        case .empty, .all, .numeric, .geo, .keys, .fuzzy:
            break
        case .word(let word, let isExpandable):
            if word.isEmpty { try checkEmptyWord(context.mask) }
            if isExpandable && context.isExpandable && !word.isEmpty {
                return try expandWord(node, word, context)
            }
        case .phrase(let words):
            node.kind = .phrase(try expand(words, context))
        case .intersection(let children):
            node.kind = .intersection(try expand(children, context))
        case .union(let children, let isExpansion):
            node.kind = .union(try expand(children, context), isExpansion: isExpansion)
        case .not(let child):
            context.isExpandable = false
            node.kind = .not(try expand(child, context))
        case .optional(let child):
            context.isExpandable = false
            node.kind = .optional(try expand(child, context))
        case .prefix(let text):
            if context.purpose == .execution { node.kind = .prefix(CaseFolding.foldPattern(text)) }
        case .suffix(let text):
            if context.purpose == .execution { node.kind = .suffix(CaseFolding.foldPattern(text)) }
        case .infix(let text):
            if context.purpose == .execution { node.kind = .infix(CaseFolding.foldPattern(text)) }
        case .wildcard(let text):
            if context.purpose == .execution { node.kind = .wildcard(CaseFolding.foldPattern(text)) }
        case .tag(let field, let tags):
            node.kind = .tag(field: field, try expandTags(tags, of: field, context))
        case .missing(let field):
            try checkMissing(field)
        }
        return node
    }

    private func expand(
        _ nodes: [QueryNode], _ context: Context
    ) throws(QuerySyntaxError) -> [QueryNode] {
        var result: [QueryNode] = []
        result.reserveCapacity(nodes.count)
        for node in nodes { result.append(try expand(node, context)) }
        return result
    }

    // MARK: Fields

    /// The bits of the TEXT fields among `names`; other names have none.
    package func mask(of names: [Bytes]) -> FieldMask {
        var mask: FieldMask = 0
        for field in schema.fields {
            if case .text(let options) = field.kind, names.contains(field.attribute) { mask |= 1 << options.bit }
        }
        return mask
    }

    /// The bits of the TEXT fields with a property.
    private func mask(where isWanted: (TextOptions) -> Bool) -> FieldMask {
        var mask: FieldMask = 0
        for field in schema.fields {
            if case .text(let options) = field.kind, isWanted(options) { mask |= 1 << options.bit }
        }
        return mask
    }

    private func checkEmptyWord(_ mask: FieldMask?) throws(QuerySyntaxError) {
        // Without a field, or with unknown ones alone, the empty word is an ordinary word that nothing has.
        guard let mask, mask != 0 else { return }
        if mask & self.mask(where: \.indexEmpty) == 0 { throw QuerySyntaxError(.emptyValueNotIndexed) }
    }

    private func checkMissing(_ name: Bytes) throws(QuerySyntaxError) {
        guard let position = schema.position(ofAttribute: name) else { return }
        if !schema.fields[position].indexMissing { throw QuerySyntaxError(.missingValueNotIndexed(field: name)) }
    }

    // MARK: Words

    private func expandWord(
        _ node: QueryNode, _ word: Bytes, _ context: Context
    ) throws(QuerySyntaxError) -> QueryNode {
        var leaves: [QueryNode] = []
        leaves.reserveCapacity(4)
        func add(_ term: Bytes) {
            var leaf = QueryNode(.word(term, isExpandable: false))
            leaf.fieldMask = context.mask
            leaves.append(leaf)
        }
        leaves.append(node)
        if kinds.contains(.synonyms) {
            for group in synonyms.groups(of: word) { add([UInt8(ascii: "~")] + group) }
        }
        if try wantsPhonetics(node, context.mask), let code = DoubleMetaphone.primaryCode(of: word) {
            add([UInt8(ascii: "<")] + code)
        }
        if kinds.contains(.stems), let stemmer {
            let stem = stemmer.stem(word)
            add([UInt8(ascii: "+")] + stem)
            if stem != word { add(stem) }
        }
        guard leaves.count > 1 else { return node }
        var union = QueryNode(.union(leaves, isExpansion: true))
        union.fieldMask = context.mask
        return union
    }

    private func wantsPhonetics(_ node: QueryNode, _ mask: FieldMask?) throws(QuerySyntaxError) -> Bool {
        if kinds.contains(.allPhonetics) { return true }
        guard kinds.contains(.phonetics) else { return false }
        let phonetic = schema.phoneticFields
        if let wanted = node.phonetic {
            if phonetic & (mask ?? ~0) == 0 { throw QuerySyntaxError(.phoneticsNotSupported) }
            return wanted
        }
        // An unknown field counts as all fields here, as in RediSearch.
        return phonetic & (mask == nil || mask == 0 ? ~0 : mask!) != 0
    }

    // MARK: Tags

    private func expandTags(
        _ tags: [QueryNode], of field: Bytes, _ context: Context
    ) throws(QuerySyntaxError) -> [QueryNode] {
        var options: TagOptions?
        if let position = schema.position(ofAttribute: field), case .tag(let found) = schema.fields[position].kind {
            options = found
        }
        if options?.indexEmpty != true && tags.contains(where: \.containsEmptyWord) {
            throw QuerySyntaxError(.emptyValueNotIndexed)
        }
        let isCaseSensitive = options?.caseSensitive ?? false
        func folded(_ text: Bytes) -> Bytes { isCaseSensitive ? text : text.asciiLowercased }
        return tags.map { tag in
            var tag = tag
            tag.fieldMask = context.mask
            if case .explanation(let fieldsWithValues) = context.purpose {
                if case .intersection(let words) = tag.kind {
                    tag.kind = .intersection(
                        words.map { word in
                            var word = word
                            word.fieldMask = context.mask
                            return word
                        })
                    return tag
                }
                if !fieldsWithValues.contains(field) { return tag }
            }
            switch tag.kind {
            case .word(let text, _):
                tag.kind = .word(folded(text.unescaped), isExpandable: false)
            case .intersection(let words):
                tag.kind = .word(folded(joined(words)), isExpandable: false)
            case .prefix(let text):
                tag.kind = .prefix(folded(text))
            case .suffix(let text):
                tag.kind = .suffix(folded(text))
            case .infix(let text):
                tag.kind = .infix(folded(text))
            case .wildcard(let text):
                tag.kind = .wildcard(folded(text.unescaped.withoutBackslashes))
            default:
                break
            }
            return tag
        }
    }

    /// Several words between braces are one tag with one space between them.
    private func joined(_ words: [QueryNode]) -> Bytes {
        var result = Bytes()
        for (index, word) in words.enumerated() {
            guard case .word(let text, _) = word.kind else { continue }
            if index > 0 { result.append(UInt8(ascii: " ")) }
            result += text
        }
        return result
    }
}

extension QueryNode {
    fileprivate var containsEmptyWord: Bool {
        switch kind {
        case .word(let text, _): text.isEmpty
        case .intersection(let words): words.contains(where: \.containsEmptyWord)
        default: false
        }
    }
}
