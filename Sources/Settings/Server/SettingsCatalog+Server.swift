// Every tunable of the server around the engine, once.

extension SettingsCatalog {
    private static let store = "documents are kept by the backing store: set this there"
    private static let database = "there is one database"

    static let server: [Setting] = [
        .text("bind", [], \.server.bind, effect: .atStart, "Address to listen on"),
        .integer(
            "port", [], \.server.port, 0...65_535, effect: .atStart,
            "TCP port to listen on; 0 is none"),
        .text(
            "unixsocket", [], \.server.unixSocket, effect: .atStart,
            "Path of the unix socket to listen on"),
        .text(
            "dir", [], \.server.dataDirectory, effect: .atStart,
            "Directory of everything the node keeps on disk"),
        .boolean(
            "protected-mode", [], \.server.protectedMode,
            "Without a password, serve clients of other machines nothing but an explanation"),
        .text(
            "requirepass", [], \.server.password, secret: true,
            "Password that clients give with AUTH or HELLO; empty is none"),

        .text(
            "store", [], \.server.store, effect: .atStart,
            "Address of the backing store (redis://host:port, unix:///path); empty is a store of its own in `dir`"),
        .text(
            "store-password", [], \.server.storePassword, effect: .atStart, secret: true,
            "Password of the backing store, unless its address has one; empty is none"),
        .text(
            "store-executable", [], \.server.storeExecutable, effect: .atStart,
            "Program of the own store; empty is redis-server or valkey-server"),
        .integer(
            "store-timeout-ms", [], \.server.storeTimeout, 1...3_600_000, effect: .atStart,
            "Milliseconds the store may take to answer a command"),
        .boolean(
            "preconnect", [], \.server.preconnect, effect: .atStart,
            "Do not start when the store does not answer"),
        .choice(
            "fsync-policy", [], \.server.syncPolicy, effect: .atStart,
            "When writes of the own store are forced to disk: before the reply, once a second, or when the system likes"
        ),
        .integer(
            "threads", [], \.server.threads, 0...1_024, effect: .atStart,
            "Event loops for connections; 0 is one for each core"),
        .integer(
            "tcp-backlog", [], \.server.backlog, 1...65_535, effect: .atStart,
            "Connections that may wait to be accepted"),
        .integer("maxclients", [], \.server.maxClients, 1...1_000_000, "Most connections at a time"),
        .integer(
            "maxclients-unauthenticated-per-address", [], \.server.maxUnauthenticatedPerAddress, 1...1_000_000,
            "Most connections of one address that have not authenticated"),
        .integer(
            "timeout", [], \.server.idleTimeout, 0...Int(Int32.max),
            "Seconds of silence after which a connection is ended; 0 is never"),
        .integer(
            "authentication-timeout", [], \.server.authenticationTimeout, 0...Int(Int32.max),
            "Seconds a connection may take to authenticate; 0 is any time"),
        .integer(
            "tcp-keepalive", [], \.server.tcpKeepalive, 0...Int(Int32.max), effect: .atStart,
            "Seconds of silence after which the system probes a connection; 0 is never"),
        .memory(
            "proto-max-bulk-len", \.server.maxBulkLength, (1 << 20)...(512 << 20), "Bytes of one argument at most"),
        .memory(
            "client-query-buffer-limit", \.server.maxQueryBuffer, (1 << 20)...(1 << 30),
            "Bytes of one request at most"),
        .outputLimits(
            "client-output-buffer-limit",
            "Bytes of replies a client may leave untaken: at any time, and for how many seconds how many"),

        .integer(
            "slowlog-log-slower-than", [], \.server.slowLogThreshold, -1...Int.max,
            "Microseconds from which a command is written to the slow log; -1 is never"),
        .integer("slowlog-max-len", [], \.server.slowLogLength, 0...1_000_000, "Entries of the slow log"),
        .integer(
            "latency-monitor-threshold", [], \.server.latencyThreshold, 0...Int.max,
            "Milliseconds from which an event is kept for LATENCY; 0 is never"),
        .choice("loglevel", [], \.server.logLevel, "How much is logged"),
        .choice("log-format", [], \.server.logFormat, "Whether log lines are text or JSON"),
        .text(
            "logfile", [], \.server.logFile, effect: .atStart,
            "File to log to; empty is standard error"),

        .integer(
            "drain-grace-ms", [], \.server.drainGrace, 0...600_000,
            "Milliseconds between the first signal to stop and the end of listening"),
        .integer(
            "shutdown-timeout-ms", [], \.server.shutdownTimeout, 0...600_000,
            "Milliseconds that commands under way have to end when the server stops"),

        .kept(
            "databases", [], .integer(1...1), .integer(1), effect: .fixed(database), immutable: true,
            "Number of databases"),
        .kept(
            "maxmemory", [], .memory(0...Int.max), .integer(0),
            effect: .fixed("memory is not bounded by the server yet"),
            "Bytes the server may use; 0 is no bound"),
        .kept(
            "maxmemory-policy", [],
            .choice([
                "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu",
                "allkeys-random", "noeviction",
            ]), .text("noeviction"), effect: .fixed("indexed documents are never evicted"),
            "What happens when memory is short"),
        .kept("save", [], .text, .text(""), effect: .fixed(store), "When snapshots are written"),
        .kept("appendonly", [], .boolean, .boolean(true), effect: .fixed(store), "Whether writes are logged"),
        .kept(
            "appendfsync", [], .choice(["everysec", "always", "no"]), .text("everysec"), effect: .fixed(store),
            "When logged writes are synced to disk"),
        .kept(
            "notify-keyspace-events", [], .text, .text(""), effect: .fixed("keyspace notifications are not offered"),
            "Events that are published"),
        .kept(
            "cluster-enabled", [], .boolean, .boolean(false), effect: .fixed("every node serves every key"),
            immutable: true, "Cluster mode"),
    ]
}

extension Setting {
    /// `normal <hard> <soft> <seconds>`; the other classes of clients do not exist here and stay at no limit.
    static func outputLimits(_ name: String, _ summary: String) -> Setting {
        .custom(
            name, .text, summary,
            refusal: { value in
                guard case .text(let text?) = value, Self.parseOutputLimits(text) != nil else {
                    return "argument must be: normal <hard limit> <soft limit> <soft seconds>"
                }
                return nil
            },
            get: { state in
                let server = state.server
                return .text(
                    "normal \(server.hardOutputLimit) \(server.softOutputLimit) \(server.softOutputSeconds)"
                        + " slave 0 0 0 pubsub 0 0 0")
            },
            set: { state, value in
                guard case .text(let text?) = value, let limits = Self.parseOutputLimits(text) else { return }
                state.server.hardOutputLimit = limits.hard
                state.server.softOutputLimit = limits.soft
                state.server.softOutputSeconds = limits.seconds
            })
    }

    /// Several classes may be named; those of replicas and subscribers must be no limit or what Redis has by default.
    private static func parseOutputLimits(_ text: String) -> (hard: Int, soft: Int, seconds: Int)? {
        let words = text.split(separator: " ").map(String.init)
        guard !words.isEmpty, words.count % 4 == 0 else { return nil }
        var found: (hard: Int, soft: Int, seconds: Int)?
        for i in stride(from: 0, to: words.count, by: 4) {
            guard let hard = SettingKind.memory(words[i + 1]), let soft = SettingKind.memory(words[i + 2]),
                let seconds = SettingKind.integer(words[i + 3]), seconds >= 0
            else { return nil }
            switch words[i].lowercased() {
            case "normal": found = (hard, soft, seconds)
            case "slave", "replica", "pubsub": break
            default: return nil
            }
        }
        return found
    }
}
