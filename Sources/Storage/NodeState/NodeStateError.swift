// What can go wrong with the node's own state.

import Platform

package enum NodeStateError: Error, Equatable, CustomStringConvertible {
    /// The file does not hold what was written: a bad structure, a bad checksum, a foreign file.
    case damaged(String)
    /// Written by a later version, which says so in its format number.
    case tooNew(format: Int)
    /// No room on the disk, or in the map.
    case full
    case notUsable(String)

    /// What the process exits with when it cannot start because of this.
    package var exitCode: Int32 {
        switch self {
        case .damaged: return 74
        case .tooNew, .full, .notUsable: return 73
        }
    }

    package var description: String {
        switch self {
        case .damaged(let what): return "the node's state is damaged: \(what)"
        case .tooNew(let format): return "the node's state was written by a later version (format \(format))"
        case .full: return "no room for the node's state"
        case .notUsable(let reason): return "the node's state cannot be used: \(reason)"
        }
    }
}
