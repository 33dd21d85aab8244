// Commands on the store as a whole, and what is refused.

extension KeyspaceCommandTable {
    static let serverCommands: [KeyspaceCommand] = [
        Row(
            "bgrewriteaof", 1, [.admin, .noScript, .noAsyncLoading], .none, "server", "1.0.0",
            "Starts rewriting the append-only file of the store."),
        Row(
            "bgsave", -1, [.admin, .noScript, .noAsyncLoading], .none, "server", "1.0.0",
            "Starts saving a snapshot of the store."),
        Row(
            "dbsize", 1, [.readOnly, .fast], .none, "server", "1.0.0", "Returns the number of keys.",
            extra: ["keyspace"]),
        Row(
            "debug", -2, [.admin, .noScript, .loading, .stale], .none, "server", "1.0.0",
            "Internal commands of the store.", place: refused("DEBUG is not supported")),
        Row(
            "failover", -1, [.admin, .noScript, .stale], .none, "server", "6.2.0", "Sets up replication of the store.",
            place: refused("the store is not replicated through this server")),
        Row(
            "flushall", -1, [.write], .none, "server", "1.0.0", "Deletes all keys.", extra: ["keyspace", "dangerous"],
            effect: .removesAll),
        Row(
            "flushdb", -1, [.write], .none, "server", "1.0.0", "Deletes all keys of the database.",
            extra: ["keyspace", "dangerous"], effect: .removesAll),
        Row(
            "lastsave", 1, [.loading, .stale, .fast], .none, "server", "1.0.0",
            "Returns the time of the last snapshot of the store.", extra: ["admin", "dangerous"]),
        Row(
            "lolwut", -1, [.readOnly, .fast], .none, "server", "5.0.0",
            "Draws a picture and tells the version of the store.", shape: .always(.verbatim)),
        Row(
            "memory", -2, [], .none, "server", "4.0.0", "Commands on the memory of the store.",
            finder: .afterSubcommand,
            subcommands: ["doctor", "help", "malloc-stats", "purge", "stats", "usage"], shape: .byArguments(memoryShape)
        ),
        Row(
            "monitor", 1, [.admin, .noScript, .loading, .stale], .none, "server", "1.0.0",
            "Shows every command as it arrives.", place: refused("MONITOR is not supported")),
        Row(
            "psubscribe", -2, [.pubSub, .noScript, .loading, .stale], .none, "pubsub", "2.0.0",
            "Listens to channels that match patterns.", place: refused("publish/subscribe is not supported")),
        Row(
            "psync", -3, [.admin, .noScript, .noAsyncLoading, .noMulti], .none, "server", "2.8.0",
            "Internal command of replication.", place: refused("the store is not replicated through this server")),
        Row(
            "publish", 3, [.pubSub, .loading, .stale, .fast], .none, "pubsub", "2.0.0", "Sends a message to a channel.",
            place: refused("publish/subscribe is not supported")),
        Row(
            "pubsub", -2, [], .none, "pubsub", "2.8.0", "Commands that describe channels.", extra: ["-pubsub"],
            subcommands: ["channels", "help", "numpat", "numsub", "shardchannels", "shardnumsub"],
            place: refused("publish/subscribe is not supported")),
        Row(
            "punsubscribe", -1, [.pubSub, .noScript, .loading, .stale], .none, "pubsub", "2.0.0",
            "Stops listening to patterns.", place: refused("publish/subscribe is not supported")),
        Row(
            "replconf", -1, [.admin, .noScript, .loading, .stale, .allowBusy], .none, "server", "3.0.0",
            "Internal command of replication.", place: refused("the store is not replicated through this server")),
        Row(
            "replicaof", 3, [.admin, .noScript, .stale, .noAsyncLoading], .none, "server", "5.0.0",
            "Sets up replication of the store.", place: refused("the store is not replicated through this server")),
        Row(
            "save", 1, [.admin, .noScript, .noAsyncLoading, .noMulti], .none, "server", "1.0.0",
            "Saves a snapshot of the store, holding up everything else."),
        Row(
            "slaveof", 3, [.admin, .noScript, .stale, .noAsyncLoading], .none, "server", "1.0.0",
            "Sets up replication of the store.", place: refused("the store is not replicated through this server")),
        Row(
            "spublish", 3, [.pubSub, .loading, .stale, .fast], .first, "pubsub", "7.0.0",
            "Sends a message to a shard channel.", place: refused("publish/subscribe is not supported")),
        Row(
            "ssubscribe", -2, [.pubSub, .noScript, .loading, .stale], KeyPositions(1, -1, 1), "pubsub", "7.0.0",
            "Listens to shard channels.", place: refused("publish/subscribe is not supported")),
        Row(
            "subscribe", -2, [.pubSub, .noScript, .loading, .stale], .none, "pubsub", "2.0.0", "Listens to channels.",
            place: refused("publish/subscribe is not supported")),
        Row(
            "sunsubscribe", -1, [.pubSub, .noScript, .loading, .stale], KeyPositions(1, -1, 1), "pubsub", "7.0.0",
            "Stops listening to shard channels.", place: refused("publish/subscribe is not supported")),
        Row(
            "swapdb", 3, [.write, .fast], .none, "server", "4.0.0", "Exchanges two databases.",
            extra: ["keyspace", "dangerous"], place: refused("SWAPDB is not supported: there is one database")),
        Row(
            "sync", 1, [.admin, .noScript, .noAsyncLoading, .noMulti], .none, "server", "1.0.0",
            "Internal command of replication.", place: refused("the store is not replicated through this server")),
        Row("time", 1, [.loading, .stale, .fast], .none, "server", "2.6.0", "Returns the time of the store."),
        Row(
            "unsubscribe", -1, [.pubSub, .noScript, .loading, .stale], .none, "pubsub", "2.0.0",
            "Stops listening to channels.", place: refused("publish/subscribe is not supported")),
    ]
}
