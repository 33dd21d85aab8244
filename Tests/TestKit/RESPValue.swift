// A reply as a test looks at it.

package indirect enum RESPValue: Equatable, Sendable {
    case simple(String)
    case error(String)
    case integer(Int)
    case bulk([UInt8])
    case null
    case array([RESPValue])
    /// RESP3 `%`: keys and values in turn, in the order of the reply.
    case map([RESPValue])
    case set([RESPValue])
    case double(Double)
    case boolean(Bool)
    /// RESP3 `=txt:...`, its three-letter format included; `(` numbers come as this, too.
    case verbatim([UInt8])
    case push([RESPValue])

    package var elements: [RESPValue]? {
        switch self {
        case .array(let e), .map(let e), .set(let e), .push(let e): e
        default: nil
        }
    }

    /// The text of a simple or bulk string.
    package var text: String? {
        switch self {
        case .simple(let s): s
        case .bulk(let b), .verbatim(let b): String(decoding: b, as: UTF8.self)
        default: nil
        }
    }

    package var errorText: String? { if case .error(let text) = self { text } else { nil } }

    package var integerValue: Int? { if case .integer(let value) = self { value } else { nil } }

    /// The number of an integer, a double, or text that reads as one.
    package var number: Double? {
        switch self {
        case .integer(let i): Double(i)
        case .double(let d): d
        default: text.flatMap(Double.init)
        }
    }

    /// The value under `key` of a map, or of a flat array of names and values.
    package subscript(key: String) -> RESPValue? {
        guard let elements else { return nil }
        var i = 0
        while i + 1 < elements.count {
            if elements[i].text == key { return elements[i + 1] }
            i += 2
        }
        return nil
    }
}

extension RESPValue: CustomStringConvertible {
    /// One line, as golden transcripts write replies: `*2 :1 $book:1`.
    package var description: String {
        switch self {
        case .simple(let s): "+" + s
        case .error(let e): "-" + e
        case .integer(let i): ":\(i)"
        case .bulk(let b): "$" + Self.printable(b)
        case .null: "_"
        case .array(let e): (["*\(e.count)"] + e.map(\.description)).joined(separator: " ")
        case .map(let e): (["%\(e.count / 2)"] + e.map(\.description)).joined(separator: " ")
        case .set(let e): (["~\(e.count)"] + e.map(\.description)).joined(separator: " ")
        case .push(let e): ([">\(e.count)"] + e.map(\.description)).joined(separator: " ")
        case .double(let d): ",\(d)"
        case .boolean(let b): b ? "#t" : "#f"
        case .verbatim(let b): "=" + Self.printable(b)
        }
    }

    private static func printable(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        let plain = !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value > 32 && $0 != "\"" && $0.value != 127 }
        return plain ? text : text.debugDescription
    }
}
