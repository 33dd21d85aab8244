// Words that are neither indexed nor searched.

/// A fixed set of lower-case words, made once per index and read for every token.
@usableFromInline package final class StopWords: Sendable {
    /// In the order given, for FT.INFO.
    package let words: [Bytes]

    // The memory below is written in `init` alone, so sharing it between threads is safe.

    /// One bit per (first byte, last byte, length) class that some word has. Most tokens that are no stop words
    /// end here: one load, no hash over their bytes.
    @usableFromInline nonisolated(unsafe) let candidates: UnsafeMutablePointer<UInt64>
    /// Open addressing, at most half full: offset and length of a word in `arena`; length 0 is a free slot.
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<(offset: UInt32, length: UInt32)>
    private let slotMask: Int
    private nonisolated(unsafe) let arena: UnsafeMutablePointer<UInt8>
    private static let candidateWords = 128

    /// - Parameter words: folded to lower case here.
    package init(_ words: [Bytes]) {
        self.words = words.map(\.asciiLowercased)
        var slotCount = 16
        while slotCount < words.count * 2 { slotCount *= 2 }
        slotMask = slotCount - 1
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: (0, 0), count: slotCount)
        candidates = .allocate(capacity: Self.candidateWords)
        candidates.initialize(repeating: 0, count: Self.candidateWords)
        arena = .allocate(capacity: self.words.reduce(1) { $0 + $1.count })
        var used = 0
        for word in self.words where !word.isEmpty {
            let key = Self.key(first: word[0], last: word[word.count - 1], count: word.count)
            candidates[key >> 6] |= 1 << UInt64(key & 63)
            for byte in word.indices { arena[used + byte] = word[byte] }
            var slot = Self.hash(arena + used, count: word.count) & slotMask
            while slots[slot].length != 0 { slot = (slot + 1) & slotMask }
            slots[slot] = (UInt32(used), UInt32(word.count))
            used += word.count
        }
    }

    deinit {
        candidates.deallocate()
        slots.deallocate()
        arena.deallocate()
    }

    package func contains(_ word: Bytes) -> Bool {
        word.withUnsafeBufferPointer { word in
            word.baseAddress.map { contains($0, count: word.count) } ?? false
        }
    }

    /// False for most words that are not in the set. For loops over tokens: one load, without a call.
    ///
    /// - Precondition: `count > 0`.
    @inlinable package func mayContain(_ start: UnsafePointer<UInt8>, count: Int) -> Bool {
        let key = Self.key(first: start[0], last: start[count &- 1], count: count)
        return candidates[key &>> 6] & (1 &<< UInt64(truncatingIfNeeded: key)) != 0
    }

    /// Whether the lower-case word of `count` bytes at `start` is in the set. Allocates nothing.
    package func contains(_ start: UnsafePointer<UInt8>, count: Int) -> Bool {
        guard count > 0, mayContain(start, count: count) else { return false }
        var slot = Self.hash(start, count: count) & slotMask
        while slots[slot].length != 0 {
            if Int(slots[slot].length) == count {
                let word = arena + Int(slots[slot].offset)
                var i = 0
                while i < count && word[i] == start[i] { i &+= 1 }
                if i == count { return true }
            }
            slot = (slot &+ 1) & slotMask
        }
        return false
    }

    /// 13 bits: 5 of either end, 3 of the length.
    @inlinable static func key(first: UInt8, last: UInt8, count: Int) -> Int {
        Int(first & 31) | Int(last & 31) << 5 | min(count, 7) << 10
    }

    /// FNV-1a.
    private static func hash(_ word: UnsafePointer<UInt8>, count: Int) -> Int {
        var hash: UInt32 = 2_166_136_261
        for i in 0..<count { hash = (hash ^ UInt32(word[i])) &* 16_777_619 }
        return Int(hash)
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
        stopWords.map { StopWords($0) } ?? .standard
    }
}
