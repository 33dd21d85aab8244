// Commands on sorted sets.

extension KeyspaceCommandTable {
    static let sortedSetCommands: [KeyspaceCommand] = [
        Row(
            "bzmpop", -5, [.write, .blocking, .movableKeys], .none, "sorted-set", "7.0.0",
            "Pops members from the first sorted set that has any, waiting if none has.",
            finder: .counted(at: 2, destination: 0), shape: .always(memberLists), place: .always(.ownConnection)),
        Row(
            "bzpopmax", -3, [.write, .blocking, .fast], KeyPositions(1, -2, 1), "sorted-set", "5.0.0",
            "Pops the member with the highest score, waiting if there is none.",
            shape: .always(.tuple([.plain, .plain, .double])), place: .always(.ownConnection)),
        Row(
            "bzpopmin", -3, [.write, .blocking, .fast], KeyPositions(1, -2, 1), "sorted-set", "5.0.0",
            "Pops the member with the lowest score, waiting if there is none.",
            shape: .always(.tuple([.plain, .plain, .double])), place: .always(.ownConnection)),
        Row(
            "zadd", -4, [.write, .denyOOM, .fast], .first, "sorted-set", "1.2.0",
            "Adds members with scores, or changes their scores.", shape: .byArguments(zaddShape)),
        Row("zcard", 2, [.readOnly, .fast], .first, "sorted-set", "1.2.0", "Returns the number of members."),
        Row(
            "zcount", 4, [.readOnly, .fast], .first, "sorted-set", "2.0.0", "Counts the members in a range of scores."),
        Row(
            "zdiff", -3, [.readOnly, .movableKeys], .none, "sorted-set", "6.2.0",
            "Returns the members of a sorted set that the others lack.", finder: .counted(at: 1, destination: 0),
            shape: .byArguments(countedWithScores)),
        Row(
            "zdiffstore", -4, [.write, .denyOOM, .movableKeys], .first, "sorted-set", "6.2.0",
            "Stores the members of a sorted set that the others lack.", finder: .counted(at: 2, destination: 1),
            effect: .overwrites(.first)),
        Row(
            "zincrby", 4, [.write, .denyOOM, .fast], .first, "sorted-set", "1.2.0", "Raises the score of a member.",
            shape: .always(.double)),
        Row(
            "zinter", -3, [.readOnly, .movableKeys], .none, "sorted-set", "6.2.0",
            "Returns the members that all sorted sets have.", finder: .counted(at: 1, destination: 0),
            shape: .byArguments(countedWithScores)),
        Row(
            "zintercard", -3, [.readOnly, .movableKeys], .none, "sorted-set", "7.0.0",
            "Counts the members that all sorted sets have.", finder: .counted(at: 1, destination: 0)),
        Row(
            "zinterstore", -4, [.write, .denyOOM, .movableKeys], .first, "sorted-set", "2.0.0",
            "Stores the members that all sorted sets have.", finder: .counted(at: 2, destination: 1),
            effect: .overwrites(.first)),
        Row(
            "zlexcount", 4, [.readOnly, .fast], .first, "sorted-set", "2.8.9", "Counts the members in a range of texts."
        ),
        Row(
            "zmpop", -4, [.write, .movableKeys], .none, "sorted-set", "7.0.0",
            "Pops members from the first sorted set that has any.", finder: .counted(at: 1, destination: 0),
            shape: .always(memberLists)),
        Row(
            "zmscore", -3, [.readOnly, .fast], .first, "sorted-set", "6.2.0", "Returns the scores of several members.",
            shape: .always(.list(.double))),
        Row(
            "zpopmax", -2, [.write, .fast], .first, "sorted-set", "5.0.0", "Pops the members with the highest scores.",
            shape: .byArguments { $0.count > 2 ? .pairs(.double) : .tuple([.plain, .double]) }),
        Row(
            "zpopmin", -2, [.write, .fast], .first, "sorted-set", "5.0.0", "Pops the members with the lowest scores.",
            shape: .byArguments { $0.count > 2 ? .pairs(.double) : .tuple([.plain, .double]) }),
        Row(
            "zrandmember", -2, [.readOnly], .first, "sorted-set", "6.2.0", "Returns random members.",
            shape: withScores(from: 3)),
        Row(
            "zrange", -4, [.readOnly], .first, "sorted-set", "1.2.0",
            "Returns the members in a range of positions, scores or texts.", shape: withScores(from: 4)),
        Row(
            "zrangebylex", -4, [.readOnly], .first, "sorted-set", "2.8.9", "Returns the members in a range of texts."),
        Row(
            "zrangebyscore", -4, [.readOnly], .first, "sorted-set", "1.0.5",
            "Returns the members in a range of scores.",
            shape: withScores(from: 4)),
        Row(
            "zrangestore", -5, [.write, .denyOOM], KeyPositions(1, 2, 1), "sorted-set", "6.2.0",
            "Stores the members in a range of positions, scores or texts.", effect: .overwrites(.first)),
        Row(
            "zrank", -3, [.readOnly, .fast], .first, "sorted-set", "2.0.0",
            "Returns the position of a member, lowest score first.",
            shape: .byArguments { $0.has("WITHSCORE", at: 3) ? .tuple([.plain, .double]) : .plain }),
        Row("zrem", -3, [.write, .fast], .first, "sorted-set", "1.2.0", "Removes members."),
        Row("zremrangebylex", 4, [.write], .first, "sorted-set", "2.8.9", "Removes the members in a range of texts."),
        Row(
            "zremrangebyrank", 4, [.write], .first, "sorted-set", "2.0.0",
            "Removes the members in a range of positions."),
        Row(
            "zremrangebyscore", 4, [.write], .first, "sorted-set", "1.2.0", "Removes the members in a range of scores."),
        Row(
            "zrevrange", -4, [.readOnly], .first, "sorted-set", "1.2.0",
            "Returns the members in a range of positions, highest score first.", shape: withScores(from: 4)),
        Row(
            "zrevrangebylex", -4, [.readOnly], .first, "sorted-set", "2.8.9",
            "Returns the members in a range of texts, in falling order."),
        Row(
            "zrevrangebyscore", -4, [.readOnly], .first, "sorted-set", "2.2.0",
            "Returns the members in a range of scores, in falling order.", shape: withScores(from: 4)),
        Row(
            "zrevrank", -3, [.readOnly, .fast], .first, "sorted-set", "2.0.0",
            "Returns the position of a member, highest score first.",
            shape: .byArguments { $0.has("WITHSCORE", at: 3) ? .tuple([.plain, .double]) : .plain }),
        Row("zscan", -3, [.readOnly], .first, "sorted-set", "2.8.0", "Walks over the members and scores."),
        Row(
            "zscore", 3, [.readOnly, .fast], .first, "sorted-set", "1.2.0", "Returns the score of a member.",
            shape: .always(.double)),
        Row(
            "zunion", -3, [.readOnly, .movableKeys], .none, "sorted-set", "6.2.0",
            "Returns the members that any of the sorted sets has.", finder: .counted(at: 1, destination: 0),
            shape: .byArguments(countedWithScores)),
        Row(
            "zunionstore", -4, [.write, .denyOOM, .movableKeys], .first, "sorted-set", "2.0.0",
            "Stores the members that any of the sorted sets has.", finder: .counted(at: 2, destination: 1),
            effect: .overwrites(.first)),
    ]
}
