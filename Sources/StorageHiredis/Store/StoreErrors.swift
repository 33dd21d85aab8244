// What a client reads when the store cannot answer. The words are made here only.

import Storage

enum StoreErrors {
    static func down(_ reason: String) -> String { "ERR the store is not reachable: \(reason)" }

    static func loading(_ percent: Int) -> String { "LOADING the store is loading its data (\(percent)% done)" }

    /// A command was in flight when the connection broke. A write may have been carried out: never to be repeated.
    static func lost(_ failure: LinkFailure, isWrite: Bool) -> String {
        let what = failure.isTimeout ? "the store did not answer in time" : "the connection to the store was lost"
        return isWrite ? "ERR \(what), outcome unknown" : "ERR \(what), nothing was changed: retry"
    }

    static let wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
    static let queueFull = "BUSY too many commands are waiting for the store"
    static let tooDeep = "ERR the reply of the script is nested more than 7 deep"
    static let scanCancelled = "ERR the scan was cancelled"
    static let stopped = "ERR the server is stopping"
    static let clientGone = "ERR the client has gone"
    static let tooManyBlocked = "ERR too many clients are blocked"
    static let tooManyWatching = "ERR too many clients are watching keys"
}
