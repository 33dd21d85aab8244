// Operands of dialects 2 to 4: words, patterns, quoted text, tags and the attributes behind any of them.

import SearchModel

extension QueryParser {
    /// A unit that no operator splits.
    mutating func readPrimary() throws(QuerySyntaxError) -> QueryNode? {
        try rule { (parser) throws(QuerySyntaxError) in
            try parser.readPrimaryTokens()
        }
    }

    private mutating func readPrimaryTokens() throws(QuerySyntaxError) -> QueryNode? {
        let token = token
        switch token.kind {
        case .term:
            try shift()
            return QueryNode(.word(lexer.lowercased(token.text), isExpandable: true))
        case .ismissing where isInsideField:
            try shift()
            return QueryNode(.word(lexer.lowercased(token.text), isExpandable: true))
        case .stopWord:
            try shift()
            return nil
        case .number:
            try shift()
            return QueryNode(.word(lexer.bytes(token.text), isExpandable: true))
        case .parameter:
            try shift()
            return QueryNode(.word(wordParameter(token.text), isExpandable: true))
        case .quoted:
            try shift()
            return QueryNode(.phrase(quotedWords(token.text)))
        case .emptyQuotes:
            try shift()
            return QueryNode(.word([], isExpandable: false))
        case .prefix, .suffix, .infix:
            try shift()
            let pattern = token.isParameter ? wordParameter(token.text) : lexer.unescaped(token.text)
            return QueryNode(affix(token.kind, pattern))
        case .wildcard:
            try shift()
            return QueryNode(.wildcard(wildcardPattern(token.text)))
        case .percent:
            return try readFuzzy()
        case .comparison where !isInsideField:
            // RediSearch shifts the name, the operator and the number.
            try shift()
            try deepen(by: 2)
            return comparison(token)
        case .ismissing:
            try shift()
            try expect(.leftParen)
            let field = self.token
            try expect(.modifier)
            try expect(.rightParen)
            return QueryNode(.missing(field: lexer.unescaped(field.text)))
        default:
            throw unexpected
        }
    }

    private func affix(_ kind: QueryToken.Kind, _ pattern: Bytes) -> QueryNode.Kind {
        switch kind {
        case .prefix: .prefix(pattern)
        case .suffix: .suffix(pattern)
        default: .infix(pattern)
        }
    }

    /// A parameter that stands for a word: its text is one word whatever it holds.
    private mutating func wordParameter(_ name: Range<Int>) -> Bytes {
        unescape(textBeforeNUL(parameter(name))).asciiLowercased
    }

    private func textBeforeNUL(_ text: Bytes) -> Bytes {
        text.contains(0) ? Array(text.prefix { $0 != 0 }) : text
    }

    /// The words of a quoted text, stop words included: they keep their place although no document has them.
    private func quotedWords(_ range: Range<Int>) -> [QueryNode] {
        var words: [QueryNode] = []
        var word = Bytes()
        var i = range.lowerBound
        while i <= range.upperBound {
            if i < range.upperBound {
                let byte = lexer.source[i]
                let next = i + 1 < range.upperBound ? lexer.source[i + 1].byteClass : []
                if byte == UInt8(ascii: "\\") && !next.isDisjoint(with: .escapable) {
                    word.append(lexer.source[i + 1].asciiLowercased)
                    i += 2
                    continue
                }
                // Unlike in documents, `$` is a letter here and control characters stay.
                if !byte.byteClass.contains(.separator) || byte == UInt8(ascii: "$") {
                    word.append(byte.asciiLowercased)
                    i += 1
                    continue
                }
            }
            if !word.isEmpty { words.append(QueryNode(.word(word, isExpandable: false))) }
            word.removeAll(keepingCapacity: true)
            i += 1
        }
        return words
    }

    /// A pattern without its backslashes. `w'$name'` takes all behind the `$` as a parameter's name.
    private mutating func wildcardPattern(_ range: Range<Int>) -> Bytes {
        var text = lexer.bytes(range)
        if text.first == UInt8(ascii: "$") {
            text = textBeforeNUL(parameter(range.lowerBound + 1..<range.upperBound))
        }
        var pattern = Bytes()
        var i = 0
        while i < text.count {
            if text[i] == UInt8(ascii: "\\"), i + 1 < text.count { i += 1 }
            pattern.append(text[i])
            i += 1
        }
        return pattern
    }

    /// `%word%`, with up to three signs on each side.
    private mutating func readFuzzy() throws(QuerySyntaxError) -> QueryNode {
        var distance = 0
        while token.kind == .percent && distance < 3 {
            try shift()
            distance += 1
        }
        let word: Bytes
        switch token.kind {
        case .term, .stopWord, .number, .quoted, .emptyQuotes, .ismissing: word = lexer.lowercased(token.text)
        case .parameter: word = wordParameter(token.text)
        default: throw unexpected
        }
        try shift()
        for _ in 0..<distance { try expect(.percent) }
        return QueryNode(.fuzzy(word, distance: distance))
    }

    // MARK: Tags

    /// `{` alternatives `}`; the opening brace is the current token.
    mutating func readTags(of field: Bytes) throws(QuerySyntaxError) -> QueryNode.Kind {
        try expect(.leftBrace)
        var tags = [try rule { (parser) throws(QuerySyntaxError) in try parser.readTag() }]
        while token.kind == .or {
            tags.append(
                try rule { (parser) throws(QuerySyntaxError) in
                    try parser.shift()
                    return try parser.readTag()
                })
            try deepen(by: -1)
        }
        try expect(.rightBrace)
        return .tag(field: field, tags)
    }

    private mutating func readTag() throws(QuerySyntaxError) -> QueryNode {
        let first = token
        switch first.kind {
        case .prefix, .suffix, .infix:
            try shift()
            let pattern = first.isParameter ? tagParameter(first.text) : lexer.unescaped(first.text)
            return QueryNode(affix(first.kind, pattern))
        case .wildcard:
            try shift()
            return QueryNode(.wildcard(wildcardPattern(first.text)))
        default:
            break
        }
        guard isTagWord(first.kind) else { throw unexpected }
        try shift()
        guard isTagWord(token.kind) else {
            // One token keeps its case and its escapes; several are folded at once, even for CASESENSITIVE fields.
            let value = first.kind == .parameter ? tagParameter(first.text) : lexer.bytes(first.text)
            return QueryNode(.word(value, isExpandable: false))
        }
        var words = [foldedTagWord(first)]
        while isTagWord(token.kind) {
            words.append(foldedTagWord(token))
            try shift()
            try deepen(by: -1)
        }
        return QueryNode(.intersection(words))
    }

    private mutating func tagParameter(_ name: Range<Int>) -> Bytes {
        textBeforeNUL(parameter(name))
    }

    private mutating func foldedTagWord(_ token: QueryToken) -> QueryNode {
        let text = token.kind == .parameter ? wordParameter(token.text) : lexer.lowercased(token.text)
        return QueryNode(.word(text, isExpandable: false))
    }

    private func isTagWord(_ kind: QueryToken.Kind) -> Bool {
        switch kind {
        case .term, .stopWord, .number, .parameter, .quoted, .emptyQuotes, .ismissing: true
        default: false
        }
    }

    // MARK: Attributes

    /// `=> { $name: value; ... }`, or the start of a KNN clause; the arrow is the current token.
    mutating func readAttributes(of operand: inout QueryNode?) throws(QuerySyntaxError) {
        let before = depth
        try shift()
        if isModern && frames.isEmpty && token.kind == .leftBracket { try parseVectorQuery() }
        try expect(.leftBrace)
        var attributes: [(name: Bytes, value: AttributeValue)] = []
        let listDepth = depth
        while true {
            while token.kind == .semicolon { try shift() }
            guard token.kind == .parameter else { break }
            let name = lexer.bytes(token.text)
            try shift()
            try expect(.colon)
            guard isAttributeValue(token.kind) else { throw unexpected }
            let value = token
            try shift()
            attributes.append((name, attributeValue(value)))
            depth = listDepth + 1
            guard token.kind == .semicolon else { break }
        }
        try expect(.rightBrace)
        depth = before
        guard var node = operand else { return }
        for (name, value) in attributes {
            switch value {
            case .text(let text):
                if let reason = node.setAttribute(name, to: text) {
                    throw QuerySyntaxError(reason, at: lexer.errorOffset)
                }
            case .missing:
                if node.setAttribute(name, to: []) == .invalidAttribute(name) {
                    throw QuerySyntaxError(.invalidAttribute(name), at: lexer.errorOffset)
                }
            case .parameter(let text):
                guard let reason = node.setAttribute(name, to: text) else { continue }
                if case .invalidAttribute = reason { throw QuerySyntaxError(reason, at: lexer.errorOffset) }
                noteParameterError(reason)
            }
        }
        operand = node
    }

    private enum AttributeValue {
        case text(Bytes)
        case parameter(Bytes)
        /// A parameter that is not defined; noted already.
        case missing
    }

    private mutating func attributeValue(_ token: QueryToken) -> AttributeValue {
        guard token.kind == .parameter else { return .text(lexer.bytes(token.text)) }
        let isKnown = options.parameters[lexer.bytes(token.text)] != nil
        let text = parameter(token.text)
        return isKnown ? .parameter(text) : .missing
    }

    private func isAttributeValue(_ kind: QueryToken.Kind) -> Bool {
        switch kind {
        case .term, .number: true
        case .stopWord, .parameter, .quoted, .emptyQuotes, .ismissing: isModern
        default: false
        }
    }

    /// KNN clauses are recognized, so that the error names them.
    mutating func parseVectorQuery() throws(QuerySyntaxError) {
        try expect(.leftBracket)
        guard isAttributeValue(token.kind) && token.kind != .parameter else { throw unexpected }
        if lexer.lowercased(token.text) != Array("knn".utf8) {
            throw QuerySyntaxError(
                .expectedVectorCommand(near: lexer.bytes(token.text)), at: lexer.errorOffset)
        }
        throw QuerySyntaxError(.unsupported("Vector similarity queries are"), at: lexer.errorOffset)
    }
}

extension QueryNode {
    /// Applies `$name: value`; what is wrong with it otherwise. Names ignore case.
    mutating func setAttribute(_ name: Bytes, to text: Bytes) -> QuerySyntaxError.Reason? {
        let invalidValue = QuerySyntaxError.Reason.invalidAttributeValue(text, attribute: name.asciiLowercased)
        switch String(decoding: name.asciiLowercased, as: UTF8.self) {
        case "weight":
            guard let number = parseDouble(text), !(number < 0), !text.isEmpty else { return invalidValue }
            weight = number
        case "slop":
            guard let number = parseInteger(text), number >= -1 else { return invalidValue }
            slop = Int(clamping: number)
        case "inorder":
            guard let flag = parseFlag(text) else { return invalidValue }
            inOrder = flag
        case "phonetic":
            guard let flag = parseFlag(text) else { return invalidValue }
            phonetic = flag
        default:
            return .invalidAttribute(name)
        }
        return nil
    }
}
