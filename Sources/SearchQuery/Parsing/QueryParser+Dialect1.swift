// What dialect 1 does in its own way: runs of words, quotes made of tokens, tag lists that may stay open.

import SearchModel

extension QueryParser {
    mutating func readPrimaryOfDialect1() throws(QuerySyntaxError) -> QueryNode? {
        try rule { (parser) throws(QuerySyntaxError) in
            try parser.readPrimaryTokensOfDialect1()
        }
    }

    private mutating func readPrimaryTokensOfDialect1() throws(QuerySyntaxError) -> QueryNode? {
        let token = token
        switch token.kind {
        case .term, .number:
            var words = [try readWord(isExpandable: true)]
            // A second word or number makes a run, which only words prolong: `1 2 3 4` is two runs of two.
            if isWord(self.token.kind) {
                words.append(try readWord(isExpandable: true))
                while self.token.kind == .term { words.append(try readWord(isExpandable: true)) }
            }
            return words.count == 1 ? words[0] : QueryNode(.intersection(words))
        case .stopWord:
            try shift()
            return nil
        case .quote:
            return try readQuotes()
        case .prefix, .suffix, .infix:
            try shift()
            return affix(token)
        case .percent:
            return try readFuzzyOfDialect1()
        default:
            throw unexpected
        }
    }

    private func isWord(_ kind: QueryToken.Kind) -> Bool { kind == .term || kind == .number }

    private mutating func readWord(isExpandable: Bool) throws(QuerySyntaxError) -> QueryNode {
        let word = QueryNode(.word(lexer.lowercased(token.text), isExpandable: isExpandable))
        let before = depth
        try shift()
        depth = before
        return word
    }

    private func affix(_ token: QueryToken) -> QueryNode {
        let pattern = lexer.unescaped(token.text)
        return switch token.kind {
        case .prefix: QueryNode(.prefix(pattern))
        case .suffix: QueryNode(.suffix(pattern))
        default: QueryNode(.infix(pattern))
        }
    }

    /// `"word"` or `"word word ..."`. Stop words are an error before the third word, and ignored from there on.
    private mutating func readQuotes() throws(QuerySyntaxError) -> QueryNode {
        try shift()
        guard isWord(token.kind) else { throw unexpected }
        var words = [try readWord(isExpandable: false)]
        if isWord(token.kind) {
            words.append(try readWord(isExpandable: false))
            try readMoreWords(into: &words)
        }
        try expect(.quote)
        return words.count == 1 ? words[0] : QueryNode(.phrase(words))
    }

    private mutating func readMoreWords(into words: inout [QueryNode]) throws(QuerySyntaxError) {
        while isWord(token.kind) || token.kind == .stopWord {
            if token.kind == .stopWord {
                let before = depth
                try shift()
                depth = before
            } else {
                words.append(try readWord(isExpandable: false))
            }
        }
    }

    private mutating func readFuzzyOfDialect1() throws(QuerySyntaxError) -> QueryNode {
        var distance = 0
        while token.kind == .percent && distance < 3 {
            try shift()
            distance += 1
        }
        guard isWord(token.kind) || token.kind == .stopWord else { throw unexpected }
        let word = lexer.lowercased(token.text)
        try shift()
        for _ in 0..<distance { try expect(.percent) }
        return QueryNode(.fuzzy(word, distance: distance))
    }

    // MARK: Tags

    /// `{a b | c}`. Closing braces may be left out, stand before a `|`, or come twice: RediSearch's old grammar
    /// takes each as a suffix of the list.
    mutating func readTagsOfDialect1(of field: Bytes) throws(QuerySyntaxError) -> QueryNode.Kind {
        try expect(.leftBrace)
        let before = depth
        var tags = [try readTagOfDialect1()]
        while token.kind == .or || token.kind == .rightBrace {
            let isAlternative = token.kind == .or
            try shift()
            if isAlternative { tags.append(try readTagOfDialect1()) }
            depth = before
        }
        return .tag(field: field, tags)
    }

    private mutating func readTagOfDialect1() throws(QuerySyntaxError) -> QueryNode {
        let first = token
        switch first.kind {
        case .prefix, .suffix, .infix:
            try shift()
            return affix(first)
        case .stopWord:
            try shift()
            return QueryNode(.word(lexer.bytes(first.text), isExpandable: false))
        case .term, .number:
            let folded = try readWord(isExpandable: false)
            guard isWord(token.kind) else {
                return QueryNode(.word(lexer.bytes(first.text), isExpandable: false))
            }
            var words = [folded, try readWord(isExpandable: false)]
            try readMoreWords(into: &words)
            return QueryNode(.intersection(words))
        default:
            throw unexpected
        }
    }

    // MARK: Ranges

    /// `[1 (2]` or `[lon lat radius unit]`, whose numbers may carry a `(` that means nothing.
    mutating func readRangeOfDialect1(of field: Bytes) throws(QuerySyntaxError) -> QueryNode.Kind {
        try expect(.leftBracket)
        let first = try readBoundOfDialect1()
        let second = try readBoundOfDialect1()
        if token.kind == .rightBracket {
            try shift()
            return .numeric(
                field: field,
                NumericRange(
                    lower: first.value, upper: second.value, includesLower: !first.isExclusive,
                    includesUpper: !second.isExclusive))
        }
        let radius = try readBoundOfDialect1()
        guard token.kind == .term else { throw unexpected }
        let unit = GeoUnit(rawValue: String(decoding: lexer.lowercased(token.text), as: UTF8.self))
        try shift()
        try expect(.rightBracket)
        if let reason = geoError(first.value, second.value, radius.value, unit) { throw QuerySyntaxError(reason) }
        return .geo(
            field: field, longitude: first.value, latitude: second.value, radius: radius.value,
            unit: unit ?? .meters)
    }

    private mutating func readBoundOfDialect1() throws(QuerySyntaxError) -> (value: Double, isExclusive: Bool) {
        try rule { (parser) throws(QuerySyntaxError) in
            var isNegated = false
            var isExclusive = false
            while parser.token.kind == .minus || parser.token.kind == .leftParen {
                if parser.token.kind == .minus { isNegated.toggle() } else { isExclusive = true }
                try parser.shift()
            }
            guard parser.token.kind == .number else { throw parser.unexpected }
            let value = parseDouble(parser.lexer.bytes(parser.token.text)) ?? 0
            try parser.shift()
            return (isNegated ? -value : value, isExclusive)
        }
    }
}
