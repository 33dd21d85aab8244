// The words of the last few hundred tokens: what a text repeats is found without the dictionary.
//
// Direct-mapped, one cache line an entry. A word of up to 16 bytes is its own key: two overlapping halves and its length
// say all its bytes.

import Containers
import SearchModel

struct TokenCache: ~Copyable {
    struct Entry: BitwiseCopyable {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var length: UInt32 = 0
        var term: TermID = 0
        var stem: UInt32 = TermDictionaryBuilder.unknownStem
        /// The segment that the lists belong to.
        var epoch: UInt32 = 0
        var list: UnsafeMutablePointer<ListHead>?
        var stemList: UnsafeMutablePointer<ListHead>?
    }

    private static let count = 4096
    /// Zeroed: no word has length 0. Costs nothing in an index that is never written.
    private let block = RawBlock(zeroed: (count + 1) * MemoryLayout<Entry>.stride)
    private let entries: UnsafeMutablePointer<Entry>

    init() {
        // One entry, one cache line.
        let misalignment = Int(bitPattern: block.base) & (MemoryLayout<Entry>.stride - 1)
        entries = block.pointer(atByte: MemoryLayout<Entry>.stride - misalignment)
    }

    /// A word as numbers.
    struct Key: BitwiseCopyable {
        var low: UInt64 = 0
        var high: UInt64 = 0
        /// 0: the word is too long, or empty, and is not kept.
        var length: UInt32 = 0
    }

    @inline(__always) static func key(of word: ByteSlice) -> Key {
        let n = word.count
        guard n > 0, n <= 16, let start = word.baseAddress else { return Key() }
        let raw = UnsafeRawPointer(start)
        if n >= 8 {
            return Key(
                low: raw.loadUnaligned(as: UInt64.self),
                high: raw.loadUnaligned(fromByteOffset: n &- 8, as: UInt64.self), length: UInt32(n))
        }
        if n >= 4 {
            return Key(
                low: UInt64(raw.loadUnaligned(as: UInt32.self)),
                high: UInt64(raw.loadUnaligned(fromByteOffset: n &- 4, as: UInt32.self)), length: UInt32(n))
        }
        return Key(
            low: UInt64(start[0]) | UInt64(start[n &>> 1]) &<< 8 | UInt64(start[n &- 1]) &<< 16, high: 0,
            length: UInt32(n))
    }

    /// The one place where a word may be.
    @inline(__always) func place(of key: Key) -> UnsafeMutablePointer<Entry> {
        let mixed = (key.low ^ (key.high &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(key.length)) &* 0xA076_1D64_78BD_642F
        return entries + Int(mixed &>> 52)
    }
}

extension TokenCache.Entry {
    init(_ key: TokenCache.Key) {
        low = key.low
        high = key.high
        length = key.length
    }

    /// Never for words that are not kept.
    @inline(__always) func holds(_ key: TokenCache.Key) -> Bool {
        low == key.low && high == key.high && length == key.length && length != 0
    }
}

/// What the tokens of one call have in common.
struct FieldOfTokens {
    let maskLow: UInt64
    let maskHigh: UInt64
    let weight: UInt32
    /// What a stem's occurrence adds: a fifth, at least 1, as RediSearch.
    var stemWeight: UInt32 { max(1, weight / 5) }
    let isStemmed: Bool
    /// By a stemmer of another language than the index's.
    let isForeign: Bool
}

/// A token on its way into lists.
struct TokenWork: BitwiseCopyable {
    static let batch = 32

    var key: TokenCache.Key
    var entry: UnsafeMutablePointer<TokenCache.Entry>
    var hash: UInt64
    /// `nil`: still to be found.
    var list: UnsafeMutablePointer<ListHead>?
    var stemList: UnsafeMutablePointer<ListHead>?
}
