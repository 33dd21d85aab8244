// Numbers as C reads them: hexadecimal, `inf`, `nan`, and blanks in front are fine, anything behind is not.

import SearchModel

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The number that the whole text spells; an empty text is 0, as for `strtod`.
func parseDouble(_ text: Bytes) -> Double? {
    var terminated = text
    terminated.append(0)
    return terminated.withUnsafeBufferPointer { buffer in
        buffer.withMemoryRebound(to: CChar.self) { characters in
            guard let start = characters.baseAddress else { return nil }
            var end: UnsafeMutablePointer<CChar>?
            let value = strtod(start, &end)
            return end.map { UnsafePointer($0) - start == text.count ? value : nil } ?? nil
        }
    }
}

/// The whole number that the whole text spells, saturated.
func parseInteger(_ text: Bytes) -> Int64? {
    var terminated = text
    terminated.append(0)
    return terminated.withUnsafeBufferPointer { buffer in
        buffer.withMemoryRebound(to: CChar.self) { characters in
            guard let start = characters.baseAddress, !text.isEmpty else { return nil }
            var end: UnsafeMutablePointer<CChar>?
            let value = strtoll(start, &end, 10)
            return end.map { UnsafePointer($0) - start == text.count ? Int64(value) : nil } ?? nil
        }
    }
}

func parseFlag(_ text: Bytes) -> Bool? {
    switch String(decoding: text.asciiLowercased, as: UTF8.self) {
    case "true", "1": true
    case "false", "0": false
    default: nil
    }
}
