// Counters of commands and connections, one set for each event loop, added up when somebody asks.

import Synchronization

/// The counters of one event loop: that loop alone writes, anybody reads.
///
/// A write is a load and a store, not a locked addition: with one writer nothing is lost, and a command costs
/// a few plain moves.
package final class LoopCounters: @unchecked Sendable {
    // Sendable: the memory is only touched through atomics.

    package enum Total: Int, CaseIterable {
        case connections, rejectedConnections, commands, inputBytes, outputBytes, errors
        case authenticationFailures, limitHits, largestInput, largestOutput, slowReadersEnded
    }

    package enum Field {
        static let calls = 0
        static let nanoseconds = 1
        static let rejected = 2
        static let failed = 3
        static let buckets = 4
        /// Bucket i counts calls of less than 2^i microseconds (and not less than half of that).
        static let bucketCount = 36
        static let stride = 40
    }

    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    private let cellCount: Int
    package let commandCount: Int

    package init(commands: Int) {
        commandCount = commands
        cellCount = Total.allCases.count + commands * Field.stride
        cells = .allocate(capacity: cellCount)
        for i in 0..<cellCount { (cells + i).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: cellCount)
        cells.deallocate()
    }

    @inline(__always) private func bump(_ cell: Int, _ by: UInt64) {
        cells[cell].store(cells[cell].load(ordering: .relaxed) &+ by, ordering: .relaxed)
    }

    @inline(__always) private func cell(_ command: Int, _ field: Int) -> Int {
        Total.allCases.count &+ command &* Field.stride &+ field
    }

    package func add(_ total: Total, _ by: Int = 1) { bump(total.rawValue, UInt64(truncatingIfNeeded: by)) }

    package func raise(_ total: Total, to value: Int) {
        let value = UInt64(truncatingIfNeeded: value)
        if cells[total.rawValue].load(ordering: .relaxed) < value {
            cells[total.rawValue].store(value, ordering: .relaxed)
        }
    }

    /// One run of a command.
    @inline(__always)
    package func ran(_ command: Int, nanoseconds: UInt64, failed: Bool) {
        bump(Total.commands.rawValue, 1)
        bump(cell(command, Field.calls), 1)
        bump(cell(command, Field.nanoseconds), nanoseconds)
        let microseconds = nanoseconds / 1000
        let bucket = min(64 &- microseconds.leadingZeroBitCount, Field.bucketCount &- 1)
        bump(cell(command, Field.buckets &+ bucket), 1)
        if failed {
            bump(cell(command, Field.failed), 1)
            bump(Total.errors.rawValue, 1)
        }
    }

    /// Several runs of a command, none of which failed, that took `nanoseconds` together.
    package func ran(_ command: Int, times: Int, nanoseconds: UInt64) {
        let count = UInt64(truncatingIfNeeded: times)
        bump(Total.commands.rawValue, count)
        bump(cell(command, Field.calls), count)
        bump(cell(command, Field.nanoseconds), nanoseconds)
        let microseconds = nanoseconds / max(count, 1) / 1000
        let bucket = min(64 &- microseconds.leadingZeroBitCount, Field.bucketCount &- 1)
        bump(cell(command, Field.buckets &+ bucket), count)
    }

    package func rejected(_ command: Int?) {
        bump(Total.errors.rawValue, 1)
        if let command { bump(cell(command, Field.rejected), 1) }
    }

    package func total(_ total: Total) -> UInt64 { cells[total.rawValue].load(ordering: .relaxed) }

    package func read(_ command: Int, _ field: Int) -> UInt64 {
        cells[cell(command, field)].load(ordering: .relaxed)
    }
}

/// What a command has done so far, over all loops.
package struct CommandUsage: Sendable {
    package var calls: UInt64 = 0
    package var nanoseconds: UInt64 = 0
    package var rejected: UInt64 = 0
    package var failed: UInt64 = 0
    package var buckets = [UInt64](repeating: 0, count: LoopCounters.Field.bucketCount)

    /// Microseconds that `fraction` of the calls did not exceed.
    package func percentile(_ fraction: Double) -> Double {
        let sum = buckets.reduce(0, +)
        guard sum > 0 else { return 0 }
        var seen: UInt64 = 0
        for (i, count) in buckets.enumerated() {
            seen += count
            if Double(seen) >= fraction * Double(sum) { return i == 0 ? 1 : Double(UInt64(1) << UInt64(i)) }
        }
        return 0
    }
}

/// The counters of all loops. Resetting remembers what to subtract: the loops never stop counting.
package final class Statistics: Sendable {
    private struct State {
        var loops: [LoopCounters] = []
        var baseTotals: [UInt64] = Array(repeating: 0, count: LoopCounters.Total.allCases.count)
        var baseUsage: [Int: CommandUsage] = [:]
        var samples: [(at: UInt64, commands: UInt64, input: UInt64, output: UInt64)] = []
        var errors: [String: Int] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package func register(_ counters: LoopCounters) { state.withLock { $0.loops.append(counters) } }

    package func total(_ total: LoopCounters.Total) -> Int {
        state.withLock { Int(truncatingIfNeeded: Self.sum($0, total) &- $0.baseTotals[total.rawValue]) }
    }

    /// Counts an error by its first word.
    package func error(_ prefix: String) {
        state.withLock {
            // A store may answer with any word: the list does not grow without end.
            if $0.errors[prefix] == nil, $0.errors.count >= 128 {
                $0.errors["ERRORSTATS_OVERFLOW", default: 0] += 1
            } else {
                $0.errors[prefix, default: 0] += 1
            }
        }
    }

    package func errors() -> [(prefix: String, count: Int)] {
        state.withLock { $0.errors }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What was done by each command that was called or refused, by its position in the table.
    package func usage() -> [(command: Int, usage: CommandUsage)] {
        let (loops, base) = state.withLock { ($0.loops, $0.baseUsage) }
        guard let commands = loops.map(\.commandCount).max() else { return [] }
        var all: [(command: Int, usage: CommandUsage)] = []
        for command in 0..<commands {
            var usage = Self.sum(loops, command)
            if let before = base[command] { usage.subtract(before) }
            if usage.calls > 0 || usage.rejected > 0 { all.append((command, usage)) }
        }
        return all
    }

    package func reset() {
        state.withLock {
            for total in LoopCounters.Total.allCases { $0.baseTotals[total.rawValue] = Self.sum($0, total) }
            let commands = $0.loops.map(\.commandCount).max() ?? 0
            for command in 0..<commands {
                let usage = Self.sum($0.loops, command)
                if usage.calls > 0 || usage.rejected > 0 { $0.baseUsage[command] = usage }
            }
            $0.errors = [:]
        }
    }

    /// Remembers the totals of now; called about once a second.
    package func sample(at now: UInt64) {
        state.withLock {
            $0.samples.append(
                (now, Self.sum($0, .commands), Self.sum($0, .inputBytes), Self.sum($0, .outputBytes)))
            if $0.samples.count > 8 { $0.samples.removeFirst() }
        }
    }

    /// Commands, input bytes and output bytes a second, over the last seconds.
    package func rates() -> (commands: Double, input: Double, output: Double) {
        state.withLock {
            guard let first = $0.samples.first, let last = $0.samples.last, last.at > first.at else {
                return (0, 0, 0)
            }
            let seconds = Double(last.at - first.at) / 1e9
            return (
                Double(last.commands &- first.commands) / seconds, Double(last.input &- first.input) / seconds,
                Double(last.output &- first.output) / seconds
            )
        }
    }

    private static func sum(_ state: State, _ total: LoopCounters.Total) -> UInt64 {
        let values = state.loops.map { $0.total(total) }
        switch total {
        case .largestInput, .largestOutput: return values.max() ?? 0
        default: return values.reduce(0, &+)
        }
    }

    private static func sum(_ loops: [LoopCounters], _ command: Int) -> CommandUsage {
        var usage = CommandUsage()
        for loop in loops {
            usage.calls &+= loop.read(command, LoopCounters.Field.calls)
            usage.nanoseconds &+= loop.read(command, LoopCounters.Field.nanoseconds)
            usage.rejected &+= loop.read(command, LoopCounters.Field.rejected)
            usage.failed &+= loop.read(command, LoopCounters.Field.failed)
            for i in 0..<LoopCounters.Field.bucketCount {
                usage.buckets[i] &+= loop.read(command, LoopCounters.Field.buckets + i)
            }
        }
        return usage
    }
}

extension CommandUsage {
    fileprivate mutating func subtract(_ other: CommandUsage) {
        calls &-= other.calls
        nanoseconds &-= other.nanoseconds
        rejected &-= other.rejected
        failed &-= other.failed
        for i in buckets.indices { buckets[i] &-= other.buckets[i] }
    }
}
