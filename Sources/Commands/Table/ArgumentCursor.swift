// A walk over the arguments of a request.

import RESP
import SearchModel

package struct ArgumentCursor {
    package let arguments: Arguments
    /// The next argument to take.
    package var position: Int
    /// An empty text is the number 0, as where the oracle reads options of queries.
    package var emptyIsZero = false

    package init(_ arguments: Arguments, from position: Int) {
        self.arguments = arguments
        self.position = position
    }

    package var isAtEnd: Bool { position >= arguments.count }
    package var remaining: Int { max(0, arguments.count - position) }

    /// The next argument, not taken.
    package var peek: ByteSlice? { isAtEnd ? nil : arguments[position] }

    package mutating func take() -> ByteSlice? {
        guard !isAtEnd else { return nil }
        defer { position += 1 }
        return arguments[position]
    }

    /// Takes the next argument when it is this word (given in upper case) in any case.
    package mutating func take(_ keyword: StaticString) -> Bool {
        guard let next = peek, next.equalsIgnoringCase(keyword) else { return false }
        position += 1
        return true
    }

    /// Takes an integer. The argument stays when it is not one.
    package mutating func takeInteger() -> Result<Int, ErrorReplies.ArgumentFault> {
        guard let next = peek else { return .failure(.missing) }
        guard let value = NumberText.integer(next) ?? (emptyIsZero && next.isEmpty ? 0 : nil) else {
            return .failure(.type)
        }
        position += 1
        return .success(value)
    }

    package mutating func takeDouble() -> Result<Double, ErrorReplies.ArgumentFault> {
        guard let next = peek else { return .failure(.missing) }
        guard let value = NumberText.double(next) else { return .failure(.type) }
        position += 1
        return .success(value)
    }

    /// `count word{count}`: the words, as positions.
    package mutating func takeList() -> Result<Range<Int>, ErrorReplies.ArgumentFault> {
        switch takeInteger() {
        case .failure(let fault): return .failure(fault)
        case .success(let count):
            guard count >= 0 else { return .failure(.bounds) }
            guard count <= remaining else { return .failure(.missing) }
            defer { position += count }
            return .success(position..<position + count)
        }
    }

    package mutating func takeList(_ name: StaticString) throws(ReplyError) -> Range<Int> {
        switch takeList() {
        case .success(let words): return words
        case .failure(let fault): throw ErrorReplies.badArguments(name, fault)
        }
    }

    /// Owned copies of the arguments in `range`.
    package func bytes(_ range: Range<Int>) -> [[UInt8]] { range.map { arguments.bytes($0) } }
}

extension ErrorReplies.ArgumentFault: Error {}
