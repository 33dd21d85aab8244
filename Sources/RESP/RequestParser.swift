// Bytes of a client to requests, in place.
//
//   *2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n      an array of bulk strings: what every client library sends
//   echo "hi"\r\n                          an inline command: what people type into a raw connection
//
// The parser never copies an array's bytes: a request is its offsets in the caller's buffer. It remembers how
// far it got, so bytes that arrive in a thousand pieces are looked at once (a number cut in two, twice).

#if canImport(Glibc)
import Glibc
#endif

/// How much a client may send before the connection is ended. Everything is checked before memory is taken.
package struct RequestLimits: Equatable, Sendable {
    /// Bytes of an inline command.
    package var inlineLength: Int
    /// Arguments of one command.
    package var argumentCount: Int
    /// Bytes of one argument.
    package var bulkLength: Int
    /// Bytes of one whole request.
    package var frameLength: Int

    package init(inlineLength: Int, argumentCount: Int, bulkLength: Int, frameLength: Int) {
        self.inlineLength = inlineLength
        self.argumentCount = argumentCount
        self.bulkLength = bulkLength
        // Offsets are 32-bit: no setting may go beyond them.
        self.frameLength = min(frameLength, Int(Int32.max) - 64)
    }

    package static let authenticated = RequestLimits(
        inlineLength: 64 << 10, argumentCount: 1 << 20, bulkLength: 512 << 20, frameLength: 1 << 30)
    package static let unauthenticated = RequestLimits(
        inlineLength: 64 << 10, argumentCount: 10, bulkLength: 16 << 10, frameLength: 1 << 20)
}

/// Bytes that are no request. The connection cannot go on: where the next request starts is unknown.
package enum ProtocolError: Error, Equatable, Sendable {
    case inlineTooLong
    case unbalancedQuotes
    case invalidMultibulkLength
    case unauthenticatedMultibulkLength
    case expectedBulk(UInt8)
    case invalidBulkLength
    case unauthenticatedBulkLength
    case missingLineEnd
    case requestTooLong
    /// A web browser was made to talk to us; the answer is to hang up without a word.
    case crossProtocol

    /// The error reply's text.
    package var message: String {
        switch self {
        case .inlineTooLong: "ERR Protocol error: too big inline request"
        case .unbalancedQuotes: "ERR Protocol error: unbalanced quotes in request"
        case .invalidMultibulkLength: "ERR Protocol error: invalid multibulk length"
        case .unauthenticatedMultibulkLength: "ERR Protocol error: unauthenticated multibulk length"
        case .expectedBulk(let found):
            "ERR Protocol error: expected '$', got '\(found > 32 && found < 127 ? String(UnicodeScalar(found)) : " ")'"
        case .invalidBulkLength: "ERR Protocol error: invalid bulk length"
        case .unauthenticatedBulkLength: "ERR Protocol error: unauthenticated bulk length"
        case .missingLineEnd: "ERR Protocol error: expected a line end after a bulk string"
        case .requestTooLong: "ERR Protocol error: request exceeds the query buffer limit"
        case .crossProtocol: "ERR Protocol error: this is not an HTTP server"
        }
    }
}

/// What the bytes so far amount to.
package enum RequestProgress: Equatable, Sendable {
    /// One request of this many bytes; `RequestParser.arguments(at:)` gives it until `next()` is called.
    case complete(length: Int)
    /// An empty line or an empty array of this many bytes: nothing to do, nothing to answer.
    case blank(length: Int)
    /// More bytes are needed.
    case incomplete
    case broken(ProtocolError)
}

/// Parses one request after another.
///
/// The caller passes the same request's bytes, from their first byte on, until `parse` says `complete` or
/// `blank`; then it calls `next()` and passes the bytes behind it. The bytes may move in between.
package struct RequestParser: ~Copyable {
    /// `2 * count` numbers; grows as arguments arrive, never by what a client announces.
    private var spans: UnsafeMutablePointer<Int32>
    private var spanCapacity = 32
    private var count = 0

    /// How far into the request we have come.
    private var cursor = 0
    /// Arguments the array still owes; -1: its header is not read.
    private var owed = -1
    /// Length of the bulk at `cursor`; -1: its header is not read.
    private var bulk = -1
    private var isComplete = false

    /// Unquoted arguments of an inline command.
    private var inlineBytes: UnsafeMutablePointer<UInt8>?
    private var isInline = false

    package init() { spans = .allocate(capacity: 2 * 32) }

    deinit {
        spans.deallocate()
        inlineBytes?.deallocate()
    }

    /// Bytes the request under way has at least, as far as is known: a hint for how much to read.
    package var announcedLength: Int { bulk >= 0 ? cursor + bulk + 2 : cursor }

    /// The request that `parse` called complete. `start` is where its bytes are now.
    package func arguments(at start: UnsafePointer<UInt8>) -> Arguments {
        precondition(isComplete, "no complete request")
        if isInline, let inlineBytes {
            return Arguments(
                base: UnsafePointer(inlineBytes), spans: UnsafePointer(spans), count: count, frameLength: cursor,
                isForwardable: false)
        }
        return Arguments(
            base: start, spans: UnsafePointer(spans), count: count, frameLength: cursor, isForwardable: true)
    }

    /// Forgets the request; the next bytes passed are those behind it.
    package mutating func next() {
        cursor = 0
        owed = -1
        bulk = -1
        count = 0
        isComplete = false
        if isInline {
            isInline = false
            inlineBytes?.deallocate()
            inlineBytes = nil
        }
        if spanCapacity > 4096 {
            spans.deallocate()
            spanCapacity = 32
            spans = .allocate(capacity: 2 * 32)
        }
    }

    /// Looks at the bytes of a request; amortized O(new bytes).
    package mutating func parse(
        _ start: UnsafePointer<UInt8>, available: Int, limits: RequestLimits, isAuthenticated: Bool = true
    ) -> RequestProgress {
        if isComplete { return .complete(length: cursor) }
        guard available > 0 else { return .incomplete }
        do throws(ProtocolError) {
            if start[0] != UInt8(ascii: "*") { return try parseInline(start, available, limits) }
            return try parseArray(start, available, limits, isAuthenticated)
        } catch {
            return .broken(error)
        }
    }

    // MARK: arrays

    private mutating func parseArray(
        _ start: UnsafePointer<UInt8>, _ available: Int, _ limits: RequestLimits, _ isAuthenticated: Bool
    ) throws(ProtocolError) -> RequestProgress {
        if owed < 0 {
            cursor = 1
            guard let announced = try number(start, available, error: .invalidMultibulkLength) else {
                cursor = 0
                return .incomplete
            }
            if announced > limits.argumentCount {
                throw isAuthenticated ? .invalidMultibulkLength : .unauthenticatedMultibulkLength
            }
            if announced <= 0 { return .blank(length: cursor) }
            owed = announced
        }
        while owed > 0 {
            if bulk < 0 {
                guard cursor < available else { break }
                guard start[cursor] == UInt8(ascii: "$") else { throw .expectedBulk(start[cursor]) }
                let header = cursor
                cursor += 1
                guard let length = try number(start, available, error: .invalidBulkLength) else {
                    cursor = header
                    break
                }
                if length < 0 { throw .invalidBulkLength }
                if length > limits.bulkLength {
                    throw isAuthenticated ? .invalidBulkLength : .unauthenticatedBulkLength
                }
                // Both sums are far below overflow: each part is within a limit of at most 2^31.
                if cursor + length + 2 > limits.frameLength { throw .requestTooLong }
                bulk = length
            }
            let end = cursor &+ bulk
            guard end &+ 2 <= available else { break }
            guard start[end] == 13, start[end &+ 1] == 10 else { throw .missingLineEnd }
            add(offset: cursor, length: bulk)
            cursor = end &+ 2
            bulk = -1
            owed &-= 1
        }
        if owed > 0 {
            if available > limits.frameLength { throw .requestTooLong }
            return .incomplete
        }
        isComplete = true
        return .complete(length: cursor)
    }

    /// Reads a decimal and its line end at `cursor`; `nil` (with `cursor` anywhere) when the line is not whole.
    ///
    /// As strict as the store's own reader, which gets the same bytes: no sign but a minus, no leading zero.
    @inline(__always)
    private mutating func number(
        _ start: UnsafePointer<UInt8>, _ available: Int, error: ProtocolError
    ) throws(ProtocolError) -> Int? {
        var i = cursor
        var isNegative = false
        if i < available, start[i] == UInt8(ascii: "-") {
            isNegative = true
            i &+= 1
        }
        var value = 0
        let first = i
        while i < available {
            let c = start[i]
            let digit = c &- 48
            if digit < 10 {
                // Ten digits hold every legal length; more cannot be one, and could overflow.
                if i &- first >= 10 || (i > first && value == 0) { throw error }
                value = value &* 10 &+ Int(digit)
                i &+= 1
                continue
            }
            guard c == 13, i > first else { throw error }
            guard i &+ 1 < available else { return nil }
            guard start[i &+ 1] == 10 else { throw error }
            cursor = i &+ 2
            return isNegative ? -value : value
        }
        return nil
    }

    @inline(__always)
    private mutating func add(offset: Int, length: Int) {
        if count == spanCapacity { growSpans() }
        spans[2 &* count] = Int32(truncatingIfNeeded: offset)
        spans[2 &* count &+ 1] = Int32(truncatingIfNeeded: length)
        count &+= 1
    }

    @inline(never)
    private mutating func growSpans() {
        let larger = UnsafeMutablePointer<Int32>.allocate(capacity: 4 * spanCapacity)
        larger.update(from: spans, count: 2 * count)
        spans.deallocate()
        spans = larger
        spanCapacity *= 2
    }

    // MARK: inline commands

    private mutating func parseInline(
        _ start: UnsafePointer<UInt8>, _ available: Int, _ limits: RequestLimits
    ) throws(ProtocolError) -> RequestProgress {
        guard let found = memchr(start + cursor, 10, available - cursor) else {
            cursor = available
            if available > limits.inlineLength { throw .inlineTooLong }
            return .incomplete
        }
        let newline = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - start
        if newline > limits.inlineLength { throw .inlineTooLong }
        cursor = newline + 1
        var end = newline
        if end > 0, start[end - 1] == 13 { end -= 1 }
        try split(UnsafeBufferPointer(start: start, count: end), limits)
        if count == 0 { return .blank(length: cursor) }
        isComplete = true
        if let inlineBytes {
            let name = UnsafeBufferPointer(start: inlineBytes, count: Int(spans[1]))
            if name.equalsIgnoringCase("POST") || name.equalsIgnoringCase("HOST:") { throw .crossProtocol }
        }
        return .complete(length: cursor)
    }

    /// Splits a line into arguments as a shell would: blanks part them, "double quotes" know escapes
    /// (`\n \r \t \b \a \xHH`), 'single quotes' know `\'` alone, and a quote must be followed by a blank.
    private mutating func split(
        _ line: UnsafeBufferPointer<UInt8>, _ limits: RequestLimits
    ) throws(ProtocolError) {
        isInline = true
        // No argument is longer than its source.
        let out = UnsafeMutablePointer<UInt8>.allocate(capacity: max(line.count, 1))
        inlineBytes?.deallocate()
        inlineBytes = out
        var written = 0
        var i = 0
        while true {
            while i < line.count, Self.isBlank(line[i]) { i += 1 }
            guard i < line.count else { return }
            if count >= limits.argumentCount { throw .invalidMultibulkLength }
            let first = written
            while i < line.count, !Self.isBlank(line[i]) {
                let c = line[i]
                i += 1
                if c == UInt8(ascii: "\"") || c == UInt8(ascii: "'") {
                    i = try unquote(line, from: i, quote: c, to: out, &written)
                    guard i == line.count || Self.isBlank(line[i]) else { throw .unbalancedQuotes }
                } else {
                    out[written] = c
                    written += 1
                }
            }
            add(offset: first, length: written - first)
        }
    }

    /// Copies the inside of a quoted part; returns the position behind its closing quote.
    private func unquote(
        _ line: UnsafeBufferPointer<UInt8>, from start: Int, quote: UInt8, to out: UnsafeMutablePointer<UInt8>,
        _ written: inout Int
    ) throws(ProtocolError) -> Int {
        var i = start
        while i < line.count {
            var c = line[i]
            i += 1
            if c == quote { return i }
            if c == UInt8(ascii: "\\"), i < line.count {
                let escaped = line[i]
                if quote == UInt8(ascii: "'") {
                    if escaped == quote {
                        c = escaped
                        i += 1
                    }
                } else if escaped == UInt8(ascii: "x"), i + 2 < line.count, let high = Self.hexDigit(line[i + 1]),
                    let low = Self.hexDigit(line[i + 2])
                {
                    c = high << 4 | low
                    i += 3
                } else {
                    c = Self.unescaped(escaped)
                    i += 1
                }
            }
            out[written] = c
            written += 1
        }
        throw .unbalancedQuotes
    }

    private static func isBlank(_ c: UInt8) -> Bool { c == 32 || (c >= 9 && c <= 13) || c == 0 }

    private static func hexDigit(_ c: UInt8) -> UInt8? {
        switch c {
        case 48...57: c - 48
        case 65...70: c - 55
        case 97...102: c - 87
        default: nil
        }
    }

    private static func unescaped(_ c: UInt8) -> UInt8 {
        switch c {
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "r"): 13
        case UInt8(ascii: "t"): 9
        case UInt8(ascii: "b"): 8
        case UInt8(ascii: "a"): 7
        default: c
        }
    }
}
