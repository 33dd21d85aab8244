import Foundation
import Settings
import Testing

@testable import ringsearchd

@Suite struct ConfigurationLoadingTests {
    /// A file with this text, gone after the test.
    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ringsearch-\(UUID().uuidString).yml").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }  // what is left is the system's to clean
        try body(path)
    }

    private func problems(of text: String) throws -> [String] {
        var lines: [String] = []
        try withFile(text) { path in
            do throws(ConfigurationFailure) {
                _ = try ConfigurationLoading(file: path, environment: [:]).apply(to: SettingsRegistry())
            } catch {
                lines = error.lines.map { $0.replacingOccurrences(of: path, with: "f") }
            }
        }
        return lines
    }

    @Test func `the defaults that are printed are a file that is accepted and changes nothing`() throws {
        try withFile(ConfigurationText.defaults()) { path in
            let settings = SettingsRegistry()
            let warnings = try ConfigurationLoading(file: path, environment: [:]).apply(to: settings)
            #expect(warnings == [])
            #expect(settings.search == SearchSettings())
            #expect(settings.server == ServerSettings())
        }
    }

    @Test func `a flag beats the environment and the environment beats the file`() throws {
        try withFile("pool:\n  search_timeout: 1\n  search_min_prefix: 3\n  maxclients: 5\n") { path in
            let settings = SettingsRegistry()
            let warnings = try ConfigurationLoading(
                file: path, flags: [("search-timeout", "3")],
                environment: [
                    "RINGSEARCH_SEARCH_TIMEOUT": "2", "RINGSEARCH_SEARCH_MIN_PREFIX": "4", "RINGSEARCH_NOPE": "1",
                ]
            ).apply(to: settings)

            #expect(settings.search.timeout == 3)
            #expect(settings.search.minPrefix == 4)
            #expect(settings.server.maxClients == 5)
            #expect(warnings == ["the environment variable RINGSEARCH_NOPE is no setting"])
        }
    }

    @Test func `every problem of every source is told, and nothing is applied`() throws {
        try withFile("pool:\n  maxclients: 5\n  nope: 1\n") { path in
            let settings = SettingsRegistry()
            let failure = #expect(throws: ConfigurationFailure.self) {
                try ConfigurationLoading(
                    file: path, flags: [("port", "x"), ("what", "1")], environment: ["RINGSEARCH_PORT": "70000"]
                ).apply(to: settings)
            }
            #expect(
                failure?.lines == [
                    "\(path):3 nope: unknown key", "--set what: unknown setting",
                    "RINGSEARCH_PORT: argument must be between 0 and 65535 inclusive",
                    "--set port: argument couldn't be parsed into an integer",
                ])
            #expect(settings.server == ServerSettings())
        }
    }

    @Test func `a key given twice is one problem among others`() throws {
        #expect(
            try problems(of: "pool:\n  maxclients: 5\n  nope: 1\n  maxclients: 6\n  maxclients: 7\n") == [
                "f:3 nope: unknown key", "f:4 maxclients: given twice, first on line 2",
                "f:5 maxclients: given twice, first on line 2",
            ])
    }

    @Test(arguments: ["a: [", "a:\n\t- b", "\u{0}", "a: *b", "- 1", "a: {b: }", "x"])
    func `what is no configuration is refused with a line`(text: String) throws {
        #expect(try problems(of: text).count == 1)
    }

    // MARK: the ring

    @Test func `what does not fit in a ring's file is told with its line`() throws {
        #expect(
            try problems(
                of: """
                    ring_search:
                      dyn_listen: 0.0.0.0:8101
                      rack: a b
                      dyn_seeds:
                        - 10.0.0.2:8101:r2:localdc:0
                        - 10.0.0.3:8101:r2:localdc
                        # another one
                        - 10.0.0.2:8102:r2:localdc:0
                      peer_tls_cert: absent.pem
                      peer_tls_key: absent.pem
                      recon_key_file: x
                      secure_server_option: rack
                    """) == [
                    "f:12 secure_server_option: the old cipher of peer links is not offered: use peer_tls_cert and peer_tls_key",
                    "f:3 rack: 'a b' cannot be a name: visible ASCII without ':', ',', '|' and '$'",
                    "f:6 dyn_seeds: '10.0.0.3:8101:r2:localdc' is no seed: host:port:rack:dc:tokens",
                    "f tokens: are missing: there are other nodes",
                    "f:2 dyn_listen: 0.0.0.0:8101 is no address that others can reach: set dyn_advertise",
                    "f:8 dyn_seeds: rack r2 of localdc has token 0 for 10.0.0.2:8102 and 10.0.0.2:8101",
                ])
        #expect(
            try problems(of: "p:\n  peer_tls_cert: absent.pem\n  peer_tls_key: absent.pem\n") == [
                "f:2 peer_tls_cert: 'absent.pem' cannot be read", "f:3 peer_tls_key: 'absent.pem' cannot be read",
            ])
    }

    @Test func `what comes of a variable or a flag is told by its name`() throws {
        let failure = #expect(throws: ConfigurationFailure.self) {
            try ConfigurationLoading(
                file: nil, flags: [("tokens", "x")],
                environment: ["RINGSEARCH_DYN_LISTEN": "here", "RINGSEARCH_RACK": ""]
            ).apply(to: SettingsRegistry())
        }
        #expect(
            failure?.lines == [
                "RINGSEARCH_RACK: '' cannot be a name: visible ASCII without ':', ',', '|' and '$'",
                "RINGSEARCH_DYN_LISTEN: 'here' is no address for peers: host:port",
                "--set tokens: token 'x' is not a decimal number",
            ])
    }

    @Test func `keys without effect are warnings`() throws {
        try withFile("p:\n  mbuf_size: 16384\n  distribution: ketama\n") { path in
            let warnings = try ConfigurationLoading(file: path, environment: [:]).apply(to: SettingsRegistry())
            #expect(
                warnings == [
                    "\(path):2 mbuf_size: changes nothing: buffers grow as they must",
                    "\(path):3 distribution: 'ketama' means vnode, here as with Dynomite: tokens say who owns what",
                ])
        }
    }

    @Test func `Dynomite's variables are read, ours are stronger`() throws {
        let settings = SettingsRegistry()
        let warnings = try ConfigurationLoading(
            file: nil,
            environment: [
                "DYNOMITE_FLORIDA_PORT": "90", "DYNOMITE_DNS_NAME": "a", "RINGSEARCH_DNS_SEED_NAME": "b",
                "DYN_ADVERTISE_ADDR": "10.0.0.1", "DYNOMITE_FLORIDA_REQUEST": "GET",
            ]
        ).apply(to: settings)

        #expect(settings.ring.floridaAddress == "127.0.0.1:90")
        #expect(settings.ring.dnsName == "b")
        #expect(settings.ring.advertise == "10.0.0.1")
        #expect(warnings == ["DYNOMITE_FLORIDA_REQUEST changes nothing: set florida_path"])
    }

    @Test func `seeds are read again, and bad ones change nothing`() throws {
        let start = "p:\n  dyn_listen: 10.0.0.1:1\n  tokens: 0\n"
        try withFile(start) { path in
            let settings = SettingsRegistry()
            let loading = ConfigurationLoading(file: path, environment: [:])
            _ = try loading.apply(to: settings)
            func reload(_ text: String) throws -> [String] {
                try (start + text).write(toFile: path, atomically: true, encoding: .utf8)
                return try loading.reload(into: settings)
            }

            #expect(try reload("  dyn_seeds:\n  - 10.0.0.2:1:r:d:0\n") == [])
            #expect(settings.ring.seeds == "10.0.0.2:1:r:d:0")

            let failure = #expect(throws: ConfigurationFailure.self) {
                try reload("  gos_interval: 7\n  dyn_seeds:\n  - 10.0.0.2:1:r:d:0\n  - 10.0.0.2:1:r2:d:0\n")
            }
            #expect(failure?.lines == ["\(path):7 dyn_seeds: 10.0.0.2:1 is there twice"])
            #expect(settings.ring.gossipInterval == 1_000)

            #expect(try reload("  rack: other\n  gos_interval: 7\n") == ["rack"])
            #expect(settings.ring.gossipInterval == 7)
        }
    }

    @Test func `reading again changes what may change and tells what must wait`() throws {
        try withFile("pool:\n  search_timeout: 1\n  listen: 127.0.0.1:7001\n") { path in
            let settings = SettingsRegistry()
            let loading = ConfigurationLoading(file: path, flags: [("maxclients", "9")], environment: [:])
            _ = try loading.apply(to: settings)
            try "pool:\n  search_timeout: 2\n  listen: 127.0.0.1:7002\n  maxclients: 8\n".write(
                toFile: path, atomically: true, encoding: .utf8)

            #expect(try loading.reload(into: settings) == ["listen"])
            #expect(settings.search.timeout == 2)
            #expect(settings.server.port == 7001)
            #expect(settings.server.maxClients == 9)

            try "pool:\n  search_timeout: 3\n  nope: 1\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: ConfigurationFailure.self) { try loading.reload(into: settings) }
            #expect(settings.search.timeout == 2)
        }
    }

    @Test func `rewriting a file keeps what it says and adds what was changed`() throws {
        try withFile("# mine\npool:\n  search_timeout: 1 # short\n") { path in
            let settings = SettingsRegistry()
            _ = try ConfigurationLoading(file: path, environment: [:]).apply(to: settings)
            for (name, text) in [("search-timeout", "5"), ("requirepass", "a \"b\" #c")] {
                try settings.set(#require(SettingsCatalog.setting(named: name)), to: text)
            }

            #expect(ConfigurationLoading.rewrite(path, settings) == nil)
            #expect(
                try String(contentsOfFile: path, encoding: .utf8)
                    == "# mine\npool:\n  search_timeout: 5 # short\n  requirepass: \"a \\\"b\\\" #c\"\n")
            let again = SettingsRegistry()
            _ = try ConfigurationLoading(file: path, environment: [:]).apply(to: again)
            #expect(again.server.password == "a \"b\" #c")
        }
    }
}
