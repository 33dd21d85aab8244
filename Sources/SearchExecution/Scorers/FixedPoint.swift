// Numbers with two decimals, as C's `%.2f` prints them, without Foundation.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

enum FixedPoint {
    static func text(_ value: Double) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
            let count = withVaList([value]) { vsnprintf(buffer.baseAddress, buffer.count, "%.2f", $0) }
            let bytes = buffer.prefix(max(0, min(Int(count), buffer.count - 1))).map { UInt8(bitPattern: $0) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
