// What a byte means to text: one table for documents, queries and highlighting, so that they cannot
// drift apart.
//
// RediSearch splits at ASCII punctuation and never decodes: bytes from 0x80 on are letters, and only
// A-Z have a lower case.

/// The classes of one byte, as bits.
package struct ByteClass: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Ends a token of a document: space, tab and ASCII punctuation but `_` and `\`.
    package static let separator = ByteClass(rawValue: 1 << 0)
    /// C's `ispunct`: what a backslash makes literal, beside white space.
    package static let punctuation = ByteClass(rawValue: 1 << 1)
    /// C's `isspace`.
    package static let space = ByteClass(rawValue: 1 << 2)
    /// C's `iscntrl`: dropped from the inside of a document's token.
    package static let control = ByteClass(rawValue: 1 << 3)
    package static let digit = ByteClass(rawValue: 1 << 4)
    /// Part of a query word without escape: letters, digits, bytes from 0x80 on, `_`.
    package static let word = ByteClass(rawValue: 1 << 5)
    package static let upperCase = ByteClass(rawValue: 1 << 6)
    /// What a document's token copies without a second look: a word byte that is its own lower case.
    package static let plain = ByteClass(rawValue: 1 << 7)

    package static let escapable: ByteClass = [.punctuation, .space]

    package init(of byte: UInt8) {
        var classes: ByteClass = []
        let isPunctuation =
            (33...47).contains(byte) || (58...64).contains(byte) || (91...96).contains(byte)
            || (123...126).contains(byte)
        if isPunctuation { classes.insert(.punctuation) }
        if byte == 32 || (9...13).contains(byte) { classes.insert(.space) }
        if byte < 32 || byte == 127 { classes.insert(.control) }
        if (48...57).contains(byte) { classes.insert(.digit) }
        let isLetter = (65...90).contains(byte) || (97...122).contains(byte) || byte >= 0x80
        if isLetter || classes.contains(.digit) || byte == UInt8(ascii: "_") { classes.insert(.word) }
        if (65...90).contains(byte) { classes.insert(.upperCase) }
        if classes.contains(.word) && !classes.contains(.upperCase) { classes.insert(.plain) }
        let splits = isPunctuation && byte != UInt8(ascii: "_") && byte != UInt8(ascii: "\\")
        if splits || byte == 32 || byte == 9 { classes.insert(.separator) }
        self = classes
    }

    /// 256 classes, by byte. Never freed, never changed: safe to read from any thread.
    nonisolated(unsafe) package static let table: UnsafePointer<ByteClass> = {
        let table = UnsafeMutablePointer<ByteClass>.allocate(capacity: 256)
        for byte in 0..<256 { table[byte] = ByteClass(of: UInt8(byte)) }
        return UnsafePointer(table)
    }()
}

extension UInt8 {
    package var byteClass: ByteClass { ByteClass.table[Int(self)] }

    /// A-Z become a-z; all else stays, as RediSearch 2.10.
    @inlinable package var asciiLowercased: UInt8 { self &- 65 < 26 ? self | 0x20 : self }
}

extension Array where Element == UInt8 {
    package var asciiLowercased: Bytes { map(\.asciiLowercased) }
}
