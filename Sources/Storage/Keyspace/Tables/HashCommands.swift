// Commands on hashes.

extension KeyspaceCommandTable {
    static let hashCommands: [KeyspaceCommand] = [
        Row(
            "hdel", -3, [.write, .fast], .first, "hash", "2.0.0", "Removes fields from a hash.",
            effect: .rereads(.first, zeroIsNothing: true)),
        Row("hexists", 3, [.readOnly, .fast], .first, "hash", "2.0.0", "Tells whether a hash has a field."),
        Row(
            "hexpire", -6, [.write, .denyOOM, .fast], .first, "hash", "7.4.0",
            "Gives fields a time to live in seconds.",
            effect: .expiresFields),
        Row(
            "hexpireat", -6, [.write, .denyOOM, .fast], .first, "hash", "7.4.0",
            "Lets fields expire at a time in seconds.", effect: .expiresFields),
        Row(
            "hexpiretime", -5, [.readOnly, .fast], .first, "hash", "7.4.0", "Returns when fields expire, in seconds."),
        Row("hget", 3, [.readOnly, .fast], .first, "hash", "2.0.0", "Returns the value of a field."),
        Row(
            "hgetall", 2, [.readOnly], .first, "hash", "2.0.0", "Returns all fields and values of a hash.",
            shape: .always(.map(.plain))),
        Row(
            "hincrby", 4, [.write, .denyOOM, .fast], .first, "hash", "2.0.0", "Raises the integer in a field.",
            effect: .setsFieldToReply),
        Row(
            "hincrbyfloat", 4, [.write, .denyOOM, .fast], .first, "hash", "2.6.0",
            "Raises the floating-point number in a field.", effect: .setsFieldToReply),
        Row("hkeys", 2, [.readOnly], .first, "hash", "2.0.0", "Returns the field names of a hash."),
        Row("hlen", 2, [.readOnly, .fast], .first, "hash", "2.0.0", "Returns the number of fields."),
        Row("hmget", -3, [.readOnly, .fast], .first, "hash", "2.0.0", "Returns the values of several fields."),
        Row(
            "hmset", -4, [.write, .denyOOM, .fast], .first, "hash", "2.0.0", "Sets several fields of a hash.",
            effect: .setsFields),
        Row("hpersist", -5, [.write, .fast], .first, "hash", "7.4.0", "Takes the expiry away from fields."),
        Row(
            "hpexpire", -6, [.write, .denyOOM, .fast], .first, "hash", "7.4.0",
            "Gives fields a time to live in milliseconds.", effect: .expiresFields),
        Row(
            "hpexpireat", -6, [.write, .denyOOM, .fast], .first, "hash", "7.4.0",
            "Lets fields expire at a time in milliseconds.", effect: .expiresFields),
        Row(
            "hpexpiretime", -5, [.readOnly, .fast], .first, "hash", "7.4.0",
            "Returns when fields expire, in milliseconds."),
        Row(
            "hpttl", -5, [.readOnly, .fast], .first, "hash", "7.4.0",
            "Returns the time fields have left, in milliseconds."),
        Row(
            "hrandfield", -2, [.readOnly], .first, "hash", "6.2.0", "Returns random fields of a hash.",
            shape: .byArguments { $0.has("WITHVALUES", at: 3) ? .pairs(.plain) : .plain }),
        Row("hscan", -3, [.readOnly], .first, "hash", "2.8.0", "Walks over the fields of a hash."),
        Row(
            "hset", -4, [.write, .denyOOM, .fast], .first, "hash", "2.0.0",
            "Sets fields of a hash, making it when absent.", effect: .setsFields),
        Row(
            "hsetnx", 4, [.write, .denyOOM, .fast], .first, "hash", "2.0.0", "Sets a field, if the hash lacks it.",
            effect: .setsFieldIfAbsent),
        Row("hstrlen", 3, [.readOnly, .fast], .first, "hash", "3.2.0", "Returns the length of a field's value."),
        Row(
            "httl", -5, [.readOnly, .fast], .first, "hash", "7.4.0", "Returns the time fields have left, in seconds."),
        Row("hvals", 2, [.readOnly], .first, "hash", "2.0.0", "Returns all values of a hash."),
        Row(
            "hgetdel", -5, [.write, .fast], .first, "hash", "8.0.0", "Returns fields and removes them.",
            effect: .rereads(.first, zeroIsNothing: false)),
        Row(
            "hgetex", -5, [.write, .fast], .first, "hash", "8.0.0", "Returns fields and sets or clears their expiry.",
            effect: .rereads(.first, zeroIsNothing: false)),
        Row(
            "hsetex", -6, [.write, .denyOOM, .fast], .first, "hash", "8.0.0", "Sets fields together with their expiry.",
            effect: .rereads(.first, zeroIsNothing: true)),
    ]
}
