// What a frame is for: the number in its header.
//
// 0 to 13 are Dynomite's, 14 to 23 those of its Rust descendant. Ours begin at 64, so that no other node can take them
// for something it knows; they are sent only to a peer whose greeting said that it is a RingSearch node.

/// The type number of a frame. Any number is carried: what it means is for the receiver to know.
package struct FrameKind: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }
    private init(_ rawValue: UInt32) { self.rawValue = rawValue }

    // MARK: Dynomite's

    package static let unknown = FrameKind(0)
    package static let debug = FrameKind(1)
    package static let parseError = FrameKind(2)
    package static let request = FrameKind(3)
    package static let requestForward = FrameKind(4)
    package static let response = FrameKind(5)
    package static let cryptoHandshake = FrameKind(6)
    package static let gossipSyn = FrameKind(7)
    package static let gossipSynReply = FrameKind(8)
    package static let gossipAck = FrameKind(9)
    package static let gossipDigestSyn = FrameKind(10)
    package static let gossipDigestAck = FrameKind(11)
    package static let gossipDigestAck2 = FrameKind(12)
    package static let gossipShutdown = FrameKind(13)

    // MARK: RingSearch's. A reply is its request plus one.

    package static let gossip = FrameKind(64)
    package static let gossipReply = FrameKind(65)
    package static let probe = FrameKind(66)
    package static let probeReply = FrameKind(67)
    package static let replicate = FrameKind(72)
    package static let replicateReply = FrameKind(73)
    package static let execute = FrameKind(74)
    package static let executeReply = FrameKind(75)
    package static let read = FrameKind(76)
    package static let readReply = FrameKind(77)
    package static let state = FrameKind(78)
    package static let stateReply = FrameKind(79)
    package static let feed = FrameKind(80)
    package static let feedReply = FrameKind(81)
    package static let range = FrameKind(82)
    package static let rangeReply = FrameKind(83)
    package static let definitionRead = FrameKind(84)
    package static let definitionReadReply = FrameKind(85)
    package static let definitionVote = FrameKind(86)
    package static let definitionVoteReply = FrameKind(87)
    package static let search = FrameKind(96)
    package static let searchReply = FrameKind(97)
    /// One way: nobody answers it.
    package static let cancel = FrameKind(98)

    /// A datastore request in RESP.
    package var isStoreRequest: Bool { self == .request || self == .requestForward }

    /// Gossip of either old dialect: one way, never answered.
    package var isHeartbeat: Bool { (7...13).contains(rawValue) }

    /// A message with an ``Envelope``.
    package var isRingSearch: Bool { rawValue >= 64 }

    /// A RingSearch message that asks for a reply, or would if we knew it.
    package var isRingSearchRequest: Bool { isRingSearch && rawValue % 2 == 0 && self != .cancel }

    /// Whether this version knows the message's kind.
    package var isKnown: Bool {
        switch rawValue {
        case 0...13, 64...67, 72...87, 96...98: true
        default: false
        }
    }

    /// The kind of the answer; `nil` for what is never answered.
    package var reply: FrameKind? {
        if isStoreRequest { return .response }
        return isRingSearchRequest && rawValue < UInt32.max ? FrameKind(rawValue + 1) : nil
    }
}

extension FrameKind: CustomStringConvertible {
    package var description: String { "type \(rawValue)" }
}
