import RingCore
import Settings
import Testing

@Suite struct RingConfigurationTests {
    /// A configuration of these values, by their keys.
    private func read(_ values: [(String, String)]) throws -> RingConfiguration {
        let settings = SettingsRegistry()
        for (key, text) in values {
            let setting = try #require(SettingsCatalog.setting(named: key.replacing("_", with: "-")), "\(key)")
            try settings.set(setting, to: text, origin: .file)
        }
        return try RingConfiguration(settings.values)
    }

    /// What is wrong with values, as `setting item: reason`.
    private func problems(_ values: [(String, String)]) throws -> [String] {
        do {
            _ = try read(values)
            return []
        } catch let failure as RingConfigurationFailure {
            return failure.problems.map { "\($0.setting)\($0.item.map { " \($0)" } ?? ""): \($0.reason)" }
        }
    }

    private let node = [("dyn_listen", "10.0.0.1:8101"), ("rack", "rack1"), ("datacenter", "dc1"), ("tokens", "0")]

    @Test func `nothing configured is a ring of one`() throws {
        let ring = try read([])
        #expect(!ring.hasPeers)
        #expect(ring.ownEntry == nil)
        #expect(ring.tokens == [Token(0)])
        #expect(ring.seeds == [])
        #expect(ring.keyHash == .standard)
        #expect(ring.readLevel == .one && ring.writeLevel == .one)
        #expect(ring.datacenter == "localdc" && ring.rack == "localrack")
        #expect(ring.statisticsListen == NodeAddress(host: "127.0.0.1", port: 22222))
        #expect(ring.localRequestTimeout == 5_200 && ring.remoteRequestTimeout == 10_000)
        #expect(!ring.peerSecurity.usesTLS)
        #expect(ring.warnings == [])
    }

    @Test func `a node of a ring knows itself and the others`() throws {
        let ring = try read(
            node + [
                ("dyn_seeds", "10.0.0.2:8101:rack2:dc1:0|10.0.0.1:8101:rack1:dc1:0|10.1.0.1:8101:rack1:dc2:0"),
                ("read_consistency", "dc_quorum"), ("write_consistency", "DC_EACH_SAFE_QUORUM"), ("hash_tag", "{}"),
                ("hash", "fnv1a_64"), ("request_timeout_ms", "3"),
            ])
        #expect(ring.ownEntry == (try SeedEntry("10.0.0.1:8101:rack1:dc1:0")))
        // It may be in the list itself.
        #expect(ring.seeds.map(\.address.host) == ["10.0.0.2", "10.1.0.1"])
        #expect(ring.readLevel == .quorum && ring.writeLevel == .eachSafeQuorum)
        #expect(ring.keyHash == KeyHash(.fnv1ax64, tag: HashTag("{}")))
        #expect(ring.seedSource == .list)
        #expect(ring.localRequestTimeout == 203)
    }

    @Test(arguments: [
        ("10.0.0.9", "10.0.0.9:8101"), ("node.example:9000", "node.example:9000"), ("[fd00::1]", "[fd00::1]:8101"),
    ])
    func `a node may be known by another address than it listens on`(advertise: String, known: String) throws {
        let ring = try read(
            [("dyn_listen", "0.0.0.0:8101"), ("tokens", "0"), ("dyn_seeds", "a:1:r:d:0"), ("dyn_advertise", advertise)])
        #expect(ring.advertised?.description == known)
    }

    @Test func `tokens may be many, and folded when that is asked for`() throws {
        #expect(try read([("tokens", "5, 3")]).tokens == [Token(3), Token(5)])
        #expect(try read([("legacy_tokens", "yes"), ("tokens", "12345678901")]).tokens == [Token(2_733_099_390)])
    }

    @Test func `seeds may come from elsewhere`() throws {
        #expect(
            try read(node + [("dyn_seed_provider", "florida_provider")]).seedSource
                == .florida(address: NodeAddress(host: "127.0.0.1", port: 8080), path: "/REST/v1/admin/get_seeds"))
        #expect(
            try read(node + [("dyn_seed_provider", "dns_provider")]).seedSource
                == .textRecords(name: "_dynomite.10.0.0.1"))
        #expect(
            try read(
                node + [
                    ("dyn_seed_provider", "dns_provider"), ("dns_seed_name", "nodes.example"), ("dns_seed_type", "A"),
                    ("dns_seed_place", "8101:r:d:0"),
                ]
            ).seedSource == .addressRecords(name: "nodes.example", place: "8101:r:d:0"))
    }

    @Test func `certificates are by datacenter`() throws {
        let security = try read([
            ("peer_tls_cert", "c"), ("peer_tls_key", "k"), ("peer_tls_profiles", "dc1=c1,k1,a1|dc2=c2,k2,"),
            ("peer_secret", "s"),
        ]).peerSecurity
        #expect(security.usesTLS)
        #expect(security.certificate == .init(certificate: "c", key: "k", authority: nil))
        #expect(security.byDatacenter["dc1"] == .init(certificate: "c1", key: "k1", authority: "a1"))
        #expect(security.byDatacenter["dc2"]?.authority == nil)
        #expect(security.secret == "s")
    }

    // MARK: what is wrong

    @Test func `everything wrong is told at once, a seed by its place in the list`() throws {
        #expect(
            try problems([
                ("rack", "a b"), ("dyn_listen", "here"), ("tokens", "1,1"), ("hash_tag", ""),
                ("dyn_seeds", "a:1:r:d:0|b:1|c:1:r:d:0|a:1:r2:d:0|0.0.0.0:1:r3:d:0"), ("tombstone_ttl", "5"),
                ("peer_tls_ca", "x"), ("stats_listen", "127.0.0.1:7379"), ("dyn_advertise", ":"),
            ]) == [
                "rack: 'a b' cannot be a name: visible ASCII without ':', ',', '|' and '$'",
                "dyn-listen: 'here' is no address for peers: host:port", "dyn-advertise: ':' is no host or host:port",
                "stats-listen: 127.0.0.1:7379 is also listen's", "tokens: 1 is there twice",
                "dyn-seeds 1: 'b:1' is no seed: host:port:rack:dc:tokens",
                "dyn-seeds 4: '0.0.0.0:1:r3:d:0' names no node but every interface",
                "dyn-seeds 2: rack r of d has token 0 for c:1 and a:1", "dyn-seeds 3: a:1 is there twice",
                "peer-tls-cert: an authority needs a certificate and its key",
                "tombstone-ttl: 5 must be more than hint_ttl_seconds, 86400: who still gets hints must still learn of deletions",
            ])
    }

    @Test(
        arguments: [
            (
                [("dyn_seeds", "a:1:r:d:0"), ("tokens", "0")],
                "dyn-listen: is missing: there are other nodes, and they must reach this one"
            ),
            ([("dyn_seeds", "a:1:r:d:0"), ("dyn_listen", "b:1")], "tokens: are missing: there are other nodes"),
            (
                [("dyn_seeds", "a:1:r:d:0"), ("dyn_listen", "0.0.0.0:1"), ("tokens", "0")],
                "dyn-listen: 0.0.0.0:1 is no address that others can reach: set dyn_advertise"
            ),
            (
                [("dyn_seeds", "b:1:r:d:0"), ("dyn_listen", "b:1"), ("tokens", "0")],
                "dyn-seeds 0: 'b:1:r:d:0' is this node, which has another rack, datacenter or tokens"
            ),
            (
                [("dyn_seeds", "a:1:localrack:localdc:0"), ("dyn_listen", "b:1"), ("tokens", "0")],
                "dyn-seeds 0: rack localrack of localdc has token 0 for a:1 and b:1"
            ),
            ([("tokens", "4294967296")], "tokens: token '4294967296' is above 4294967295"),
            ([("tokens", "-1")], "tokens: token '-1' is negative: tokens are 0 to 4294967295"),
            ([("dyn_listen", "127.0.0.1:22222")], "stats-listen: 127.0.0.1:22222 is also dyn_listen's"),
            ([("dyn_listen", "0.0.0.0:7379")], "dyn-listen: 0.0.0.0:7379 is also listen's"),
            ([("stats_listen", "x")], "stats-listen: 'x' is no address: host:port"),
            ([("peer_tls_cert", "x")], "peer-tls-cert: a certificate needs its key"),
            ([("peer_tls_key", "x")], "peer-tls-cert: a key needs its certificate"),
            ([("peer_tls_profiles", "dc1=c,,")], "peer-tls-profiles 0: 'dc1': a certificate needs its key"),
            ([("peer_tls_profiles", "dc1=,,")], "peer-tls-profiles 0: 'dc1' has no certificate"),
            ([("peer_tls_profiles", "dc1=c,k,|dc1=c,k,")], "peer-tls-profiles 1: 'dc1' is there twice"),
            ([("peer_tls_profiles", "dc1")], "peer-tls-profiles 0: 'dc1' is not dc=cert,key,ca"),
            ([("dyn_listen", "b:1"), ("rmw_home_dc", "x")], "rmw-home-dc: no node is in a datacenter 'x'"),
            ([("dyn_listen", "b:1"), ("definition_voters", "x")], "definition-voters: no node is in a datacenter 'x'"),
            (
                [
                    ("dyn_listen", "b:1"), ("tokens", "0"), ("dyn_seed_provider", "florida_provider"),
                    ("florida_path", "x"),
                ], "florida-path: 'x' is no path"
            ),
            (
                [
                    ("dyn_listen", "b:1"), ("tokens", "0"), ("dyn_seed_provider", "dns_provider"),
                    ("dns_seed_type", "A"),
                ], "dns-seed-place: '' is no port:rack:dc:tokens"
            ),
            (
                [("dyn_seeds", "a:1:r:d:5,5"), ("dyn_listen", "b:1"), ("tokens", "0")],
                "dyn-seeds 0: rack r of d has token 5 for a:1 twice"
            ),
        ] as [([(String, String)], String)])
    func `what does not fit together is refused`(values: [(String, String)], problem: String) throws {
        #expect(try problems(values) == [problem])
    }

    @Test func `what works and is probably not meant is a warning`() throws {
        let ring = try read(
            node + [("dyn_seeds", "10.0.0.2:8101:rack2:dc1:5"), ("distribution", "ketama")])
        #expect(
            ring.warnings.map(\.reason) == [
                "'ketama' means vnode, here as with Dynomite: tokens say who owns what",
                "the racks of dc1 have different tokens: with the same list in each, nodes have counterparts",
            ])
    }
}

/// Every key of the configuration file's reference is read, or told about, or refused.
@Suite struct ConfigurationKeyTests {
    /// Key and a value that is not the default.
    static let keys: [(key: String, value: String)] = [
        ("listen", "127.0.0.1:1"), ("dyn_listen", "127.0.0.1:2"), ("stats_listen", "127.0.0.1:3"),
        ("servers", "127.0.0.1:6379:1"), ("data_store", "1"), ("datacenter", "x"), ("rack", "x"), ("tokens", "7"),
        ("dyn_seeds", "a:1:r:d:0"), ("dyn_seed_provider", "florida_provider"), ("dyn_port", "8101"),
        ("dyn_connections", "7"), ("hash", "md5"), ("hash_tag", "{}"), ("distribution", "ketama"),
        ("distribution_shadow", "vnode"), ("timeout", "7"), ("backlog", "7"), ("client_connections", "7"),
        ("conn_msg_rate", "7"), ("preconnect", "true"), ("redis_requirepass", "x"), ("auto_eject_hosts", "false"),
        ("server_retry_timeout", "7"), ("server_failure_limit", "7"), ("server_connections", "7"),
        ("datastore_connections", "7"), ("local_peer_connections", "7"), ("remote_peer_connections", "7"),
        ("dyn_read_timeout", "7"), ("dyn_write_timeout", "7"), ("read_consistency", "DC_QUORUM"),
        ("write_consistency", "DC_QUORUM"), ("read_repairs_enabled", "true"), ("enable_gossip", "true"),
        ("gos_interval", "7"), ("membership", "swim"), ("env", "network"), ("secure_server_option", "all"),
        ("pem_key_file", "x"), ("peer_tls_cert", "x"), ("peer_tls_key", "x"), ("peer_tls_ca", "x"),
        ("peer_tls_profiles", "dc=c,k,"), ("transport", "quic"), ("quic_cert_file", "x"), ("quic_key_file", "x"),
        ("recon_key_file", "x"), ("recon_iv_file", "x"), ("recon_interval_seconds", "7"),
        ("enable_hinted_handoff", "true"), ("hint_ttl_seconds", "7"), ("hint_store_max_bytes", "100000"),
        ("hint_drain_interval_ms", "7"), ("hint_dir", "x"), ("search_index_dir", "x"), ("noxu_path", "x"),
        ("mbuf_size", "16384"), ("max_msgs", "200000"), ("stats_interval", "7"), ("log_format", "json"),
        ("observability", "x"), ("bucket_types", "x"), ("default_bucket_type", "x"), ("riak", "x"),
        // RingSearch's own.
        ("dyn_advertise", "x"), ("dnode_dialect", "seed"), ("max_clock_lead_ms", "7"), ("rmw_home_dc", "x"),
        ("cross_owner_transactions", "refuse"), ("definition_voters", "x"), ("hint_drain_bytes_per_sec", "100000"),
        ("aae_max_bytes_per_sec", "100000"), ("aae_interval_seconds", "7"), ("tombstone_ttl", "700000"),
        ("fsync_policy", "always"), ("intent_log_segment_bytes", "10000000"), ("legacy_tokens", "yes"),
        ("peer_secret", "x"), ("ring_name", "x"),
    ]

    /// Keys that are taken without effect, with a warning.
    static let warned: Set<String> = [
        "dyn_port", "dyn_connections", "distribution_shadow", "max_msgs", "mbuf_size", "membership", "observability",
        "pem_key_file", "quic_cert_file", "quic_key_file", "recon_iv_file", "recon_key_file", "server_connections",
    ]

    /// Keys, or values of them, that stop the start.
    static let refused: Set<String> = [
        "bucket_types", "data_store", "default_bucket_type", "noxu_path", "riak", "secure_server_option", "transport",
    ]

    @Test(arguments: ConfigurationKeyTests.keys)
    func `a key changes what is read, or says why it does not`(key: String, value: String) throws {
        let scalar = ConfigurationNode.scalar(value, line: 2)
        let node = key == "servers" ? ConfigurationNode.list([scalar], line: 2) : scalar
        let file = ConfigurationFile(
            .map([.init(key: "p", line: 1, value: .map([.init(key: key, line: 2, value: node)], line: 2))], line: 1)
        ) { _ in nil }
        let settings = SettingsRegistry()
        for value in file.values { try settings.set(value.setting, to: value.text, origin: .file) }
        let values = settings.values
        let changes =
            values.ring != RingSettings() || values.server != ServerSettings() || values.search != SearchSettings()

        #expect(changes == (!Self.warned.contains(key) && !Self.refused.contains(key)))
        #expect(file.warnings.isEmpty != Self.warned.contains(key))
        #expect(file.problems.isEmpty != Self.refused.contains(key))
        for problem in file.problems + file.warnings {
            #expect(problem.line == 2 && problem.key == key && problem.reason != "unknown key")
        }
    }

    @Test func `the ring's hashes and levels are those that it knows`() throws {
        let hash = try #require(SettingsCatalog.setting(named: "hash"))
        #expect(hash.kind == .choice(HashFunction.allCases.map(\.rawValue)))
        for function in HashFunction.allCases {
            let isRefused = (try? SettingsRegistry().set(hash, to: function.rawValue, origin: .file)) == nil
            #expect(isRefused == function.isWide)
        }
        for name in ["read-consistency", "write-consistency"] {
            let level = try #require(SettingsCatalog.setting(named: name))
            #expect(level.kind == .choice(ConsistencyLevel.allCases.map(\.name)))
        }
    }
}
