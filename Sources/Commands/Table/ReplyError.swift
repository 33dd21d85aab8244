// An error on its way to the client: bytes, because it may quote bytes of the client that are no text.

import RESP

/// What `-...` will say. Made by ``ErrorReplies`` alone.
package struct ReplyError: Error, Equatable, Sendable {
    /// Without the leading `-` and the line end.
    package let text: ReplyText

    package init(_ text: ReplyText) { self.text = text }
}

/// Text that quotes the client's bytes unchanged.
package struct ReplyText: Equatable, Sendable, ExpressibleByStringInterpolation {
    package var bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }
    package init(stringLiteral value: String) { bytes = Array(value.utf8) }
    package init(stringInterpolation: StringInterpolation) { bytes = stringInterpolation.bytes }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var bytes: [UInt8] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) { bytes.append(contentsOf: literal.utf8) }
        package mutating func appendInterpolation(_ quoted: some Sequence<UInt8>) { bytes.append(contentsOf: quoted) }
        package mutating func appendInterpolation(_ text: String) { bytes.append(contentsOf: text.utf8) }
        package mutating func appendInterpolation(_ text: StaticString) {
            bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }
        package mutating func appendInterpolation(_ number: Int) {
            bytes.append(contentsOf: String(number).utf8)
        }
    }
}

extension ReplyWriter {
    package func error(_ error: ReplyError) { self.error(error.text.bytes) }
}
