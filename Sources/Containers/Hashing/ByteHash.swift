// One hash for all byte-keyed tables.

/// Mixes bytes eight at a time by multiplication and folding. Not for hostile input on its own: tables keyed by it
/// compare whole keys and grow, so a flood of collisions costs time, never correctness.
@inlinable
public func hashBytes(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let count = bytes.count
    // Spread over the word: a plain length would cancel against the low bits of the first bytes.
    var h = 0x9E37_79B9_7F4A_7C15 ^ (UInt64(truncatingIfNeeded: count) &* 0xD6E8_FEB8_6659_FD93)
    guard count > 0, let start = bytes.baseAddress else { return h &* 0xA076_1D64_78BD_642F }
    let raw = UnsafeRawPointer(start)
    var i = 0
    while i &+ 8 <= count {
        let product = (h ^ raw.loadUnaligned(fromByteOffset: i, as: UInt64.self))
            .multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        h = product.high ^ product.low
        i &+= 8
    }
    if i < count {
        var word: UInt64 = 0
        if count >= 8 {
            // The last eight bytes: some of them twice, which the length in the seed keeps unambiguous.
            word = raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        } else {
            while i < count {
                word = word &<< 8 | UInt64(start[i])
                i &+= 1
            }
        }
        let product = (h ^ word).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        h = product.high ^ product.low
    }
    let product = h.multipliedFullWidth(by: 0x9FB2_1C65_1E98_DF25)
    return product.high ^ product.low
}
