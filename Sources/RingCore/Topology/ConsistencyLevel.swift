// How many replicas must agree before a client gets its answer.

/// Dynomite's consistency levels. Every write reaches every replica; the level says whose answers are awaited.
package enum ConsistencyLevel: UInt8, CaseIterable, Sendable {
    /// One replica of the own datacenter.
    case one = 0
    /// A majority of the own datacenter; where it does not agree, the newest answer.
    case quorum = 1
    /// A majority of the own datacenter that agrees, or an error.
    case safeQuorum = 2
    /// An agreeing majority in each datacenter.
    case eachSafeQuorum = 3

    /// `DC_QUORUM`
    package var name: String {
        switch self {
        case .one: "DC_ONE"
        case .quorum: "DC_QUORUM"
        case .safeQuorum: "DC_SAFE_QUORUM"
        case .eachSafeQuorum: "DC_EACH_SAFE_QUORUM"
        }
    }

    /// Names are taken in any case.
    package init?(name: some StringProtocol) {
        let wanted = name.uppercased()
        guard let level = Self.allCases.first(where: { $0.name == wanted }) else { return nil }
        self = level
    }

    /// Whether other datacenters than the coordinator's are awaited.
    package var spansDatacenters: Bool { self == .eachSafeQuorum }
}

/// Majorities.
package enum Quorum {
    /// The smallest majority of `replicas`, which is half of them and one more.
    package static func majority(of replicas: Int) -> Int { replicas / 2 + 1 }
}

extension RingTopology {
    /// R of a datacenter: its active racks, whoever of them is up.
    package func replicaCount(in datacenter: DatacenterIndex) -> Int { self[datacenter].activeRacks.count }

    /// q of a datacenter.
    package func quorum(in datacenter: DatacenterIndex) -> Int { Quorum.majority(of: replicaCount(in: datacenter)) }

    /// How many replicas of a datacenter must have answered well at a level, for a coordinator in `home`; 0 where none is
    /// awaited.
    package func needed(
        at level: ConsistencyLevel, in datacenter: DatacenterIndex, for home: DatacenterIndex
    ) -> Int {
        switch level {
        case .one: datacenter == home ? 1 : 0
        case .quorum, .safeQuorum: datacenter == home ? quorum(in: datacenter) : 0
        // A datacenter without active racks has nobody to wait for.
        case .eachSafeQuorum: replicaCount(in: datacenter) == 0 ? 0 : quorum(in: datacenter)
        }
    }
}
