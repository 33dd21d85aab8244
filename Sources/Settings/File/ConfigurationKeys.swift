// What the keys of the configuration file mean.

package enum ConfigurationKeys {
    /// Keys whose setting has another name: Dynomite's words, and one that CONFIG uses otherwise.
    private static let aliases: [String: String] = [
        "redis_requirepass": "requirepass",
        "client_connections": "maxclients",
        "backlog": "tcp-backlog",
        "search_index_dir": "dir",
        // Dynomite's timeout is that of the store; the idle time of clients, CONFIG's timeout, is idle_timeout.
        "timeout": "store-timeout-ms",
        "idle_timeout": "timeout",
        "log_file": "logfile",
        "log_level": "loglevel",
        "max_clients": "maxclients",
    ]

    /// Keys of Dynomite that mean something in a ring only, or for what a single node does not do.
    static let ofTheRing: Set<String> = [
        "auto_eject_hosts", "conn_msg_rate", "datacenter", "dc", "distribution", "dyn_connections", "dyn_listen",
        "dyn_port", "dyn_read_timeout", "dyn_seed_provider", "dyn_seeds", "dyn_write_timeout", "enable_gossip", "env",
        "gos_interval", "hash", "hash_tag", "local_peer_connections", "max_msgs", "mbuf_size", "pem_key_file", "rack",
        "read_consistency", "read_repairs_enabled", "recon_iv_file", "recon_key_file", "remote_peer_connections",
        "secure_server_option", "server_connections", "server_failure_limit", "server_retry_timeout", "stats_interval",
        "stats_listen", "tls_listen", "tokens", "write_consistency",
    ]

    private static let byKey: [String: Setting] = {
        var keys: [String: Setting] = [:]
        for setting in SettingsCatalog.all { keys[plainKey(setting)] = setting }
        // `timeout` is the one word that two settings claim: the aliases decide.
        for (key, name) in aliases { keys[key] = SettingsCatalog.setting(named: name) }
        return keys
    }()

    static func setting(_ key: String) -> Setting? { byKey[key] }

    /// The setting whose secret stands in a file: `requirepass_file` for `requirepass`.
    static func secret(inFileOf key: String) -> Setting? {
        guard key.hasSuffix("_file"), let setting = byKey[String(key.dropLast(5))], setting.isSecret else { return nil }
        return setting
    }

    private static func plainKey(_ setting: Setting) -> String { String(setting.name.map { $0 == "-" ? "_" : $0 }) }

    /// The key that a setting is written under.
    package static func key(of setting: Setting) -> String {
        switch setting.name {
        case "timeout": "idle_timeout"
        default: plainKey(setting)
        }
    }

    /// All keys that a setting may stand under.
    package static func keys(of setting: Setting) -> [String] {
        [key(of: setting)] + aliases.filter { $0.value == setting.name }.map(\.key).sorted()
    }

    /// `RINGSEARCH_SEARCH_TIMEOUT`
    package static func environmentName(of setting: Setting) -> String { "RINGSEARCH_" + key(of: setting).uppercased() }
}
