// What COMMAND INFO tells about a command: its flags and where its keys stand. Here, below `Commands`, because the
// keyspace command table and the table of all commands share them.

/// Flags as COMMAND INFO shows them.
package struct CommandFlags: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let write = CommandFlags(rawValue: 1 << 0)
    package static let readOnly = CommandFlags(rawValue: 1 << 1)
    package static let denyOOM = CommandFlags(rawValue: 1 << 2)
    package static let admin = CommandFlags(rawValue: 1 << 3)
    package static let pubSub = CommandFlags(rawValue: 1 << 4)
    package static let noScript = CommandFlags(rawValue: 1 << 5)
    package static let blocking = CommandFlags(rawValue: 1 << 6)
    package static let loading = CommandFlags(rawValue: 1 << 7)
    package static let stale = CommandFlags(rawValue: 1 << 8)
    package static let fast = CommandFlags(rawValue: 1 << 9)
    /// Allowed before AUTH.
    package static let noAuth = CommandFlags(rawValue: 1 << 10)
    package static let movableKeys = CommandFlags(rawValue: 1 << 11)
    package static let module = CommandFlags(rawValue: 1 << 12)
    /// A key count of zero is legal (EVAL).
    package static let noMandatoryKeys = CommandFlags(rawValue: 1 << 13)
    /// Runs also while a script keeps the store busy.
    package static let allowBusy = CommandFlags(rawValue: 1 << 14)
    package static let skipMonitor = CommandFlags(rawValue: 1 << 15)
    package static let noAsyncLoading = CommandFlags(rawValue: 1 << 16)
    package static let noMulti = CommandFlags(rawValue: 1 << 17)
}

/// Where a command's keys stand, as the old triple of COMMAND INFO; (0, 0, 0): none or movable.
package struct KeyPositions: Equatable, Sendable {
    package var first: Int
    /// Negative: counted from the end, -1 being the last argument.
    package var last: Int
    package var step: Int

    package init(_ first: Int, _ last: Int, _ step: Int) {
        self.first = first
        self.last = last
        self.step = step
    }

    package static let none = KeyPositions(0, 0, 0)
    /// The first argument alone.
    package static let first = KeyPositions(1, 1, 1)

    /// Argument numbers of the keys of a command with `count` arguments, those past its end left out.
    package func indices(argumentCount count: Int) -> StrideThrough<Int> {
        let end = last < 0 ? count + last : min(last, count - 1)
        guard first > 0, step > 0, end >= first else { return stride(from: 1, through: 0, by: 1) }
        return stride(from: first, through: end, by: step)
    }
}
