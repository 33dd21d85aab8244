// Numeric ranges, comparisons and circles of dialects 2 to 4.

import SearchModel

extension QueryParser {
    /// A number of the text, or the parameter that gives it.
    private struct Bound {
        var text: Bytes = []
        var parameterName: Bytes?
        var isKnown = true
        var isNegated = false
        var isExclusive = false
    }

    /// `[` ... `]`; the opening bracket is the current token.
    mutating func readRange(of field: Bytes) throws(QuerySyntaxError) -> QueryNode.Kind {
        try expect(.leftBracket)
        if !startsBound(token.kind) { return try readPredicate() }
        let lower = try readBound()
        if token.kind == .rightBracket && !lower.isExclusive {
            try shift()
            let value = number(lower)
            return .numeric(field: field, NumericRange(lower: value, upper: value))
        }
        let upper = try readBound()
        if lower.isExclusive || upper.isExclusive || token.kind == .rightBracket {
            try expect(.rightBracket)
            return .numeric(field: field, range(lower, upper))
        }
        let radius = try readBound(allowsExclusive: false)
        let unit = try readUnit()
        try expect(.rightBracket)
        return circle(field, lower, upper, radius, unit)
    }

    private func startsBound(_ kind: QueryToken.Kind) -> Bool {
        kind == .number || kind == .parameter || kind == .minus || kind == .leftParen
    }

    /// `[(] { - } number`
    private mutating func readBound(allowsExclusive: Bool = true) throws(QuerySyntaxError) -> Bound {
        try rule { (parser) throws(QuerySyntaxError) in
            var bound = Bound()
            if allowsExclusive && parser.token.kind == .leftParen {
                bound.isExclusive = true
                try parser.shift()
            }
            while parser.token.kind == .minus {
                bound.isNegated.toggle()
                try parser.shift()
            }
            switch parser.token.kind {
            case .number:
                bound.text = parser.lexer.bytes(parser.token.text)
            case .parameter:
                parser.setParameter(parser.token.text, of: &bound)
            default:
                throw parser.unexpected
            }
            try parser.shift()
            return bound
        }
    }

    private mutating func setParameter(_ name: Range<Int>, of bound: inout Bound) {
        let name = lexer.bytes(name)
        bound.parameterName = name
        bound.isKnown = options.parameters[name] != nil
        bound.text = options.parameters[name] ?? []
    }

    /// A bound that stands for one number.
    private mutating func number(_ bound: Bound) -> Double {
        if let name = bound.parameterName {
            guard bound.isKnown else {
                noteParameterError(.noSuchParameter(name))
                return 0
            }
            guard let value = parseDouble(bound.text) else {
                noteParameterError(.badNumber(bound.text, parameter: name))
                return 0
            }
            return bound.isNegated ? -value : value
        }
        let value = parseDouble(bound.text) ?? 0
        return bound.isNegated ? -value : value
    }

    /// Bounds given by parameters follow the rules of FILTER, where a range cannot begin at `inf`.
    private mutating func range(_ lower: Bound, _ upper: Bound) -> NumericRange {
        let low = rangeBound(lower, isLower: true)
        let high = rangeBound(upper, isLower: false)
        return NumericRange(
            lower: low, upper: high, includesLower: !lower.isExclusive, includesUpper: !upper.isExclusive)
    }

    private mutating func rangeBound(_ bound: Bound, isLower: Bool) -> Double {
        guard let name = bound.parameterName else { return number(bound) }
        guard bound.isKnown else {
            noteParameterError(.noSuchParameter(name))
            return 0
        }
        let text = bound.text.first == UInt8(ascii: "(") ? Array(bound.text.dropFirst()) : bound.text
        guard let value = parseDouble(text), !isWrongInfinity(text, value, bound.isNegated != isLower) else {
            noteParameterError(.badRangeBound(text, isLower: isLower))
            return 0
        }
        return bound.isNegated ? -value : value
    }

    /// Only `-inf` below and `inf` or `+inf` above; no other spelling of infinity.
    private func isWrongInfinity(_ text: Bytes, _ value: Double, _ mustBeNegative: Bool) -> Bool {
        guard value.isInfinite else { return false }
        let folded = String(decoding: text.asciiLowercased, as: UTF8.self)
        return mustBeNegative ? folded != "-inf" : folded != "inf" && folded != "+inf"
    }

    // MARK: Comparisons

    mutating func comparison(_ token: QueryToken) -> QueryNode {
        var bound = Bound()
        bound.isNegated = token.operandIsNegated
        if token.operandIsParameter {
            setParameter(token.operand, of: &bound)
        } else {
            bound.text = lexer.bytes(token.operand)
        }
        let value = number(bound)
        let field = lexer.unescaped(token.text)
        func node(_ range: NumericRange) -> QueryNode { QueryNode(.numeric(field: field, range)) }
        return switch token.comparison {
        case .equal:
            node(NumericRange(lower: value, upper: value))
        case .notEqual:
            QueryNode(.not(node(NumericRange(lower: value, upper: value))))
        case .greater:
            node(NumericRange(lower: value, upper: .infinity, includesLower: false))
        case .greaterOrEqual:
            node(NumericRange(lower: value, upper: .infinity))
        case .less:
            node(NumericRange(lower: -.infinity, upper: value, includesUpper: false))
        case .lessOrEqual:
            node(NumericRange(lower: -.infinity, upper: value))
        }
    }

    // MARK: Circles

    private mutating func readUnit() throws(QuerySyntaxError) -> Bytes {
        switch token.kind {
        case .term, .stopWord, .number, .quoted, .emptyQuotes, .ismissing:
            let unit = lexer.bytes(token.text)
            try shift()
            return unit
        case .parameter:
            let unit = parameter(token.text)
            try shift()
            return unit
        default:
            throw unexpected
        }
    }

    private mutating func circle(
        _ field: Bytes, _ longitude: Bound, _ latitude: Bound, _ radius: Bound, _ unitText: Bytes
    ) -> QueryNode.Kind {
        let longitude = number(longitude)
        let latitude = number(latitude)
        let radius = number(radius)
        let unit = GeoUnit(rawValue: String(decoding: unitText.asciiLowercased, as: UTF8.self))
        if let reason = geoError(longitude, latitude, radius, unit) { noteValueError(reason) }
        return .geo(
            field: field, longitude: longitude, latitude: latitude, radius: radius, unit: unit ?? .meters)
    }

    func geoError(
        _ longitude: Double, _ latitude: Double, _ radius: Double, _ unit: GeoUnit?
    ) -> QuerySyntaxError.Reason? {
        if unit == nil { return .invalidGeoUnit }
        if abs(longitude) > 180 || abs(latitude) > 90 { return .invalidGeoPosition }
        if radius <= 0 { return .invalidGeoRadius }
        return nil
    }

    // MARK: Shapes and vectors, which are recognized to be refused

    private mutating func readPredicate() throws(QuerySyntaxError) -> QueryNode.Kind {
        switch token.kind {
        case .term, .stopWord, .quoted, .emptyQuotes, .ismissing: break
        default: throw unexpected
        }
        let name = lexer.lowercased(token.text)
        let offset = lexer.errorOffset
        let near = lexer.bytes(token.text)
        try shift()
        let isParameter = token.kind == .parameter
        let operandOffset = lexer.errorOffset
        _ = try readBound(allowsExclusive: false)
        if isParameter && token.kind == .rightBracket {
            switch String(decoding: name, as: UTF8.self) {
            case "within", "contains", "intersects", "disjoint":
                try shift()
                throw QuerySyntaxError(.unsupported("Geoshape queries are"), at: offset)
            default:
                throw QuerySyntaxError(.expectedGeoshapePredicate, at: operandOffset)
            }
        }
        try expect(.parameter)
        try expect(.rightBracket)
        guard name == Array("vector_range".utf8) else {
            throw QuerySyntaxError(.expectedVectorRange(near: near), at: offset)
        }
        throw QuerySyntaxError(.unsupported("Vector similarity queries are"), at: offset)
    }
}
