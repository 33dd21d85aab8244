// Owned bytes, and their order.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

package typealias Bytes = [UInt8]

/// The order of names everywhere in this folder: as `memcmp`, a prefix before what it begins.
func precedes(_ a: Bytes, _ b: Bytes) -> Bool {
    let order = a.withUnsafeBytes { a in
        b.withUnsafeBytes { b in
            guard let left = a.baseAddress, let right = b.baseAddress else { return Int32(0) }
            return memcmp(left, right, min(a.count, b.count))
        }
    }
    return order == 0 ? a.count < b.count : order < 0
}
