// Questions about words.

extension Construct {
    static let text: [Construct] = [
        query("word") { $0.word() },
        query("inflected word") { g in
            .word(Query.escape(g.corpus.vocabulary.relative(of: g.plainWord(), &g.random)))
        },
        query("several words") { .and($0.words(2...4)) },
        query("either word") { g in
            var parts = g.words(1...2)
            g.retarget()
            parts += g.words(1...2)
            return .or(parts)
        },
        query("not") { g in
            let kept = g.word()
            g.retarget()
            let gone = g.word()
            return g.random.chance(0.3)
                ? .not(gone) : .and(g.random.chance(0.7) ? [kept, .not(gone)] : [.not(gone), kept])
        },
        query("optional") { g in
            let here = g.word()
            g.retarget()
            return g.random.chance(0.2) ? .optional(here) : .and([here, .optional(g.word())])
        },
        query("phrase", applies: \.hasOffsets) { .phrase($0.neighbors(2...4).words.map(Query.escape)) },
        query("phrase of a field", applies: \.hasOffsets) { g in
            let (field, words) = g.neighbors(2...3)
            return .fields([field.attribute], .phrase(words.map(Query.escape)))
        },
        query("exact word") { .phrase([Query.escape($0.plainWord())]) },
        query("phrase with stop words") { g in
            let words = g.neighbors(2...2).words
            let phrase = Query.phrase([words[0], g.random.pick(["the", "of", "a"]), words[1]].map(Query.escape))
            return g.random.chance(0.4) ? phrase : .or([phrase, g.word()])
        },
        query("prefix") { .prefix($0.prefixText()) },
        query("suffix") { .suffix($0.suffixText()) },
        query("infix") { .infix($0.infixText()) },
        query("wildcard", dialects: modern) { g in .wildcard(g.wildcardText(of: g.longWord(3))) },
        query("fuzzy 1") { g in .fuzzy(Query.escape(g.misspelled(g.longWord(4), edits: g.random.below(2))), 1) },
        query("fuzzy 2") { g in .fuzzy(Query.escape(g.misspelled(g.longWord(5), edits: g.random.integer(1...2))), 2) },
        query("fuzzy 3") { g in .fuzzy(Query.escape(g.misspelled(g.longWord(6), edits: g.random.integer(1...3))), 3) },
        query("affix of a field") { g in
            let field = g.textField().field
            let inner: Query =
                switch g.random.below(4) {
                case 0: .suffix(g.suffixText())
                case 1: .infix(g.infixText())
                case 2: .fuzzy(Query.escape(g.misspelled(g.longWord(4), edits: 1)), 1)
                default: .prefix(g.prefixText())
                }
            return .fields([field.attribute], inner)
        },
        query("short affix") { g in
            let letter = String(g.plainWord().prefix(1))
            let affix = g.random.pick([Query.prefix(letter), .suffix(letter), .infix(letter)])
            return g.random.pick([
                affix, .and([g.word(), affix]), .or([affix, g.word()]), .and([g.word(), .not(affix)]),
            ])
        },
        query("stop words") { g in
            let stop = g.random.pick(["the", "a", "of", "and", "to", "is"])
            return switch g.random.below(4) {
            case 0: .and([.word(stop), g.word()])
            case 1: .or([g.word(), .word(stop)])
            case 2: .and([g.word(), .not(.word(stop))])
            default: g.random.chance(0.3) ? .word(stop) : .and([g.word(), .word(stop), g.word()])
            }
        },
        query("punctuation") { g in
            let glue = g.random.pick([".", ",", "/", "&", "#", "'", "!", "+", "<", ">", "=", "?", "_", "^", "`", "  "])
            return .raw(Query.escape(g.plainWord()) + glue + Query.escape(g.plainWord()))
        },
        query("escapes") { g in
            let glue = g.random.pick(["\\-", "\\.", "\\ ", "\\:", "\\@", "\\\\", "\\|"])
            return g.random.chance(0.6)
                ? .raw(g.plainWord().map { "\($0)" }.joined(separator: g.random.chance(0.2) ? "\\" : ""))
                : .or([.word(Query.escape(g.plainWord()) + glue + Query.escape(g.plainWord())), g.word()])
        },
        query("upper case") { g in
            .word(Query.escape(g.random.chance(0.5) ? g.plainWord().uppercased() : g.plainWord().capitalized))
        },
        query("slop attribute", applies: \.hasOffsets) { g in
            let (field, words) = g.neighbors(3...4)
            var picked = [words[0], words[words.count - 1]].map { Query.word(Query.escape($0)) }
            if g.random.chance(0.3) { picked.reverse() }
            let attributes =
                "$slop:\(g.random.below(4));"
                + (g.random.chance(0.5) ? "$inorder:\(g.random.pick(["true", "false"]))" : "")
            return .fields([field.attribute], .attributed(.and(picked), attributes))
        },
        query("weight attribute") { g in
            .and([g.word(), .attributed(g.simple(), "$weight:\(g.random.pick(["2", "0.1", "10", "1.5"]))")])
        },
        query("nesting") { $0.tree(depth: 3) },
        query("deep nesting", dialects: modern) { g in
            let depth = g.random.integer(2...14)
            return .raw(String(repeating: "(", count: depth) + g.word().text + String(repeating: ")", count: depth))
        },
        query("precedence") { g in
            // Written without parentheses: this is where the dialects part.
            let words = (0..<4).map { _ in g.word().text }
            let shape = g.random.pick([
                "A B|C D", "-A B", "A|B -C", "~A B", "A -B C", "A|B|C D", "-A|B", "~A|B C", "@title:A B", "A @body:B|C",
            ])
            return .raw(
                shape.map { letter in
                    letter.asciiValue.flatMap { $0 >= 65 && $0 <= 68 ? words[Int($0) - 65] : nil } ?? String(letter)
                }.joined())
        },
        query("phonetic", applies: { $0.textFields.contains(where: \.isPhonetic) }) { g in
            let field = g.corpus.textFields.first(where: \.isPhonetic)!
            let sounds = [
                "smith", "smyth", "smit", "john", "jon", "jhon", "knight", "night", "nite", "philip", "filip",
            ]
            return .fields([field.attribute], .word(g.random.chance(0.6) ? g.random.pick(sounds) : g.plainWord()))
        },
    ]
}
