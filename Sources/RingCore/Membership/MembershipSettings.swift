// What a node has to know about itself to find the others.

package struct MembershipSettings: Sendable {
    package var ringName: String
    /// This node: id, place, and the address that it gives to others.
    package var own: RingMember
    package var seeds: [SeedEntry]
    package var dialect: DnodeDialect
    /// Whether nodes of Dynomite are sent its gossip.
    package var sendsGossipText: Bool
    /// Between heartbeats in the old dialects.
    package var gossipTextInterval: UInt64
    /// Datacenter whose nodes agree on definitions; empty: all nodes do.
    package var definitionVoters: String
    package var clientAddress: NodeAddress?
    /// Between two exchanges with a peer.
    package var exchangeInterval: UInt64 = 1_000
    /// How long a probe may take, after which a suspect is down.
    package var probeTimeout: UInt64 = 1_000
    /// How long a ring begins without the nodes that have not been heard yet.
    package var genesisPatience: UInt64 = 3_000

    package init(
        ringName: String, own: RingMember, seeds: [SeedEntry], dialect: DnodeDialect = .netflix,
        sendsGossipText: Bool = false, gossipTextInterval: UInt64 = 1_000, definitionVoters: String = "",
        clientAddress: NodeAddress? = nil
    ) {
        self.ringName = ringName
        self.own = own
        self.seeds = seeds
        self.dialect = dialect
        self.sendsGossipText = sendsGossipText
        self.gossipTextInterval = gossipTextInterval
        self.definitionVoters = definitionVoters
        self.clientAddress = clientAddress
    }

    package init(_ configuration: RingConfiguration, id: NodeID) {
        let address = configuration.advertised ?? NodeAddress(host: "localhost", port: 0)
        self.init(
            ringName: configuration.ringName,
            own: RingMember(
                id: id, datacenter: configuration.datacenter, rack: configuration.rack, tokens: configuration.tokens,
                address: address),
            seeds: configuration.seeds, dialect: configuration.dialect,
            sendsGossipText: configuration.settings.gossips,
            gossipTextInterval: UInt64(configuration.settings.gossipInterval),
            definitionVoters: configuration.definitionVoters ?? "")
    }

    /// The seeds of others, one for each place; this node's own is left out.
    var others: [SeedEntry] {
        seeds.filter { seed in
            seed.address != own.address
                && !(seed.datacenter == own.datacenter && seed.rack == own.rack && seed.tokens == own.tokens)
        }
    }

    /// All that this node's configuration says of the beginning of the ring.
    var electorate: [String] {
        let me = SeedEntry(address: own.address, rack: own.rack, datacenter: own.datacenter, tokens: own.tokens)
        return Electorate.lines(of: others + [me], voters: definitionVoters)
    }
}

/// Names of capabilities in gossip.
enum GossipCapability {
    static let ring = "ring"
    /// Decimal tokens, one a value.
    static let tokens = "tokens"
    /// The lines of ``Electorate``, while the node is in no ring.
    static let seeds = "seeds"
    /// The proposal of the ring's first entry.
    static let genesis = "genesis"
}

/// What a node learns about the ring as time goes on.
package enum MembershipEvent: Equatable, Sendable {
    /// The ring has another topology.
    case topology(RingTopology)
    /// An entry of the definition log, in order; a refusal when it was to change the ring and did not.
    case entry(DefinitionEntry, refusal: String?)
    case proposal(Version, ProposalOutcome)
    /// Who gets requests has changed.
    case routes
    /// This node must not take part any more; the reason is for the operator.
    case excluded(String)
}
