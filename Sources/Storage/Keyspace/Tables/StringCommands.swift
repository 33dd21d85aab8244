// Commands on strings.

extension KeyspaceCommandTable {
    static let stringCommands: [KeyspaceCommand] = [
        Row(
            "append", 3, [.write, .denyOOM, .fast], .first, "string", "2.0.0",
            "Adds bytes to the end of a string, making it when absent."),
        Row(
            "decr", 2, [.write, .denyOOM, .fast], .first, "string", "1.0.0", "Lowers the integer in a string by one."),
        Row(
            "decrby", 3, [.write, .denyOOM, .fast], .first, "string", "1.0.0",
            "Lowers the integer in a string by a number."),
        Row("get", 2, [.readOnly, .fast], .first, "string", "1.0.0", "Returns a string."),
        Row("getdel", 2, [.write, .fast], .first, "string", "6.2.0", "Returns a string and deletes its key."),
        Row(
            "getex", -2, [.write, .fast], .first, "string", "6.2.0", "Returns a string and sets or clears its expiry."),
        Row("getrange", 4, [.readOnly], .first, "string", "2.4.0", "Returns a part of a string."),
        Row(
            "getset", 3, [.write, .denyOOM, .fast], .first, "string", "1.0.0",
            "Replaces a string and returns the former one."),
        Row(
            "incr", 2, [.write, .denyOOM, .fast], .first, "string", "1.0.0", "Raises the integer in a string by one."),
        Row(
            "incrby", 3, [.write, .denyOOM, .fast], .first, "string", "1.0.0",
            "Raises the integer in a string by a number."),
        Row(
            "incrbyfloat", 3, [.write, .denyOOM, .fast], .first, "string", "2.6.0",
            "Raises the floating-point number in a string."),
        Row(
            "lcs", -3, [.readOnly], KeyPositions(1, 2, 1), "string", "7.0.0",
            "Finds the longest common subsequence of two strings.",
            shape: .byArguments { $0.contains("IDX", from: 3) ? .map(.plain) : .plain }),
        Row(
            "mget", -2, [.readOnly, .fast], KeyPositions(1, -1, 1), "string", "1.0.0",
            "Returns the strings under several keys."),
        Row(
            "mset", -3, [.write, .denyOOM], KeyPositions(1, -1, 2), "string", "1.0.1", "Sets several keys to strings.",
            effect: .overwrites(KeyPositions(1, -1, 2))),
        Row(
            "msetnx", -3, [.write, .denyOOM], KeyPositions(1, -1, 2), "string", "1.0.1",
            "Sets several keys to strings, if none of them exists."),
        Row(
            "psetex", 4, [.write, .denyOOM], .first, "string", "2.6.0", "Sets a string with an expiry in milliseconds.",
            effect: .overwrites(.first)),
        Row(
            "set", -3, [.write, .denyOOM], .first, "string", "1.0.0", "Sets a string, whatever the key held before.",
            effect: .overwritesAsSet),
        Row(
            "setex", 4, [.write, .denyOOM], .first, "string", "2.0.0", "Sets a string with an expiry in seconds.",
            effect: .overwrites(.first)),
        Row("setnx", 3, [.write, .denyOOM, .fast], .first, "string", "1.0.0", "Sets a string, if the key is absent."),
        Row("setrange", 4, [.write, .denyOOM], .first, "string", "2.2.0", "Writes bytes into a string at an offset."),
        Row("strlen", 2, [.readOnly, .fast], .first, "string", "2.2.0", "Returns the length of a string."),
        Row(
            "substr", 4, [.readOnly], .first, "string", "1.0.0", "Returns a part of a string (old name of GETRANGE)."),
    ]
}
