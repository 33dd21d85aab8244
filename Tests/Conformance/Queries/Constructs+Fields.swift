// Questions about fields: text, numbers, tags, places.

extension Construct {
    static let fields: [Construct] = [
        query("field") { g in
            let (field, words) = g.textField()
            return .fields([field.attribute], .word(Query.escape(g.random.pick(words))))
        },
        query("fields") { g in
            let (field, words) = g.textField()
            let others = g.random.sample(g.corpus.textFields.map(\.attribute), g.random.integer(1...2))
            return .fields([field.attribute] + others, .and([.word(Query.escape(g.random.pick(words)))]))
        },
        query("field group") { g in
            let (field, words) = g.textField()
            let inside = g.random.sample(words, g.random.integer(1...3)).map { Query.word(Query.escape($0)) }
            return .fields([field.attribute], g.random.chance(0.6) ? .and(inside) : .or(inside + [g.word()]))
        },
        query("numeric range") { $0.rangeQuery() },
        query("numeric ranges") { g in
            g.random.chance(0.5) ? .and([g.rangeQuery(), g.rangeQuery()]) : .or([g.rangeQuery(), g.rangeQuery()])
        },
        query("numeric comparison", dialects: modern) { g in
            let (field, value) = g.number()
            let shift = g.random.chance(0.5) ? 0 : Double(g.random.integer(-5...5))
            let relation = g.random.pick(["==", "!=", ">", ">=", "<", "<="])
            return g.random.chance(0.2)
                ? .range(field.attribute, QueryGenerator.text(value), "")
                : .comparison(field.attribute, relation, QueryGenerator.text(value + shift))
        },
        query("tag") { $0.tagQuery() },
        query("several tags") { $0.tagQuery(2...4) },
        query("tag and words") { g in .and([g.word(), g.tagQuery(1...2)]) },
        query("tag affix") { g in
            let (field, value) = g.tag()
            let part = Query.escape(String(value.prefix(max(2, value.count / 2))))
            let end = Query.escape(String(value.suffix(max(2, value.count / 2))))
            return .tags(field.attribute, [g.random.pick([part + "*", "*" + end, "*" + end + "*"])])
        },
        query("tag wildcard", dialects: modern) { g in
            let (field, value) = g.tag()
            let plain = value.filter { $0 != "'" }
            return .tags(field.attribute, ["w'" + g.wildcardText(of: plain) + "'"])
        },
        query("quoted tag", dialects: modern) { g in
            let (field, value) = g.tag()
            return .tags(field.attribute, ["\"" + value.replacing("\"", with: "\\\"") + "\""])
        },
        query("careless tag") { g in
            // Not escaped: blanks join words, other characters do what they do.
            let (field, value) = g.tag()
            return .tags(field.attribute, [g.random.chance(0.5) ? " \(value) " : value])
        },
        query("circle", applies: { !$0.geoFields.isEmpty }) { $0.circleQuery() },
        query("circle and words", applies: { !$0.geoFields.isEmpty }) { g in .and([g.circleQuery(), g.word()]) },
        query("missing", dialects: modern, applies: { !$0.missingFields.isEmpty }) { g in
            let missing = Query.missing(g.random.pick(g.corpus.missingFields).attribute)
            return switch g.random.below(4) {
            case 0: .and([missing, g.word()])
            case 1: .not(missing)
            case 2: .or([missing, g.word()])
            default: missing
            }
        },
        query("empty string", dialects: modern, applies: { !$0.emptyFields.isEmpty }) { g in
            let field = g.random.pick(g.corpus.emptyFields)
            let empty: Query = field.isTag ? .tags(field.attribute, ["\"\""]) : .raw("@\(field.attribute):\"\"")
            return switch g.random.below(3) {
            case 0: .or([empty, g.word()])
            case 1: .and([.not(empty), g.word()])
            default: empty
            }
        },
        query("all") { _ in .all },
        query("mixed fields") { g in
            var parts = [g.word(), g.rangeQuery(), g.tagQuery(1...2)]
            if !g.corpus.geoFields.isEmpty && g.random.chance(0.5) { parts.append(g.circleQuery()) }
            g.random.shuffle(&parts)
            return .and(Array(parts.prefix(g.random.integer(2...4))))
        },
        query("unknown field") { g in
            let other = g.random.pick(["nowhere", "TITLE", "price", "color", "serial", "unindexed"])
            let odd: Query =
                g.random.chance(0.5)
                ? .fields([other], g.word())
                : g.random.chance(0.5)
                    ? .range(g.random.pick(["nowhere", "title", "color"]), "0", "10")
                    : .tags(g.random.pick(["nowhere", "title", "price"]), ["a"])
            return g.random.chance(0.7) ? .or([odd, g.word()]) : .and([g.word(), .not(odd)])
        },
    ]
}
