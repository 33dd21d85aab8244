// Commands on keys of any type.

extension KeyspaceCommandTable {
    static let genericCommands: [KeyspaceCommand] = [
        Row(
            "copy", -3, [.write, .denyOOM], KeyPositions(1, 2, 1), "generic", "6.2.0", "Copies a key.",
            effect: .rereads(KeyPositions(2, 2, 1), zeroIsNothing: true)),
        Row("del", -2, [.write], KeyPositions(1, -1, 1), "generic", "1.0.0", "Deletes keys.", effect: .removes),
        Row("dump", 2, [.readOnly], .first, "generic", "2.6.0", "Returns the serialized value of a key."),
        Row(
            "exists", -2, [.readOnly, .fast], KeyPositions(1, -1, 1), "generic", "1.0.0", "Counts the keys that exist."),
        Row(
            "expire", -3, [.write, .fast], .first, "generic", "1.0.0", "Gives a key a time to live in seconds.",
            effect: .expires(unitIsMilliseconds: false, isAbsolute: false)),
        Row(
            "expireat", -3, [.write, .fast], .first, "generic", "1.2.0", "Lets a key expire at a time in seconds.",
            effect: .expires(unitIsMilliseconds: false, isAbsolute: true)),
        Row(
            "expiretime", 2, [.readOnly, .fast], .first, "generic", "7.0.0", "Returns when a key expires, in seconds."),
        Row(
            "keys", 2, [.readOnly], .none, "generic", "1.0.0", "Returns all keys that match a pattern.",
            extra: ["dangerous"]),
        Row(
            "migrate", -6, [.write, .movableKeys], KeyPositions(3, 3, 1), "generic", "2.6.0",
            "Moves keys to another server.", extra: ["dangerous"],
            place: refused("MIGRATE is not supported: copy with DUMP and RESTORE")),
        Row(
            "move", 3, [.write, .fast], .first, "generic", "1.0.0", "Moves a key to another database.",
            place: refused("MOVE is not supported: there is one database")),
        Row(
            "object", -2, [], .none, "generic", "2.2.3", "Commands that tell how a value is kept.",
            extra: ["-keyspace"],
            finder: .afterSubcommand, subcommands: ["encoding", "freq", "help", "idletime", "refcount"]),
        Row("persist", 2, [.write, .fast], .first, "generic", "2.2.0", "Takes the expiry away from a key."),
        Row(
            "pexpire", -3, [.write, .fast], .first, "generic", "2.6.0", "Gives a key a time to live in milliseconds.",
            effect: .expires(unitIsMilliseconds: true, isAbsolute: false)),
        Row(
            "pexpireat", -3, [.write, .fast], .first, "generic", "2.6.0",
            "Lets a key expire at a time in milliseconds.",
            effect: .expires(unitIsMilliseconds: true, isAbsolute: true)),
        Row(
            "pexpiretime", 2, [.readOnly, .fast], .first, "generic", "7.0.0",
            "Returns when a key expires, in milliseconds."),
        Row(
            "pttl", 2, [.readOnly, .fast], .first, "generic", "2.6.0",
            "Returns the time a key has left, in milliseconds."),
        Row("randomkey", 1, [.readOnly], .none, "generic", "1.0.0", "Returns a random key."),
        Row(
            "rename", 3, [.write], KeyPositions(1, 2, 1), "generic", "1.0.0",
            "Renames a key, replacing what the new name held.",
            effect: .rereads(KeyPositions(1, 2, 1), zeroIsNothing: false)),
        Row(
            "renamenx", 3, [.write, .fast], KeyPositions(1, 2, 1), "generic", "1.0.0",
            "Renames a key, if the new name is free.", effect: .rereads(KeyPositions(1, 2, 1), zeroIsNothing: true)),
        Row(
            "restore", -4, [.write, .denyOOM], .first, "generic", "2.6.0", "Makes a key from a serialized value.",
            extra: ["dangerous"], effect: .rereads(.first, zeroIsNothing: false)),
        Row("scan", -2, [.readOnly], .none, "generic", "2.8.0", "Walks over the keys."),
        Row(
            "sort", -2, [.write, .denyOOM, .movableKeys], .first, "generic", "1.0.0",
            "Sorts a list, set or sorted set, and may store the result.",
            extra: ["set", "sortedset", "list", "dangerous", "-keyspace"], finder: .storeOption,
            effect: .overwritesStoreArgument),
        Row(
            "sort_ro", -2, [.readOnly, .movableKeys], .first, "generic", "7.0.0", "Sorts a list, set or sorted set.",
            extra: ["set", "sortedset", "list", "dangerous", "-keyspace"]),
        Row(
            "touch", -2, [.readOnly, .fast], KeyPositions(1, -1, 1), "generic", "3.2.1",
            "Counts the keys that exist and marks them as used."),
        Row("ttl", 2, [.readOnly, .fast], .first, "generic", "1.0.0", "Returns the time a key has left, in seconds."),
        Row("type", 2, [.readOnly, .fast], .first, "generic", "1.0.0", "Returns the type of a value."),
        Row(
            "unlink", -2, [.write, .fast], KeyPositions(1, -1, 1), "generic", "4.0.0",
            "Deletes keys, freeing their memory in the background.", effect: .removes),
        Row(
            "wait", 3, [.blocking], .none, "generic", "3.0.0", "Waits until replicas of the store have earlier writes.",
            extra: ["connection", "-keyspace"], place: .always(.ownConnection)),
        Row(
            "waitaof", 4, [.blocking], .none, "generic", "7.2.0", "Waits until earlier writes are on disk.",
            extra: ["connection", "-keyspace"], place: .always(.ownConnection)),
    ]
}
