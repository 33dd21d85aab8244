// Commands on sets.

extension KeyspaceCommandTable {
    static let setCommands: [KeyspaceCommand] = [
        Row(
            "sadd", -3, [.write, .denyOOM, .fast], .first, "set", "1.0.0",
            "Adds members to a set, making it when absent."),
        Row("scard", 2, [.readOnly, .fast], .first, "set", "1.0.0", "Returns the number of members."),
        Row(
            "sdiff", -2, [.readOnly], KeyPositions(1, -1, 1), "set", "1.0.0",
            "Returns the members of a set that the others lack.", shape: .always(.set)),
        Row(
            "sdiffstore", -3, [.write, .denyOOM], KeyPositions(1, -1, 1), "set", "1.0.0",
            "Stores the members of a set that the others lack.", effect: .overwrites(.first)),
        Row(
            "sinter", -2, [.readOnly], KeyPositions(1, -1, 1), "set", "1.0.0",
            "Returns the members that all sets have.",
            shape: .always(.set)),
        Row(
            "sintercard", -3, [.readOnly, .movableKeys], .none, "set", "7.0.0",
            "Counts the members that all sets have.",
            finder: .counted(at: 1, destination: 0)),
        Row(
            "sinterstore", -3, [.write, .denyOOM], KeyPositions(1, -1, 1), "set", "1.0.0",
            "Stores the members that all sets have.", effect: .overwrites(.first)),
        Row("sismember", 3, [.readOnly, .fast], .first, "set", "1.0.0", "Tells whether a set has a member."),
        Row(
            "smembers", 2, [.readOnly], .first, "set", "1.0.0", "Returns all members of a set.", shape: .always(.set)),
        Row(
            "smismember", -3, [.readOnly, .fast], .first, "set", "6.2.0", "Tells which of several members a set has."),
        Row(
            "smove", 4, [.write, .fast], KeyPositions(1, 2, 1), "set", "1.0.0",
            "Moves a member from one set to another."),
        Row(
            "spop", -2, [.write, .fast], .first, "set", "1.0.0", "Removes random members and returns them.",
            shape: .byArguments { $0.count > 2 ? .set : .plain }),
        Row("srandmember", -2, [.readOnly], .first, "set", "1.0.0", "Returns random members."),
        Row("srem", -3, [.write, .fast], .first, "set", "1.0.0", "Removes members from a set."),
        Row("sscan", -3, [.readOnly], .first, "set", "2.8.0", "Walks over the members of a set."),
        Row(
            "sunion", -2, [.readOnly], KeyPositions(1, -1, 1), "set", "1.0.0",
            "Returns the members that any of the sets has.", shape: .always(.set)),
        Row(
            "sunionstore", -3, [.write, .denyOOM], KeyPositions(1, -1, 1), "set", "1.0.0",
            "Stores the members that any of the sets has.", effect: .overwrites(.first)),
    ]
}
