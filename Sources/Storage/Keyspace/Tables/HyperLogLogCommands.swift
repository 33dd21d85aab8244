// Commands on distinct counters.

extension KeyspaceCommandTable {
    static let hyperLogLogCommands: [KeyspaceCommand] = [
        Row(
            "pfadd", -2, [.write, .denyOOM, .fast], .first, "hyperloglog", "2.8.9",
            "Adds elements to a distinct counter."),
        Row(
            "pfcount", -2, [.readOnly], KeyPositions(1, -1, 1), "hyperloglog", "2.8.9",
            "Estimates the number of distinct elements."),
        Row(
            "pfmerge", -2, [.write, .denyOOM], KeyPositions(1, -1, 1), "hyperloglog", "2.8.9",
            "Merges distinct counters."),
    ]
}
