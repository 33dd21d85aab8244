// Commands on streams.

extension KeyspaceCommandTable {
    static let streamCommands: [KeyspaceCommand] = [
        Row("xack", -4, [.write, .fast], .first, "stream", "5.0.0", "Marks entries as handled by a group."),
        Row("xadd", -5, [.write, .denyOOM, .fast], .first, "stream", "5.0.0", "Adds an entry to a stream."),
        Row(
            "xautoclaim", -6, [.write, .fast], .first, "stream", "6.2.0",
            "Hands entries that waited too long to another consumer."),
        Row("xclaim", -6, [.write, .fast], .first, "stream", "5.0.0", "Hands entries to another consumer."),
        Row("xdel", -3, [.write, .fast], .first, "stream", "5.0.0", "Removes entries by their identifiers."),
        Row(
            "xgroup", -2, [], .none, "stream", "5.0.0", "Commands on consumer groups.", extra: ["-stream"],
            finder: .afterSubcommand,
            subcommands: ["create", "createconsumer", "delconsumer", "destroy", "help", "setid"]),
        Row(
            "xinfo", -2, [], .none, "stream", "5.0.0", "Commands that describe streams.", extra: ["-stream"],
            finder: .afterSubcommand, subcommands: ["consumers", "groups", "help", "stream"],
            shape: .byArguments(xinfoShape)),
        Row("xlen", 2, [.readOnly, .fast], .first, "stream", "5.0.0", "Returns the number of entries."),
        Row(
            "xpending", -3, [.readOnly], .first, "stream", "5.0.0", "Tells which entries a group has not yet handled."),
        Row("xrange", -4, [.readOnly], .first, "stream", "5.0.0", "Returns the entries in a range of identifiers."),
        Row(
            "xread", -4, [.readOnly, .blocking, .movableKeys], .none, "stream", "5.0.0",
            "Returns entries of streams, waiting for new ones when asked to.", finder: .streams,
            shape: .always(.mapOfPairs), place: blockOption),
        Row(
            "xreadgroup", -7, [.write, .blocking, .movableKeys], .none, "stream", "5.0.0",
            "Returns entries of streams to a consumer of a group.", finder: .streams, shape: .always(.mapOfPairs),
            place: blockOption),
        Row(
            "xrevrange", -4, [.readOnly], .first, "stream", "5.0.0",
            "Returns the entries in a range of identifiers, newest first."),
        Row(
            "xsetid", -3, [.write, .denyOOM, .fast], .first, "stream", "5.0.0", "Sets the last identifier of a stream."),
        Row("xtrim", -4, [.write], .first, "stream", "5.0.0", "Cuts a stream down."),
    ]
}
