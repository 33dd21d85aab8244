// A query as a tree, so that it can be printed and, when two servers disagree about it, made smaller.

indirect enum Query {
    /// Text as it is.
    case raw(String)
    /// One word, already escaped.
    case word(String)
    case phrase([String])
    case fields([String], Query)
    case and([Query])
    case or([Query])
    case not(Query)
    case optional(Query)
    case prefix(String)
    case suffix(String)
    case infix(String)
    case wildcard(String)
    case fuzzy(String, Int)
    /// `@field:[lower upper]`, bounds as they are written.
    case range(String, String, String)
    /// `@field >= 3`
    case comparison(String, String, String)
    /// `@field:{a|b}`, pieces as they are written.
    case tags(String, [String])
    case missing(String)
    case all
    /// `node => { attributes }`
    case attributed(Query, String)

    /// Escapes everything that means something in a query.
    static func escape(_ text: String) -> String {
        var out = ""
        for character in text.unicodeScalars {
            if character.isASCII && !character.properties.isAlphabetic && !("0"..."9").contains(character)
                && character != "_"
            {
                out += "\\"
            }
            out.unicodeScalars.append(character)
        }
        return out
    }

    var text: String {
        switch self {
        case .raw(let text): text
        case .word(let word): word
        case .phrase(let words): "\"" + words.joined(separator: " ") + "\""
        case .fields(let names, let query): "@" + names.joined(separator: "|") + ":" + query.unit
        case .and(let parts): parts.map(\.unit).joined(separator: " ")
        case .or(let parts): parts.map(\.unit).joined(separator: "|")
        case .not(let query): "-" + query.unit
        case .optional(let query): "~" + query.unit
        case .prefix(let text): text + "*"
        case .suffix(let text): "*" + text
        case .infix(let text): "*" + text + "*"
        case .wildcard(let text): "w'" + text + "'"
        case .fuzzy(let text, let distance):
            String(repeating: "%", count: distance) + text + String(repeating: "%", count: distance)
        case .range(let field, let lower, let upper): "@\(field):[\(lower) \(upper)]"
        case .comparison(let field, let relation, let value): "@\(field)\(relation)\(value)"
        case .tags(let field, let pieces): "@\(field):{" + pieces.joined(separator: "|") + "}"
        case .missing(let field): "ismissing(@\(field))"
        case .all: "*"
        case .attributed(let query, let attributes): query.unit + "=>{" + attributes + "}"
        }
    }

    /// The text, in parentheses where neighbors could otherwise tear it apart.
    private var unit: String {
        switch self {
        case .and, .or, .raw: "(" + text + ")"
        default: text
        }
    }

    /// Smaller queries that might show the same thing, most hopeful first.
    var reductions: [Query] {
        switch self {
        case .and(let parts): parts + Self.without(parts).map(Query.and) + Self.within(parts).map(Query.and)
        case .or(let parts): parts + Self.without(parts).map(Query.or) + Self.within(parts).map(Query.or)
        case .not(let query): [query] + query.reductions.map(Query.not)
        case .optional(let query): [query] + query.reductions.map(Query.optional)
        case .fields(let names, let query):
            [query] + (names.count > 1 ? names.map { .fields([$0], query) } : [])
                + query.reductions.map { .fields(names, $0) }
        case .attributed(let query, let attributes): [query] + query.reductions.map { .attributed($0, attributes) }
        case .phrase(let words) where words.count > 1:
            words.map { .word($0) }
                + words.indices.map { skip in .phrase(words.indices.filter { $0 != skip }.map { words[$0] }) }
        case .tags(let field, let pieces) where pieces.count > 1: pieces.map { .tags(field, [$0]) }
        case .raw(let text) where text.count > 1:
            // Halves, then single characters less.
            [String(text.prefix(text.count / 2)), String(text.suffix(text.count / 2))].map(Query.raw)
                + (text.count <= 40
                    ? text.indices.map { i in
                        var shorter = text
                        shorter.remove(at: i)
                        return .raw(shorter)
                    } : [])
        default: []
        }
    }

    private static func without(_ parts: [Query]) -> [[Query]] {
        guard parts.count > 2 else { return [] }
        return parts.indices.map { skip in parts.indices.filter { $0 != skip }.map { parts[$0] } }
    }

    private static func within(_ parts: [Query]) -> [[Query]] {
        parts.indices.flatMap { i in
            parts[i].reductions.map { smaller in
                var changed = parts
                changed[i] = smaller
                return changed
            }
        }
    }
}
