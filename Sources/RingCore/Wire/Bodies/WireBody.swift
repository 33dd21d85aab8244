// What the bodies of RingSearch messages have in common.

/// A body with a kind of its own: what follows the ``Envelope``.
///
/// Reading takes any bytes and ends with a value or a ``WireError``. Bytes beyond the last field are ignored, so that a
/// later version may append fields without a new kind.
package protocol WireBody: Equatable, Sendable {
    /// The kind of the frames that carry it.
    static var kind: FrameKind { get }

    func encode(into writer: inout WireWriter)
    init(from reader: inout WireReader) throws(WireError)
}

extension WireBody {
    package var encoded: [UInt8] {
        var writer = WireWriter()
        encode(into: &writer)
        return writer.bytes
    }

    package init(_ body: [UInt8]) throws(WireError) {
        var reader = WireReader(body)
        try self.init(from: &reader)
    }

    /// The message that carries this body.
    package func message(id: UInt64, envelope: Envelope) -> RingMessage {
        RingMessage(kind: Self.kind, id: id, envelope: envelope, body: encoded)
    }
}

/// Bounds of what one message may list. They keep a few bytes from standing for much memory.
package enum WireBounds {
    /// Arguments of all commands of one message.
    package static let arguments = 1 << 20
    /// Entries of any other list: records, lanes, preconditions, replies.
    package static let entries = 1 << 20
    /// Bytes of a name: datacenter, rack, host.
    package static let name = 255
}

extension WireWriter {
    /// A version as it travels: big-endian, so that it is ordered by its bytes.
    package mutating func version(_ value: Version) {
        u64BigEndian(value.stamp)
        u64BigEndian(value.node)
    }

    /// `uv argc | lp * argc`
    package mutating func command(_ arguments: [[UInt8]]) {
        count(arguments.count)
        for argument in arguments { lp(argument) }
    }

    /// `uv n | (uv argc | lp * argc) * n`
    package mutating func commands(_ commands: [[[UInt8]]]) {
        count(commands.count)
        for command in commands { self.command(command) }
    }
}

extension WireReader {
    package mutating func version() throws(WireError) -> Version {
        Version(stamp: try u64BigEndian(), node: try u64BigEndian())
    }

    /// Commands of at least one argument each; the bound is for their arguments together.
    package mutating func commands() throws(WireError) -> [[[UInt8]]] {
        var left = WireBounds.arguments
        return try list(minimumSize: 2, limit: WireBounds.entries) { (reader) throws(WireError) in
            let count = try reader.count(limit: left)
            guard count > 0 else { throw .invalidValue }
            left -= count
            var command: [[UInt8]] = []
            command.reserveCapacity(count)
            for _ in 0..<count { command.append(try reader.lp()) }
            return command
        }
    }
}
