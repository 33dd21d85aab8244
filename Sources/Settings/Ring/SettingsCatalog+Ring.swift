// Every tunable of the ring, once. Names are those of Dynomite's configuration file where it has the key.

extension SettingsCatalog {
    private static let levels = ["DC_ONE", "DC_QUORUM", "DC_SAFE_QUORUM", "DC_EACH_SAFE_QUORUM"]
    private static let day = 86_400
    private static let year = 366 * day
    private static let hour = 3_600_000

    static let ringwide: [Setting] = place + others + keys + agreement + links + security + repair

    private static let place: [Setting] = [
        .text("ring-name", \.ring.name, "Name of the ring; nodes of another ring are turned away"),
        .text("dyn-listen", \.ring.peerListen, "Address where peers connect, host:port; empty is a ring of one node"),
        .text(
            "dyn-advertise", \.ring.advertise,
            "Address under which peers reach this node, host or host:port; empty is the one of dyn_listen"),
        .text("datacenter", \.ring.datacenter, "Datacenter of this node"),
        .text("rack", \.ring.rack, "Rack of this node; a rack owns the whole ring once"),
        .text("tokens", \.ring.tokens, "Tokens of this node, 0 to 4294967295, with commas between; empty is 0, alone"),
        .boolean(
            "legacy-tokens", [], \.ring.foldsTokens, effect: .atStart,
            "Read tokens above 4294967295 as Dynomite does, folded into the ring"),
        .text("env", \.ring.environmentName, "Name of the environment, for display"),
    ]

    private static let others: [Setting] = [
        .text(
            "dyn-seeds", \.ring.seeds, followsFile: true,
            "The other nodes: host:port:rack:dc:tokens, with bars between when on one line"),
        .choice(
            "dyn-seed-provider", [], \.ring.seedProvider, effect: .atStart,
            "Where seeds are looked up besides dyn_seeds"),
        .text("florida-address", \.ring.floridaAddress, "Address of the HTTP server that lists seeds"),
        .text("florida-path", \.ring.floridaPath, "What that server is asked for"),
        .text("dns-seed-name", \.ring.dnsName, "Name that lists seeds; empty is _dynomite. before this node's host"),
        .choice(
            "dns-seed-type", [], \.ring.dnsType, effect: .atStart,
            "Whether seeds are text records, or addresses in the place that dns_seed_place names"),
        .text("dns-seed-place", \.ring.dnsPlace, "port:rack:dc:tokens of the nodes that address records name"),
        .boolean(
            "enable-gossip", [], \.ring.gossips, effect: .atStart,
            "Send Dynomite's gossip to peers that are not RingSearch"),
        .integer("gos-interval", [], \.ring.gossipInterval, 1...hour, "Milliseconds between heartbeats"),
        .choice(
            "dnode-dialect", [], \.ring.dialect, effect: .atStart,
            "Whose frames are sent to peers that are not RingSearch"),
    ]

    private static let keys: [Setting] = [
        .checked(
            "hash", \.ring.hash,
            choices: [
                "murmur", "one_at_a_time", "md5", "crc16", "crc32", "crc32a", "fnv1_64", "fnv1a_64", "fnv1_32",
                "fnv1a_32", "hsieh", "jenkins", "murmur3", "murmur3_x64_64",
            ],
            refusal: {
                $0.hasPrefix("murmur3")
                    ? "its tokens are wider than those of nodes: all keys would have one owner" : nil
            },
            "Hash that gives keys their tokens; the same on all nodes"),
        .checked(
            "hash-tag", \.ring.hashTag, choices: nil,
            refusal: { $0.isEmpty || $0.utf8.count == 2 ? nil : "must be exactly two characters" },
            "Two characters around the part of a key that is hashed; empty is the whole key"),
        .checked(
            "distribution", \.ring.distribution, choices: ["vnode", "ketama", "modula", "random", "random_slicing"],
            refusal: {
                $0 == "random_slicing" ? "only tokens (vnode) place keys: random slicing is not offered" : nil
            },
            "How nodes share the ring: by their tokens, whatever the word"),
    ]

    private static let agreement: [Setting] = [
        .level("read-consistency", \.ring.readConsistency, levels, "Replicas that must agree on what is read"),
        .level("write-consistency", \.ring.writeConsistency, levels, "Replicas that must have what is written"),
        .boolean(
            "read-repairs-enabled", [], \.ring.repairsReads, "Write the newest state back to replicas that lack it"),
        .choice(
            "cross-owner-transactions", [], \.ring.crossOwnerTransactions,
            "Whether transactions over keys of different owners are split among them or refused"),
        .text(
            "rmw-home-dc", \.ring.readModifyWriteHome,
            "Datacenter that runs every command that reads before it writes; empty is the client's"),
        .text(
            "definition-voters", \.ring.definitionVoters, "Datacenter whose nodes agree on definitions; empty is all"),
        .integer(
            "max-clock-lead-ms", [], \.ring.maxClockLead, 1...60_000, "Milliseconds another node's clock may be ahead"),
    ]

    private static let links: [Setting] = [
        .integer(
            "request-timeout-ms", [], \.ring.requestTimeout, 1...hour, "Milliseconds a request may take at its replicas"
        ),
        .integer("dyn-read-timeout", [], \.ring.peerReadTimeout, 1...hour, "Milliseconds to wait for bytes of a peer"),
        .integer(
            "dyn-write-timeout", [], \.ring.peerWriteTimeout, 1...hour, "Milliseconds to wait for a peer to take bytes"),
        .integer(
            "datastore-connections", [], \.ring.storeConnections, 0...255, effect: .atStart,
            "Connections to the store; 0 is one"),
        .integer(
            "local-peer-connections", [], \.ring.localPeerConnections, 0...255, effect: .atStart,
            "Connections to each peer of the datacenter; 0 is one"),
        .integer(
            "remote-peer-connections", [], \.ring.remotePeerConnections, 0...255, effect: .atStart,
            "Connections to each peer of other datacenters; 0 is one"),
        .boolean("auto-eject-hosts", [], \.ring.ejectsHosts, "Leave a store alone for a while after repeated failures"),
        .integer(
            "server-retry-timeout", [], \.ring.retryTimeout, 1...hour, "Milliseconds a failing store is left alone"),
        .integer(
            "server-failure-limit", [], \.ring.failureLimit, 1...1_000_000, "Failures after which a store is left alone"
        ),
        .integer(
            "conn-msg-rate", [], \.ring.messageRate, 0...Int(Int32.max),
            "Requests a second that one connection may send; 0 is any number"),
        .text("stats-listen", \.ring.statisticsListen, "Address of the HTTP listener for statistics"),
        .integer(
            "stats-interval", [], \.ring.statisticsInterval, 1...hour, "Milliseconds between aggregations of statistics"
        ),
    ]

    private static let security: [Setting] = [
        .text("peer-secret", \.ring.peerSecret, secret: true, "Secret that peers must prove to know; empty is none"),
        .text("peer-tls-cert", \.ring.tlsCertificate, followsFile: true, "Certificate of this node for its peers"),
        .text("peer-tls-key", \.ring.tlsKey, followsFile: true, "Key of that certificate"),
        .text(
            "peer-tls-ca", \.ring.tlsAuthority, followsFile: true, "Authority that peers' certificates must come from"),
        .text(
            "peer-tls-profiles", \.ring.tlsProfiles, followsFile: true,
            "Certificates for single datacenters: dc=cert,key,ca, with bars between when on one line"),
    ]

    private static let repair: [Setting] = [
        .boolean(
            "enable-hinted-handoff", [], \.ring.handsOff, effect: .atStart,
            "Keep what an absent replica misses until it is back"),
        .integer("hint-ttl-seconds", [], \.ring.hintLifetime, 1...year, "Seconds that hints are kept"),
        .memory("hint-store-max-bytes", \.ring.hintStoreLimit, (64 << 10)...(1 << 40), "Bytes of hints that are kept"),
        .integer(
            "hint-drain-interval-ms", [], \.ring.hintDrainInterval, 1...hour, "Milliseconds between attempts to deliver"
        ),
        .memory(
            "hint-drain-bytes-per-sec", \.ring.hintDrainRate, 1024...(1 << 40), "Bytes of hints a second for each peer"),
        .text("hint-dir", \.ring.hintDirectory, "Directory of hints; empty is in `dir`"),
        .integer(
            "aae-interval-seconds", [], \.ring.repairInterval, 1...year, "Seconds between comparisons of replicas"),
        .memory(
            "aae-max-bytes-per-sec", \.ring.repairRate, 1024...(1 << 40),
            "Bytes a second that comparing and repairing replicas may take"),
        .integer(
            "tombstone-ttl", [], \.ring.tombstoneLifetime, 1...(10 * year), effect: .atStart,
            "Seconds that a deletion is remembered at least; more than hint_ttl_seconds"),
        .memory(
            "intent-log-segment-bytes", \.ring.intentLogSegment, (1 << 20)...(4 << 30), effect: .atStart,
            "Bytes of one file of the intent log"),
    ]
}

extension Setting {
    /// A text that is read at start.
    fileprivate static func text(
        _ name: String, _ path: Path<String>, followsFile: Bool = false, secret: Bool = false, _ summary: String
    ) -> Setting {
        var setting = Setting.text(name, [], path, effect: .atStart, secret: secret, summary)
        setting.followsFile = followsFile
        return setting
    }

    /// A text read at start with a rule of its own.
    fileprivate static func checked(
        _ name: String, _ path: Path<String>, choices: [String]?, refusal: @escaping @Sendable (String) -> String?,
        _ summary: String
    ) -> Setting {
        .custom(
            name, choices.map { .choice($0) } ?? .text, effect: .atStart, summary,
            refusal: { value in value.text.flatMap(refusal) }, get: { .text($0[keyPath: path]) },
            set: { state, value in if case .text(let text?) = value { state[keyPath: path] = text } })
    }

    fileprivate static func level(
        _ name: String, _ path: Path<String>, _ levels: [String], _ summary: String
    ) -> Setting { .text(name, [], path, choices: levels, effect: .live, summary) }
}
