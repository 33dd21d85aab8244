import Testing

@testable import RingCore

@Suite struct EnvelopeTests {
    static let envelope = Envelope(
        clockDifference: -1, incarnation: 3, node: 7, stamp: 0x0123_4567_89ab_0002, topologyEpoch: 4,
        definitionEpoch: 0x0102_0304)

    @Test func `an envelope has its bytes`() throws {
        var writer = WireWriter()
        Self.envelope.encode(into: &writer)
        var reader = WireReader(writer.bytes)

        #expect(
            hex(writer.bytes)
                == "0100ffff03000000" + "0700000000000000" + "0200ab8967452301" + "0400000004030201")
        #expect(try Envelope(from: &reader) == Self.envelope)
        #expect(reader.isAtEnd)
    }

    @Test func `a short message is one frame`() throws {
        let message = RingMessage(kind: .read, id: 5, envelope: Self.envelope, body: [1, 2, 3])
        let frames = message.frames(isSameDatacenter: true)
        var assembler = PartAssembler()

        #expect(frames.count == 1)
        #expect(try assembler.accept(frames[0]) == message)
    }

    @Test(arguments: [RingMessage.partBound - Envelope.size, RingMessage.partBound, 3 << 20])
    func `a long message travels in parts and arrives whole`(length: Int) throws {
        let message = RingMessage(
            kind: .stateReply, id: 5, envelope: Self.envelope,
            body: (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let frames = message.frames(isSameDatacenter: false)
        var assembler = PartAssembler()
        var found: [RingMessage] = []
        for frame in frames {
            #expect(frame.payload.count <= RingMessage.partBound)
            if let whole = try assembler.accept(frame) { found.append(whole) }
        }

        #expect(found == [message])
        #expect(assembler.pendingLength == 0)
        #expect(assembler.pendingCount == 0)
    }

    @Test func `parts of two messages may alternate`() throws {
        let messages = [1, 2].map {
            RingMessage(
                kind: .feedReply, id: $0, envelope: Self.envelope, body: [UInt8](repeating: UInt8($0), count: 2 << 20))
        }
        let frames = messages.map { $0.frames(isSameDatacenter: true) }
        var assembler = PartAssembler()
        var found: [RingMessage] = []
        for i in frames[0].indices {
            for message in frames { if let whole = try assembler.accept(message[i]) { found.append(whole) } }
        }

        #expect(found == messages)
    }

    private func part(
        _ id: UInt64, _ flags: Envelope.Flags, kind: FrameKind = .read, length: Int = 10
    ) -> Frame {
        var envelope = Self.envelope
        envelope.flags = flags
        return RingMessage(kind: kind, id: id, envelope: envelope, body: [UInt8](repeating: 0, count: length))
            .frames(isSameDatacenter: true)[0]
    }

    @Test func `unfinished messages are bounded`() throws {
        var few = PartAssembler(limits: .init(pendingCount: 2))
        _ = try few.accept(part(1, .morePartsFollow))
        _ = try few.accept(part(2, .morePartsFollow))
        #expect(throws: PartError.tooManyMessages) { _ = try few.accept(part(3, .morePartsFollow)) }

        var short = PartAssembler(limits: .init(messageLength: 15))
        _ = try short.accept(part(1, .morePartsFollow))
        #expect(throws: PartError.messageTooLong) { _ = try short.accept(part(1, .morePartsFollow)) }

        var small = PartAssembler(limits: .init(pendingLength: 15))
        _ = try small.accept(part(1, .morePartsFollow))
        #expect(throws: PartError.messageTooLong) { _ = try small.accept(part(2, .morePartsFollow)) }
    }

    @Test func `parts that do not belong together are refused`() throws {
        var assembler = PartAssembler()
        _ = try assembler.accept(part(1, .morePartsFollow))
        #expect(throws: PartError.mixedParts) { _ = try assembler.accept(part(1, .lastPart, kind: .feed)) }
        #expect(throws: PartError.mixedParts) { _ = try assembler.accept(part(1, [])) }
        #expect(throws: PartError.noEnvelope) {
            _ = try assembler.accept(Frame(id: 1, kind: .read, payload: [UInt8](repeating: 1, count: 31)))
        }
        #expect(throws: PartError.noEnvelope) { _ = try assembler.accept(Frame(id: 1, kind: .request)) }
        #expect(throws: PartError.partTooLong) {
            let long = [UInt8](repeating: 1, count: RingMessage.partBound + 1)
            _ = try assembler.accept(Frame(id: 1, kind: .read, payload: long))
        }
    }

    @Test func `what is not understood is answered as such`() throws {
        let request = RingMessage(
            kind: FrameKind(rawValue: 112), id: 8, envelope: Self.envelope, body: [1])
        let answer = try #require(RingMessage.unsupported(request, from: Self.envelope))

        #expect(answer.kind.rawValue == 113)
        #expect(answer.id == 8)
        #expect(answer.envelope.flags == .unsupported)
        #expect(RingMessage.unsupported(answer, from: Self.envelope) == nil)
    }
}

@Suite struct GossipTextTests {
    @Test func `both dialects are told apart`() throws {
        let table = try #require(
            GossipText.parse(Array("dc1$r1$1431655765,1795410776,4,127.0.0.42|dc1$r1$0,1795410776,7,127.0.0.41".utf8)))

        #expect(table.malformed == 0)
        #expect(
            table.text
                == .entries([
                    GossipTextEntry(
                        datacenter: "dc1", rack: "r1", token: 1_431_655_765, seconds: 1_795_410_776, state: .normal,
                        address: "127.0.0.42"),
                    GossipTextEntry(
                        datacenter: "dc1", rack: "r1", token: 0, seconds: 1_795_410_776, state: .joining,
                        address: "127.0.0.41"),
                ]))
        #expect(GossipText.parse(Array("node.example:8101".utf8))?.text == .heartbeat("node.example:8101"))
        #expect(GossipText.parse(Array("[::1]:8101".utf8))?.text == .heartbeat("[::1]:8101"))
    }

    @Test func `a datacenter may contain the separator`() throws {
        let entry = try #require(GossipText.parse(Array("a$b$r$5,6,99,h".utf8)))

        #expect(
            entry.text
                == .entries([
                    GossipTextEntry(
                        datacenter: "a$b", rack: "r", token: 5, seconds: 6, state: .unknown, address: "h")
                ]))
    }

    @Test(arguments: [
        "", "x", ":80", "host:", "host:0", "host:70000", "host:+5", "a b:80", "h\u{e9}:80", "$$$", "a$b$c",
        "a$b$1,2,4", "$r$1,2,4,h", "a$$1,2,4,h", "a$r$,2,4,h", "a$r$4294967296,2,4,h", "a$r$-1,2,4,h", "a$r$1,2,4,",
        "a$r$1,2,256,h", "a$r$1,99999999999999999999,4,h",
    ])
    func `what is neither is refused`(text: String) {
        #expect(GossipText.parse(Array(text.utf8)) == nil)
    }

    @Test func `broken entries do not spoil the others`() throws {
        let parsed = try #require(GossipText.parse(Array("a$r$1,2,4,h|nonsense|a$r$2,2,4,i".utf8)))

        #expect(parsed.malformed == 1)
        guard case .entries(let entries) = parsed.text else { return }
        #expect(entries.map(\.token) == [1, 2])
    }

    @Test func `no more entries are read than a ring may have`() throws {
        let text = [String](repeating: "a$r$1,2,4,h", count: GossipText.entryBound + 100).joined(separator: "|")
        let parsed = try #require(GossipText.parse(Array(text.utf8)))

        guard case .entries(let entries) = parsed.text else { return }
        #expect(entries.count == GossipText.entryBound)
        #expect(parsed.malformed > 0)
    }
}
