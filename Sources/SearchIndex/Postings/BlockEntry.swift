// The directory entry of 128 postings.
//
//   ┌ lastDocID u32 │ dataOffset u32 │ positionOffset u32 ┬ docBits │ frequencyBits │ maskPlanes │ patches ┐
//   ├ maxF │ tfF │ tfMaxf │ bmF ┬ bmLength u16 ┬ maxScore u16 ─────────────────────────────────  24 bytes ─┘
//
//   data of a full block:   gaps less one, docBits x 16 bytes │ patches │ f less one, likewise │ masks
//   frequencies with patches: the top bit of frequencyBits is set, and their data begins with a byte like `patches`
//   patches:   how many (5 bits), bytes of each one's high part (3 bits); then (index u8, high part) each
//   masks:     none when the whole list has one; else count less one u8, that many varints, then one bit a posting and
//              plane of its ordinal among them: 128 postings have at most 128 masks, so there are 7 planes at most
//   data of a last block that is not full: postings as varints, positions in between (postings.c)

struct BlockEntry: BitwiseCopyable {
    var lastDocID: UInt32 = 0
    var dataOffset: UInt32 = 0
    var positionOffset: UInt32 = 0
    var docBits: UInt8 = 0
    var frequencyBits: UInt8 = 0
    var maskPlanes: UInt8 = 0
    var patches: UInt8 = 0
    /// 255: the list's.
    var maxF: UInt8 = 0
    var tfF: UInt8 = 0
    var tfMaxf: UInt8 = 0
    /// 255: not known.
    var bmF: UInt8 = 0
    var bmLength: UInt16 = 0
    /// The upper half of a float, rounded up.
    var maxScore: UInt16 = 0

    static let hasFrequencyPatches: UInt8 = 0x80

    /// Byte of the frequencies within the block's data.
    var frequencyOffset: Int { 16 &* Int(docBits) &+ Self.patchSize(patches) }

    /// Byte of the masks within the block's data, which starts at `data`.
    func maskOffset(_ data: UnsafePointer<UInt8>) -> Int {
        if frequencyBits & Self.hasFrequencyPatches == 0 { return frequencyOffset &+ 16 &* Int(frequencyBits) }
        let bits = Int(frequencyBits & ~Self.hasFrequencyPatches)
        return frequencyOffset &+ 1 &+ 16 &* bits &+ Self.patchSize(data[frequencyOffset])
    }

    private static func patchSize(_ patches: UInt8) -> Int { Int(patches & 31) &* (1 &+ Int(patches &>> 5)) }
}

/// The header of a packed or bitmap list, at a multiple of 8; the directory follows, then the bitmap if any, then data.
/// The first byte tells it from a short list's (see `SegmentBuilder`).
struct PackedHeader: BitwiseCopyable {
    static let packedTag: UInt8 = 1
    static let bitmapTag: UInt8 = 2

    var tag: UInt8
    var isSingleMask: UInt8
    var reserved: UInt16 = 0
    var documentFrequency: UInt32
    var maxFrequency: UInt32
    /// From the start of the header.
    var dataOffset: UInt32
    /// In the segment's position bytes.
    var positionOffset: UInt64
    var maskLow: UInt64
    var maskHigh: UInt64
}

/// The least half-precision-like number (upper 16 bits of a float) that is not below `value`.
func roundedUpFloat(_ value: Float) -> UInt16 {
    if value.isNaN { return UInt16(Float.infinity.bitPattern >> 16) }
    let bits = value.bitPattern
    let upper = UInt16(truncatingIfNeeded: bits >> 16)
    // Cutting a negative number's low bits moves it up already. Infinity has no low bits.
    return bits & 0xFFFF != 0 && value > 0 ? upper + 1 : upper
}

func upperFloat(_ upper: UInt16) -> Float { Float(bitPattern: UInt32(upper) << 16) }
