// The configuration file that the node's own store is started with.

/// Text of the file. Only options that redis-server 6.2 to 8 and valkey-server all know.
struct StoreConfigurationFile {
    let executable: String
    let folder: String
    /// Further lines of the operator; later ones win.
    let extraLines: [String]
    let syncsEveryWrite: Bool

    static let socketName = "store.sock"

    /// What the node relies on: where the store is, and that its files are where they are made durable.
    private static let protected: Set<String> = [
        "port", "unixsocket", "unixsocketperm", "dir", "daemonize", "supervised", "logfile", "databases", "appendonly",
        "appendfsync", "appenddirname", "appendfilename", "include", "rename-command", "requirepass", "replicaof",
        "cluster-enabled",
    ]

    /// The first of the lines that sets something the node relies on.
    static func forbidden(in lines: [String]) -> String? {
        lines.first { line in
            let word = line.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            return line.contains("\n") || protected.contains(word.lowercased())
        }
    }

    var text: String {
        var lines = [
            "# Written by ringsearchd at every start of its store: edits are lost. Started with \(executable)",
            // Nobody but this node, and those who may read its directory, reach it.
            "port 0",
            // Relative to `dir`, as the path of a socket has room for 107 bytes only.
            "unixsocket \(Self.socketName)",
            "unixsocketperm 700",
            "protected-mode yes",
            "dir \(Self.quoted(folder))",
            "daemonize no",
            "supervised no",
            "logfile \(Self.quoted(folder + "/store.log"))",
            "databases 1",
            // The append-only file holds the data. Its bytes are written before the reply leaves; the node itself makes
            // them durable each second, because `everysec` holds up the write, too, while its own fsync runs.
            "save \"\"",
            "appendonly yes",
            "appendfsync \(syncsEveryWrite ? "always" : "no")",
            "aof-load-truncated yes",
            "aof-use-rdb-preamble yes",
            // A document is one flat piece of memory as long as it is not huge. (Old names of the two `listpack` options.)
            "hash-max-ziplist-entries 128",
            "hash-max-ziplist-value 8192",
            // A document never goes away by itself.
            "maxmemory-policy noeviction",
            "timeout 0",
            "maxclients 10000",
            // The connection that tells of changes must not be dropped for being slow for a moment.
            "client-output-buffer-limit pubsub 1gb 0 0",
            "lazyfree-lazy-expire yes",
            "lazyfree-lazy-server-del yes",
        ]
        lines += extraLines
        return lines.joined(separator: "\n") + "\n"
    }

    /// A value as the store's parser reads it back, whatever bytes are in it.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += "\\" + String(UnicodeScalar(byte))
            case 32...126: result += String(UnicodeScalar(byte))
            default: result += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return result + "\""
    }
}
