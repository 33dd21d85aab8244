// Commands on bitmaps.

extension KeyspaceCommandTable {
    static let bitmapCommands: [KeyspaceCommand] = [
        Row("bitcount", -2, [.readOnly], .first, "bitmap", "2.6.0", "Counts the bits that are set."),
        Row(
            "bitfield", -2, [.write, .denyOOM], .first, "bitmap", "3.2.0",
            "Reads and changes integers of any width inside a string."),
        Row(
            "bitfield_ro", -2, [.readOnly, .fast], .first, "bitmap", "6.0.0",
            "Reads integers of any width inside a string."),
        Row(
            "bitop", -4, [.write, .denyOOM], KeyPositions(2, -1, 1), "bitmap", "2.6.0",
            "Combines strings bit by bit and stores the result.", effect: .overwrites(KeyPositions(2, 2, 1))),
        Row("bitpos", -3, [.readOnly], .first, "bitmap", "2.8.7", "Finds the first bit that is set or clear."),
        Row("getbit", 3, [.readOnly, .fast], .first, "bitmap", "2.2.0", "Returns the bit at an offset."),
        Row("setbit", 4, [.write, .denyOOM], .first, "bitmap", "2.2.0", "Sets or clears the bit at an offset."),
    ]
}
