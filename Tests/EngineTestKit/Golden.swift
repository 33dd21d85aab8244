// Golden transcripts: what a client sends, and what it gets.
//
//   # a comment; the first one says where the replies come from
//   > FT.SEARCH books "art" NOCONTENT
//   *2 :1 $book:1
//
// A reply is its RESP tokens in any layout, quoted where they hold blanks. `@resp3` and `@resp2` change the protocol,
// `~ MS` waits (for the oracle: nothing to wait for here), `$?`, `,?` and `:?` stand for any value of that type.
// `{cursor}` in a command is the id of the cursor that the last reply with one gave.
// `@differs WHY` before a reply says that ours is the one after the line `@ours`.

/// One step of a transcript.
package struct GoldenStep: Sendable {
    package var line: Int
    package var command: String
    package var words: [[UInt8]]
    package var isRESP3: Bool
    /// Tokens, one blank between them.
    package var expected: String
}

package enum GoldenLine {
    /// Splits a command line: blanks outside quotes, `\"`, `\\`, `\n`, `\xNN` inside.
    package static func words(_ line: String) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var current: [UInt8] = []
        var isStarted = false
        var isQuoted = false
        let bytes = Array(line.utf8)
        var i = 0
        while i < bytes.count {
            let byte = bytes[i]
            if isQuoted {
                if byte == UInt8(ascii: "\\"), i + 1 < bytes.count {
                    i += 1
                    switch bytes[i] {
                    case UInt8(ascii: "n"): current.append(10)
                    case UInt8(ascii: "r"): current.append(13)
                    case UInt8(ascii: "t"): current.append(9)
                    case UInt8(ascii: "x") where i + 2 < bytes.count:
                        let digits = String(decoding: bytes[(i + 1)...(i + 2)], as: UTF8.self)
                        current.append(UInt8(digits, radix: 16) ?? 0)
                        i += 2
                    default: current.append(bytes[i])
                    }
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                } else {
                    current.append(byte)
                }
            } else if byte == UInt8(ascii: "\""), !isStarted {
                isQuoted = true
                isStarted = true
            } else if byte == UInt8(ascii: " ") {
                if isStarted { words.append(current) }
                current = []
                isStarted = false
            } else {
                current.append(byte)
                isStarted = true
            }
            i += 1
        }
        if isStarted { words.append(current) }
        return words
    }
}

package enum Golden {
    /// The steps of a transcript.
    package static func parse(_ text: String) -> [GoldenStep] {
        var steps: [GoldenStep] = []
        var isRESP3 = false
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.drop { $0 == " " }
            if trimmed.isEmpty || trimmed.hasPrefix("#") || trimmed.hasPrefix("~ ") { continue }
            if line.hasPrefix("@resp") {
                isRESP3 = line.hasPrefix("@resp3")
            } else if line.hasPrefix("@ours"), let last = steps.indices.last {
                // The oracle's reply stands above; ours begins here.
                steps[last].expected = ""
            } else if line.hasPrefix("> ") {
                let command = String(line.dropFirst(2))
                steps.append(
                    GoldenStep(
                        line: number + 1, command: command, words: GoldenLine.words(command), isRESP3: isRESP3,
                        expected: ""))
            } else if let last = steps.indices.last {
                // The blank at the end of an error is part of it.
                let glue = steps[last].expected.isEmpty ? "" : " "
                steps[last].expected += glue + trimmed
            }
        }
        return steps
    }

    /// The id of the cursor that a reply gives: `[rows, id]`.
    package static func cursor(of reply: String) -> [UInt8]? {
        guard reply.hasPrefix("*2 *") || reply.hasPrefix("*2 %"), let last = reply.split(separator: " ").last,
            last.hasPrefix(":"), last != ":0"
        else { return nil }
        return Array(last.dropFirst().utf8)
    }

    /// `nil`: equal but for wildcards.
    package static func difference(_ expected: String, _ actual: String) -> String? {
        let expected = tokens(expected)
        let actual = tokens(actual)
        for (position, (wanted, got)) in zip(expected, actual).enumerated() where !matches(wanted, got) {
            return "token \(position): expected \(wanted), got \(got)"
        }
        if expected.count == actual.count { return nil }
        return "expected \(expected.count) tokens, got \(actual.count)"
    }

    private static func matches(_ wanted: String, _ got: String) -> Bool {
        if wanted == got { return true }
        return wanted.count == 2 && wanted.hasSuffix("?") && wanted.first == got.first
    }

    /// An error reply is one token to its end.
    private static func tokens(_ text: String) -> [String] {
        if text.hasPrefix("-") { return [text] }
        var tokens: [String] = []
        var current = ""
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if isQuoted {
                current.append(character)
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isQuoted = false
                }
            } else if character == " " {
                if !current.isEmpty { tokens.append(current) }
                current = ""
            } else {
                if character == "\"", current.count == 1 { isQuoted = true }
                current.append(character)
            }
        }
        if !current.isEmpty { tokens.append(current) }
        return tokens
    }
}
