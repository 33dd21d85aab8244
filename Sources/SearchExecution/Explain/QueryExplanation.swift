// The text of FT.EXPLAIN.

import SearchModel
import SearchQuery

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Prints an expanded tree, one node a line, children indented by two spaces.
package struct QueryExplanation {
    private let schema: Schema
    /// The internal number of a key's document, for the `IDS` node of INKEYS; `nil` when there is none.
    private let documentNumber: (Bytes) -> UInt64?
    private var text = Bytes()

    /// - Parameter node: from ``QueryExpander``, expanded for `.explanation`.
    package static func text(
        of node: QueryNode, schema: Schema, documentNumber: @escaping (Bytes) -> UInt64? = { _ in nil }
    ) -> Bytes {
        var explanation = QueryExplanation(schema: schema, documentNumber: documentNumber)
        explanation.append(node, depth: 0, isExpanded: false)
        return explanation.text
    }

    /// The lines of FT.EXPLAINCLI: those of the text, and the empty one behind its last newline.
    package static func lines(
        of node: QueryNode, schema: Schema, documentNumber: @escaping (Bytes) -> UInt64? = { _ in nil }
    ) -> [Bytes] {
        text(of: node, schema: schema, documentNumber: documentNumber)
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Bytes($0) }
    }

    private init(schema: Schema, documentNumber: @escaping (Bytes) -> UInt64?) {
        self.schema = schema
        self.documentNumber = documentNumber
    }

    private mutating func append(_ node: QueryNode, depth: Int, isExpanded: Bool) {
        indent(depth)
        if showsFields(node.kind) || node.fieldMask == 0 { appendFields(node.fieldMask) }
        switch node.kind {
        case .empty:
            text += "<empty>".utf8
        case .all:
            text += "<WILDCARD>".utf8
        case .word(let word, _):
            text += word.isEmpty ? Array("\"\"".utf8) : word
            if isExpanded { text += "(expanded)".utf8 }
            if node.weight != 1 { text += " => {$weight: \(general(node.weight));}".utf8 }
            text.append(UInt8(ascii: "\n"))
            return
        case .phrase(let words):
            appendBlock("EXACT {", words, depth)
        case .intersection(let children):
            appendBlock("INTERSECT {", children, depth)
        case .union(let children, let isExpansion):
            appendBlock("UNION {", children, depth, isExpansion: isExpansion)
        case .not(let child):
            appendBlock("NOT{", [child], depth)
        case .optional(let child):
            appendBlock("OPTIONAL{", [child], depth)
        case .prefix(let pattern):
            text += Array("PREFIX{".utf8) + pattern + Array("*}".utf8)
        case .suffix(let pattern):
            text += Array("SUFFIX{*".utf8) + pattern + Array("}".utf8)
        case .infix(let pattern):
            text += Array("INFIX{*".utf8) + pattern + Array("*}".utf8)
        case .wildcard(let pattern):
            text += Array("WILDCARD{".utf8) + pattern + Array("}".utf8)
        case .fuzzy(let word, distance: _):
            text += Array("FUZZY{".utf8) + word + Array("}".utf8)
        case .numeric(let field, let range):
            text += "NUMERIC {\(fixed(range.lower)) \(range.includesLower ? "<=" : "<") @".utf8
            text += field
            text += " \(range.includesUpper ? "<=" : "<") \(fixed(range.upper))}".utf8
        case .geo(let field, let longitude, let latitude, let radius, let unit):
            text += Array("GEO ".utf8) + field
            text += ":{\(fixed(longitude)),\(fixed(latitude)) --> \(fixed(radius)) \(unit.rawValue)}".utf8
        case .tag(let field, let tags):
            appendBlock(Array("TAG:@".utf8) + field + Array(" {".utf8), tags, depth)
        case .missing(let field):
            text += Array("ISMISSING{".utf8) + field + Array("}".utf8)
        case .keys(let keys):
            text += "IDS {".utf8
            for key in keys { if let number = documentNumber(key) { text += "\(number),".utf8 } }
            text += "}".utf8
        }
        appendAttributes(node)
        text.append(UInt8(ascii: "\n"))
    }

    private mutating func indent(_ depth: Int) {
        for _ in 0..<depth { text += "  ".utf8 }
    }

    private mutating func appendBlock(
        _ head: String, _ children: [QueryNode], _ depth: Int, isExpansion: Bool = false
    ) {
        appendBlock(Array(head.utf8), children, depth, isExpansion: isExpansion)
    }

    private mutating func appendBlock(
        _ head: Bytes, _ children: [QueryNode], _ depth: Int, isExpansion: Bool = false
    ) {
        text += head
        text.append(UInt8(ascii: "\n"))
        for (index, child) in children.enumerated() {
            append(child, depth: depth + 1, isExpanded: isExpansion && index > 0)
        }
        indent(depth)
        text.append(UInt8(ascii: "}"))
    }

    private func showsFields(_ kind: QueryNode.Kind) -> Bool {
        switch kind {
        case .numeric, .geo, .keys, .empty, .all: false
        default: true
        }
    }

    /// `@a|b:` in schema order; `@NULL:` when no TEXT field is left.
    private mutating func appendFields(_ mask: FieldMask?) {
        guard let mask else { return }
        var names: [Bytes] = []
        for field in schema.fields {
            if case .text(let options) = field.kind, mask & (1 << options.bit) != 0 { names.append(field.attribute) }
        }
        text += "@".utf8
        text += names.isEmpty ? Array("NULL".utf8) : Bytes(names.joined(separator: [UInt8(ascii: "|")]))
        text += ":".utf8
    }

    private mutating func appendAttributes(_ node: QueryNode) {
        var attributes = ""
        if node.weight != 1 { attributes += " $weight: \(general(node.weight));" }
        if let slop = node.slop, slop != -1 {
            attributes += " $slop: \(slop); $inorder: \(node.inOrder == true);"
        } else if node.inOrder == true {
            attributes += " $inorder: true;"
        }
        if !attributes.isEmpty { text += " => {\(attributes) }".utf8 }
    }

    private func fixed(_ number: Double) -> String { formatted("%f", number) }

    private func general(_ number: Double) -> String { formatted("%g", number) }

    private func formatted(_ format: String, _ number: Double) -> String {
        // The longest %f of a double has 309 digits before the point.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
            let length = withVaList([number]) { vsnprintf(buffer.baseAddress, buffer.count, format, $0) }
            let digits = buffer.prefix(max(0, min(Int(length), buffer.count - 1))).map { UInt8(bitPattern: $0) }
            return String(decoding: digits, as: UTF8.self)
        }
    }
}
