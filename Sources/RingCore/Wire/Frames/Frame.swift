// One message between two nodes: an ASCII header, then the payload.
//
//   "   $2014$ 2 3 0 1 1 *1 d *31\r\n"  "*3\r\n$3\r\nSET\r\n$3\r\nfoo\r\n$3\r\nbar\r\n"
//             │ │ │ │ │  │ │  │
//             │ │ │ │ │  │ │  └ payload bytes
//             │ │ │ │ │  └─┴─── bytes of `data`, and `data`: a filler, or the wrapped key of the link's cipher
//             │ │ │ │ └──────── 1 when both ends are in one datacenter
//             │ │ │ └────────── version, always 1
//             │ │ └──────────── flags
//             │ └────────────── kind
//             └──────────────── id
//
// Byte layout and reader strictness are those of Netflix's Dynomite, which must be able to talk to us.

/// A whole frame.
package struct Frame: Equatable, Sendable {
    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The payload is the cipher's output.
        package static let encrypted = Flags(rawValue: 1)
        /// Reserved by Dynomite and sent by nobody.
        package static let compressed = Flags(rawValue: 2)
    }

    /// Chosen by the sender of a request; a response repeats it.
    package var id: UInt64
    package var kind: FrameKind
    package var flags: Flags
    package var version: UInt32
    package var isSameDatacenter: Bool
    /// Never empty in practice: a filler byte, or the wrapped key.
    package var data: [UInt8]
    package var payload: [UInt8]

    package init(
        id: UInt64, kind: FrameKind, flags: Flags = [], version: UInt32 = 1, isSameDatacenter: Bool = true,
        data: [UInt8] = Frame.filler, payload: [UInt8] = []
    ) {
        self.id = id
        self.kind = kind
        self.flags = flags
        self.version = version
        self.isSameDatacenter = isSameDatacenter
        self.data = data
        self.payload = payload
    }

    /// What requests and responses carry where a key could be. A reader ignores it.
    package static let filler: [UInt8] = [UInt8(ascii: "d")]
    /// The same in Dynomite's gossip.
    package static let gossipFiller: [UInt8] = [UInt8(ascii: "a")]

    /// Whether `data` is a key rather than a filler.
    package var carriesKey: Bool { data.count > 1 }

    /// The answer to this frame, to be sent on the link that it came on; `nil` when it is of a kind that is not answered.
    ///
    /// Dynomite repeats the request's datacenter digit, and so do we.
    package func answer(_ payload: [UInt8]) -> Frame? {
        kind.reply.map { Frame(id: id, kind: $0, isSameDatacenter: isSameDatacenter, payload: payload) }
    }
}

// MARK: writing

extension Frame {
    /// Appends header and payload.
    package func encode(into bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + 128 + data.count + payload.count)
        encodeHeader(payloadLength: payload.count, into: &bytes)
        bytes += payload
    }

    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        encode(into: &bytes)
        return bytes
    }

    /// Appends the header alone, for payloads that are written from where they lie.
    package func encodeHeader(payloadLength: Int, into bytes: inout [UInt8]) {
        bytes += Self.leadIn
        bytes.append(decimal: id)
        bytes.append(Self.space)
        bytes.append(decimal: UInt64(kind.rawValue))
        bytes.append(Self.space)
        bytes.append(decimal: UInt64(flags.rawValue))
        bytes.append(Self.space)
        bytes.append(decimal: UInt64(version))
        bytes.append(Self.space)
        bytes.append(isSameDatacenter ? UInt8(ascii: "1") : UInt8(ascii: "0"))
        bytes.append(Self.space)
        bytes.append(Self.star)
        bytes.append(decimal: UInt64(data.count))
        bytes.append(Self.space)
        bytes += data
        bytes.append(Self.space)
        bytes.append(Self.star)
        bytes.append(decimal: UInt64(payloadLength))
        bytes += Self.lineEnd
    }

    static let magic: [UInt8] = Array("$2014$".utf8)
    private static let leadIn: [UInt8] = Array("   $2014$ ".utf8)
    private static let lineEnd: [UInt8] = [13, 10]
    private static let space = UInt8(ascii: " ")
    private static let star = UInt8(ascii: "*")
}

extension [UInt8] {
    /// Appends the digits of a number.
    fileprivate mutating func append(decimal number: UInt64) {
        let start = count
        var rest = number
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }
}
