import Testing

@testable import RingCore

/// Bytes of a text of hexadecimal digits; blanks are ignored.
func hex(_ text: String) -> [UInt8] {
    let digits = text.utf8.filter { $0 != UInt8(ascii: " ") && $0 != 10 }
    precondition(digits.count % 2 == 0)
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)!
    }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
}

func resp(_ arguments: String...) -> [UInt8] {
    Array(("*\(arguments.count)\r\n" + arguments.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()).utf8)
}

@Suite struct FrameWritingTests {
    /// Seen between running nodes of Dynomite.
    static let captured: [(Frame, [UInt8])] = [
        (
            Frame(id: 2, kind: .request, payload: resp("SET", "foo", "bar")),
            hex(
                """
                20202024323031342420322033203020312031202a312064202a33310d0a
                2a330d0a24330d0a5345540d0a24330d0a666f6f0d0a24330d0a6261720d0a
                """)
        ),
        (
            Frame(id: 2, kind: .response, payload: Array("+OK\r\n".utf8)),
            hex("20202024323031342420322035203020312031202a312064202a350d0a 2b4f4b0d0a")
        ),
        (
            Frame(id: 10, kind: .response, payload: Array(":1\r\n".utf8)),
            hex("2020202432303134242031302035203020312031202a312064202a340d0a3a310d0a")
        ),
        (
            Frame(id: 3, kind: .requestForward, isSameDatacenter: false, payload: resp("SET", "bar", "hello")),
            hex(
                """
                20202024323031342420332034203020312030202a312064202a33330d0a
                2a330d0a24330d0a5345540d0a24330d0a6261720d0a24350d0a68656c6c6f0d0a
                """)
        ),
        (
            Frame(id: 3, kind: .response, isSameDatacenter: false, payload: Array("+OK\r\n".utf8)),
            hex("20202024323031342420332035203020312030202a312064202a350d0a2b4f4b0d0a")
        ),
        (
            GossipText.entries([
                GossipTextEntry(
                    datacenter: "dc1", rack: "r1", token: 0, seconds: 1_795_410_776, state: .joining,
                    address: "127.0.0.41")
            ]).frame(isSameDatacenter: true),
            hex(
                """
                20202024323031342420302037203020312031202a312061202a33320d0a
                64633124723124302c313739353431303737362c372c3132372e302e302e3431
                """)
        ),
        (
            Frame(id: 1, kind: .request, payload: resp("GET", "foo")),
            hex("20202024323031342420312033203020312031202a312064202a32320d0a") + resp("GET", "foo")
        ),
        (
            GossipText.heartbeat("127.0.0.1:8101").frame(id: 7, isSameDatacenter: true),
            Array("   $2014$ 7 7 0 1 1 *1 d *14\r\n127.0.0.1:8101".utf8)
        ),
        (
            Frame(
                id: 1, kind: .request, flags: .encrypted, data: wrappedKey,
                payload: hex(
                    """
                    cd007f8de60452d009de3337ac448498216685d243b1c56702d55babdd7b73c8
                    768913aa64ed84715dfc60e9ffb6bfd1
                    """)),
            Array("   $2014$ 1 3 1 1 1 *128 ".utf8) + wrappedKey + Array(" *48\r\n".utf8)
                + hex(
                    """
                    cd007f8de60452d009de3337ac448498216685d243b1c56702d55babdd7b73c8
                    768913aa64ed84715dfc60e9ffb6bfd1
                    """)
        ),
    ]

    static let wrappedKey = hex(
        """
        7c5ed4cf2fefbd095b05542657e00b9a4321b146b6847a096764a906cca1114c
        110234e7e290e688b2c9622b14d0afd939e0108c64e19a58aa276bc1cd107b06
        9945f924a2c06a560807f8f6108bd8aed271ca0377bf0edaf972578b902ffa66
        71a0b1c18f1909e1960dfd00736c21a9807b47b7955dbc449fb26dd357709d7d
        """)

    @Test(arguments: captured.indices)
    func `what was seen between nodes is written and read byte for byte`(index: Int) throws {
        let (frame, bytes) = Self.captured[index]
        var reader = FrameReader()

        #expect(hex(frame.encoded) == hex(bytes))
        #expect(try reader.readAll(bytes) == [frame])
        #expect(reader.isBetweenFrames)
    }

    @Test func `an answer repeats id and datacenter`() {
        let request = Frame(id: 9, kind: .requestForward, isSameDatacenter: false)

        #expect(
            request.answer([1]) == Frame(id: 9, kind: .response, isSameDatacenter: false, payload: [1]))
        #expect(Frame(id: 1, kind: .gossipSyn).answer([]) == nil)
        #expect(Frame(id: 1, kind: .read).answer([])?.kind == .readReply)
        #expect(Frame(id: 1, kind: .cancel).answer([]) == nil)
        #expect(Frame(id: 1, kind: .readReply).answer([]) == nil)
    }
}

@Suite struct FrameReadingTests {
    private func read(_ text: String, limits: FrameLimits = .standard) throws(FrameError) -> [Frame] {
        var reader = FrameReader(limits: limits)
        return try reader.readAll(Array(text.utf8))
    }

    @Test func `a stream means the same wherever it is cut`() throws {
        let frames = FrameWritingTests.captured.map(\.0)
        let stream = FrameWritingTests.captured.flatMap(\.1)
        for piece in [1, 2, 3, 5, 7, 29, 30, 31, 64, 1000] {
            var reader = FrameReader()
            var found: [Frame] = []
            var start = 0
            while start < stream.count {
                found += try reader.readAll(Array(stream[start..<min(stream.count, start + piece)]))
                start += piece
            }
            #expect(found == frames)
        }
    }

    @Test func `two cuts anywhere change nothing`() throws {
        let (frame, bytes) = FrameWritingTests.captured[8]
        for first in 0..<60 {
            for second in stride(from: first, to: bytes.count, by: 7) {
                var reader = FrameReader()
                var found = try reader.readAll(Array(bytes[..<first]))
                found += try reader.readAll(Array(bytes[first..<second]))
                found += try reader.readAll(Array(bytes[second...]))
                #expect(found == [frame])
            }
        }
    }

    @Test func `the shortest legal header is a frame`() throws {
        #expect(try read("$2014$ 1 3 0 1 1 *1 d *0\r\n") == [Frame(id: 1, kind: .request)])
    }

    @Test func `readers are lenient where older readers are`() throws {
        #expect(try read("          $2014$ 1 3 0 1 7 ***1 d    **0\r\n") == [Frame(id: 1, kind: .request)])
        #expect(
            try read("$2014$ 1 3 0 1 1 *0  *2\r\nab") == [Frame(id: 1, kind: .request, data: [], payload: [97, 98])])
        #expect(try read("$2014$ 1 3 17 1 1 *1 d *0\r\n").first?.flags == .encrypted)
        #expect(try read("$2014$ 1 3 0 1 1 *3 * \r *0\r\n").first?.data == Array("* \r".utf8))
    }

    @Test(arguments: [
        ("$2014$  1 3 0 1 1 *1 d *0\r\n", FrameError.unexpectedByte(32)),
        ("$2014$ x 3 0 1 1 *1 d *0\r\n", .unexpectedByte(UInt8(ascii: "x"))),
        ("$2014$ 1 3 0 1 1 *1 d *0\n", .unexpectedByte(10)),
        ("$2014$ 1  3 0 1 1 *1 d *0\r\n", .unexpectedByte(32)),
        ("$2014$ 1 3 0 1 1 1 d *0\r\n", .unexpectedByte(UInt8(ascii: "1"))),
        ("$2014$ 1 3 0 1 1 * d *0\r\n", .unexpectedByte(32)),
        ("$2014$ 1 3 0 1 1 *1 d 0\r\n", .unexpectedByte(UInt8(ascii: "0"))),
        ("$2014$ 1 3 0 1 1 *1 d *\r\n", .unexpectedByte(13)),
        ("$2014$ 1 3 0 1 1 *1 d *0\r\r", .unexpectedByte(13)),
        ("$2014$ -1 3 0 1 1 *1 d *0\r\n", .unexpectedByte(UInt8(ascii: "-"))),
        ("$2014$ 18446744073709551616 3 0 1 1 *1 d *0\r\n", .numberTooLarge),
        ("$2014$ 1 4294967296 0 1 1 *1 d *0\r\n", .numberTooLarge),
        ("$2014$ 1 3 0 1 1 *4097 d *0\r\n", .dataTooLong),
        ("$2014$ 1 3 0 1 1 *1 d *67108865\r\n", .payloadTooLong),
        ("$2014$ 1 3 0 1 1 *1 d *99999999999999999999999\r\n", .payloadTooLong),
        ("$2014$ 1 3 0 1 1 *1 d " + String(repeating: " ", count: 300), .headerTooLong),
        ("$2014$ " + String(repeating: "0", count: 300), .headerTooLong),
        (String(repeating: "x", count: 1025), .badMagic),
        (String(repeating: "$201", count: 300), .badMagic),
    ])
    func `what is no frame is refused with its reason`(text: String, reason: FrameError) {
        #expect(throws: reason) { try read(text) }
    }

    @Test func `the largest numbers are carried`() throws {
        let frame = try read("$2014$ 18446744073709551615 4294967295 0 1 1 *1 d *0\r\n").first

        #expect(frame?.id == UInt64.max)
        #expect(frame?.kind.rawValue == UInt32.max)
        #expect(frame?.kind.reply == nil)
    }

    @Test func `a type beyond a byte is not taken for a small one`() throws {
        #expect(try read("$2014$ 1 259 0 1 1 *1 d *0\r\n").first?.kind != .request)
    }

    @Test func `a little garbage before a frame is passed over and counted`() throws {
        var reader = FrameReader()
        let bytes = Array("GET / HTTP/1.1\r\n\r\n$20$2014$ 1 3 0 1 1 *1 d *0\r\n".utf8)

        #expect(try reader.readAll(bytes).count == 1)
        // Blanks count only within garbage that is none of the lead-in: here they are not counted at all.
        #expect(reader.garbageCount == 18 - 2 + 3)
    }

    @Test func `after an error nothing more is read`() {
        var reader = FrameReader()
        #expect(throws: FrameError.unexpectedByte(UInt8(ascii: "x"))) { try reader.readAll(Array("$2014$ x".utf8)) }
        #expect(throws: FrameError.unexpectedByte(UInt8(ascii: "x"))) {
            try reader.readAll(FrameWritingTests.captured[0].1)
        }
    }

    @Test func `random bytes between and inside frames never trap`() {
        var state: UInt64 = 0x5eed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % bound
        }
        for _ in 0..<20_000 {
            var bytes = FrameWritingTests.captured[random(FrameWritingTests.captured.count)].1
            for _ in 0...random(3) { bytes[random(bytes.count)] = UInt8(random(256)) }
            var reader = FrameReader()
            _ = try? reader.readAll(bytes)  // being refused is a fine end
        }
    }
}

@Suite struct DialectTests {
    @Test func `each family is asked in its own words`() {
        let netflix = DnodeDialect.netflix
        let seed = DnodeDialect.seed

        #expect(netflix.wording(.receiverOnly, isSameDatacenter: true) == (.request, true))
        #expect(netflix.wording(.receiverOnly, isSameDatacenter: false) == (.request, false))
        #expect(netflix.wording(.datacenterEntry, isSameDatacenter: false) == (.requestForward, false))
        #expect(seed.wording(.receiverOnly, isSameDatacenter: true) == (.requestForward, true))
        #expect(seed.wording(.datacenterEntry, isSameDatacenter: false) == (.requestForward, true))
    }

    @Test func `a receiver understands both families`() {
        #expect(StoreRequestScope(Frame(id: 1, kind: .request)) == .receiverOnly)
        #expect(StoreRequestScope(Frame(id: 1, kind: .request, isSameDatacenter: false)) == .receiverOnly)
        #expect(StoreRequestScope(Frame(id: 1, kind: .requestForward)) == .receiverOnly)
        #expect(StoreRequestScope(Frame(id: 1, kind: .requestForward, isSameDatacenter: false)) == .datacenter)
        #expect(StoreRequestScope(Frame(id: 1, kind: .response)) == nil)
        #expect(StoreRequestScope(Frame(id: 1, kind: .unknown)) == nil)
    }
}
