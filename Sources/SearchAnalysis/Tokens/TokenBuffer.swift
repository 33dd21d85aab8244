// The tokens of a document, in memory that is used again for the next one.
//
//   arena   h e l l o w o r l d         folded bytes, one token behind the other
//   tokens  (0,5,#1) (5,5,#2)           where in the arena, which position, where in the source

import SearchModel

/// Tokens of one or several texts. Not thread-safe: one per thread, cleared per document.
package final class TokenBuffer {
    package struct Token {
        /// Offset of the folded bytes, see ``TokenBuffer/text(of:)``.
        package var offset: UInt32
        package var length: UInt32
        /// From 1, continuing over the texts of a document. Stop words take none.
        package var position: UInt32
        /// Where the token stands in the text it was read from, escapes included.
        package var sourceOffset: UInt32
        package var sourceLength: UInt32
    }

    @exclusivity(unchecked) package private(set) var count = 0
    @exclusivity(unchecked) package private(set) var tokens: UnsafeMutablePointer<Token>
    /// The last position given out; the next token gets the next one.
    @exclusivity(unchecked) package var lastPosition: UInt32 = 0

    @exclusivity(unchecked) private var tokenCapacity: Int
    @exclusivity(unchecked) private var arena: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) private var arenaCount = 0
    @exclusivity(unchecked) private var arenaCapacity: Int

    package init() {
        tokenCapacity = 256
        tokens = .allocate(capacity: tokenCapacity)
        arenaCapacity = 4096
        arena = .allocate(capacity: arenaCapacity)
    }

    deinit {
        tokens.deallocate()
        arena.deallocate()
    }

    /// Forgets all tokens and starts again at position 1.
    package func removeAll() {
        count = 0
        arenaCount = 0
        lastPosition = 0
    }

    /// - Precondition: `0 <= index < count`.
    package subscript(index: Int) -> Token {
        precondition(index >= 0 && index < count, "token index out of range")
        return tokens[index]
    }

    /// The folded bytes of a token; valid until the buffer changes.
    package func text(of token: Token) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: arena + Int(token.offset), count: Int(token.length))
    }

    /// Where tokens' offsets count from; valid until the buffer changes.
    package var arenaStart: UnsafePointer<UInt8> { UnsafePointer(arena) }

    /// A token without bytes, for an empty value of an INDEXEMPTY field.
    package func appendEmptyToken() {
        reserve(bytes: 0, tokens: 1)
        lastPosition &+= 1
        tokens[count] = Token(
            offset: UInt32(arenaCount), length: 0, position: lastPosition, sourceOffset: 0, sourceLength: 0)
        count += 1
    }

    // MARK: Filling

    private func reserve(bytes: Int, tokens needed: Int) {
        if arenaCount + bytes > arenaCapacity {
            arenaCapacity = max(arenaCapacity * 2, arenaCount + bytes)
            let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: arenaCapacity)
            grown.update(from: arena, count: arenaCount)
            arena.deallocate()
            arena = grown
        }
        if count + needed > tokenCapacity {
            tokenCapacity = max(tokenCapacity * 2, count + needed)
            let grown = UnsafeMutablePointer<Token>.allocate(capacity: tokenCapacity)
            grown.update(from: tokens, count: count)
            tokens.deallocate()
            tokens = grown
        }
    }

    /// Splits `text` and appends its tokens. See ``Tokenizer``.
    func append(_ text: UnsafeBufferPointer<UInt8>, stopWords: StopWords, fold: UnsafePointer<UInt8>) {
        guard let source = text.baseAddress, text.count < Int(UInt32.max) / 2 else { return }
        // Tokens never outgrow their source, and every second byte at most starts one.
        reserve(bytes: text.count, tokens: text.count / 2 + 1)
        let end = text.count
        let arena = arena
        let tokens = tokens
        var used = arenaCount
        var count = count
        var position = lastPosition
        var i = 0
        while i < end {
            // `fold` is 0 for separators, 1 for bytes that need a second look.
            if fold[Int(source[i])] == 0 {
                i &+= 1
                continue
            }
            let tokenStart = i
            let textStart = used
            while i < end {
                let folded = fold[Int(source[i])]
                if folded > 1 {
                    arena[used] = folded
                    used &+= 1
                    i &+= 1
                    continue
                }
                if folded == 0 { break }
                // A control character is dropped. So is a backslash, which makes punctuation behind it literal.
                let isEscape = source[i] == UInt8(ascii: "\\")
                i &+= 1
                if isEscape && i < end {
                    let classes = source[i].byteClass
                    if !classes.isDisjoint(with: .escapable) {
                        if !classes.contains(.control) {
                            arena[used] = source[i]
                            used &+= 1
                        }
                        i &+= 1
                    }
                }
            }
            let length = used &- textStart
            if length == 0 { continue }
            if stopWords.mayContain(arena + textStart, count: length),
                stopWords.contains(arena + textStart, count: length)
            {
                used = textStart
                continue
            }
            position &+= 1
            tokens[count] = Token(
                offset: UInt32(truncatingIfNeeded: textStart), length: UInt32(truncatingIfNeeded: length),
                position: position, sourceOffset: UInt32(truncatingIfNeeded: tokenStart),
                sourceLength: UInt32(truncatingIfNeeded: i &- tokenStart))
            count &+= 1
        }
        arenaCount = used
        self.count = count
        lastPosition = position
    }
}
