// Questions about what a reply holds.

extension Construct {
    static let replies: [Construct] = [
        option("whole documents") { g in (g.simple(), [["LIMIT", "0", "20"]]) },
        option("RETURN") { g in
            var words: [String] = []
            for _ in 0..<g.random.integer(0...4) {
                let field = g.random.pick(g.corpus.fields)
                words.append(g.random.pick([field.attribute, field.attribute, field.name, "unindexed", "nowhere"]))
                if g.random.chance(0.2) { words += ["AS", g.random.pick(["x", "y z", field.name])] }
            }
            return (g.simple(), [["RETURN", String(words.count)] + words])
        },
        option("WITHPAYLOADS", applies: \.hasPayloads) { g in
            (g.simple(), [["WITHPAYLOADS"]] + (g.random.chance(0.5) ? [["NOCONTENT"]] : []))
        },
        option("WITHSORTKEYS") { g in
            let sort = ["SORTBY", g.random.pick(g.corpus.sortableFields).attribute, g.random.pick(["ASC", "DESC"])]
            return (
                g.simple(),
                [["WITHSORTKEYS"]] + (g.random.chance(0.8) ? [sort] : [])
                    + (g.random.chance(0.5) ? [["NOCONTENT"]] : [])
            )
        },
        option("HIGHLIGHT", applies: \.canHighlight) { g in
            var highlight = ["HIGHLIGHT"]
            if g.random.chance(0.5) { highlight += ["FIELDS", "2", "title", "body"] }
            if g.random.chance(0.5) { highlight += ["TAGS", "<i>", "</i>"] }
            let returned = g.random.chance(0.5) ? [["RETURN", "3", "title", "body", "name"]] : []
            return (g.random.chance(0.6) ? g.simple() : g.tree(depth: 1), returned + [highlight])
        },
        option("SUMMARIZE", applies: \.canHighlight) { g in
            var summarize = ["SUMMARIZE"]
            if g.random.chance(0.6) { summarize += ["FIELDS", "1", "body"] }
            if g.random.chance(0.5) { summarize += ["FRAGS", String(g.random.integer(1...4))] }
            if g.random.chance(0.5) { summarize += ["LEN", String(g.random.integer(1...12))] }
            if g.random.chance(0.3) { summarize += ["SEPARATOR", " | "] }
            let highlight = g.random.chance(0.4) ? [["HIGHLIGHT"]] : []
            let returned = g.random.chance(0.7) ? [["RETURN", "2", "title", "body"]] : []
            return (g.simple(), returned + [summarize] + highlight)
        },
        Construct(name: "RESP3") { g in
            let options: [[String]] = g.random.pick([
                [], [["NOCONTENT"]], [["WITHSCORES"]], [["RETURN", "2", "title", "price"]], [["LIMIT", "0", "0"]],
                [["WITHSORTKEYS"], ["SORTBY", "price"]], [["WITHSCORES"], ["EXPLAINSCORE"]], [["WITHPAYLOADS"]],
            ])
            var made = g.makeCase("RESP3", g.simple(), options)
            made.channel = .resp3
            return made
        },
        Construct(name: "FT.EXPLAIN") { g in
            let query = g.random.chance(0.5) ? g.tree(depth: 2) : g.simple()
            var made = g.makeCase("FT.EXPLAIN", query)
            made.command = "FT.EXPLAIN"
            return made
        },
    ]
}
