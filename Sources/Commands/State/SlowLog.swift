// The commands that took long.

import RESP
import Synchronization

package final class SlowLog: Sendable {
    package struct Entry: Sendable {
        package var id: Int
        /// Seconds since 1970.
        package var time: Int
        package var microseconds: Int
        package var arguments: [[UInt8]]
        package var address: String
        package var clientName: [UInt8]
    }

    private struct State {
        /// Oldest first.
        var entries: [Entry] = []
        var nextID = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func add(_ arguments: [[UInt8]], nanoseconds: UInt64, client: ClientRecord?, limit: Int) {
        let time = Clock.wallMicroseconds() / 1_000_000
        let name = client?.texts.name ?? []
        state.withLock {
            $0.entries.append(
                Entry(
                    id: $0.nextID, time: time, microseconds: Int(clamping: nanoseconds / 1000), arguments: arguments,
                    address: client?.address ?? "", clientName: name))
            $0.nextID += 1
            if $0.entries.count > limit { $0.entries.removeFirst($0.entries.count - limit) }
        }
    }

    package var count: Int { state.withLock { $0.entries.count } }

    /// The newest entries, newest first.
    package func newest(_ count: Int) -> [Entry] { state.withLock { Array($0.entries.suffix(count).reversed()) } }

    package func reset() { state.withLock { $0.entries = [] } }

    // MARK: what is kept of a command

    private static let argumentLimit = 32
    private static let lengthLimit = 128

    /// At most 32 arguments of at most 128 bytes, as Redis does; passwords are left out.
    package static func excerpt(_ arguments: Arguments) -> [[UInt8]] {
        var kept: [[UInt8]] = []
        let hidden = secretPositions(arguments)
        for i in 0..<arguments.count {
            if i == argumentLimit - 1, arguments.count > argumentLimit {
                kept.append(Array("... (\(arguments.count - i) more arguments)".utf8))
                break
            }
            let argument = arguments[i]
            if hidden.contains(i) {
                kept.append(Array("(redacted)".utf8))
            } else if argument.count > lengthLimit {
                kept.append(
                    Array(argument.prefix(lengthLimit)) + "... (\(argument.count - lengthLimit) more bytes)".utf8)
            } else {
                kept.append(Array(argument))
            }
        }
        return kept
    }

    private static func secretPositions(_ arguments: Arguments) -> Range<Int> {
        guard arguments.count > 1 else { return 0..<0 }
        let name = arguments[0]
        if name.equalsIgnoringCase("AUTH") { return 1..<arguments.count }
        if name.equalsIgnoringCase("HELLO") { return 2..<max(arguments.count, 2) }
        if name.equalsIgnoringCase("CONFIG"), arguments[1].equalsIgnoringCase("SET") { return 2..<arguments.count }
        if name.equalsIgnoringCase("ACL"), arguments[1].equalsIgnoringCase("SETUSER") { return 2..<arguments.count }
        if name.equalsIgnoringCase("MIGRATE") { return 1..<arguments.count }
        return 0..<0
    }
}
