// The characters of suggestions: code points, folded one by one for comparison.
//
// As RediSearch, which folds a character to one character: a sharp s does not match "ss". Unlike it, characters outside
// the basic plane stay what they are, and bytes that are not UTF-8 come back as they were: such a byte is a code point
// of its own, in the range of low surrogates, which no text has.

import SearchModel

package enum SuggestionText {
    private static let strayBase: UInt32 = 0xdc00

    package static func codePoints(_ text: some Collection<UInt8>) -> [UInt32] {
        var result: [UInt32] = []
        result.reserveCapacity(text.count)
        let bytes = Array(text)
        var i = 0
        while i < bytes.count {
            let (point, length) = decode(bytes, at: i)
            result.append(point)
            i += length
        }
        return result
    }

    package static func folded(_ text: some Collection<UInt8>) -> [UInt32] { codePoints(text).map(fold) }

    /// The one code point that a code point is compared as.
    static func fold(_ point: UInt32) -> UInt32 {
        if point < 0x80 { return point >= 65 && point <= 90 ? point | 32 : point }
        if point == 0x3c2 { return 0x3c3 }
        guard let scalar = Unicode.Scalar(point) else { return point }
        return scalar.properties.lowercaseMapping.unicodeScalars.first?.value ?? point
    }

    static func append(_ point: UInt32, to bytes: inout Bytes) {
        if point < 0x80 {
            bytes.append(UInt8(point))
        } else if let scalar = Unicode.Scalar(point) {
            bytes.append(contentsOf: UTF8.encode(scalar)!)  // every scalar has a form in UTF-8
        } else {
            bytes.append(UInt8(truncatingIfNeeded: point))
        }
    }

    private static func decode(_ bytes: Bytes, at i: Int) -> (point: UInt32, length: Int) {
        let lead = UInt32(bytes[i])
        if lead < 0x80 { return (lead, 1) }
        let length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
        let stray = (strayBase + lead, 1)
        guard length > 0, i + length <= bytes.count else { return stray }
        var bits = lead & (0xff >> UInt32(length + 1))
        for k in 1..<length {
            guard bytes[i + k] & 0xc0 == 0x80 else { return stray }
            bits = bits << 6 | UInt32(bytes[i + k] & 0x3f)
        }
        let smallest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
        guard bits >= smallest, Unicode.Scalar(bits) != nil else { return stray }
        return (bits, length)
    }
}
