// Joins the parts of long messages of one link.

/// Why a link's parts make no message. The link has to be closed.
package enum PartError: Error, Hashable, Sendable {
    /// The frame is not of a RingSearch kind, or its envelope is not whole.
    case noEnvelope
    /// A part is longer than a part may be.
    case partTooLong
    case messageTooLong
    case tooManyMessages
    /// Parts of one id are of two kinds, or a whole message came between them.
    case mixedParts
}

/// The unfinished messages of one link, bounded in number and in bytes.
package struct PartAssembler: Sendable {
    package struct Limits: Equatable, Sendable {
        package var messageLength: Int
        /// Bytes of all unfinished messages.
        package var pendingLength: Int
        package var pendingCount: Int

        package init(messageLength: Int = 64 << 20, pendingLength: Int = 64 << 20, pendingCount: Int = 16) {
            self.messageLength = messageLength
            self.pendingLength = pendingLength
            self.pendingCount = pendingCount
        }
    }

    private let limits: Limits
    private var pending: [UInt64: RingMessage] = [:]
    package private(set) var pendingLength = 0

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    package var pendingCount: Int { pending.count }

    /// Takes a frame; gives the message that it completes, with the envelope of its last part.
    package mutating func accept(_ frame: Frame) throws(PartError) -> RingMessage? {
        guard frame.kind.isRingSearch else { throw .noEnvelope }
        guard frame.payload.count <= RingMessage.partBound else { throw .partTooLong }
        var envelope: Envelope
        do {
            var reader = WireReader(frame.payload)
            envelope = try Envelope(from: &reader)
        } catch {
            throw .noEnvelope
        }
        let body = frame.payload[Envelope.size...]
        let isLast = !envelope.flags.contains(.morePartsFollow)
        let isPart = !isLast || envelope.flags.contains(.lastPart)
        envelope.flags.subtract([.morePartsFollow, .lastPart])

        guard isPart || pending[frame.id] != nil else {
            return RingMessage(kind: frame.kind, id: frame.id, envelope: envelope, body: Array(body))
        }
        guard isPart else { throw .mixedParts }
        if pending[frame.id] == nil {
            guard pending.count < limits.pendingCount else { throw .tooManyMessages }
            pending[frame.id] = RingMessage(kind: frame.kind, id: frame.id, envelope: envelope, body: [])
        }
        // Only the two figures are taken out: a copy of the message would make every part copy all before it.
        let begun = pending[frame.id].map { (kind: $0.kind, length: $0.body.count) }
        guard let begun, begun.kind == frame.kind else { throw .mixedParts }
        guard begun.length + body.count <= limits.messageLength,
            pendingLength + body.count <= limits.pendingLength
        else { throw .messageTooLong }

        pending[frame.id]?.body += body
        pending[frame.id]?.envelope = envelope
        pendingLength += body.count
        guard isLast, let whole = pending.removeValue(forKey: frame.id) else { return nil }
        pendingLength -= whole.body.count
        return whole
    }
}
