// How a TAG value becomes tags.

import SearchModel

/// Splits and folds TAG values.
package struct TagSplitter: Sendable {
    /// `nil`: the value is one tag.
    package let separator: UInt8?
    package let isCaseSensitive: Bool

    package init(_ options: TagOptions) {
        separator = options.separator
        isCaseSensitive = options.caseSensitive
    }

    /// Calls `body` with each tag: cut at the separator, without white space at both ends, A-Z lowered unless the
    /// field is CASESENSITIVE. Empty pieces are left out; repeated tags are not.
    ///
    /// - Parameter scratch: memory for folded tags, kept by the caller so that it is not allocated per value.
    package func forEachTag(
        of value: UnsafeBufferPointer<UInt8>, scratch: inout Bytes, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var start = 0
        while start <= value.count {
            var end = start
            while end < value.count && value[end] != separator { end += 1 }
            let piece = Self.trimmed(UnsafeBufferPointer(rebasing: value[start..<end]))
            if !piece.isEmpty { emit(piece, &scratch, body) }
            start = end + 1
        }
    }

    private func emit(
        _ piece: UnsafeBufferPointer<UInt8>, _ scratch: inout Bytes, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        if isCaseSensitive || !piece.contains(where: { $0 != $0.asciiLowercased }) {
            body(piece)
            return
        }
        scratch.removeAll(keepingCapacity: true)
        for byte in piece { scratch.append(byte.asciiLowercased) }
        scratch.withUnsafeBufferPointer(body)
    }

    private static func trimmed(_ piece: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var start = 0
        var end = piece.count
        let classes = ByteClass.table
        while start < end && classes[Int(piece[start])].has(.space) { start += 1 }
        while end > start && classes[Int(piece[end - 1])].has(.space) { end -= 1 }
        return UnsafeBufferPointer(rebasing: piece[start..<end])
    }

    /// All tags of a value, for callers that are not in a hurry.
    package func tags(of value: Bytes) -> [Bytes] {
        var tags: [Bytes] = []
        var scratch = Bytes()
        value.withUnsafeBufferPointer { value in
            forEachTag(of: value, scratch: &scratch) { tags.append(Bytes($0)) }
        }
        return tags
    }
}
