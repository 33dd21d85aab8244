// RESP bytes as the tokens of golden transcripts.

import RESP

package enum ReplyTokens {
    package static func text(of reply: ByteSlice) -> String {
        var reader = Reader(bytes: Array(reply))
        var tokens: [String] = []
        reader.value(into: &tokens, isTop: true)
        if reader.position != reader.bytes.count {
            tokens.append("<\(reader.bytes.count - reader.position) bytes more>")
        }
        return tokens.joined(separator: " ")
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func line() -> [UInt8] {
            let start = position
            while position < bytes.count, bytes[position] != 13 { position += 1 }
            let line = Array(bytes[start..<position])
            position = min(bytes.count, position + 2)
            return line
        }

        mutating func value(into tokens: inout [String], isTop: Bool = false) {
            guard position < bytes.count else {
                tokens.append("<end>")
                return
            }
            let kind = Character(Unicode.Scalar(bytes[position]))
            position += 1
            let head = line()
            switch kind {
            case "-" where isTop: tokens.append("-" + String(decoding: head, as: UTF8.self))
            case "+", "-", ":", ",", "#", "(":
                tokens.append(String(kind) + (head.isEmpty ? "" : ReplyTokens.quoted(head)))
            case "_": tokens.append("_")
            case "$", "=":
                guard let count = Int(String(decoding: head, as: UTF8.self)), count >= 0 else {
                    tokens.append("$nil")
                    return
                }
                let end = min(bytes.count, position + count)
                tokens.append(String(kind) + ReplyTokens.quoted(Array(bytes[position..<end])))
                position = min(bytes.count, end + 2)
            case "*", "~", ">", "%":
                guard let count = Int(String(decoding: head, as: UTF8.self)), count >= 0 else {
                    tokens.append("*nil")
                    return
                }
                tokens.append(String(kind) + String(count))
                for _ in 0..<(kind == "%" ? 2 * count : count) { value(into: &tokens) }
            default: tokens.append("<\(kind)>")
            }
        }
    }

    static func quoted(_ bytes: [UInt8]) -> String {
        let isPlain = !bytes.isEmpty && bytes.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 92 }
        if isPlain { return String(decoding: bytes, as: UTF8.self) }
        var text = "\""
        for byte in bytes {
            switch byte {
            case 34: text += "\\\""
            case 92: text += "\\\\"
            case 10: text += "\\n"
            case 32..<127: text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                text += "\\x" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text + "\""
    }
}
