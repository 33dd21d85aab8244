import Settings
import Synchronization
import Testing

@Suite struct SettingsRegistryTests {
    private func set(_ registry: SettingsRegistry, _ name: String, _ text: String) throws(SettingError) {
        guard let setting = SettingsCatalog.setting(named: name) else { throw .unknown }
        try registry.set(setting, to: text)
    }

    private func value(_ registry: SettingsRegistry, _ name: String) -> String? {
        SettingsCatalog.setting(named: name).flatMap { registry.value(of: $0).text }
    }

    @Test func `names are unique, lower case and explained`() {
        var names: Set<String> = []
        for setting in SettingsCatalog.all {
            #expect(names.insert(setting.name).inserted, "\(setting.name)")
            #expect(setting.name == setting.name.lowercased())
            #expect(!setting.summary.isEmpty, "\(setting.name)")
            for name in setting.searchNames { #expect(name == name.uppercased()) }
        }
    }

    @Test func `every default is a legal value of its setting`() throws {
        for setting in SettingsCatalog.all {
            guard let text = setting.defaultValue.text, setting.kind != .text else { continue }
            #expect(try setting.kind.parse(text) == setting.defaultValue, "\(setting.name)")
        }
    }

    @Test func `a change is seen in the snapshot and counted`() throws {
        let registry = SettingsRegistry()
        let before = registry.generation
        try set(registry, "search-timeout", "7")

        #expect(registry.search.timeout == 7)
        #expect(registry.generation > before)
        #expect(SettingsCatalog.setting(named: "search-timeout").map { registry.origin(of: $0) } == .command)
    }

    @Test func `several settings change together or not at all`() {
        let registry = SettingsRegistry()
        let pairs = ["timeout", "maxclients"].compactMap { SettingsCatalog.setting(named: $0) }
        #expect(throws: SettingsFailure(name: "maxclients", error: .outOfRange(1...1_000_000))) {
            try registry.set([(pairs[0], "9"), (pairs[1], "0")])
        }
        #expect(registry.server.idleTimeout == 0)
    }

    @Test(arguments: [
        ("100", 100), ("1k", 1000), ("1kb", 1024), ("2mb", 2 << 20), ("1gb", 1 << 30), ("5b", 5), ("3M", 3_000_000),
    ])
    func `memory is read with units`(text: String, bytes: Int) throws {
        #expect(try SettingKind.memory(0...Int.max).parse(text) == .integer(bytes))
    }

    @Test(arguments: ["", "x", "1tb", "-1", "9999999999999gb", "1 mb"])
    func `what is no amount of memory is refused`(text: String) {
        #expect(throws: SettingError.notAMemoryValue) { try SettingKind.memory(0...Int.max).parse(text) }
    }

    @Test(arguments: ["", " 1", "+1", "01", "1.0", "99999999999999999999"])
    func `what is no whole number is refused`(text: String) {
        #expect(throws: SettingError.notAnInteger) { try SettingKind.integer(0...10).parse(text) }
    }

    @Test func `a fixed value takes itself and refuses others with its reason`() throws {
        let registry = SettingsRegistry()
        try set(registry, "save", "")
        #expect(throws: SettingError.refused("documents are kept by the backing store: set this there")) {
            try set(registry, "save", "60 1")
        }
        #expect(throws: SettingError.immutable) { try set(registry, "port", "1") }
    }

    @Test func `what is fixed while running may be set before`() throws {
        let registry = SettingsRegistry()
        let port = try #require(SettingsCatalog.setting(named: "port"))
        try registry.set(port, to: "7000", origin: .flag)
        #expect(registry.server.port == 7000)
    }

    @Test func `a limit below zero is no limit`() throws {
        let registry = SettingsRegistry()
        try set(registry, "search-max-search-results", "-5")
        #expect(registry.search.maxSearchResults == nil)
        #expect(value(registry, "search-max-search-results") == "-1")
    }

    @Test func `output limits are one setting of three numbers`() throws {
        let registry = SettingsRegistry()
        try set(registry, "client-output-buffer-limit", "normal 2mb 1mb 30 pubsub 32mb 8mb 60")
        #expect(registry.server.hardOutputLimit == 2 << 20)
        #expect(registry.server.softOutputSeconds == 30)
        #expect(throws: SettingError.self) { try set(registry, "client-output-buffer-limit", "normal 1") }
    }

    @Test func `passwords are compared whole`() throws {
        let registry = SettingsRegistry()
        registry.updateServer { $0.password = "secret" }
        #expect(registry.hasPassword)
        #expect(registry.isPassword("secret".utf8))
        for wrong in ["", "secre", "secrets", "Secret", "secretsecret"] { #expect(!registry.isPassword(wrong.utf8)) }
    }

    @Test func `observers see the present and every change`() throws {
        let registry = SettingsRegistry()
        let seen = Seen()
        registry.observe { seen.note($0.server.idleTimeout) }
        try set(registry, "timeout", "3")
        #expect(seen.values == [0, 3])
    }
}

private final class Seen: Sendable {
    private let state = Mutex<[Int]>([])
    func note(_ value: Int) { state.withLock { $0.append(value) } }
    var values: [Int] { state.withLock { $0 } }
}
