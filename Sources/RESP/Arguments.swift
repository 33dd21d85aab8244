// The arguments of one request, as slices of the buffer they arrived in.

/// A run of bytes somebody else owns; valid as long as the call it came with.
package typealias ByteSlice = UnsafeBufferPointer<UInt8>

/// One request: its arguments as (offset, length) pairs into the connection's read buffer.
///
/// Valid only during the call that passes it: whoever needs bytes later copies them.
package struct Arguments {
    /// Start of the request's bytes (its `*` or the first byte of an inline command).
    package let base: UnsafePointer<UInt8>
    /// `2 * count` numbers: offset from `base`, length.
    package let spans: UnsafePointer<Int32>
    package let count: Int
    /// Length of the whole request, so that a store can be sent the very same bytes.
    package let frameLength: Int
    /// Whether the frame is a RESP array of bulk strings that may be forwarded unchanged (an inline command may not).
    package let isForwardable: Bool

    package init(
        base: UnsafePointer<UInt8>, spans: UnsafePointer<Int32>, count: Int, frameLength: Int, isForwardable: Bool
    ) {
        self.base = base
        self.spans = spans
        self.count = count
        self.frameLength = frameLength
        self.isForwardable = isForwardable
    }

    /// - Precondition: `0 <= index < count`.
    @inlinable package subscript(index: Int) -> ByteSlice {
        precondition(index >= 0 && index < count, "argument index out of range")
        return ByteSlice(start: base + Int(spans[2 &* index]), count: Int(spans[2 &* index &+ 1]))
    }

    /// The argument as owned bytes.
    package func bytes(_ index: Int) -> [UInt8] { Array(self[index]) }
}

extension UnsafeBufferPointer where Element == UInt8 {
    /// Compares with an upper-case ASCII keyword, ignoring the case of the bytes.
    @inlinable package func equalsIgnoringCase(_ keyword: StaticString) -> Bool {
        guard count == keyword.utf8CodeUnitCount else { return false }
        let expected = keyword.utf8Start
        for i in 0..<count {
            var c = self[i]
            if c >= 97 && c <= 122 { c &-= 32 }
            if c != expected[i] { return false }
        }
        return true
    }
}
