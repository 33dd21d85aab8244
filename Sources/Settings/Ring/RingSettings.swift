// The tunables of the ring, as one value. What they mean together is checked where a ring's configuration is made of them.

/// Every tunable of the ring: names, ranges and defaults in `SettingsCatalog+Ring.swift`.
package struct RingSettings: Equatable, Sendable {
    // MARK: who and where this node is

    package var name = "ringsearch"
    /// Where peers connect; empty: a ring of one.
    package var peerListen = ""
    /// How peers reach this node, when that is not where it listens: `host` or `host:port`.
    package var advertise = ""
    package var datacenter = "localdc"
    package var rack = "localrack"
    /// Decimal numbers between commas; empty: none given.
    package var tokens = ""
    package var foldsTokens = false
    package var environmentName = "aws"

    // MARK: the others

    /// Entries `host:port:rack:dc:tokens` between bars.
    package var seeds = ""
    package var seedProvider = SeedProviderName.simple
    package var floridaAddress = "127.0.0.1:8080"
    package var floridaPath = "/REST/v1/admin/get_seeds"
    /// Name that is looked up for seeds; empty: made of the node's own host.
    package var dnsName = ""
    package var dnsType = DNSSeedType.txt
    /// `port:rack:dc:tokens` of nodes known by address records.
    package var dnsPlace = ""

    // MARK: placing keys

    package var hash = "murmur"
    package var hashTag = ""
    package var distribution = "vnode"

    // MARK: agreement

    package var readConsistency = "DC_ONE"
    package var writeConsistency = "DC_ONE"
    package var repairsReads = false
    package var crossOwnerTransactions = CrossOwnerTransactions.split
    /// Datacenter whose executors run everything that reads before it writes; empty: each its own.
    package var readModifyWriteHome = ""
    /// Datacenter that votes on definitions; empty: all do.
    package var definitionVoters = ""
    package var maxClockLead = 500

    // MARK: membership

    package var gossips = false
    package var gossipInterval = 1_000
    package var dialect = PeerDialect.netflix

    // MARK: links

    /// Milliseconds for a request, at the store or at a peer of the same datacenter.
    package var requestTimeout = 5_000
    package var peerReadTimeout = 10_000
    package var peerWriteTimeout = 10_000
    /// 0 is 1, as Dynomite has it; so for the next two.
    package var storeConnections = 1
    package var localPeerConnections = 1
    package var remotePeerConnections = 1
    package var ejectsHosts = true
    package var retryTimeout = 10_000
    package var failureLimit = 3
    package var messageRate = 50_000

    // MARK: security of links

    package var peerSecret = ""
    package var tlsCertificate = ""
    package var tlsKey = ""
    package var tlsAuthority = ""
    /// `dc=certificate,key,authority` between bars.
    package var tlsProfiles = ""

    // MARK: hints and repair

    package var handsOff = false
    package var hintLifetime = 86_400
    package var hintStoreLimit = 64 << 20
    package var hintDrainInterval = 30_000
    package var hintDrainRate = 16 << 20
    /// Empty: in the data directory.
    package var hintDirectory = ""
    package var repairInterval = 300
    package var repairRate = 8 << 20
    package var tombstoneLifetime = 7 * 86_400
    package var intentLogSegment = 64 << 20

    // MARK: observing

    package var statisticsListen = "127.0.0.1:22222"
    package var statisticsInterval = 30_000

    package init() {}
}

package enum SeedProviderName: String, Sendable, CaseIterable {
    case simple = "simple_provider"
    case dns = "dns_provider"
    case florida = "florida_provider"
}

package enum DNSSeedType: String, Sendable, CaseIterable {
    case txt = "TXT"
    case a = "A"
}

/// Whose use of the peers' frames is spoken to peers that are not RingSearch.
package enum PeerDialect: String, Sendable, CaseIterable {
    case netflix, seed
}

/// What happens to a transaction whose keys have different owners.
package enum CrossOwnerTransactions: String, Sendable, CaseIterable {
    case split, refuse
}
