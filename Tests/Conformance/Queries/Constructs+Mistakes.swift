// Questions that are wrong, and how the server says so.

extension Construct {
    static let mistakes: [Construct] = [
        query("syntax: one character wrong") { g in
            var letters = Array(g.tree(depth: 2).text)
            let operators = Array("()|-~@:{}[]\"'*%=>$;,\\ #")
            for _ in 0..<g.random.integer(1...2) {
                let i = g.random.below(letters.count + 1)
                switch g.random.below(3) {
                case 0 where i < letters.count: letters.remove(at: i)
                case 1 where i < letters.count: letters[i] = g.random.pick(operators)
                default: letters.insert(g.random.pick(operators), at: i)
                }
                if letters.isEmpty { letters = ["("] }
            }
            return .raw(String(letters))
        },
        query("syntax: tokens at random") { g in
            let tokens = [
                "(", ")", "|", "-", "~", "*", "@title:", "@price:[", "]", "{", "}", "@color:{red}", "\"", "%", "%%",
                "=>", "{$weight:2}", ":",
                "[1 2]", "hello", "the", "w'a*'", "$x", ";", "==", ">", "@", "ismissing(@notes)", "KNN", "'", "\\", ",",
                "@title|body:",
                "-5", "12.5", "inf", "(3",
            ]
            return .raw(
                (0..<g.random.integer(1...6)).map { _ in g.random.pick(tokens) }.joined(
                    separator: g.random.chance(0.7) ? " " : ""))
        },
        query("wrong attributes") { g in
            let attributes = g.random.pick([
                "$weight:-2", "$weight:x", "$slop:-3", "$slop:1.5", "$inorder:maybe", "$foo:1", "weight:1", "$weight",
                "$weight:1;;", "",
                "$phonetic:false", "$yield_distance_as:d", "$weight:2;$slop:1;$inorder:true;", "$WEIGHT:2",
                "$slop:9999999999",
            ])
            return .attributed(g.random.chance(0.5) ? g.word() : .and(g.words(2...2)), attributes)
        },
        Construct(name: "wrong options") { g in
            let query = g.simple()
            let wrong: [[String]] = [
                ["LIMIT"], ["LIMIT", "0"], ["LIMIT", "a", "b"], ["LIMIT", "-1", "3"], ["LIMIT", "0", "1000001"],
                ["LIMIT", "1000001", "1"],
                ["SORTBY"], ["SORTBY", "nowhere"], ["SORTBY", "price", "UP"],
                ["SORTBY", "price", "ASC", "SORTBY", "name"],
                ["SORTBY", "price", "MAX", "3"], ["RETURN"], ["RETURN", "x"], ["RETURN", "3", "title"],
                ["RETURN", "-1"],
                ["RETURN", "2", "title", "AS"], ["RETURN", "3", "title", "AS", "AS"], ["INKEYS", "2", "a"],
                ["INKEYS", "x"], ["INKEYS", "0"],
                ["INFIELDS", "3", "title"], ["INFIELDS"], ["FILTER", "price", "1"], ["FILTER", "price", "a", "2"],
                ["FILTER", "price", "1", "b"], ["FILTER", "nowhere", "1", "2"], ["FILTER", "title", "1", "2"],
                ["FILTER", "price", "5", "1"],
                ["GEOFILTER", "place", "1", "2"], ["GEOFILTER", "place", "1", "2", "3", "furlong"],
                ["GEOFILTER", "place", "x", "2", "3", "km"],
                ["GEOFILTER", "place", "1", "2", "-3", "km"], ["GEOFILTER", "nowhere", "1", "2", "3", "km"], ["SLOP"],
                ["SLOP", "x"],
                ["SLOP", "-5"], ["LANGUAGE"], ["LANGUAGE", "klingon"], ["SCORER"], ["SCORER", "NOPE"],
                ["SCORER", "tfidf"], ["EXPANDER"],
                ["PAYLOAD"], ["TIMEOUT"], ["TIMEOUT", "-1"], ["TIMEOUT", "x"], ["DIALECT"], ["DIALECT", "0"],
                ["DIALECT", "5"], ["DIALECT", "x"],
                ["PARAMS"], ["PARAMS", "3", "a", "b", "c"], ["PARAMS", "2", "a"], ["PARAMS", "4", "a", "1", "a", "2"],
                ["PARAMS", "2", "a", "1", "PARAMS", "2", "b", "1"], ["PARAMS", "x", "a", "b"], ["FOO"], ["FOO", "BAR"],
                ["EXPLAINSCORE"],
                ["HIGHLIGHT", "FIELDS"], ["HIGHLIGHT", "FIELDS", "2", "title"], ["HIGHLIGHT", "TAGS", "<b>"],
                ["HIGHLIGHT", "FIELDS", "x"],
                ["SUMMARIZE", "FRAGS"], ["SUMMARIZE", "FRAGS", "x"], ["SUMMARIZE", "LEN", "-1"],
                ["SUMMARIZE", "SEPARATOR"],
                ["SUMMARIZE", "FIELDS", "9", "body"], ["FORMAT"], ["FORMAT", "FOO"], ["FORMAT", "EXPAND"],
                ["FORMAT", "STRING"], ["ADDSCORES"],
                ["GROUPBY", "1", "@color"], ["APPLY", "1", "AS", "x"], ["LOAD", "1", "title"], ["WITHCOUNT"],
                ["limit", "0", "2", "nocontent"], ["NoContent", "withscores"], ["_NUM_SSTRING"], [""],
            ]
            var options = [g.random.pick(wrong)]
            if g.random.chance(0.4) { options.insert(["NOCONTENT"], at: 0) }
            if g.random.chance(0.3) { options.append(["LIMIT", "0", "5"]) }
            return g.makeCase("wrong options", query, options)
        },
    ]
}
