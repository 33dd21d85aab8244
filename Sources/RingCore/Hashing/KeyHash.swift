// From a key to its token: which bytes are hashed, and how.

/// Two characters that enclose the part of a key that is hashed, so that keys can be placed together.
package struct HashTag: Equatable, Sendable {
    package let opening: UInt8
    package let closing: UInt8

    /// - Returns: `nil` unless the text is exactly two bytes.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 2 else { return nil }
        opening = bytes[0]
        closing = bytes[1]
    }

    /// The bytes between the first opening character and the next closing one; without such a pair, or with nothing in
    /// it, the whole key.
    package func part(of key: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let open = key.firstIndex(of: opening) else { return key }
        let behind = key[(open + 1)...]
        guard let close = behind.firstIndex(of: closing), close > open + 1 else { return key }
        return UnsafeRawBufferPointer(rebasing: key[(open + 1)..<close])
    }
}

/// How the ring places keys: the same on all of its nodes.
package struct KeyHash: Equatable, Sendable {
    package let function: HashFunction
    package let tag: HashTag?

    /// - Returns: `nil` for a wide function, which cannot place keys among nodes with tokens of one word.
    package init?(_ function: HashFunction, tag: HashTag? = nil) {
        guard !function.isWide else { return nil }
        self.function = function
        self.tag = tag
    }

    private init(murmurWithTag tag: HashTag?) {
        function = .murmur
        self.tag = tag
    }

    /// Dynomite's default: `murmur` over the whole key.
    package static let standard = KeyHash(murmurWithTag: nil)

    /// O(length of the key).
    package func token(of key: UnsafeRawBufferPointer) -> Token {
        Token(function.word(of: tag.map { $0.part(of: key) } ?? key))
    }

    package func token(of key: UnsafeBufferPointer<UInt8>) -> Token { token(of: UnsafeRawBufferPointer(key)) }

    package func token(of key: [UInt8]) -> Token { key.withUnsafeBytes { token(of: $0) } }

    package func token(of key: String) -> Token { token(of: Array(key.utf8)) }
}
