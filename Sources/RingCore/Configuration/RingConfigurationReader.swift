// Reads the ring's settings into values and collects what is wrong with them.

import Settings

struct RingConfigurationReader {
    /// What the texts of the settings say.
    struct Result {
        var tokens: [Token] = []
        var listen: NodeAddress?
        var advertised: NodeAddress?
        var seeds: [SeedEntry] = []
        var seedSource = RingConfiguration.SeedSource.list
        var keyHash = KeyHash.standard
        var readLevel = ConsistencyLevel.one
        var writeLevel = ConsistencyLevel.one
        var security = RingConfiguration.PeerSecurity(certificate: nil, byDatacenter: [:], secret: nil)
        var statisticsListen: NodeAddress?
    }

    private let ring: RingSettings
    private let server: ServerSettings
    private(set) var problems: [RingConfigurationProblem] = []
    private(set) var warnings: [RingConfigurationProblem] = []
    /// Of each seed that is kept, its place in the list of the configuration.
    private var seedItems: [Int] = []

    init(_ values: SettingsState) {
        ring = values.ring
        server = values.server
    }

    mutating func read() -> Result {
        var result = Result()
        readNames()
        readAddresses(&result)
        readPlacing(&result)
        readSeeds(&result)
        readSeedSource(&result)
        checkPlaces(result)
        readLevels(&result)
        readSecurity(&result)
        checkLifetimes()
        return result
    }

    private var reading: Token.Reading { ring.foldsTokens ? .asDynomite : .strict }

    private mutating func fail(_ setting: String, _ reason: String, item: Int? = nil) {
        problems.append(.init(setting: setting, item: item, reason: reason))
    }

    private mutating func warn(_ setting: String, _ reason: String, item: Int? = nil) {
        warnings.append(.init(setting: setting, item: item, reason: reason))
    }

    // MARK: this node

    private mutating func readNames() {
        for (setting, name) in [("datacenter", ring.datacenter), ("rack", ring.rack), ("ring-name", ring.name)]
        where !RingName.isUsable(name) {
            fail(setting, "'\(name)' cannot be a name: visible ASCII without ':', ',', '|' and '$'")
        }
    }

    private mutating func readAddresses(_ result: inout Result) {
        if !ring.peerListen.isEmpty {
            result.listen = NodeAddress(ring.peerListen)
            if result.listen == nil { fail("dyn-listen", "'\(ring.peerListen)' is no address for peers: host:port") }
        }
        result.advertised = result.listen
        if !ring.advertise.isEmpty {
            // A host alone has the port that peers connect to.
            let isHostAlone = !ring.advertise.contains(":") || ring.advertise.hasSuffix("]")
            let text = isHostAlone ? ring.advertise + ":\(result.listen?.port ?? 8101)" : ring.advertise
            result.advertised = NodeAddress(text)
            if result.advertised == nil { fail("dyn-advertise", "'\(ring.advertise)' is no host or host:port") }
        }
        if !ring.statisticsListen.isEmpty {
            result.statisticsListen = NodeAddress(ring.statisticsListen)
            if result.statisticsListen == nil {
                fail("stats-listen", "'\(ring.statisticsListen)' is no address: host:port")
            }
        }
        checkListeners(result)
    }

    /// Two listeners at one port of one interface.
    private mutating func checkListeners(_ result: Result) {
        var taken =
            server.port == 0
            ? [] : server.bind.split(separator: " ").map { (what: "listen", host: String($0), port: server.port) }
        for (setting, address) in [("dyn-listen", result.listen), ("stats-listen", result.statisticsListen)] {
            guard let address else { continue }
            let clash = taken.first { other in
                let overlaps =
                    other.host == address.host || address.isWildcard
                    || NodeAddress(host: other.host, port: 1).isWildcard
                return other.port == Int(address.port) && overlaps
            }
            if let clash { fail(setting, "\(address) is also \(clash.what)'s") }
            taken.append((setting.replacing("-", with: "_"), address.host, Int(address.port)))
        }
    }

    // MARK: keys and tokens

    private mutating func readPlacing(_ result: inout Result) {
        var tag: HashTag?
        if !ring.hashTag.isEmpty {
            tag = HashTag(ring.hashTag)
            if tag == nil { fail("hash-tag", "'\(ring.hashTag)' is not two characters") }
        }
        if let hash = HashFunction(rawValue: ring.hash).flatMap({ KeyHash($0, tag: tag) }) {
            result.keyHash = hash
        } else {
            fail("hash", "'\(ring.hash)' cannot place keys")
        }
        if ["ketama", "modula", "random"].contains(ring.distribution) {
            warn("distribution", "'\(ring.distribution)' means vnode, here as with Dynomite: tokens say who owns what")
        }
        if ring.tokens.isEmpty {
            // Alone, any token is the whole ring.
            result.tokens = [Token(0)]
            return
        }
        do throws(TokenError) {
            result.tokens = try Token.list(ring.tokens, reading: reading)
        } catch {
            fail("tokens", error.description)
            return
        }
        for (a, b) in zip(result.tokens, result.tokens.dropFirst()) where a == b {
            fail("tokens", "\(a) is there twice")
        }
    }

    // MARK: the others

    private mutating func readSeeds(_ result: inout Result) {
        var own: SeedEntry?
        if let advertised = result.advertised {
            own = SeedEntry(address: advertised, rack: ring.rack, datacenter: ring.datacenter, tokens: result.tokens)
        }
        for (item, text) in ring.seeds.split(separator: "|", omittingEmptySubsequences: false).enumerated() {
            if text.allSatisfy({ $0 == " " }) { continue }
            do throws(SeedError) {
                let seed = try SeedEntry(text, reading: reading)
                if seed.address.isWildcard {
                    fail("dyn-seeds", "'\(text)' names no node but every interface", item: item)
                }
                // One file for all nodes lists each node, itself too.
                if seed == own { continue }
                if seed.address == own?.address {
                    fail(
                        "dyn-seeds", "'\(text)' is this node, which has another rack, datacenter or tokens", item: item)
                }
                result.seeds.append(seed)
                seedItems.append(item)
            } catch {
                fail("dyn-seeds", error.description, item: item)
            }
        }
        let mayHavePeers = !ring.seeds.isEmpty || ring.seedProvider != .simple
        if mayHavePeers, result.listen == nil, ring.peerListen.isEmpty {
            fail("dyn-listen", "is missing: there are other nodes, and they must reach this one")
        }
        if mayHavePeers, ring.tokens.isEmpty { fail("tokens", "are missing: there are other nodes") }
        if mayHavePeers, let advertised = result.advertised, advertised.isWildcard {
            fail(
                ring.advertise.isEmpty ? "dyn-listen" : "dyn-advertise",
                "\(advertised) is no address that others can reach: set dyn_advertise")
        }
    }

    private mutating func readSeedSource(_ result: inout Result) {
        switch ring.seedProvider {
        case .simple: result.seedSource = .list
        case .florida:
            guard let address = NodeAddress(ring.floridaAddress) else {
                return fail("florida-address", "'\(ring.floridaAddress)' is no address: host:port")
            }
            guard ring.floridaPath.hasPrefix("/"), ring.floridaPath.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
                return fail("florida-path", "'\(ring.floridaPath)' is no path")
            }
            result.seedSource = .florida(address: address, path: ring.floridaPath)
        case .dns:
            var name = ring.dnsName
            if name.isEmpty, let host = result.advertised?.host { name = "_dynomite.\(host)" }
            guard DNSMessage.isName(name) else { return fail("dns-seed-name", "'\(name)' is no name to look up") }
            switch ring.dnsType {
            case .txt: result.seedSource = .textRecords(name: name)
            case .a:
                do throws(SeedError) {
                    _ = try SeedEntry.list(hosts: ["host"], place: ring.dnsPlace, reading: reading)
                    result.seedSource = .addressRecords(name: name, place: ring.dnsPlace)
                } catch {
                    fail("dns-seed-place", "'\(ring.dnsPlace)' is no port:rack:dc:tokens")
                }
            }
        }
    }

    // MARK: all nodes together

    /// Every address once, every token once in a rack; the racks of a datacenter cut alike.
    private mutating func checkPlaces(_ result: Result) {
        var addresses: Set<NodeAddress> = []
        var owners: [Place: [Token: NodeAddress]] = [:]
        if let own = result.advertised {
            let place = Place(datacenter: ring.datacenter, rack: ring.rack)
            for token in result.tokens { owners[place, default: [:]][token] = own }
        }
        for (item, seed) in zip(seedItems, result.seeds) {
            if !addresses.insert(seed.address).inserted {
                fail("dyn-seeds", "\(seed.address) is there twice", item: item)
            }
            let place = Place(datacenter: seed.datacenter, rack: seed.rack)
            for token in seed.tokens {
                if let other = owners[place, default: [:]].updateValue(seed.address, forKey: token) {
                    let who = other == seed.address ? "\(other) twice" : "\(seed.address) and \(other)"
                    fail(
                        "dyn-seeds", "rack \(seed.rack) of \(seed.datacenter) has token \(token) for \(who)", item: item
                    )
                }
            }
        }
        guard result.advertised != nil, ring.seedProvider == .simple else { return }
        let datacenters = Set(owners.keys.map(\.datacenter))
        for (setting, name) in [
            ("rmw-home-dc", ring.readModifyWriteHome), ("definition-voters", ring.definitionVoters),
        ] where !name.isEmpty && !datacenters.contains(name) {
            fail(setting, "no node is in a datacenter '\(name)'")
        }
        for datacenter in datacenters.sorted() {
            let cuts = owners.filter { $0.key.datacenter == datacenter }.map { Set($0.value.keys) }
            if Set(cuts).count > 1 {
                warn(
                    "dyn-seeds",
                    "the racks of \(datacenter) have different tokens: with the same list in each, nodes have counterparts"
                )
            }
        }
    }

    private struct Place: Hashable {
        let datacenter: String
        let rack: String
    }

    // MARK: levels, links, lifetimes

    private mutating func readLevels(_ result: inout Result) {
        for (setting, name, path) in [
            ("read-consistency", ring.readConsistency, \Result.readLevel),
            ("write-consistency", ring.writeConsistency, \Result.writeLevel),
        ] {
            if let level = ConsistencyLevel(name: name) {
                result[keyPath: path] = level
            } else {
                fail(setting, "'\(name)' is no consistency level")
            }
        }
    }

    private mutating func readSecurity(_ result: inout Result) {
        let certificate = files(
            "peer-tls-cert", item: nil, "", ring.tlsCertificate, ring.tlsKey, ring.tlsAuthority)
        var profiles: [String: RingConfiguration.CertificateFiles] = [:]
        for (item, text) in ring.tlsProfiles.split(separator: "|").enumerated() {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let paths = parts.last?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
            guard parts.count == 2, RingName.isUsable(parts[0]), paths.count == 3 else {
                fail("peer-tls-profiles", "'\(text)' is not dc=cert,key,ca", item: item)
                continue
            }
            let name = String(parts[0])
            let before = problems.count
            guard let files = files("peer-tls-profiles", item: item, "'\(name)': ", paths[0], paths[1], paths[2]) else {
                if problems.count == before { fail("peer-tls-profiles", "'\(name)' has no certificate", item: item) }
                continue
            }
            if profiles.updateValue(files, forKey: name) != nil {
                fail("peer-tls-profiles", "'\(name)' is there twice", item: item)
            }
        }
        result.security = RingConfiguration.PeerSecurity(
            certificate: certificate, byDatacenter: profiles, secret: ring.peerSecret.isEmpty ? nil : ring.peerSecret)
    }

    /// A certificate and its key go together, and an authority needs both.
    private mutating func files(
        _ setting: String, item: Int?, _ start: String, _ certificate: String, _ key: String, _ authority: String
    ) -> RingConfiguration.CertificateFiles? {
        switch (certificate.isEmpty, key.isEmpty) {
        case (true, true):
            if !authority.isEmpty { fail(setting, start + "an authority needs a certificate and its key", item: item) }
            return nil
        case (false, true):
            fail(setting, start + "a certificate needs its key", item: item)
            return nil
        case (true, false):
            fail(setting, start + "a key needs its certificate", item: item)
            return nil
        case (false, false):
            return .init(certificate: certificate, key: key, authority: authority.isEmpty ? nil : authority)
        }
    }

    private mutating func checkLifetimes() {
        if ring.tombstoneLifetime <= ring.hintLifetime {
            fail(
                "tombstone-ttl",
                "\(ring.tombstoneLifetime) must be more than hint_ttl_seconds, \(ring.hintLifetime): who still gets hints must "
                    + "still learn of deletions")
        }
    }
}
