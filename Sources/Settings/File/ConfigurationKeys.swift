// What the keys of the configuration file mean.

/// What is done with a key of the configuration file.
package enum KeyDisposition: Sendable {
    /// It is a setting, by this or another name.
    case setting(Setting)
    /// Its form or meaning is not that of one setting: ``ConfigurationFile`` reads it by itself.
    case special
    /// A path whose first line is the value of a secret setting.
    case secretFile(Setting)
    /// It is checked and changes nothing; the operator is told why.
    case ignored(SettingKind, because: String)
    /// It must not be there, or must be as if it were not.
    case refused(unless: String?, because: String)
    case unknown
}

package enum ConfigurationKeys {
    /// Keys whose setting has another name: Dynomite's words, and one that CONFIG uses otherwise.
    private static let aliases: [String: String] = [
        "client_connections": "maxclients",
        "backlog": "tcp-backlog",
        "search_index_dir": "dir",
        "idle_timeout": "timeout",
        "log_file": "logfile",
        "log_level": "loglevel",
        "max_clients": "maxclients",
        "recon_interval_seconds": "aae-interval-seconds",
    ]

    /// Keys that are read in a way of their own.
    private static let special: Set<String> = [
        "client_connections", "data_store", "dyn_seeds", "listen", "log_format", "peer_tls_profiles",
        "redis_requirepass", "servers", "timeout", "tokens",
    ]

    private static let oneStore = "a node has one store, whose connections it counts itself"

    /// Keys of Dynomite and its heirs that have nothing to steer here.
    private static let ignored: [String: (SettingKind, String)] = [
        "dyn_port": (.integer(1...65_535), "peers connect where dyn_listen says"),
        "dyn_connections": (.integer(1...Int.max), "peers are as many as the ring has"),
        "distribution_shadow": (
            .choice(["vnode", "ketama", "modula", "random", "random_slicing"]), "keys are placed in one way only"
        ),
        "max_msgs": (.integer(1...Int.max), "memory is bounded for each connection"),
        "mbuf_size": (.integer(1...Int.max), "buffers grow as they must"),
        "membership": (.choice(["gossip", "swim"]), "there is one protocol of membership"),
        "observability": (.text, "traces and logs are not exported"),
        "pem_key_file": (.text, "the old cipher of peer links is not offered, peer_tls_key is for TLS"),
        "quic_cert_file": (.text, "clients connect over TCP"),
        "quic_key_file": (.text, "clients connect over TCP"),
        "recon_iv_file": (.text, "replicas are compared over the peers' links"),
        "recon_key_file": (.text, "replicas are compared over the peers' links"),
        "server_connections": (.integer(0...Int.max), oneStore),
    ]

    /// Keys that would change what the ring promises, which this server cannot do; a value that changes nothing is taken.
    private static let refused: [String: (unless: String?, because: String)] = [
        "bucket_types": (nil, "levels for single buckets are not offered"),
        "default_bucket_type": (nil, "levels for single buckets are not offered"),
        "noxu_path": (nil, "there is no store of that kind"),
        "riak": (nil, "there is no listener of that kind"),
        "secure_server_option": (
            "none", "the old cipher of peer links is not offered: use peer_tls_cert and peer_tls_key"
        ),
        "tls_listen": (nil, "TLS for clients is not offered yet"),
        "transport": ("tcp", "clients connect over TCP"),
    ]

    private static let byKey: [String: Setting] = {
        var keys: [String: Setting] = [:]
        for setting in SettingsCatalog.all { keys[key(of: setting)] = setting }
        for (key, name) in aliases { keys[key] = SettingsCatalog.setting(named: name) }
        return keys
    }()

    package static func disposition(of key: String) -> KeyDisposition {
        if special.contains(key) { return .special }
        if let setting = byKey[key] { return .setting(setting) }
        if let (kind, reason) = ignored[key] { return .ignored(kind, because: reason) }
        if let (value, reason) = refused[key] { return .refused(unless: value, because: reason) }
        if key.hasSuffix("_file"), let setting = secret(String(key.dropLast(5))) { return .secretFile(setting) }
        return .unknown
    }

    /// The secret setting of a key: that of `requirepass_file` without its ending.
    private static func secret(_ key: String) -> Setting? {
        if key == "redis_requirepass" { return SettingsCatalog.setting(named: "requirepass") }
        return byKey[key].flatMap { $0.isSecret ? $0 : nil }
    }

    /// The key that a setting is written under.
    package static func key(of setting: Setting) -> String {
        // Dynomite's `timeout` is that of requests; the idle time of clients, CONFIG's timeout, is idle_timeout.
        setting.name == "timeout" ? "idle_timeout" : String(setting.name.map { $0 == "-" ? "_" : $0 })
    }

    /// All keys that a setting may stand under.
    package static func keys(of setting: Setting) -> [String] {
        var names = aliases.filter { $0.value == setting.name }.map(\.key)
        if setting.name == "requirepass" { names.append("redis_requirepass") }
        return [key(of: setting)] + names.filter { $0 != key(of: setting) }.sorted()
    }

    /// `RINGSEARCH_SEARCH_TIMEOUT`
    package static func environmentName(of setting: Setting) -> String { "RINGSEARCH_" + key(of: setting).uppercased() }
}
