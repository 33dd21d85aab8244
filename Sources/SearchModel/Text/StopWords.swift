// Words that are neither indexed nor searched.

/// A fixed set of lower-case words, made once per index and read for every token.
package struct StopWords: Sendable {
    /// In the order given, for FT.INFO.
    package let words: [Bytes]
    private let arena: Bytes
    /// Open addressing; a slot is `offset << 8 | length` into `arena`, and 0 when free. At most half full.
    private let slots: [UInt32]
    /// Bit n: some word has n bytes (all longer ones share bit 63). Most tokens end here.
    private let lengths: UInt64

    /// - Parameter words: folded to lower case here; words of more than 255 bytes are left out, as no list has them.
    package init(_ words: [Bytes]) {
        self.words = words.map(\.asciiLowercased)
        var arena = Bytes()
        var slotCount = 16
        while slotCount < words.count * 2 { slotCount *= 2 }
        var slots = [UInt32](repeating: 0, count: slotCount)
        var lengths: UInt64 = 0
        for word in self.words where !word.isEmpty && word.count <= 255 {
            var slot = Int(truncatingIfNeeded: word.withUnsafeBufferPointer(Self.hash)) & (slotCount - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slotCount - 1) }
            slots[slot] = UInt32(arena.count) << 8 | UInt32(word.count)
            arena += word
            lengths |= 1 << UInt64(min(word.count, 63))
        }
        self.arena = arena
        self.slots = slots
        self.lengths = lengths
    }

    package func contains(_ word: Bytes) -> Bool {
        word.withUnsafeBufferPointer(contains)
    }

    /// Whether the lower-case `word` is in the set.
    package func contains(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
        guard lengths & (1 << UInt64(min(word.count, 63))) != 0, !word.isEmpty else { return false }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: Self.hash(word)) & mask
        while slots[slot] != 0 {
            let length = Int(slots[slot] & 0xff)
            let offset = Int(slots[slot] >> 8)
            if length == word.count, arena[offset..<offset + length].elementsEqual(word) { return true }
            slot = (slot + 1) & mask
        }
        return false
    }

    /// FNV-1a.
    private static func hash(_ word: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for byte in word { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return hash
    }

    package static let none = StopWords([])

    /// The list of an index that names none.
    package static let standard = StopWords(
        [
            "a", "is", "the", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "it",
            "no", "not", "of", "on", "or", "such", "that", "their", "then", "there", "these", "they", "this", "to",
            "was", "will", "with",
        ].map { Array($0.utf8) })
}

extension IndexDefinition {
    /// The set that tokens and query words are tested against.
    package func makeStopWords() -> StopWords {
        stopWords.map(StopWords.init) ?? .standard
    }
}
