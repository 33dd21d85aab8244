// What every RingSearch message begins with: who speaks, when, and under which epochs.
//
//   offset  0     1     2              4            8         16          24              28              32
//           ┌─────┬─────┬──────────────┬────────────┬─────────┬───────────┬───────────────┬───────────────┐
//           │ ver │flags│ wall − clock │ incarnation│ node id │ HLC stamp │ topology epoch│ definit. epoch│ body
//           │ u8  │ u8  │ i16 ms       │ u32        │ u64     │ u64       │ u32           │ u32           │
//           └─────┴─────┴──────────────┴────────────┴─────────┴───────────┴───────────────┴───────────────┘
//
// Little-endian. Node 7 in its third life, at stamp 0x0000_0123_4567_89ab_0002, 1 ms behind its logical clock:
//
//   01 00 ff ff 03 00 00 00  07 00 00 00 00 00 00 00  ...

/// The first 32 bytes of a RingSearch message.
package struct Envelope: Equatable, Sendable {
    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// This is a part of a message, and not the last.
        package static let morePartsFollow = Flags(rawValue: 1)
        /// This is the last of several parts.
        package static let lastPart = Flags(rawValue: 2)
        /// An answer without a body: the request was of a type, mode or operation that the answerer does not know.
        package static let unsupported = Flags(rawValue: 4)
    }

    package static let size = 32
    package static let currentVersion: UInt8 = 1

    package var version: UInt8
    package var flags: Flags
    /// The sender's wall clock minus the milliseconds of its logical clock.
    package var clockDifference: Int16
    package var incarnation: UInt32
    package var node: UInt64
    /// The sender's hybrid logical clock.
    package var stamp: UInt64
    package var topologyEpoch: UInt32
    package var definitionEpoch: UInt32

    package init(
        flags: Flags = [], clockDifference: Int16 = 0, incarnation: UInt32, node: UInt64, stamp: UInt64 = 0,
        topologyEpoch: UInt32 = 0, definitionEpoch: UInt32 = 0
    ) {
        version = Self.currentVersion
        self.flags = flags
        self.clockDifference = clockDifference
        self.incarnation = incarnation
        self.node = node
        self.stamp = stamp
        self.topologyEpoch = topologyEpoch
        self.definitionEpoch = definitionEpoch
    }

    package func encode(into writer: inout WireWriter) {
        writer.u8(version)
        writer.u8(flags.rawValue)
        writer.u16(UInt16(bitPattern: clockDifference))
        writer.u32(incarnation)
        writer.u64(node)
        writer.u64(stamp)
        writer.u32(topologyEpoch)
        writer.u32(definitionEpoch)
    }

    /// A version of 0 is refused; a later one is read as this one, whose fields it keeps.
    package init(from reader: inout WireReader) throws(WireError) {
        version = try reader.u8()
        guard version >= 1 else { throw .unknownCode(version) }
        flags = Flags(rawValue: try reader.u8())
        clockDifference = Int16(bitPattern: try reader.u16())
        incarnation = try reader.u32()
        node = try reader.u64()
        stamp = try reader.u64()
        topologyEpoch = try reader.u32()
        definitionEpoch = try reader.u32()
    }

    /// A difference of clocks in the form that travels.
    package static func clamped(_ milliseconds: Int) -> Int16 {
        Int16(clamping: milliseconds)
    }
}

/// A whole RingSearch message: its parts joined, its envelope read.
package struct RingMessage: Equatable, Sendable {
    package var kind: FrameKind
    package var id: UInt64
    package var envelope: Envelope
    package var body: [UInt8]

    package init(kind: FrameKind, id: UInt64, envelope: Envelope, body: [UInt8]) {
        self.kind = kind
        self.id = id
        self.envelope = envelope
        self.body = body
    }

    /// Payload bytes of one frame, envelope included.
    package static let partBound = 1 << 20

    /// The frames that carry the message, one after the other and with nothing else of its id between them.
    package func frames(isSameDatacenter: Bool) -> [Frame] {
        let room = Self.partBound - Envelope.size
        guard body.count > room else { return [part(body[...], flags: envelope.flags, isSameDatacenter)] }
        var frames: [Frame] = []
        var start = 0
        while start < body.count {
            let end = min(body.count, start + room)
            let flag: Envelope.Flags = end == body.count ? .lastPart : .morePartsFollow
            frames.append(part(body[start..<end], flags: envelope.flags.union(flag), isSameDatacenter))
            start = end
        }
        return frames
    }

    private func part(_ piece: ArraySlice<UInt8>, flags: Envelope.Flags, _ isSameDatacenter: Bool) -> Frame {
        var writer = WireWriter(capacity: Envelope.size + piece.count)
        var envelope = envelope
        envelope.flags = flags
        envelope.encode(into: &writer)
        writer.raw(piece)
        return Frame(id: id, kind: kind, isSameDatacenter: isSameDatacenter, payload: writer.bytes)
    }

    /// The answer that says: your request is of a kind that I do not know.
    package static func unsupported(_ request: RingMessage, from envelope: Envelope) -> RingMessage? {
        guard let kind = request.kind.reply else { return nil }
        var envelope = envelope
        envelope.flags = .unsupported
        return RingMessage(kind: kind, id: request.id, envelope: envelope, body: [])
    }
}
