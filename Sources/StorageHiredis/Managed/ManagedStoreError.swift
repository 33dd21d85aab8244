// Why the node's own store could not be had.

import Platform

package enum ManagedStoreError: Error, Equatable, CustomStringConvertible {
    /// Another node uses the directory.
    case directoryInUse(String)
    case directoryNotUsable(String, SystemError)
    case executableMissing([String])
    /// A store that a former node left behind holds the data and does not end.
    case orphanDoesNotEnd(process: Int32)
    /// A line for the store's configuration file that is not the operator's to set.
    case optionNotAllowed(String)
    /// The store cannot read its append-only file; with what it says about it.
    case dataDamaged(String)
    /// The store ended, or did not begin to answer; with the last lines it has written.
    case startFailed(String)

    /// What the process exits with.
    package var exitCode: Int32 {
        switch self {
        case .directoryInUse, .directoryNotUsable: return 73
        case .dataDamaged: return 74
        case .optionNotAllowed: return 78
        case .executableMissing, .orphanDoesNotEnd, .startFailed: return 75
        }
    }

    package var description: String {
        switch self {
        case .directoryInUse(let path): return "the data directory \(path) is in use by another process"
        case .directoryNotUsable(let path, let error): return "the data directory \(path) cannot be used: \(error)"
        case .executableMissing(let names): return "no store to start: looked for \(names.joined(separator: ", "))"
        case .orphanDoesNotEnd(let process):
            return "a store left behind by a former run (process \(process)) holds the data and does not end"
        case .optionNotAllowed(let line): return "this option of the store is set by the node itself: \(line)"
        case .dataDamaged(let reason): return "the store cannot read its data: \(reason)"
        case .startFailed(let reason): return "the store did not start: \(reason)"
        }
    }
}
