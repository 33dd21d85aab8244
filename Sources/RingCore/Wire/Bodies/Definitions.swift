// The log that all nodes agree on: reading it, and voting on its next entry.
//
//   entry          u64 epoch | 16 B proposal id | 16 B version | u8 kind | lp body
//   DEF_READ       u64 after epoch | u32 max bytes
//   DEF_READ_REP   u64 newest epoch | u8 form (0 entries, 1 snapshot first)
//                  | form 1: u64 epoch of the snapshot | lp snapshot | uv n | entry * n
//   DEF_VOTE, DEF_VOTE_REP
//                  u8 step | u64 epoch | ballot | u8 has (1 accepted ballot, 2 entry) | [ballot] | [entry]
//   ballot         u64 round | u64 node

/// One entry of the log.
package struct DefinitionEntry: Equatable, Sendable {
    /// Its number; the first is 1. 0 in a proposal that has none yet.
    package var epoch: UInt64
    /// Says that two proposals are one.
    package var proposal: Version
    package var version: Version
    package var kind: UInt8
    package var body: [UInt8]

    package init(epoch: UInt64, proposal: Version, version: Version, kind: UInt8, body: [UInt8]) {
        self.epoch = epoch
        self.proposal = proposal
        self.version = version
        self.kind = kind
        self.body = body
    }

    package static let bodyBound = 1 << 20

    package func encode(into writer: inout WireWriter) {
        writer.u64(epoch)
        writer.version(proposal)
        writer.version(version)
        writer.u8(kind)
        writer.lp(body)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        self.init(
            epoch: try reader.u64(), proposal: try reader.version(), version: try reader.version(),
            kind: try reader.u8(), body: try reader.lp(limit: Self.bodyBound))
    }
}

/// DEF_READ
package struct DefinitionRead: WireBody {
    package static let kind = FrameKind.definitionRead

    /// The newest epoch that the asker has.
    package var after: UInt64
    package var maximumBytes: UInt32

    package init(after: UInt64, maximumBytes: UInt32) {
        self.after = after
        self.maximumBytes = maximumBytes
    }

    package func encode(into writer: inout WireWriter) {
        writer.u64(after)
        writer.u32(maximumBytes)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        self.init(after: try reader.u64(), maximumBytes: try reader.u32())
    }
}

/// DEF_READ_REP
package struct DefinitionReadReply: WireBody {
    package static let kind = FrameKind.definitionReadReply

    /// Everything up to an epoch, for an asker whose next entry is no longer kept.
    package struct Snapshot: Equatable, Sendable {
        package var epoch: UInt64
        package var bytes: [UInt8]

        package init(epoch: UInt64, bytes: [UInt8]) {
            self.epoch = epoch
            self.bytes = bytes
        }
    }

    /// The newest epoch that the answerer has; more than the entries reach when they were too many.
    package var newest: UInt64
    package var snapshot: Snapshot?
    package var entries: [DefinitionEntry]

    package init(newest: UInt64, snapshot: Snapshot? = nil, entries: [DefinitionEntry]) {
        self.newest = newest
        self.snapshot = snapshot
        self.entries = entries
    }

    package func encode(into writer: inout WireWriter) {
        writer.u64(newest)
        writer.u8(snapshot == nil ? 0 : 1)
        if let snapshot {
            writer.u64(snapshot.epoch)
            writer.lp(snapshot.bytes)
        }
        writer.count(entries.count)
        for entry in entries { entry.encode(into: &writer) }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        newest = try reader.u64()
        let form = try reader.u8()
        switch form {
        case 0: snapshot = nil
        case 1: snapshot = Snapshot(epoch: try reader.u64(), bytes: try reader.lp())
        default: throw .unknownCode(form)
        }
        entries = try reader.list(minimumSize: 42, limit: WireBounds.entries) { (reader) throws(WireError) in
            try DefinitionEntry(from: &reader)
        }
    }
}

/// What DEF_VOTE and DEF_VOTE_REP both carry: one step of agreeing on an entry.
package struct DefinitionVote: Equatable, Sendable {
    package enum Step: UInt8, Hashable, Sendable, CaseIterable {
        /// To the steward: please have this chosen.
        case propose = 0
        case prepare = 1
        case promise = 2
        case accept = 3
        case accepted = 4
        /// This is the entry of this epoch.
        case learn = 5
        /// A higher ballot, which is given, was promised.
        case refused = 6
        /// The epoch is decided already; the entry is given.
        case chosen = 7
        /// Not the steward; the ballot's node is.
        case redirected = 8
    }

    package struct Ballot: Hashable, Comparable, Sendable {
        package var round: UInt64
        package var node: UInt64

        package init(round: UInt64, node: UInt64) {
            self.round = round
            self.node = node
        }

        package static let zero = Ballot(round: 0, node: 0)

        package static func < (a: Ballot, b: Ballot) -> Bool {
            a.round != b.round ? a.round < b.round : a.node < b.node
        }
    }

    package var step: Step
    package var epoch: UInt64
    package var ballot: Ballot
    /// With a promise: the ballot under which the voter has accepted `entry`.
    package var acceptedBallot: Ballot?
    package var entry: DefinitionEntry?

    package init(
        step: Step, epoch: UInt64, ballot: Ballot, acceptedBallot: Ballot? = nil, entry: DefinitionEntry? = nil
    ) {
        self.step = step
        self.epoch = epoch
        self.ballot = ballot
        self.acceptedBallot = acceptedBallot
        self.entry = entry
    }

    package func encode(into writer: inout WireWriter) {
        writer.u8(step.rawValue)
        writer.u64(epoch)
        writer.u64(ballot.round)
        writer.u64(ballot.node)
        writer.u8((acceptedBallot == nil ? 0 : 1) | (entry == nil ? 0 : 2))
        if let acceptedBallot {
            writer.u64(acceptedBallot.round)
            writer.u64(acceptedBallot.node)
        }
        entry?.encode(into: &writer)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let code = try reader.u8()
        guard let step = Step(rawValue: code) else { throw .unknownCode(code) }
        self.step = step
        epoch = try reader.u64()
        ballot = Ballot(round: try reader.u64(), node: try reader.u64())
        let has = try reader.u8()
        acceptedBallot = has & 1 == 0 ? nil : Ballot(round: try reader.u64(), node: try reader.u64())
        entry = has & 2 == 0 ? nil : try DefinitionEntry(from: &reader)
    }
}

/// DEF_VOTE
package struct DefinitionVoteRequest: WireBody {
    package static let kind = FrameKind.definitionVote
    package var vote: DefinitionVote
    package init(_ vote: DefinitionVote) { self.vote = vote }
    package func encode(into writer: inout WireWriter) { vote.encode(into: &writer) }
    package init(from reader: inout WireReader) throws(WireError) { vote = try DefinitionVote(from: &reader) }
}

/// DEF_VOTE_REP
package struct DefinitionVoteReply: WireBody {
    package static let kind = FrameKind.definitionVoteReply
    package var vote: DefinitionVote
    package init(_ vote: DefinitionVote) { self.vote = vote }
    package func encode(into writer: inout WireWriter) { vote.encode(into: &writer) }
    package init(from reader: inout WireReader) throws(WireError) { vote = try DefinitionVote(from: &reader) }
}
