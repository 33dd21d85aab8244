// As much of RFC 1035 as a list of seeds needs.
//
//   ┌────┬───────┬───────────┬─────────┬───────────┬────────────┐
//   │ id │ flags │ questions │ answers │ authority │ additional │   u16 each, big-endian
//   └────┴───────┴───────────┴─────────┴───────────┴────────────┘
//   question:  name │ type │ class
//   record:    name │ type │ class │ u32 time to live │ u16 length │ data
//   name:      u8 length │ bytes, again and again; ends with length 0 or with two bytes 11xxxxxx xxxxxxxx, a pointer

/// Why a message is no answer to a question.
package enum DNSError: Error, Equatable, Sendable, CustomStringConvertible {
    case malformed
    /// It answers another question.
    case otherID(UInt16)
    /// It did not fit; TCP brings the whole.
    case truncated
    /// The server's code, 3 for a name that does not exist.
    case refused(UInt8)

    package var description: String {
        switch self {
        case .malformed: "the name server's answer cannot be read"
        case .otherID(let id): "the name server answers another question (\(id))"
        case .truncated: "the name server's answer is cut off"
        case .refused(let code): code == 3 ? "the name does not exist" : "the name server answers with code \(code)"
        }
    }
}

package enum DNSMessage {
    package enum RecordType: UInt16, Sendable {
        case a = 1
        case txt = 16
    }

    package enum Record: Equatable, Sendable {
        /// `10.0.0.1`
        case address(String)
        /// A text record's strings, joined.
        case text([UInt8])
    }

    /// Whether a text can be looked up: labels of 1 to 63 visible characters between dots, at most 253 in all.
    package static func isName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.utf8.allSatisfy { $0 > 32 && $0 < 127 }
            }
    }

    /// A question for the records of a name.
    ///
    /// - Returns: `nil` when the text is no name.
    package static func query(_ name: String, _ type: RecordType, id: UInt16) -> [UInt8]? {
        guard isName(name) else { return nil }
        var message: [UInt8] = []
        func append(_ word: UInt16) { message += [UInt8(word >> 8), UInt8(word & 0xff)] }
        append(id)
        // Recursion is desired; one question.
        for word: UInt16 in [0x0100, 1, 0, 0, 0] { append(word) }
        for label in name.split(separator: ".") { message += [UInt8(label.utf8.count)] + label.utf8 }
        message.append(0)
        append(type.rawValue)
        append(1)
        return message
    }

    /// The text and address records of an answer; other ones are passed over. Names are not compared: the answer to one
    /// question on one socket is what was asked for.
    package static func records(of message: [UInt8], id: UInt16) throws(DNSError) -> [Record] {
        var cursor = Cursor(bytes: message)
        let answeredID = try cursor.word()
        guard answeredID == id else { throw .otherID(answeredID) }
        let flags = try cursor.word()
        guard flags & 0x8000 != 0 else { throw .malformed }
        guard flags & 0x0200 == 0 else { throw .truncated }
        guard flags & 0x000f == 0 else { throw .refused(UInt8(flags & 0x000f)) }
        let questions = try cursor.word()
        let answers = try cursor.word()
        try cursor.skip(4)
        for _ in 0..<questions {
            try cursor.skipName()
            try cursor.skip(4)
        }
        var records: [Record] = []
        for _ in 0..<answers {
            try cursor.skipName()
            let type = try cursor.word()
            try cursor.skip(6)
            let length = Int(try cursor.word())
            let data = try cursor.take(length)
            switch RecordType(rawValue: type) {
            case .a:
                guard data.count == 4 else { throw .malformed }
                records.append(.address(data.map { String($0) }.joined(separator: ".")))
            case .txt: records.append(.text(try strings(data)))
            case nil: continue
            }
        }
        return records
    }

    /// A text record's data: strings, each with its length in front.
    private static func strings(_ data: ArraySlice<UInt8>) throws(DNSError) -> [UInt8] {
        var text: [UInt8] = []
        var rest = data
        while let length = rest.popFirst() {
            guard rest.count >= Int(length) else { throw .malformed }
            text += rest.prefix(Int(length))
            rest = rest.dropFirst(Int(length))
        }
        return text
    }

    private struct Cursor {
        let bytes: [UInt8]
        var at = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func take(_ count: Int) throws(DNSError) -> ArraySlice<UInt8> {
            guard bytes.count - at >= count else { throw .malformed }
            defer { at += count }
            return bytes[at..<(at + count)]
        }

        mutating func skip(_ count: Int) throws(DNSError) { _ = try take(count) }

        mutating func word() throws(DNSError) -> UInt16 {
            let two = try take(2)
            return UInt16(two[two.startIndex]) << 8 | UInt16(two[two.startIndex + 1])
        }

        /// A pointer ends a name, so that none is ever followed.
        mutating func skipName() throws(DNSError) {
            while true {
                let length = try take(1).first ?? 0
                switch length >> 6 {
                case 0 where length == 0: return
                case 0: try skip(Int(length))
                case 3: return try skip(1)
                default: throw .malformed
                }
            }
        }
    }
}
