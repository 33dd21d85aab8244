// Shapes and places that depend on a command's arguments.

import RESP

extension KeyspaceCommandTable {
    typealias Row = KeyspaceCommand

    static func refused(_ reason: String) -> KeyspaceCommand.Rule<CommandPlace> { .always(.refused("ERR " + reason)) }

    // MARK: shapes

    /// Pairs of member and score when the option WITHSCORES is among the arguments from `start` on.
    static func withScores(from start: Int) -> KeyspaceCommand.Rule<ReplyShape> {
        .byArguments { $0.contains("WITHSCORES", from: start) ? .pairs(.double) : .plain }
    }

    /// As `withScores`, behind a counted list of keys.
    static let countedWithScores: @Sendable (Arguments) -> ReplyShape = { arguments in
        guard arguments.count > 2, let keys = arguments[1].decimal, keys > 0, keys < arguments.count else {
            return .plain
        }
        return arguments.contains("WITHSCORES", from: 2 + keys) ? .pairs(.double) : .plain
    }

    static let zaddShape: @Sendable (Arguments) -> ReplyShape = { arguments in
        // Options stand between the key and the first score.
        var i = 2
        while i < arguments.count {
            let option = arguments[i]
            if option.equalsIgnoringCase("INCR") { return .double }
            guard ["NX", "XX", "GT", "LT", "CH"].contains(where: { option.equalsIgnoringCase($0) }) else { break }
            i += 1
        }
        return .plain
    }

    /// Key, and members with scores: ZMPOP.
    static let memberLists = ReplyShape.tuple([.plain, .list(.tuple([.plain, .double]))])

    static let geoShape: @Sendable (Arguments) -> ReplyShape = { arguments in
        guard arguments.contains("WITHCOORD", from: 2) else { return .plain }
        var places: [ReplyShape] = [.plain]
        if arguments.contains("WITHDIST", from: 2) { places.append(.plain) }
        if arguments.contains("WITHHASH", from: 2) { places.append(.plain) }
        return .list(.tuple(places + [.list(.double)]))
    }

    static let xinfoShape: @Sendable (Arguments) -> ReplyShape = { arguments in
        if arguments.has("STREAM", at: 1) {
            guard arguments.has("FULL", at: 3) else { return .map(.plain) }
            let consumers = ReplyShape.list(.map(.plain))
            return .record([RecordField("groups", .list(.record([RecordField("consumers", consumers)])))])
        }
        if arguments.has("GROUPS", at: 1) || arguments.has("CONSUMERS", at: 1) { return .list(.map(.plain)) }
        return .plain
    }

    static let functionShape: @Sendable (Arguments) -> ReplyShape = { arguments in
        if arguments.has("LIST", at: 1) {
            let function = ReplyShape.record([RecordField("flags", .set)])
            return .list(.record([RecordField("functions", .list(function))]))
        }
        if arguments.has("STATS", at: 1) {
            return .record([RecordField("running_script", .map(.plain)), RecordField("engines", .map(.map(.plain)))])
        }
        return .plain
    }

    static let memoryShape: @Sendable (Arguments) -> ReplyShape = { arguments in
        if arguments.has("DOCTOR", at: 1) || arguments.has("MALLOC-STATS", at: 1) { return .verbatim }
        guard arguments.has("STATS", at: 1) else { return .plain }
        let doubles = [
            "dataset.percentage", "peak.percentage", "allocator-fragmentation.ratio", "allocator-rss.ratio",
            "rss-overhead.ratio", "fragmentation",
        ]
        return .record(doubles.map { RecordField($0, .double) } + [RecordField("db.0", .map(.plain))])
    }

    // MARK: places

    /// XREAD and XREADGROUP wait only with BLOCK, which stands before STREAMS.
    static let blockOption = KeyspaceCommand.Rule<CommandPlace>.byArguments { arguments in
        for i in 1..<arguments.count {
            if arguments[i].equalsIgnoringCase("STREAMS") { break }
            if arguments[i].equalsIgnoringCase("BLOCK") { return .ownConnection }
        }
        return .lane
    }

    static let scriptPlace: @Sendable (Arguments) -> CommandPlace = { arguments in
        if arguments.has("DEBUG", at: 1) { return .refused("ERR SCRIPT DEBUG is not supported") }
        return arguments.has("KILL", at: 1) ? .ownConnection : .script(mayWrite: false)
    }

    static let functionPlace: @Sendable (Arguments) -> CommandPlace = { arguments in
        arguments.has("KILL", at: 1) || arguments.has("STATS", at: 1) ? .ownConnection : .script(mayWrite: false)
    }
}
