// One field of a generated index.

/// A field as FT.CREATE declares it.
struct FieldPlan {
    enum Kind {
        case text(noStem: Bool, weight: String?, phonetic: Bool, suffixTrie: Bool)
        case tag(separator: Character, caseSensitive: Bool, suffixTrie: Bool)
        case numeric
        case geo
    }

    /// The name in the hash.
    var name: String
    /// The name in queries, when it is another.
    var alias: String?
    var kind: Kind
    var isSortable = false
    var isUnnormalized = false
    var isIndexed = true
    var indexesMissing = false
    var indexesEmpty = false
    /// Share of documents that have the field.
    var presence = 0.9

    var attribute: String { alias ?? name }

    var isText: Bool { if case .text = kind { true } else { false } }
    var isTag: Bool { if case .tag = kind { true } else { false } }
    var isNumeric: Bool { if case .numeric = kind { true } else { false } }
    var isGeo: Bool { if case .geo = kind { true } else { false } }
    var isPhonetic: Bool { if case .text(_, _, let phonetic, _) = kind { phonetic } else { false } }

    /// The words of FT.CREATE's SCHEMA for this field.
    var declaration: [String] {
        var out = [name]
        if let alias { out += ["AS", alias] }
        switch kind {
        case .text(let noStem, let weight, let phonetic, let suffixTrie):
            out.append("TEXT")
            if noStem { out.append("NOSTEM") }
            if let weight { out += ["WEIGHT", weight] }
            if phonetic { out += ["PHONETIC", "dm:en"] }
            if suffixTrie { out.append("WITHSUFFIXTRIE") }
        case .tag(let separator, let caseSensitive, let suffixTrie):
            out.append("TAG")
            if separator != "," { out += ["SEPARATOR", String(separator)] }
            if caseSensitive { out.append("CASESENSITIVE") }
            if suffixTrie { out.append("WITHSUFFIXTRIE") }
        case .numeric: out.append("NUMERIC")
        case .geo: out.append("GEO")
        }
        if indexesEmpty { out.append("INDEXEMPTY") }
        if indexesMissing { out.append("INDEXMISSING") }
        if isSortable { out.append("SORTABLE") }
        if isUnnormalized { out.append("UNF") }
        if !isIndexed { out.append("NOINDEX") }
        return out
    }
}

/// A document as it is once the corpus is loaded.
struct Document {
    let key: String
    var fields: [(name: String, value: String)] = []
    /// Per TEXT field, its words in order, stop words left out.
    var words: [String: [String]] = [:]
    /// Per TAG field, its values.
    var tags: [String: [String]] = [:]

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    mutating func set(_ name: String, _ value: String) {
        if let i = fields.firstIndex(where: { $0.name == name }) {
            fields[i].value = value
        } else {
            fields.append((name, value))
        }
    }

    mutating func remove(_ name: String) {
        fields.removeAll { $0.name == name }
        words[name] = nil
        tags[name] = nil
    }
}
