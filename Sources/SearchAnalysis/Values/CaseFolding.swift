// Full Unicode case folding, for values that are sorted and grouped by.
//
// RediSearch folds SORTABLE text by Unicode's CaseFolding table while it lowers tokens and tags by ASCII alone.
// The standard library has no folding, but lower(upper(lower(c))) is the same for all scalars except dotless i
// and Cherokee, whose small letters came later than the capitals and fold *up*.

import SearchModel

package enum CaseFolding {
    /// The folded form of a sortable value without UNF. Bytes that are not UTF-8 stay as they are.
    package static func fold(_ value: UnsafeBufferPointer<UInt8>) -> Bytes {
        let ascii = value.firstIndex { $0 >= 0x80 } ?? value.count
        if ascii == value.count {
            return Bytes(unsafeUninitializedCapacity: value.count) { out, count in
                for i in 0..<value.count { out.initializeElement(at: i, to: value[i].asciiLowercased) }
                count = value.count
            }
        }
        var result = Bytes()
        result.reserveCapacity(value.count)
        var i = 0
        while i < value.count {
            let byte = value[i]
            if byte < 0x80 {
                result.append(byte.asciiLowercased)
                i += 1
            } else if let (scalar, length) = decode(value, at: i) {
                append(folding: scalar, to: &result)
                i += length
            } else {
                result.append(byte)
                i += 1
            }
        }
        return result
    }

    package static func fold(_ value: Bytes) -> Bytes {
        value.withUnsafeBufferPointer(fold)
    }

    /// The folded form of a prefix, suffix, infix or wildcard pattern over words. As in RediSearch each letter stays
    /// one letter: of `ß`, which folds to `ss`, one `s` is left. Words themselves are only lowered by ASCII.
    package static func foldPattern(_ pattern: Bytes) -> Bytes {
        guard pattern.contains(where: { $0 >= 0x80 }) else { return pattern.asciiLowercased }
        var result = Bytes()
        pattern.withUnsafeBufferPointer { pattern in
            var i = 0
            while i < pattern.count {
                guard let (scalar, length) = decode(pattern, at: i) else {
                    result.append(pattern[i].asciiLowercased)
                    i += 1
                    continue
                }
                var folded = Bytes()
                append(folding: scalar, to: &folded)
                result += folded.prefix(folded.withUnsafeBufferPointer { decode($0, at: 0)?.1 ?? 1 })
                i += length
            }
        }
        return result
    }

    private static func append(folding scalar: Unicode.Scalar, to result: inout Bytes) {
        switch scalar.value {
        case 0x131, 0x13a0...0x13f5:
            result += Array(String(scalar).utf8)
        case 0x13f8...0x13fd:
            result += encoded(scalar.value - 8)
        case 0xab70...0xabbf:
            result += encoded(scalar.value - 0xab70 + 0x13a0)
        default:
            for lower in scalar.properties.lowercaseMapping.unicodeScalars {
                for upper in lower.properties.uppercaseMapping.unicodeScalars {
                    result += Array(upper.properties.lowercaseMapping.utf8)
                }
            }
        }
    }

    private static func encoded(_ value: UInt32) -> Bytes {
        Unicode.Scalar(value).map { Array(String($0).utf8) } ?? []
    }

    /// The scalar that starts at `i` and its length in bytes; `nil` when the bytes are not UTF-8.
    private static func decode(_ value: UnsafeBufferPointer<UInt8>, at i: Int) -> (Unicode.Scalar, Int)? {
        let lead = value[i]
        let length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
        guard length > 0, i + length <= value.count else { return nil }
        var bits = UInt32(lead) & (0xff >> UInt32(length + 1))
        for k in 1..<length {
            let byte = value[i + k]
            guard byte & 0xc0 == 0x80 else { return nil }
            bits = bits << 6 | UInt32(byte & 0x3f)
        }
        let smallest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
        guard bits >= smallest, let scalar = Unicode.Scalar(bits) else { return nil }
        return (scalar, length)
    }
}
