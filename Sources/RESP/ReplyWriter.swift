// Replies are written as bytes at once, in the client's protocol; there is no reply tree.

/// The two protocols a client may speak.
package enum RESPVersion: UInt8, Sendable {
    case resp2 = 2
    case resp3 = 3
}

#if canImport(Glibc)
import Glibc
#endif

/// A growing buffer of reply bytes in one protocol version.
///
/// Not thread-safe; it may be made on one thread and handed to another.
package final class ReplyWriter: @unchecked Sendable {
    // Sendable by hand-over: one owner at a time.
    @exclusivity(unchecked) package private(set) var start: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) package private(set) var count = 0
    /// Bytes of memory held.
    @exclusivity(unchecked) package private(set) var capacity: Int
    package var version: RESPVersion

    package init(version: RESPVersion = .resp2, capacity: Int = 512) {
        self.version = version
        self.capacity = max(capacity, 64)
        start = .allocate(capacity: self.capacity)
    }

    deinit { start.deallocate() }

    /// The bytes written so far.
    package var bytes: ByteSlice { ByteSlice(start: start, count: count) }

    /// Forgets what was written, keeping the memory.
    package func removeAll() { count = 0 }

    /// Cuts back to an earlier `count`.
    package func truncate(to length: Int) {
        precondition(length >= 0 && length <= count)
        count = length
    }

    // MARK: RESP values

    /// `+text`. The text must hold no line break.
    package func simple(_ text: StaticString) {
        byte(UInt8(ascii: "+"))
        raw(text)
        lineEnd()
    }

    package func simple(_ bytes: some Collection<UInt8>) {
        byte(UInt8(ascii: "+"))
        line(bytes)
        lineEnd()
    }

    /// `-text`; line breaks in the text become blanks.
    package func error(_ text: String) {
        byte(UInt8(ascii: "-"))
        line(text.utf8)
        lineEnd()
    }

    package func error(_ bytes: some Collection<UInt8>) {
        byte(UInt8(ascii: "-"))
        line(bytes)
        lineEnd()
    }

    package func ok() { raw("+OK\r\n") }

    package func integer(_ value: Int) { header(UInt8(ascii: ":"), value) }

    package func bulk(_ bytes: ByteSlice) {
        header(UInt8(ascii: "$"), bytes.count)
        append(bytes)
        lineEnd()
    }

    package func bulk(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { bulk($0) } }

    package func bulk(_ text: String) {
        var text = text
        text.withUTF8 { bulk($0) }
    }

    package func bulk(_ text: StaticString) { bulk(ByteSlice(start: text.utf8Start, count: text.utf8CodeUnitCount)) }

    package func array(_ elements: Int) { header(UInt8(ascii: "*"), elements) }

    /// A map of `pairs` pairs: `%` in RESP3, a flat array in RESP2.
    package func map(_ pairs: Int) {
        if version == .resp3 { header(UInt8(ascii: "%"), pairs) } else { header(UInt8(ascii: "*"), 2 * pairs) }
    }

    /// A set: `~` in RESP3, an array in RESP2.
    package func set(_ elements: Int) { header(version == .resp3 ? UInt8(ascii: "~") : UInt8(ascii: "*"), elements) }

    /// `_` in RESP3, the nil bulk in RESP2.
    package func null() { if version == .resp3 { raw("_\r\n") } else { raw("$-1\r\n") } }

    /// `_` in RESP3, the nil array in RESP2.
    package func nullArray() { if version == .resp3 { raw("_\r\n") } else { raw("*-1\r\n") } }

    /// `#t`/`#f` in RESP3, 1/0 in RESP2.
    package func boolean(_ value: Bool) {
        if version == .resp3 { raw(value ? "#t\r\n" : "#f\r\n") } else { integer(value ? 1 : 0) }
    }

    /// `,d` in RESP3, bulk text in RESP2; shortest text that reads back as the same double.
    package func double(_ value: Double) {
        if version == .resp3 {
            byte(UInt8(ascii: ","))
            raw(Self.text(of: value))
            lineEnd()
        } else {
            bulk(Self.text(of: value))
        }
    }

    /// Copies bytes that are already RESP.
    package func append(_ bytes: ByteSlice) {
        guard let from = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count)
        (start + count).update(from: from, count: bytes.count)
        count &+= bytes.count
    }

    package func raw(_ text: StaticString) { append(ByteSlice(start: text.utf8Start, count: text.utf8CodeUnitCount)) }

    package func raw(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// A type byte, a number and a line end: `*3`, `$-1`, `:7`.
    package func header(_ type: UInt8, _ value: Int) {
        reserve(24)
        start[count] = type
        count &+= 1
        count &+= Self.writeDecimal(value, to: start + count)
        start[count] = 13
        start[count &+ 1] = 10
        count &+= 2
    }

    // MARK: number texts

    /// Shortest decimal that reads back as `value`, as C's `%.17g` trimmed: integers print without a point
    /// (`1`, `2147483648`), `inf`, `-inf`, `nan`, exponents as `1e+20`.
    package static func text(of value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        if value == value.rounded() && abs(value) < 1e17 { return String(Int64(value)) }
        var text = [CChar](repeating: 0, count: 40)
        for digits in [15, 16, 17] as [Int32] {
            withVaList([digits, value]) { _ = vsnprintf(&text, text.count, "%.*g", $0) }
            if strtod(text, nil) == value { break }
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Writes a decimal of at most 20 bytes; returns its length.
    package static func writeDecimal(_ value: Int, to out: UnsafeMutablePointer<UInt8>) -> Int {
        var rest = value.magnitude
        var digits = 1
        var probe = rest
        while probe >= 10 { probe /= 10; digits &+= 1 }
        let sign = value < 0 ? 1 : 0
        if sign == 1 { out[0] = UInt8(ascii: "-") }
        var i = sign &+ digits &- 1
        while i >= sign {
            out[i] = 48 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            i &-= 1
        }
        return sign &+ digits
    }

    // MARK: private

    private func byte(_ value: UInt8) {
        reserve(1)
        start[count] = value
        count &+= 1
    }

    private func lineEnd() {
        reserve(2)
        start[count] = 13
        start[count &+ 1] = 10
        count &+= 2
    }

    private func line(_ bytes: some Collection<UInt8>) {
        reserve(bytes.count)
        for c in bytes {
            start[count] = c == 13 || c == 10 ? 32 : c
            count &+= 1
        }
    }

    @inline(__always) private func reserve(_ extra: Int) {
        if count + extra > capacity { grow(extra) }
    }

    @inline(never) private func grow(_ extra: Int) {
        var larger = capacity
        while larger < count + extra { larger += max(larger, 4096) }
        let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        fresh.update(from: start, count: count)
        start.deallocate()
        start = fresh
        capacity = larger
    }
}
