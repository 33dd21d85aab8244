import RESP
import Testing

/// A small generator with a printed seed, so that a failure can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Parses a whole stream as a connection would: pieces of the given sizes, unparsed bytes kept.
func parseStream(
    _ bytes: [UInt8], pieces: [Int], limits: RequestLimits = .authenticated
) -> (requests: [[[UInt8]]], error: ProtocolError?, left: Int) {
    var parser = RequestParser()
    var requests: [[[UInt8]]] = []
    var buffer: [UInt8] = []
    var fed = 0
    var piece = 0
    while fed < bytes.count {
        let size = pieces.isEmpty ? bytes.count : max(pieces[piece % pieces.count], 1)
        piece += 1
        let end = min(fed + size, bytes.count)
        buffer.append(contentsOf: bytes[fed..<end])
        fed = end
        var used = 0
        var failure: ProtocolError?
        buffer.withUnsafeBufferPointer { raw in
            loop: while used < raw.count {
                let start = raw.baseAddress! + used
                switch parser.parse(start, available: raw.count - used, limits: limits) {
                case .complete(let length):
                    let arguments = parser.arguments(at: start)
                    requests.append((0..<arguments.count).map { arguments.bytes($0) })
                    parser.next()
                    used += length
                case .blank(let length):
                    parser.next()
                    used += length
                case .incomplete:
                    break loop
                case .broken(let error):
                    failure = error
                    break loop
                }
            }
        }
        if let failure { return (requests, failure, buffer.count - used) }
        buffer.removeFirst(used)
    }
    return (requests, nil, buffer.count)
}

func encode(_ request: [[UInt8]]) -> [UInt8] {
    var bytes = Array("*\(request.count)\r\n".utf8)
    for argument in request { bytes += Array("$\(argument.count)\r\n".utf8) + argument + [13, 10] }
    return bytes
}

func texts(_ request: [[UInt8]]) -> [String] { request.map { String(decoding: $0, as: UTF8.self) } }

@Suite struct RequestParserTests {
    @Test func `an array of bulk strings is one request`() {
        let parsed = parseStream(Array("*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n".utf8), pieces: [])

        #expect(parsed.requests.map(texts) == [["ECHO", "hi"]])
        #expect(parsed.left == 0)
    }

    @Test func `a request cut anywhere is the same request`() {
        let bytes = encode([Array("SET".utf8), [], [13, 10, 0, 36, 42]]) + encode([Array("PING".utf8)])
        for cut in 1..<bytes.count {
            let parsed = parseStream(bytes, pieces: [cut, bytes.count])
            #expect(parsed.requests.count == 2, "cut at \(cut)")
            #expect(parsed.requests.first == [Array("SET".utf8), [], [13, 10, 0, 36, 42]])
        }
    }

    @Test(arguments: [1, 7, 23] as [UInt64])
    func `random requests in random pieces come out as they went in`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var requests: [[[UInt8]]] = []
        var bytes: [UInt8] = []
        for _ in 0..<200 {
            let request = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            requests.append(request)
            bytes += encode(request)
        }
        let pieces = (0..<50).map { _ in Int.random(in: 1...300, using: &random) }

        let parsed = parseStream(bytes, pieces: pieces)

        #expect(parsed.requests == requests, "seed \(seed)")
        #expect(parsed.error == nil)
    }

    @Test func `a long argument in small pieces is not looked at again and again`() {
        let length = 1 << 20
        let bytes = encode([Array("SET".utf8), [UInt8](repeating: 120, count: length)])
        var parser = RequestParser()
        var result = RequestProgress.incomplete
        bytes.withUnsafeBufferPointer { raw in
            // A parser that starts over would touch a million bytes a thousand times: this would take minutes.
            for available in 1...raw.count {
                result = parser.parse(raw.baseAddress!, available: available, limits: .authenticated)
            }
        }
        #expect(result == .complete(length: bytes.count))
    }

    @Test func `empty lines and empty arrays are skipped`() {
        let parsed = parseStream(Array("\r\n*0\r\n*-1\r\n  \r\nPING\r\n".utf8), pieces: [1])

        #expect(parsed.requests.map(texts) == [["PING"]])
    }

    @Test(arguments: [
        ("PING", ["PING"]), ("  set  a   b ", ["set", "a", "b"]), ("echo \"a b\"", ["echo", "a b"]),
        (#"echo "\x41\n\"" "#, ["echo", "A\n\""]), (#"echo 'it\'s \n'"#, ["echo", #"it's \n"#]),
        (#"echo "" ''"#, ["echo", "", ""]), (#"echo "\xZZ""#, ["echo", "xZZ"]), ("a\tb", ["a", "b"]),
    ])
    func `an inline command is split as a shell would`(line: String, expected: [String]) {
        for piece in [1, 3, 1000] {
            let parsed = parseStream(Array(line.utf8) + [13, 10], pieces: [piece])
            #expect(parsed.requests.map(texts) == [expected])
        }
    }

    @Test func `an inline command may not be forwarded and an array may`() {
        for (bytes, forwardable) in [("PING\r\n", false), ("*1\r\n$4\r\nPING\r\n", true)] {
            var parser = RequestParser()
            Array(bytes.utf8).withUnsafeBufferPointer { raw in
                _ = parser.parse(raw.baseAddress!, available: raw.count, limits: .authenticated)
                let arguments = parser.arguments(at: raw.baseAddress!)
                #expect(arguments.isForwardable == forwardable)
                #expect(arguments.frameLength == raw.count)
            }
        }
    }

    @Test(arguments: [
        ("echo \"a\r\n", ProtocolError.unbalancedQuotes), ("echo \"a\"b\r\n", .unbalancedQuotes),
        ("*x\r\n", .invalidMultibulkLength), ("*\r\n", .invalidMultibulkLength), ("*+1\r\n", .invalidMultibulkLength),
        ("*01\r\n", .invalidMultibulkLength), ("*99999999999\r\n", .invalidMultibulkLength),
        ("*1048577\r\n", .invalidMultibulkLength), ("*1\r\n:1\r\n", .expectedBulk(58)),
        ("*1\r\n$-1\r\n", .invalidBulkLength), ("*1\r\n$x\r\n", .invalidBulkLength),
        ("*1\r\n$536870913\r\n", .invalidBulkLength), ("*1\r\n$1\r\nabc", .missingLineEnd),
        ("*1\r\n$4\rxPING\r\n", .invalidBulkLength), ("POST / HTTP/1.1\r\n", .crossProtocol),
        ("Host: localhost\r\n", .crossProtocol),
    ])
    func `bytes that are no request are named`(bytes: String, error: ProtocolError) {
        for piece in [1, 1000] {
            #expect(parseStream(Array(bytes.utf8), pieces: [piece]).error == error)
        }
    }

    @Test func `limits are tighter before authentication`() {
        var parser = RequestParser()
        let check = { (bytes: String, parser: inout RequestParser) -> RequestProgress in
            Array(bytes.utf8).withUnsafeBufferPointer {
                parser.parse(
                    $0.baseAddress!, available: $0.count, limits: .unauthenticated, isAuthenticated: false)
            }
        }

        #expect(check("*11\r\n", &parser) == .broken(.unauthenticatedMultibulkLength))
        parser.next()
        #expect(check("*1\r\n$16385\r\n", &parser) == .broken(.unauthenticatedBulkLength))
    }

    @Test func `a line without end is refused at the limit`() {
        let long = [UInt8](repeating: 97, count: (64 << 10) + 1)
        #expect(parseStream(long, pieces: [1000]).error == .inlineTooLong)
        #expect(parseStream(Array(long.dropLast()), pieces: [1000]).error == nil)
    }

    @Test func `a request may not outgrow the query buffer however small its arguments are`() {
        let limits = RequestLimits(inlineLength: 100, argumentCount: 1000, bulkLength: 100, frameLength: 300)
        let bytes = encode([[UInt8]](repeating: [UInt8](repeating: 1, count: 50), count: 20))

        #expect(parseStream(bytes, pieces: [7], limits: limits).error == .requestTooLong)
    }

    @Test(arguments: [3, 5] as [UInt64])
    func `random bytes never do worse than end the stream`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("*$0123456789\r\n\"'\\xA -".utf8)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 1...60, using: &random)).map { _ in alphabet.randomElement(using: &random)!
            }
            let whole = parseStream(bytes, pieces: [])
            let cut = parseStream(bytes, pieces: [1, 2, 3])
            #expect(whole.requests == cut.requests, "seed \(seed)")
            #expect(whole.error == cut.error, "seed \(seed) \(String(decoding: bytes, as: UTF8.self))")
        }
    }
}
