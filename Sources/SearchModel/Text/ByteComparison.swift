// Equality of bytes in different hands. The standard library's `elementsEqual` goes one by one.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension UnsafeBufferPointer<UInt8> {
    /// Whether both are the same bytes.
    @inlinable package func isEqual(to other: UnsafeBufferPointer<UInt8>) -> Bool {
        count == other.count && (count == 0 || memcmp(baseAddress!, other.baseAddress!, count) == 0)
    }

    /// Whether both are the same bytes.
    @inlinable package func isEqual(to other: [UInt8]) -> Bool {
        count == other.count && other.withUnsafeBufferPointer { isEqual(to: $0) }
    }
}
