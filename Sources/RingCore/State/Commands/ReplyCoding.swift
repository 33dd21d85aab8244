// Replies as RESP2, which is how the store and the peers give them.

extension CommandReply {
    /// How deep arrays may lie in each other: deeper than any reply that effects are made from.
    private static let deepest = 32

    /// Reads one whole reply; `nil` when the bytes are none, or more than one.
    package init?(resp bytes: Bytes) {
        var at = 0
        guard let reply = Self.read(bytes, &at, 0), at == bytes.count else { return nil }
        self = reply
    }

    private static func read(_ bytes: Bytes, _ at: inout Int, _ depth: Int) -> CommandReply? {
        guard depth < deepest, at < bytes.count else { return nil }
        let kind = bytes[at]
        guard let end = lineEnd(bytes, from: at + 1) else { return nil }
        let line = bytes[(at + 1)..<end]
        at = end + 2
        switch kind {
        case 43: return .status(String(decoding: line, as: UTF8.self))
        case 45: return .error(String(decoding: line, as: UTF8.self))
        case 58: return Int64(String(decoding: line, as: UTF8.self)).map { .integer($0) }
        case 36:
            guard let length = Int(String(decoding: line, as: UTF8.self)), length >= -1 else { return nil }
            if length == -1 { return .null }
            guard length <= bytes.count - at - 2 else { return nil }
            defer { at += length + 2 }
            return .bulk(Bytes(bytes[at..<at + length]))
        case 42:
            guard let count = Int(String(decoding: line, as: UTF8.self)), count >= -1 else { return nil }
            if count == -1 { return .null }
            guard count <= bytes.count - at else { return nil }
            var elements: [CommandReply] = []
            for _ in 0..<count {
                guard let element = read(bytes, &at, depth + 1) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        default: return nil
        }
    }

    private static func lineEnd(_ bytes: Bytes, from start: Int) -> Int? {
        guard let end = bytes[start...].firstIndex(of: 13), end + 1 < bytes.count, bytes[end + 1] == 10 else {
            return nil
        }
        return end
    }

    package var resp: Bytes {
        var bytes: Bytes = []
        write(into: &bytes)
        return bytes
    }

    private func write(into bytes: inout Bytes) {
        switch self {
        case .null: bytes += "$-1\r\n".bytes
        case .integer(let number): bytes += ":\(number)\r\n".bytes
        case .bulk(let value):
            bytes += "$\(value.count)\r\n".bytes
            bytes += value
            bytes += "\r\n".bytes
        case .status(let text): bytes += "+\(text)\r\n".bytes
        case .error(let text): bytes += "-\(text)\r\n".bytes
        case .array(let elements):
            bytes += "*\(elements.count)\r\n".bytes
            for element in elements { element.write(into: &bytes) }
        }
    }
}
