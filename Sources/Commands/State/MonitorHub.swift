// MONITOR: every command, to whoever wants to see it.

import RESP
import Synchronization

package final class MonitorHub: Sendable {
    package typealias Sink = @Sendable ([UInt8]) -> Void

    private let sinks = Mutex<[UInt64: Sink]>([:])
    private let watchers = Atomic<Int>(0)

    package init() {}

    /// Whether anybody looks: read for every command.
    @inline(__always) package var isWatched: Bool { watchers.load(ordering: .relaxed) > 0 }

    package func add(_ client: UInt64, _ sink: @escaping Sink) {
        sinks.withLock {
            $0[client] = sink
            watchers.store($0.count, ordering: .relaxed)
        }
    }

    package func remove(_ client: UInt64) {
        sinks.withLock {
            $0[client] = nil
            watchers.store($0.count, ordering: .relaxed)
        }
    }

    package func publish(_ line: [UInt8]) {
        for sink in sinks.withLock({ Array($0.values) }) { sink(line) }
    }

    /// `+1339518083.107412 [0 127.0.0.1:60866] "set" "a" "\x00"`, with its line end.
    package static func line(_ arguments: Arguments, address: String) -> [UInt8] {
        let time = Clock.wallMicroseconds()
        let fraction = String(time % 1_000_000 + 1_000_000).dropFirst()
        var line = Array("+\(time / 1_000_000).\(fraction) [0 \(address)]".utf8)
        for i in 0..<arguments.count {
            line += [32, 34]
            for c in arguments[i] { append(c, to: &line) }
            line.append(34)
        }
        return line + [13, 10]
    }

    private static func append(_ c: UInt8, to line: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        switch c {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): line += [92, c]
        case 10: line += [92, UInt8(ascii: "n")]
        case 13: line += [92, UInt8(ascii: "r")]
        case 9: line += [92, UInt8(ascii: "t")]
        case 7: line += [92, UInt8(ascii: "a")]
        case 8: line += [92, UInt8(ascii: "b")]
        case 32...126: line.append(c)
        default: line += [92, UInt8(ascii: "x"), digits[Int(c >> 4)], digits[Int(c & 15)]]
        }
    }
}
