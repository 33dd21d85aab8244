// Trees as one line, so that a table of queries and trees can be read.
//
//   a b            (a b)           "a b"          ["a b"]        he* *he *he*     as in queries
//   a | b          (a|b)           -a ~a          -a ~a          %a%              %a%1
//   @t:a           @t:a            @n:[1 (2]      n[1 2)         @tg:{a b|c}      tg{(a b)|c}

import SearchModel
import SearchQuery

extension QueryNode {
    var sketch: String {
        var text = fields.map { "@" + $0.map(string).joined(separator: "|") + ":" } ?? ""
        switch kind {
        case .empty: text += "<empty>"
        case .all: text += "<all>"
        case .word(let word, _): text += word.isEmpty ? "''" : string(word)
        case .phrase(let words): text += "[\"" + words.map(\.sketch).joined(separator: " ") + "\"]"
        case .intersection(let children): text += "(" + children.map(\.sketch).joined(separator: " ") + ")"
        case .union(let children, isExpansion: _): text += "(" + children.map(\.sketch).joined(separator: "|") + ")"
        case .not(let child): text += "-" + child.sketch
        case .optional(let child): text += "~" + child.sketch
        case .prefix(let pattern): text += string(pattern) + "*"
        case .suffix(let pattern): text += "*" + string(pattern)
        case .infix(let pattern): text += "*" + string(pattern) + "*"
        case .wildcard(let pattern): text += "w'" + string(pattern) + "'"
        case .fuzzy(let word, let distance): text += "%" + string(word) + "%\(distance)"
        case .numeric(let field, let range):
            text += string(field) + (range.includesLower ? "[" : "(") + "\(range.lower) \(range.upper)"
            text += range.includesUpper ? "]" : ")"
        case .geo(let field, let longitude, let latitude, let radius, let unit):
            text += string(field) + "[\(longitude) \(latitude) \(radius) \(unit.rawValue)]"
        case .tag(let field, let tags): text += string(field) + "{" + tags.map(\.sketch).joined(separator: "|") + "}"
        case .missing(let field): text += "missing(" + string(field) + ")"
        case .keys(let keys): text += "keys(" + keys.map(string).joined(separator: " ") + ")"
        }
        if weight != 1 { text += "^\(weight)" }
        if let slop { text += "~\(slop)" }
        if let inOrder { text += inOrder ? "!ordered" : "!unordered" }
        if let phonetic { text += phonetic ? "!phonetic" : "!unphonetic" }
        return text
    }
}

func string(_ bytes: Bytes) -> String { String(decoding: bytes, as: UTF8.self) }

func bytes(_ text: String) -> Bytes { Array(text.utf8) }

/// The sketch of the tree, or `! ` and the error's text.
func parsed(_ query: String, dialect: Int, parameters: [String: String] = [:], noStopWords: Bool = false) -> String {
    var options = QueryParserOptions(dialect: dialect, stopWords: noStopWords ? nil : .standard)
    for (name, value) in parameters { options.parameters[bytes(name)] = bytes(value) }
    do throws(QuerySyntaxError) {
        return try QueryParser.parse(bytes(query), options: options).sketch
    } catch {
        return "! " + string(error.message)
    }
}
