// The configuration file: one pool in the style of Dynomite, whose keys are settings.
//
//   ring_search:
//     listen: 127.0.0.1:7379
//     servers:
//     - 127.0.0.1:6379:1
//     redis_requirepass: "secret"
//     search_timeout: 500
//     dyn_listen: 10.0.0.1:8101
//     dyn_seeds:
//     - 10.0.0.2:8101:rack2:dc1:0

/// The values of a configuration file.
package struct ConfigurationFile: Sendable {
    package struct Value: Sendable {
        package let setting: Setting
        package let text: String
        package let line: Int
        /// As written in the file: `listen` for `port`.
        package let key: String
        /// Of a list, where its items are.
        package let itemLines: [Int]
    }

    package private(set) var values: [Value] = []
    package private(set) var problems: [ConfigurationProblem] = []
    /// What is taken and changes nothing.
    package private(set) var warnings: [ConfigurationProblem] = []

    /// Reads a file's root; everything that is wrong is in `problems`.
    ///
    /// - Parameter readSecret: the content of a file that holds a secret, `nil` when it cannot be read.
    package init(_ root: ConfigurationNode, readSecret: (String) -> String?) {
        guard case .map(let pools, let line) = root, let pool = pools.first else {
            problems.append(
                ConfigurationProblem(
                    line: root.line, key: "", reason: "the file must be one pool: a name and its keys"))
            return
        }
        for other in pools.dropFirst() {
            problems.append(
                ConfigurationProblem(
                    line: other.line, key: other.key, reason: "a node has one pool, and this is another"))
        }
        guard case .map(let entries, _) = pool.value else {
            problems.append(
                ConfigurationProblem(
                    line: max(line, pool.line), key: pool.key, reason: "the pool must be a list of keys"))
            return
        }
        var seen: [String: Int] = [:]
        for entry in entries {
            if let first = seen[entry.key] {
                fail(entry, "given twice, first on line \(first)")
                continue
            }
            seen[entry.key] = entry.line
            read(entry, readSecret)
        }
        for broad in broadValues where !values.contains(where: { $0.setting.name == broad.name }) {
            add(broad.entry, named: broad.name, broad.text)
        }
    }

    /// Values of keys that stand for several settings, each unless its own key is there.
    private var broadValues: [(entry: ConfigurationNode.Entry, name: String, text: String)] = []

    private mutating func fail(_ entry: ConfigurationNode.Entry, _ reason: String) {
        problems.append(ConfigurationProblem(line: entry.line, key: entry.key, reason: reason))
    }

    // MARK: keys

    private mutating func read(_ entry: ConfigurationNode.Entry, _ readSecret: (String) -> String?) {
        switch ConfigurationKeys.disposition(of: entry.key) {
        case .special: readSpecial(entry)
        case .setting(let setting):
            guard let text = scalar(entry) else { return fail(entry, "must be a single value") }
            add(entry, setting, text)
        case .secretFile(let setting): readSecretFile(entry, setting, readSecret)
        case .ignored(let kind, let reason):
            if let text = scalar(entry) {
                do throws(SettingError) { _ = try kind.parse(text) } catch { return fail(entry, error.reason) }
            } else if kind != .text {
                return fail(entry, "must be a single value")
            }
            warnings.append(
                ConfigurationProblem(line: entry.line, key: entry.key, reason: "changes nothing: \(reason)"))
        case .refused(let harmless, let reason):
            if let harmless, scalar(entry)?.lowercased() == harmless { return }
            fail(entry, reason)
        case .unknown: fail(entry, "unknown key")
        }
    }

    private mutating func readSpecial(_ entry: ConfigurationNode.Entry) {
        switch entry.key {
        case "listen": readListen(entry)
        case "servers": readServers(entry)
        case "tokens": readList(entry, "tokens", separator: ",", of: "tokens")
        case "dyn_seeds": readList(entry, "dyn-seeds", separator: "|", of: "seeds")
        case "peer_tls_profiles": readProfiles(entry)
        default:
            guard let text = scalar(entry) else { return fail(entry, "must be a single value") }
            readWord(entry, text)
        }
    }

    private mutating func readWord(_ entry: ConfigurationNode.Entry, _ text: String) {
        switch entry.key {
        case "data_store":
            if !["0", "redis", "valkey"].contains(text) {
                fail(entry, "must be 0: only Redis-like stores are offered")
            }
        // As for Dynomite, 0 is no limit.
        case "client_connections": add(entry, named: "maxclients", text == "0" ? "1000000" : text)
        case "log_format": add(entry, named: "log-format", ["default": "text", "ndjson": "json"][text] ?? text)
        // How long the store may take, and how long a request may take at its replicas.
        case "timeout":
            add(entry, named: "request-timeout-ms", text)
            broadValues.append((entry, "store-timeout-ms", text))
        // The store's password. Who has it had the documents so far: unless another is given, it is the clients' too.
        case "redis_requirepass":
            add(entry, named: "store-password", text)
            broadValues.append((entry, "requirepass", text))
        default: preconditionFailure("\(entry.key) is special, and nothing reads it")
        }
    }

    private func scalar(_ entry: ConfigurationNode.Entry) -> String? {
        guard case .scalar(let text, _) = entry.value else { return nil }
        return text
    }

    private mutating func add(
        _ entry: ConfigurationNode.Entry, _ setting: Setting, _ text: String, itemLines: [Int] = []
    ) {
        if let earlier = values.first(where: { $0.setting.name == setting.name }) {
            return fail(entry, "says the same as \(earlier.key) on line \(earlier.line)")
        }
        do throws(SettingError) {
            let value = try setting.kind.parse(text)
            if let why = setting.refusal?(value) { return fail(entry, why) }
            if case .fixed(let why) = setting.effect, value != setting.defaultValue { return fail(entry, why) }
        } catch {
            return fail(entry, error.reason)
        }
        values.append(Value(setting: setting, text: text, line: entry.line, key: entry.key, itemLines: itemLines))
    }

    private mutating func add(
        _ entry: ConfigurationNode.Entry, named name: String, _ text: String, itemLines: [Int] = []
    ) {
        guard let setting = SettingsCatalog.setting(named: name) else {
            preconditionFailure("there is no setting \(name)")
        }
        add(entry, setting, text, itemLines: itemLines)
    }

    // MARK: lists

    /// One value, or a list of them, which becomes a text with separators.
    private mutating func readList(
        _ entry: ConfigurationNode.Entry, _ name: String, separator: String, of what: String
    ) {
        switch entry.value {
        case .scalar(let text, _): add(entry, named: name, text)
        case .list(let items, _):
            var texts: [String] = []
            for item in items {
                guard case .scalar(let text, _) = item else { return fail(entry, "must be a list of \(what)") }
                texts.append(text)
            }
            add(entry, named: name, texts.joined(separator: separator), itemLines: items.map(\.line))
        case .map: fail(entry, "must be a list of \(what)")
        }
    }

    /// `dc1: {cert: ..., key: ..., ca: ...}` becomes `dc1=...,...,...`.
    private mutating func readProfiles(_ entry: ConfigurationNode.Entry) {
        guard case .map(let profiles, _) = entry.value else {
            guard let text = scalar(entry) else {
                return fail(entry, "must have a certificate, a key and an authority for each datacenter")
            }
            return add(entry, named: "peer-tls-profiles", text)
        }
        var texts: [String] = []
        for profile in profiles {
            guard case .map(let files, _) = profile.value else {
                return fail(entry, "'\(profile.key)' must have cert, key and perhaps ca")
            }
            var paths = ["cert": "", "key": "", "ca": ""]
            for file in files {
                guard paths[file.key] != nil, case .scalar(let path, _) = file.value,
                    !path.utf8.contains(where: { $0 == 44 || $0 == 124 })
                else { return fail(entry, "'\(profile.key)' has cert, key and ca, each a path without ',' and '|'") }
                paths[file.key] = path
            }
            texts.append("\(profile.key)=\(["cert", "key", "ca"].map { paths[$0] ?? "" }.joined(separator: ","))")
        }
        add(entry, named: "peer-tls-profiles", texts.joined(separator: "|"), itemLines: profiles.map(\.line))
    }

    // MARK: addresses

    /// `host:port`, `[::1]:port` or `/path`, one or several of which one each may be TCP and a unix socket.
    private mutating func readListen(_ entry: ConfigurationNode.Entry) {
        var texts: [String] = []
        switch entry.value {
        case .scalar(let text, _): texts = [text]
        case .list(let items, _):
            for item in items {
                guard case .scalar(let text, _) = item else {
                    return fail(entry, "must be addresses: host:port or /path")
                }
                texts.append(text)
            }
        case .map: return fail(entry, "must be addresses: host:port or /path")
        }
        for text in texts {
            if text.hasPrefix("/") {
                // Dynomite allows permissions behind the path.
                add(entry, named: "unixsocket", String(text.split(separator: " ").first ?? ""))
            } else if let (host, port) = Self.hostAndPort(text) {
                add(entry, named: "bind", host)
                add(entry, named: "port", port)
            } else {
                fail(entry, "'\(text)' is no address: host:port or /path")
            }
        }
    }

    private static func hostAndPort(_ text: String) -> (String, String)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        let port = text[text.index(after: colon)...]
        guard let number = SettingKind.integer(String(port)), (0...65_535).contains(number) else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), String(port))
    }

    /// One `host:port:weight [name]`, `/path:weight [name]` or address with a scheme.
    private mutating func readServers(_ entry: ConfigurationNode.Entry) {
        guard case .list(let items, _) = entry.value else {
            return fail(entry, "must be a list of one server: - host:port:weight")
        }
        guard items.count == 1, case .scalar(let text, _) = items[0] else {
            return fail(entry, "must name one server: a node has one store")
        }
        let address = String(text.split(separator: " ").first ?? "")
        if address.contains("://") { return add(entry, named: "store", address) }
        let parts = address.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if address.hasPrefix("/") {
            guard parts.count <= 2 else { return fail(entry, "'\(address)' is no server: /path:weight") }
            return add(entry, named: "store", "unix://\(parts[0])")
        }
        guard parts.count == 2 || parts.count == 3, !parts[0].isEmpty, let port = SettingKind.integer(parts[1]),
            (1...65_535).contains(port)
        else { return fail(entry, "'\(address)' is no server: host:port:weight") }
        add(entry, named: "store", "redis://\(parts[0]):\(port)")
    }

    // MARK: secrets

    private mutating func readSecretFile(
        _ entry: ConfigurationNode.Entry, _ setting: Setting, _ readSecret: (String) -> String?
    ) {
        guard let path = scalar(entry) else { return fail(entry, "must be the path of a file") }
        guard let content = readSecret(path) else { return fail(entry, "'\(path)' cannot be read") }
        // The line end that editors leave is no part of a password.
        let secret = content.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        guard !secret.isEmpty else { return fail(entry, "'\(path)' holds no secret in its first line") }
        if entry.key == "redis_requirepass_file" {
            add(entry, named: "store-password", secret)
            broadValues.append((entry, setting.name, secret))
        } else {
            add(entry, setting, secret)
        }
    }
}
