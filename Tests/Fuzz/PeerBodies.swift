// Bodies of messages between RingSearch nodes, by the kind of their frame.

import RingCore

enum PeerBodies {
    private static let readers: [FrameKind: @Sendable ([UInt8]) -> Void] = [
        .gossip: read(Gossip.self), .gossipReply: read(GossipReply.self),
        .probe: read(Probe.self), .probeReply: read(ProbeReply.self),
        .replicate: read(Replicate.self), .replicateReply: read(ReplicateReply.self),
        .state: read(StateRequest.self), .stateReply: read(StateReply.self),
        .execute: read(Execute.self), .executeReply: read(ExecuteReply.self),
        .read: read(Read.self), .readReply: read(ReadReply.self),
        .feed: read(Feed.self),
        .feedReply: { bytes in
            // Refusals are fine ends, here and below.
            guard let reply = try? FeedReply(bytes) else { return }
            _ = try? reply.fingerprints(from: reply.lanes.map(\.to))
            _ = try? reply.states { (reader) throws(WireError) in try reader.item() }
        },
        .range: read(RangeRequest.self), .rangeReply: read(RangeReply.self),
        .definitionRead: read(DefinitionRead.self), .definitionReadReply: read(DefinitionReadReply.self),
        .definitionVote: read(DefinitionVoteRequest.self), .definitionVoteReply: read(DefinitionVoteReply.self),
    ]

    /// Reads a body and, if it is one, what it is written as.
    static func read(_ message: RingMessage) { readers[message.kind]?(message.body) }

    private static func read<Body: WireBody>(_: Body.Type) -> @Sendable ([UInt8]) -> Void {
        { bytes in
            guard let body = try? Body(bytes) else { return }  // being refused is a fine end
            precondition((try? Body(body.encoded)) == body, "a body is not read as it was written")
        }
    }
}
