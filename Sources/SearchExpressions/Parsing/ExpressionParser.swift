// Expression text -> tree, by precedence climbing.
//
//   loosest  && ||   !   == != < <= > >=   + -   * / % ^   call, parentheses, literal   tightest
//
// Operators of one column group to the left, as RediSearch's: `1 || 0 && 0` is 0, `2*3^2` is 36, `2^3^2` is 64.

import SearchModel

package struct ExpressionParser {
    package static let depthLimit = 100

    private var lexer: ExpressionLexer
    private var token = ExpressionToken.end
    /// The first name that is neither a function nor a constant; reported when nothing worse follows.
    private var symbolFailure: ExpressionSyntaxError?
    /// The first property that is unknown; reported when all else is right.
    private var propertyFailure: ExpressionSyntaxError?
    private var depth = 0
    private let resolve: (Bytes) -> Int?

    /// Parses `text`; `resolve` gives each property its slot, or `nil` when there is no such property.
    package static func parse(
        _ text: Bytes, resolve: (Bytes) -> Int?
    ) throws(ExpressionSyntaxError) -> Expression {
        // The closure does not outlive the call.
        var result: Result<Expression, ExpressionSyntaxError> = .failure(ExpressionSyntaxError(.tooDeep))
        withoutActuallyEscaping(resolve) { resolve in
            var parser = ExpressionParser(lexer: ExpressionLexer(text), resolve: resolve)
            do throws(ExpressionSyntaxError) {
                parser.advance()
                let expression = try parser.disjunction()
                guard parser.token == .end else { throw parser.unexpected() }
                if let failure = parser.symbolFailure ?? parser.propertyFailure { throw failure }
                result = .success(expression)
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    private init(lexer: ExpressionLexer, resolve: @escaping (Bytes) -> Int?) {
        self.lexer = lexer
        self.resolve = resolve
    }

    private mutating func advance() { token = lexer.next() }

    private func unexpected() -> ExpressionSyntaxError {
        ExpressionSyntaxError(.unexpected(offset: lexer.offset, near: lexer.lastWord), after: symbolFailure?.reason)
    }

    private mutating func take(_ punctuation: StaticPunctuation) -> Bool {
        guard token == .punctuation(punctuation) else { return false }
        advance()
        return true
    }

    private mutating func disjunction() throws(ExpressionSyntaxError) -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw ExpressionSyntaxError(.tooDeep) }
        var left = try comparison()
        var length = 0
        while true {
            if take(.and) {
                left = .and(left, try comparison())
            } else if take(.or) {
                left = .or(left, try comparison())
            } else {
                return left
            }
            length += 1
            guard length < 1000 else { throw ExpressionSyntaxError(.tooDeep) }
        }
    }

    private mutating func comparison() throws(ExpressionSyntaxError) -> Expression {
        var left = try sum()
        var length = 0
        while true {
            let operation: ComparisonOperator
            switch token {
            case .punctuation(.equal): operation = .equal
            case .punctuation(.notEqual): operation = .notEqual
            case .punctuation(.less): operation = .less
            case .punctuation(.lessOrEqual): operation = .lessOrEqual
            case .punctuation(.greater): operation = .greater
            case .punctuation(.greaterOrEqual): operation = .greaterOrEqual
            default: return left
            }
            advance()
            left = .comparison(operation, left, try sum())
            length += 1
            guard length < 1000 else { throw ExpressionSyntaxError(.tooDeep) }
        }
    }

    /// `!` reaches over a whole comparison, wherever it stands: `!1==2` is `!(1==2)`.
    private mutating func negation() throws(ExpressionSyntaxError) -> Expression {
        var negations = 1
        while take(.not) {
            negations += 1
            guard negations <= Self.depthLimit else { throw ExpressionSyntaxError(.tooDeep) }
        }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw ExpressionSyntaxError(.tooDeep) }
        var operand = try comparison()
        for _ in 0..<negations { operand = .not(operand) }
        return operand
    }

    private mutating func sum() throws(ExpressionSyntaxError) -> Expression {
        var left = try product()
        var length = 0
        while true {
            let operation: ArithmeticOperator
            switch token {
            case .punctuation(.plus): operation = .add
            case .punctuation(.minus): operation = .subtract
            default: return left
            }
            advance()
            left = Self.folded(operation, left, try product())
            length += 1
            guard length < 1000 else { throw ExpressionSyntaxError(.tooDeep) }
        }
    }

    private mutating func product() throws(ExpressionSyntaxError) -> Expression {
        var left = try primary()
        var length = 0
        while true {
            let operation: ArithmeticOperator
            switch token {
            case .punctuation(.times): operation = .multiply
            case .punctuation(.slash): operation = .divide
            case .punctuation(.percent): operation = .remainder
            case .punctuation(.caret): operation = .power
            default: return left
            }
            advance()
            left = Self.folded(operation, left, try primary())
            length += 1
            guard length < 1000 else { throw ExpressionSyntaxError(.tooDeep) }
        }
    }

    private mutating func primary() throws(ExpressionSyntaxError) -> Expression {
        switch token {
        case .number(let value):
            advance()
            return .literal(.number(value))
        case .string(let bytes):
            advance()
            return .literal(.string(bytes))
        case .property(let name):
            let slot = resolve(name)
            if slot == nil, propertyFailure == nil { propertyFailure = ExpressionSyntaxError(.unknownProperty(name)) }
            advance()
            return .property(slot: slot ?? 0, name: name)
        case .punctuation(.open):
            advance()
            let inner = try disjunction()
            guard take(.close) else { throw unexpected() }
            return inner
        case .symbol(let name):
            advance()
            guard take(.open) else {
                if name != Bytes("NULL".utf8) && symbolFailure == nil {
                    symbolFailure = ExpressionSyntaxError(.unknownSymbol(name))
                }
                return .literal(.null)
            }
            return try call(name)
        case .punctuation(.not):
            advance()
            return try negation()
        case .punctuation(.minus):
            var negative = false
            while take(.minus) { negative.toggle() }
            guard case .number(let value) = token else { throw unexpected() }
            advance()
            return .literal(.number(negative ? -value : value))
        default:
            throw unexpected()
        }
    }

    private mutating func call(_ name: Bytes) throws(ExpressionSyntaxError) -> Expression {
        var arguments: [Expression] = []
        if !take(.close) {
            // A comma right after the parenthesis is passed over, as RediSearch's grammar does.
            _ = take(.comma)
            repeat {
                arguments.append(try disjunction())
                guard arguments.count <= 1000 else { throw ExpressionSyntaxError(.tooDeep) }
            } while take(.comma)
            guard take(.close) else { throw unexpected() }
        }
        guard let function = FunctionID.named(name) else {
            symbolFailure = symbolFailure ?? ExpressionSyntaxError(.unknownFunction(name))
            return .literal(.null)
        }
        // Whether it takes so many arguments shows when a row comes by.
        return .call(function, arguments)
    }

    /// Arithmetic of two plain numbers is done once, here.
    private static func folded(_ operation: ArithmeticOperator, _ left: Expression, _ right: Expression) -> Expression {
        if case .literal(.number(let a)) = left, case .literal(.number(let b)) = right {
            return .literal(.number(Expression.compute(operation, a, b)))
        }
        return .arithmetic(operation, left, right)
    }
}
