// Questions about the options of FT.SEARCH that choose and order documents.

extension Construct {
    static let searchOptions: [Construct] = [
        option("FILTER") { g in
            let (field, lower, upper) = g.range()
            return (
                g.random.chance(0.4) ? .all : g.word(), [["NOCONTENT"], ["FILTER", field.attribute, lower, upper]]
            )
        },
        option("GEOFILTER", applies: { !$0.geoFields.isEmpty }) { g in
            let (field, circle) = g.circle()
            return (g.random.chance(0.5) ? .all : g.word(), [["NOCONTENT"], ["GEOFILTER", field.attribute] + circle])
        },
        option("INKEYS") { g in
            let keys =
                g.random.sample(g.corpus.documents.map(\.key), g.random.integer(1...9)) + [g.target.key, "no:such:key"]
            return (g.random.chance(0.5) ? .all : g.simple(), [["NOCONTENT"], ["INKEYS", String(keys.count)] + keys])
        },
        option("INFIELDS") { g in
            let (field, words) = g.textField()
            let names =
                [field.attribute]
                + g.random.sample(g.corpus.textFields.map(\.attribute) + ["nowhere"], g.random.below(3))
            let query = Query.word(Query.escape(g.random.pick(words)))
            return (
                g.random.chance(0.6) ? query : .or([query, g.word()]),
                [["NOCONTENT"], ["INFIELDS", String(names.count)] + names]
            )
        },
        option("SLOP", applies: \.hasOffsets) { g in
            let words = g.neighbors(2...4).words
            var picked = words.indices.filter { $0 == 0 || $0 == words.count - 1 || g.random.chance(0.5) }.map {
                words[$0]
            }
            if g.random.chance(0.2) { g.random.shuffle(&picked) }
            var options = [["NOCONTENT"], ["SLOP", String(g.random.integer(0...4))]]
            if g.random.chance(0.4) { options.append(["INORDER"]) }
            return (.and(picked.map { .word(Query.escape($0)) }), options)
        },
        option("INORDER", applies: \.hasOffsets) { g in
            let words = g.neighbors(3...4).words
            return (.and(words.map { .word(Query.escape($0)) }), [["NOCONTENT"], ["INORDER"]])
        },
        option("VERBATIM") { g in (g.simple(), [["NOCONTENT"], ["VERBATIM"]]) },
        option("NOSTOPWORDS") { g in
            (g.random.chance(0.6) ? g.simple() : .or([g.word(), .word("the")]), [["NOCONTENT"], ["NOSTOPWORDS"]])
        },
        option("LANGUAGE") { g in
            let languages = ["english", "german", "French", "italian", "spanish", "russian", "finnish", "hindi"]
            return (g.simple(), [["NOCONTENT"], ["LANGUAGE", g.random.pick(languages)]])
        },
        option("EXPANDER") { g in
            (g.simple(), [["NOCONTENT"], ["EXPANDER", g.random.pick(["DEFAULT", "SBSTEM", "SYNONYM", "nothing"])]])
        },
        option("PARAMS", dialects: modern) { g in
            let (number, value) = g.number()
            let (tag, tagValue) = g.tag()
            let word = g.plainWord()
            let parameters: [String]
            let query: Query
            switch g.random.below(6) {
            case 0:
                query = .raw("$w")
                parameters = ["w", word]
            case 1:
                query = .raw("@\(number.attribute):[$low $high]")
                parameters = [
                    "low", QueryGenerator.text(value - 3), "high",
                    g.random.pick(["inf", QueryGenerator.text(value + 3)]),
                ]
            case 2:
                query = .raw("@\(tag.attribute):{$t}")
                parameters = ["t", tagValue]
            case 3:
                query = .raw("$p*")
                parameters = ["p", String(word.prefix(3))]
            case 4:
                query = .raw("\(g.word().text)=>{$weight:$x}")
                parameters = ["x", "2.5", "unused", "1"]
            default:
                query = .raw("(-@\(number.attribute):[-$low (\(QueryGenerator.text(value))]) | $w")
                parameters = ["low", "3", "w", word]
            }
            return (query, [["NOCONTENT"], ["PARAMS", String(parameters.count)] + parameters])
        },
        option("LIMIT") { g in
            let limit = g.random.pick([
                ["0", "0"], ["0", "1"], ["3", "5"], ["1", "2"], ["10", "10"], ["1000", "10"], ["0", "1000000"],
            ])
            return (g.random.chance(0.5) ? .all : g.simple(), [["NOCONTENT"], ["LIMIT"] + limit])
        },
        option("SORTBY", applies: { !$0.sortableFields.isEmpty }) { g in
            var sort = ["SORTBY", g.random.pick(g.corpus.sortableFields).attribute]
            if g.random.chance(0.7) { sort.append(g.random.pick(["ASC", "DESC"])) }
            return (g.random.chance(0.4) ? .all : g.simple(), [["NOCONTENT"], sort])
        },
        option("SORTBY a field that is not SORTABLE") { g in
            let names = g.corpus.fields.filter { !$0.isSortable }.map(\.attribute)
            var sort = ["SORTBY", g.random.pick(names)]
            if g.random.chance(0.7) { sort.append(g.random.pick(["ASC", "DESC"])) }
            return (g.simple(), [["NOCONTENT"], sort])
        },
        option("several options") { g in
            var options: [[String]] = []
            let (field, lower, upper) = g.range()
            if g.random.chance(0.3) { options.append(["FILTER", field.attribute, lower, upper]) }
            if g.random.chance(0.3) {
                options.append(["SORTBY", g.random.pick(g.corpus.sortableFields).attribute, "DESC"])
            }
            if g.random.chance(0.3) { options.append(["RETURN", "2", "title", "price"]) }
            if g.random.chance(0.3) { options.append(["WITHSCORES"]) }
            if g.random.chance(0.2) { options.append(["WITHPAYLOADS"]) }
            if g.random.chance(0.2) { options.append(["WITHSORTKEYS"]) }
            if g.random.chance(0.2) { options.append(["VERBATIM"]) }
            if g.random.chance(0.2) { options.append(["INFIELDS", "1", "body"]) }
            if g.random.chance(0.2) { options.append(["TIMEOUT", "0"]) }
            if g.random.chance(0.2) { options.append(["LIMIT", "1", "7"]) }
            g.random.shuffle(&options)
            return (g.simple(), options)
        },
    ]
}
