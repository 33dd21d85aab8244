// One node as the definition log knows it.

package struct RingMember: Equatable, Sendable {
    /// How far a node owns its tokens.
    package enum Status: UInt8, Sendable, CaseIterable {
        /// Owns them.
        case active = 0
        /// Will own them: it gets every write of their ranges and counts for nothing.
        case pending = 1
        /// Owns them until its successor has what it needs.
        case leaving = 2
        /// Replaced: its frames are refused and its tokens are another's.
        case banned = 3
    }

    package enum Kind: UInt8, Sendable, CaseIterable {
        case ringSearch = 0
        /// A node of Dynomite: takes plain commands, never executes for others, never serves search.
        case dynomite = 1
    }

    package var id: NodeID
    package var datacenter: String
    package var rack: String
    /// Ascending.
    package private(set) var tokens: [Token]
    package var status: Status
    package var kind: Kind
    /// Where it was when it became a member; gossip knows where it is now.
    package var address: NodeAddress

    package init(
        id: NodeID, datacenter: String, rack: String, tokens: [Token], status: Status = .active,
        kind: Kind = .ringSearch, address: NodeAddress
    ) {
        self.id = id
        self.datacenter = datacenter
        self.rack = rack
        self.tokens = tokens.sorted()
        self.status = status
        self.kind = kind
        self.address = address
    }
}

/// Names of racks and datacenters.
package enum RingName {
    package static let lengthLimit = 255

    /// Visible ASCII without the characters that separate the parts of a seed and of a gossip record, so that a name reads
    /// the same wherever it is written, and order is that of bytes.
    package static func isUsable(_ name: some StringProtocol) -> Bool {
        let bytes = name.utf8
        return !bytes.isEmpty && bytes.count <= lengthLimit
            && bytes.allSatisfy { $0 > 32 && $0 < 127 && $0 != 58 && $0 != 44 && $0 != 124 && $0 != 36 }
    }
}

/// Why members make no ring.
package enum TopologyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no member that owns anything.
    case noOwners
    case tooManyMembers(Int)
    case tooManyTokens(Int)
    /// An id of 0.
    case noID(NodeAddress)
    case duplicateID(NodeID)
    case duplicateAddress(NodeAddress, NodeID, NodeID)
    /// A name of a datacenter or rack that ``RingName`` does not allow.
    case unusableName(String, NodeID)
    case noTokens(NodeID, rack: String, datacenter: String)
    /// One node of a rack has a token twice, or two nodes have it.
    case duplicateToken(Token, rack: String, datacenter: String, NodeID, NodeID)

    package var description: String {
        switch self {
        case .noOwners: "no member owns any token"
        case .tooManyMembers(let count): "\(count) members are more than \(RingTopology.memberLimit)"
        case .tooManyTokens(let count): "\(count) tokens are more than \(RingTopology.tokenLimit)"
        case .noID(let address): "the node at \(address) has no id"
        case .duplicateID(let id): "node id \(id) is given to two members"
        case .duplicateAddress(let address, let a, let b): "nodes \(a) and \(b) are both at \(address)"
        case .unusableName(let name, let id): "node \(id): '\(name)' cannot be the name of a rack or datacenter"
        case .noTokens(let id, let rack, let datacenter): "node \(id) of rack \(rack) in \(datacenter) has no token"
        case .duplicateToken(let token, let rack, let datacenter, let a, let b):
            a == b
                ? "node \(a) of rack \(rack) in \(datacenter) has token \(token) twice"
                : "nodes \(a) and \(b) of rack \(rack) in \(datacenter) both have token \(token)"
        }
    }
}
