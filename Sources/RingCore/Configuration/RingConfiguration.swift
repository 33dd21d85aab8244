// What the ring's settings mean together: names, tokens and seeds as values, and everything that must fit.

import Settings

/// A problem with a setting, in words that follow its name.
package struct RingConfigurationProblem: Equatable, Sendable {
    /// Name of the setting: `dyn-seeds`.
    package let setting: String
    /// Of a list, which item.
    package let item: Int?
    package let reason: String

    package init(setting: String, item: Int?, reason: String) {
        self.setting = setting
        self.item = item
        self.reason = reason
    }
}

package struct RingConfigurationFailure: Error, Equatable, Sendable {
    package let problems: [RingConfigurationProblem]
}

/// A node's part of the ring as its operator wants it.
package struct RingConfiguration: Equatable, Sendable {
    // MARK: this node and the others

    package let ringName: String
    package let datacenter: String
    package let rack: String
    /// Ascending.
    package let tokens: [Token]
    package let tokenReading: Token.Reading
    /// Where peers connect; `nil`: this node has none.
    package let listen: NodeAddress?
    /// What peers know this node by.
    package let advertised: NodeAddress?
    /// The other nodes.
    package let seeds: [SeedEntry]
    package let seedSource: SeedSource
    /// Spoken to peers that are not RingSearch.
    package let dialect: DnodeDialect

    /// Whether there are or may be other nodes.
    package var hasPeers: Bool { listen != nil }

    /// This node among the seeds; `nil` without peers.
    package var ownEntry: SeedEntry? {
        advertised.map { SeedEntry(address: $0, rack: rack, datacenter: datacenter, tokens: tokens) }
    }

    // MARK: what the words mean

    package let keyHash: KeyHash
    package let readLevel: ConsistencyLevel
    package let writeLevel: ConsistencyLevel
    package let peerSecurity: PeerSecurity
    /// `nil`: in the data directory.
    package let hintDirectory: String?
    package let readModifyWriteHome: String?
    /// `nil`: all vote.
    package let definitionVoters: String?
    package let statisticsListen: NodeAddress?
    /// Of requests to peers of the own datacenter and of others, in milliseconds.
    package let localRequestTimeout: Int
    package let remoteRequestTimeout: Int

    /// Numbers and switches, whose meaning needs no other setting.
    package let settings: RingSettings

    /// What works and is probably not meant.
    package let warnings: [RingConfigurationProblem]

    // MARK: parts

    package enum SeedSource: Equatable, Sendable {
        /// The list of the configuration alone.
        case list
        /// An HTTP server that answers with a list.
        case florida(address: NodeAddress, path: String)
        /// Text records of this name.
        case textRecords(name: String)
        /// Address records of this name: nodes at `port:rack:dc:tokens`.
        case addressRecords(name: String, place: String)
    }

    package struct CertificateFiles: Equatable, Sendable {
        package let certificate: String
        package let key: String
        package let authority: String?

        package init(certificate: String, key: String, authority: String?) {
            self.certificate = certificate
            self.key = key
            self.authority = authority
        }
    }

    package struct PeerSecurity: Equatable, Sendable {
        /// `nil`: peers' links are plain.
        package let certificate: CertificateFiles?
        /// For links with single datacenters.
        package let byDatacenter: [String: CertificateFiles]
        /// What peers must prove to know.
        package let secret: String?

        package var usesTLS: Bool { certificate != nil || !byDatacenter.isEmpty }
    }

    /// - Throws: everything that is wrong, at once.
    package init(_ values: SettingsState) throws(RingConfigurationFailure) {
        var reader = RingConfigurationReader(values)
        let read = reader.read()
        guard reader.problems.isEmpty else { throw RingConfigurationFailure(problems: reader.problems) }
        self.init(read, values, reader.warnings)
    }

    private init(
        _ read: RingConfigurationReader.Result, _ values: SettingsState, _ warnings: [RingConfigurationProblem]
    ) {
        let ring = values.ring
        ringName = ring.name
        datacenter = ring.datacenter
        rack = ring.rack
        tokens = read.tokens
        tokenReading = ring.foldsTokens ? .asDynomite : .strict
        listen = read.listen
        advertised = read.advertised
        seeds = read.seeds
        seedSource = read.seedSource
        dialect =
            switch ring.dialect {
            case .netflix: .netflix
            case .seed: .seed
            }
        keyHash = read.keyHash
        readLevel = read.readLevel
        writeLevel = read.writeLevel
        peerSecurity = read.security
        hintDirectory = ring.hintDirectory.isEmpty ? nil : ring.hintDirectory
        readModifyWriteHome = ring.readModifyWriteHome.isEmpty ? nil : ring.readModifyWriteHome
        definitionVoters = ring.definitionVoters.isEmpty ? nil : ring.definitionVoters
        statisticsListen = read.statisticsListen
        localRequestTimeout = ring.requestTimeout + 200
        remoteRequestTimeout = ring.requestTimeout + 5_000
        settings = ring
        self.warnings = warnings
    }
}
