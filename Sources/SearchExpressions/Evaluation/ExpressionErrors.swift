// Why an expression was refused, and why it could not be computed. Texts are RediSearch's.

import SearchModel

/// The expression's text is wrong.
package struct ExpressionSyntaxError: Error, Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        case unexpected(offset: Int, near: Bytes)
        case unknownFunction(Bytes)
        case unknownSymbol(Bytes)
        case unknownProperty(Bytes)
        case tooDeep
    }

    package let reason: Reason
    /// What had gone wrong before and is reported together with it.
    package let earlier: Reason?

    package init(_ reason: Reason, after earlier: Reason? = nil) {
        self.reason = reason
        self.earlier = earlier
    }

    /// What a client reads.
    package var text: String { Self.text(of: reason) + (earlier.map { ": " + Self.text(of: $0) } ?? "") }

    private static func text(of reason: Reason) -> String {
        func show(_ bytes: Bytes) -> String { String(decoding: bytes, as: UTF8.self) }
        switch reason {
        case .unexpected(let offset, let near): return "Syntax error at offset \(offset) near '\(show(near))'"
        case .unknownFunction(let name): return "Unknown function name '\(show(name))'"
        case .unknownSymbol(let name): return "Unknown symbol '\(show(name))'"
        case .unknownProperty(let name): return "Property `\(show(name))` not loaded nor in pipeline"
        case .tooDeep: return "SEARCH_LIMIT expression is nested deeper than \(ExpressionParser.depthLimit)"
        }
    }
}

/// A row made the expression fail.
package struct ExpressionEvaluationError: Error, Equatable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    static func noValue(_ property: Bytes) -> Self {
        Self("\(String(decoding: property, as: UTF8.self)): has no value, consider using EXISTS if applicable")
    }
}
