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
                "store-timeout-ms": "5000", "timeout": "60", "maxclients": "50", "search-timeout": "7", "dir": "/data",
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
            ("nope", "1"), ("search_timeout", "x"), ("listen", "somewhere"), ("dyn_listen", "a:1"), ("maxclients", "0"),
            ("search_workers", "3"), ("requirepass_file", "/absent"), ("maxclients", "5"), ("client_connections", "5"),
            ("data_store", "1"), ("search_on_timeout", "perhaps"),
        ])

        #expect(
            file.problems.map { $0.text(file: "f") } == [
                "f:2 nope: unknown key", "f:3 search_timeout: argument couldn't be parsed into an integer",
                "f:4 listen: 'somewhere' is no address: host:port or /path",
                "f:5 dyn_listen: belongs to the ring, which this version does not have: leave it out to run a single node",
                "f:6 maxclients: argument must be between 1 and 1000000 inclusive",
                "f:7 search_workers: long queries run on one worker thread for each core",
                "f:8 requirepass_file: '/absent' cannot be read", "f:9 maxclients: given twice, first on line 6",
                "f:11 data_store: must be 0: only Redis-like stores are offered",
                "f:12 search_on_timeout: argument(s) must be one of the following: return, fail",
            ])
        #expect(values(file) == ["maxclients": "5"])
    }

    @Test func `two keys for one setting are one too many`() {
        let file = read([("redis_requirepass", "a"), ("requirepass", "b")])
        #expect(file.problems.map(\.reason) == ["says the same as redis_requirepass on line 2"])
    }

    @Test func `a secret may stand in a file of its own`() {
        #expect(values(read([("redis_requirepass_file", "/secret")])) == ["requirepass": "s3cret"])
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
