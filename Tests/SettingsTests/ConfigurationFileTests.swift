import Settings
import Testing

@Suite struct ConfigurationFileTests {
    /// A pool of `key: value` lines, as a YAML reader would give it.
    private func pool(_ entries: [(String, ConfigurationNode)]) -> ConfigurationNode {
        let entries = entries.enumerated().map { i, entry in
            ConfigurationNode.Entry(key: entry.0, line: i + 2, value: entry.1)
        }
        return .map([.init(key: "dyn_o_mite", line: 1, value: .map(entries, line: 2))], line: 1)
    }

    private func read(_ entries: [(String, String)]) -> ConfigurationFile {
        ConfigurationFile(pool(entries.map { ($0.0, .scalar($0.1, line: 0)) })) { path in
            path == "/secret" ? "s3cret\n" : nil
        }
    }

    private func values(_ file: ConfigurationFile) -> [String: String] {
        Dictionary(uniqueKeysWithValues: file.values.map { ($0.setting.name, $0.text) })
    }

    @Test func `keys of Dynomite are settings`() {
        let file = ConfigurationFile(
            pool([
                ("listen", .scalar("127.0.0.1:7000", line: 2)),
                ("servers", .list([.scalar("10.0.0.1:6379:1", line: 4)], line: 4)),
                ("redis_requirepass", .scalar("x", line: 5)), ("data_store", .scalar("0", line: 6)),
                ("timeout", .scalar("5000", line: 7)), ("idle_timeout", .scalar("60", line: 8)),
                ("client_connections", .scalar("50", line: 9)), ("search_timeout", .scalar("7", line: 10)),
                ("search_index_dir", .scalar("/data", line: 11)),
            ])
        ) { _ in nil }

        #expect(file.problems == [])
        #expect(
            values(file) == [
                "bind": "127.0.0.1", "port": "7000", "store": "redis://10.0.0.1:6379", "requirepass": "x",
                "store-password": "x", "store-timeout-ms": "5000", "request-timeout-ms": "5000", "timeout": "60",
                "maxclients": "50", "search-timeout": "7", "dir": "/data",
            ])
    }

    @Test(arguments: [
        ("[::1]:7000", ["bind": "::1", "port": "7000"]), ("/tmp/s", ["unixsocket": "/tmp/s"]),
        ("/tmp/s 0777", ["unixsocket": "/tmp/s"]), ("0.0.0.0:0", ["bind": "0.0.0.0", "port": "0"]),
    ])
    func `listen is an address`(text: String, expected: [String: String]) {
        #expect(values(read([("listen", text)])) == expected)
    }

    @Test func `all problems are told, each with its line`() {
        let file = read([
            ("nope", "1"), ("search_timeout", "x"), ("listen", "somewhere"), ("riak", "a:1"), ("maxclients", "0"),
            ("search_workers", "3"), ("requirepass_file", "/absent"), ("maxclients", "5"), ("client_connections", "5"),
            ("data_store", "1"), ("search_on_timeout", "perhaps"),
        ])

        #expect(
            file.problems.map { $0.text(file: "f") } == [
                "f:2 nope: unknown key", "f:3 search_timeout: argument couldn't be parsed into an integer",
                "f:4 listen: 'somewhere' is no address: host:port or /path",
                "f:5 riak: there is no listener of that kind",
                "f:6 maxclients: argument must be between 1 and 1000000 inclusive",
                "f:7 search_workers: long queries run on one worker thread for each core",
                "f:8 requirepass_file: '/absent' cannot be read", "f:9 maxclients: given twice, first on line 6",
                "f:11 data_store: must be 0: only Redis-like stores are offered",
                "f:12 search_on_timeout: argument(s) must be one of the following: return, fail",
            ])
        #expect(values(file) == ["maxclients": "5"])
    }

    @Test func `two keys for one setting are one too many`() {
        let file = read([("client_connections", "5"), ("maxclients", "6")])
        #expect(file.problems.map(\.reason) == ["says the same as client_connections on line 2"])
    }

    @Test func `a key that stands for two settings gives way to their own keys`() {
        for entries in [
            [("timeout", "5"), ("store_timeout_ms", "6")], [("store_timeout_ms", "6"), ("timeout", "5")],
        ] {
            #expect(values(read(entries)) == ["request-timeout-ms": "5", "store-timeout-ms": "6"])
        }
        #expect(
            values(read([("redis_requirepass", "a"), ("requirepass", "b")]))
                == ["store-password": "a", "requirepass": "b"])
        #expect(read([("timeout", "0")]).problems.map(\.line) == [2, 2])
    }

    @Test func `a secret may stand in a file of its own`() {
        #expect(values(read([("requirepass_file", "/secret")])) == ["requirepass": "s3cret"])
        #expect(values(read([("peer_secret_file", "/secret")])) == ["peer-secret": "s3cret"])
        #expect(
            values(read([("redis_requirepass_file", "/secret")]))
                == ["requirepass": "s3cret", "store-password": "s3cret"])
    }

    @Test(arguments: [
        ConfigurationNode.scalar("x", line: 1), .list([], line: 1), .map([], line: 1),
        .map([.init(key: "a", line: 1, value: .scalar("x", line: 1))], line: 1),
    ])
    func `a file that is no pool is refused`(root: ConfigurationNode) {
        #expect(ConfigurationFile(root) { _ in nil }.problems.count == 1)
    }

    @Test func `every setting has one key, and the key means the setting`() {
        for setting in SettingsCatalog.all where !setting.isImmutable {
            if case .fixed = setting.effect { continue }
            guard let text = setting.defaultValue.text else { continue }
            let file = read([(ConfigurationKeys.key(of: setting), text)])
            #expect(file.problems == [], "\(setting.name)")
            #expect(file.values.map(\.setting.name) == [setting.name])
        }
    }

    @Test func `lists become texts that remember their lines`() {
        let file = ConfigurationFile(
            pool([
                ("tokens", .list([.scalar("5", line: 3), .scalar("7", line: 4)], line: 3)),
                ("dyn_seeds", .list([.scalar("a:1:r:d:0", line: 6), .scalar("b:1:r:d:1", line: 7)], line: 6)),
                (
                    "peer_tls_profiles",
                    .map(
                        [
                            .init(
                                key: "dc1", line: 9,
                                value: .map(
                                    [
                                        .init(key: "key", line: 9, value: .scalar("k", line: 9)),
                                        .init(key: "cert", line: 9, value: .scalar("c", line: 9)),
                                    ], line: 9))
                        ], line: 9)
                ),
            ])
        ) { _ in nil }

        #expect(
            values(file) == [
                "tokens": "5,7", "dyn-seeds": "a:1:r:d:0|b:1:r:d:1", "peer-tls-profiles": "dc1=c,k,",
            ])
        #expect(file.values.map(\.itemLines) == [[3, 4], [6, 7], [9]])
    }

    @Test func `lists of anything but values are refused`() {
        let nested = ConfigurationNode.list([.list([], line: 2)], line: 2)
        let file = ConfigurationFile(
            pool([
                ("tokens", nested), ("dyn_seeds", .map([], line: 3)), ("peer_tls_profiles", nested),
                ("rack", nested), ("timeout", nested), ("mbuf_size", nested),
            ])
        ) { _ in nil }

        #expect(
            file.problems.map(\.reason) == [
                "must be a list of tokens", "must be a list of seeds",
                "must have a certificate, a key and an authority for each datacenter", "must be a single value",
                "must be a single value", "must be a single value",
            ])
    }

    @Test(
        arguments: [
            ("log_format", "default", ["log-format": "text"]), ("log_format", "ndjson", ["log-format": "json"]),
            ("client_connections", "0", ["maxclients": "1000000"]), ("tokens", "5", ["tokens": "5"]),
            ("transport", "TCP", [:]), ("secure_server_option", "none", [:]), ("data_store", "valkey", [:]),
            ("read_consistency", "dc_quorum", ["read-consistency": "dc_quorum"]),
            ("recon_interval_seconds", "9", ["aae-interval-seconds": "9"]),
        ] as [(String, String, [String: String])])
    func `words of Dynomite are understood`(key: String, value: String, expected: [String: String]) {
        let file = read([(key, value)])
        #expect(file.problems == [])
        #expect(values(file) == expected)
    }

    @Test func `rewriting replaces a list by one line`() throws {
        let text = "p:\n  dyn_seeds:\n    - a\n  # two\n    - b\n\n    - c\n  rack: r\n"
        let change = (setting: try #require(SettingsCatalog.setting(named: "dyn-seeds")), text: "x|y")
        #expect(
            ConfigurationText.rewritten(text, changes: [change]) == "p:\n  dyn_seeds: \"x|y\"\n  rack: r\n")
        let flat = "p:\n  dyn_seeds:\n  - a\n  - b\n  rack: r\n"
        #expect(ConfigurationText.rewritten(flat, changes: [change]) == "p:\n  dyn_seeds: \"x|y\"\n  rack: r\n")
    }

    @Test func `rewriting replaces lines and keeps everything else`() throws {
        let text = """
            # ours
            dyn_o_mite:
              listen: 127.0.0.1:7379
              search_timeout: 500   # short
              redis_requirepass: "a # b"   # old

              # the end
            """
        let change = { (name: String, value: String) in (setting: SettingsCatalog.setting(named: name)!, text: value) }
        let rewritten = ConfigurationText.rewritten(
            text, changes: [change("search-timeout", "7"), change("requirepass", "x\"y"), change("timeout", "9")])

        #expect(
            rewritten == """
                # ours
                dyn_o_mite:
                  listen: 127.0.0.1:7379
                  search_timeout: 7   # short
                  redis_requirepass: "x\\"y"   # old

                  # the end
                  idle_timeout: 9

                """)
    }
}
