// One node's votes. What it has promised or accepted is on disk before anybody hears of it.
//
//   database `defs`   "v" | u64 BE epoch   →   ballot promised | u8 has accepted | [ballot] | [entry]
//                     "e" | u64 BE epoch   →   entry

/// The acceptor's half of agreeing on entries, one vote per epoch.
package struct DefinitionVoter: Sendable {
    package typealias Ballot = DefinitionVote.Ballot

    struct Vote: Equatable, Sendable {
        var promised = Ballot.zero
        var accepted: Ballot?
        var entry: DefinitionEntry?

        var encoded: [UInt8] {
            var writer = WireWriter()
            writer.u64(promised.round)
            writer.u64(promised.node)
            if let accepted, let entry {
                writer.u8(1)
                writer.u64(accepted.round)
                writer.u64(accepted.node)
                entry.encode(into: &writer)
            } else {
                writer.u8(0)
            }
            return writer.bytes
        }

        init() {}

        init(from reader: inout WireReader) throws(WireError) {
            promised = Ballot(round: try reader.u64(), node: try reader.u64())
            guard try reader.u8() == 1 else { return }
            accepted = Ballot(round: try reader.u64(), node: try reader.u64())
            entry = try DefinitionEntry(from: &reader)
        }
    }

    static let database = "defs"

    private var votes: [UInt64: Vote] = [:]

    init(disk entries: [(key: Bytes, value: Bytes)]) {
        for (key, value) in entries where key.count == 9 && key[0] == UInt8(ascii: "v") {
            var reader = WireReader(value)
            guard let vote = try? Vote(from: &reader) else { continue }
            votes[Self.epoch(key)] = vote
        }
    }

    static func key(_ letter: Character, _ epoch: UInt64) -> Bytes {
        var writer = WireWriter()
        writer.raw(letter.utf8)
        writer.u64BigEndian(epoch)
        return writer.bytes
    }

    static func epoch(_ key: Bytes) -> UInt64 { key.dropFirst().reduce(0) { $0 << 8 | UInt64($1) } }

    func promised(_ epoch: UInt64) -> Ballot { votes[epoch]?.promised ?? .zero }

    /// - Returns: the answer; to be given after what was appended to `out`.
    mutating func prepare(_ epoch: UInt64, _ ballot: Ballot, into out: inout [RingDirective]) -> DefinitionVote {
        var vote = votes[epoch] ?? Vote()
        guard ballot >= vote.promised else {
            return DefinitionVote(step: .refused, epoch: epoch, ballot: vote.promised)
        }
        if ballot > vote.promised {
            vote.promised = ballot
            keep(vote, epoch, into: &out)
        }
        return DefinitionVote(
            step: .promise, epoch: epoch, ballot: ballot, acceptedBallot: vote.accepted, entry: vote.entry)
    }

    mutating func accept(
        _ epoch: UInt64, _ ballot: Ballot, _ entry: DefinitionEntry, into out: inout [RingDirective]
    ) -> DefinitionVote {
        var vote = votes[epoch] ?? Vote()
        guard ballot >= vote.promised else {
            return DefinitionVote(step: .refused, epoch: epoch, ballot: vote.promised)
        }
        if vote.accepted != ballot {
            vote.promised = ballot
            vote.accepted = ballot
            vote.entry = entry
            keep(vote, epoch, into: &out)
        }
        return DefinitionVote(step: .accepted, epoch: epoch, ballot: ballot)
    }

    /// The entry is decided: what was voted does not matter any more.
    mutating func forget(_ epoch: UInt64, into out: inout [RingDirective]) {
        guard votes.removeValue(forKey: epoch) != nil else { return }
        out.append(.keep(database: Self.database, key: Self.key("v", epoch), value: nil))
    }

    private mutating func keep(_ vote: Vote, _ epoch: UInt64, into out: inout [RingDirective]) {
        votes[epoch] = vote
        out.append(.keep(database: Self.database, key: Self.key("v", epoch), value: vote.encoded))
    }
}
