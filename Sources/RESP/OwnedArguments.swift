// A request that outlives the buffer it came in.

/// The arguments of one request, copied: what a transaction keeps until EXEC.
package final class OwnedArguments: Sendable {
    private let bytes: [UInt8]
    private let spans: [Int32]
    package let count: Int

    package init(_ arguments: Arguments) {
        var bytes: [UInt8] = []
        var spans: [Int32] = []
        spans.reserveCapacity(2 * arguments.count)
        for i in 0..<arguments.count {
            let argument = arguments[i]
            spans.append(Int32(bytes.count))
            spans.append(Int32(argument.count))
            bytes.append(contentsOf: argument)
        }
        // An empty array may have no address; a request always has one.
        if bytes.isEmpty { bytes.append(0) }
        self.bytes = bytes
        self.spans = spans
        count = arguments.count
    }

    package init(_ arguments: [[UInt8]]) {
        var bytes: [UInt8] = []
        var spans: [Int32] = []
        for argument in arguments {
            spans.append(Int32(bytes.count))
            spans.append(Int32(argument.count))
            bytes.append(contentsOf: argument)
        }
        // An empty array may have no address; a request always has one.
        if bytes.isEmpty { bytes.append(0) }
        self.bytes = bytes
        self.spans = spans
        count = arguments.count
    }

    package var byteCount: Int { bytes.count }

    /// The arguments as slices, valid during the call.
    package func with<Result>(_ body: (Arguments) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBufferPointer { bytes in
            try spans.withUnsafeBufferPointer { spans in
                guard let base = bytes.baseAddress, let first = spans.baseAddress else {
                    preconditionFailure("a request without arguments")
                }
                return try body(
                    Arguments(base: base, spans: first, count: count, frameLength: bytes.count, isForwardable: false))
            }
        }
    }
}
