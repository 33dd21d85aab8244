// Why the node's own store could not be had.

import Platform

package enum ManagedStoreError: Error, Equatable, CustomStringConvertible {
    /// Another node uses the directory.
    case directoryInUse(String)
    case directoryNotUsable(String, SystemError)
    case executableMissing([String])
    /// A store that a former node left behind holds the data and does not end.
    case orphanDoesNotEnd(process: Int32)
    /// The store ended, or did not begin to answer; with the last lines it has written.
    case startFailed(String)

    /// What the process exits with.
    package var exitCode: Int32 {
        switch self {
        case .directoryInUse, .directoryNotUsable: return 73
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
        case .startFailed(let reason): return "the store did not start: \(reason)"
        }
    }
}
