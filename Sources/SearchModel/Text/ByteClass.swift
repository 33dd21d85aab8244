// What a byte means to text: one table for documents, queries and highlighting, so that they cannot
// drift apart.
//
// RediSearch splits at ASCII punctuation and never decodes: bytes from 0x80 on are letters, and only
// A-Z have a lower case.

/// The classes of one byte, as bits.
@usableFromInline package struct ByteClass: OptionSet, Sendable {
    @usableFromInline package let rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Ends a token of a document: space, tab and ASCII punctuation but `_` and `\`.
    @inlinable package static var separator: ByteClass { ByteClass(rawValue: 1 << 0) }
    /// C's `ispunct`: what a backslash makes literal, beside white space.
    @inlinable package static var punctuation: ByteClass { ByteClass(rawValue: 1 << 1) }
    /// C's `isspace`.
    @inlinable package static var space: ByteClass { ByteClass(rawValue: 1 << 2) }
    /// C's `iscntrl`: dropped from the inside of a document's token.
    @inlinable package static var control: ByteClass { ByteClass(rawValue: 1 << 3) }
    @inlinable package static var digit: ByteClass { ByteClass(rawValue: 1 << 4) }
    /// Part of a query word without escape: letters, digits, bytes from 0x80 on, `_`.
    @inlinable package static var word: ByteClass { ByteClass(rawValue: 1 << 5) }
    @inlinable package static var upperCase: ByteClass { ByteClass(rawValue: 1 << 6) }
    /// What a document's token copies without a second look: a word byte that is its own lower case.
    @inlinable package static var plain: ByteClass { ByteClass(rawValue: 1 << 7) }

    @inlinable package static var escapable: ByteClass { ByteClass(rawValue: 1 << 1 | 1 << 2) }

    /// Whether the byte is in one of these classes. Inlined, unlike what an option set has by itself.
    @inlinable package func has(_ other: ByteClass) -> Bool { rawValue & other.rawValue != 0 }

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
    @usableFromInline nonisolated(unsafe) package static let table: UnsafePointer<ByteClass> = {
        let table = UnsafeMutablePointer<ByteClass>.allocate(capacity: 256)
        for byte in 0..<256 { table[byte] = ByteClass(of: UInt8(byte)) }
        return UnsafePointer(table)
    }()
}

extension UInt8 {
    @inlinable package var byteClass: ByteClass { ByteClass.table[Int(self)] }

    /// A-Z become a-z; all else stays, as RediSearch 2.10.
    @inlinable package var asciiLowercased: UInt8 { self &- 65 < 26 ? self | 0x20 : self }
}

extension Array where Element == UInt8 {
    package var asciiLowercased: Bytes { map(\.asciiLowercased) }

    /// Without each backslash that stands before punctuation, white space or another backslash.
    package var unescaped: Bytes {
        guard contains(UInt8(ascii: "\\")) else { return self }
        var result = Bytes()
        result.reserveCapacity(count)
        var i = 0
        while i < count {
            if self[i] == UInt8(ascii: "\\"), i + 1 < count, !self[i + 1].byteClass.isDisjoint(with: .escapable) {
                i += 1
            }
            result.append(self[i])
            i += 1
        }
        return result
    }

    /// Without backslashes; what stands behind one stays, whatever it is.
    package var withoutBackslashes: Bytes {
        guard contains(UInt8(ascii: "\\")) else { return self }
        var result = Bytes()
        result.reserveCapacity(count)
        var i = 0
        while i < count {
            if self[i] == UInt8(ascii: "\\"), i + 1 < count { i += 1 }
            result.append(self[i])
            i += 1
        }
        return result
    }
}
