// The tunables of the server around the engine, as one value.

/// Every tunable that is not of search: names, ranges and defaults in `SettingsCatalog+Server.swift`.
package struct ServerSettings: Equatable, Sendable {
    // MARK: where to listen

    package var bind = "127.0.0.1"
    package var port = 7379
    /// Empty: no unix socket.
    package var unixSocket = ""
    package var dataDirectory = "./ringsearch-data"
    package var protectedMode = true
    /// Empty: no password.
    package var password = ""

    // MARK: the store

    /// Address of the backing store; empty: a store of our own, started and watched over.
    package var store = ""
    /// What is said to an external store that asks for a password; empty: nothing.
    package var storePassword = ""
    /// Program of our own store; empty: what is found.
    package var storeExecutable = ""
    /// Milliseconds the store may take to answer a command.
    package var storeTimeout = 30_000
    /// The start fails when the store does not answer.
    package var preconnect = false
    /// When what the own store has written is forced to disk.
    package var syncPolicy = SyncPolicy.interval

    // MARK: connections

    /// Event loops; 0: one for each core.
    package var threads = 0
    package var backlog = 511

    package var maxClients = 10_000
    package var maxUnauthenticatedPerAddress = 1_024
    /// Seconds of silence after which a connection is ended; 0 is never.
    package var idleTimeout = 0
    /// Seconds a connection may take to authenticate; 0 is any time.
    package var authenticationTimeout = 10
    package var tcpKeepalive = 300
    /// Bytes of one argument.
    package var maxBulkLength = 512 << 20
    /// Bytes of one request.
    package var maxQueryBuffer = 1 << 30
    /// Bytes of replies a client has not taken: ended at once, ended after `softOutputSeconds`.
    package var hardOutputLimit = 1 << 30
    package var softOutputLimit = 256 << 20
    package var softOutputSeconds = 60

    // MARK: observing

    /// Microseconds; negative: no slow log.
    package var slowLogThreshold = 10_000
    package var slowLogLength = 128
    /// Milliseconds; 0: no monitoring.
    package var latencyThreshold = 0
    package var logLevel = LogLevel.notice
    package var logFormat = LogFormat.text
    /// Empty: standard error.
    package var logFile = ""

    // MARK: stopping

    package var drainGrace = 2_000
    package var shutdownTimeout = 10_000

    package init() {}
}

package enum SyncPolicy: String, Sendable, CaseIterable {
    /// Before every reply.
    case always
    /// Once a second.
    case interval
    /// When the system likes.
    case never
}

package enum LogFormat: String, Sendable, CaseIterable {
    case text, json
}

package enum LogLevel: String, Sendable, CaseIterable {
    case debug, verbose, notice, warning, nothing
}
