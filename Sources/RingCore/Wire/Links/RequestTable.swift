// Requests of one outgoing link that wait for their answers.

/// What may wait for one peer.
package struct RequestLimits: Equatable, Sendable {
    /// Requests without answer.
    package var count: Int
    /// Bytes of these requests.
    package var bytes: Int

    package init(count: Int = 1024, bytes: Int = 64 << 20) {
        self.count = count
        self.bytes = bytes
    }
}

/// What was sent and is not answered, by id. Pure: time comes in, what is to be told goes out.
///
/// Answers are matched by id, so a peer that answers out of order hurts nobody; Dynomite itself answers in order. A request
/// whose time is over leaves its id behind until the link ends, so that its late answer is known for what it is.
package struct RequestTable<Token: Sendable>: Sendable {
    package enum Match {
        case answered(Token)
        /// Its request was given up before.
        case late
        /// No request of this id is open: an answer made up, or a second one.
        case unknown
    }

    private struct Entry: Sendable {
        /// `nil` once the request was given up.
        var token: Token?
        let deadline: UInt64
        let bytes: Int
    }

    package let limits: RequestLimits
    private var entries: [UInt64: Entry] = [:]
    private var nextID: UInt64 = 1
    package private(set) var bytes = 0
    /// Requests that somebody still waits for.
    package private(set) var waitingCount = 0

    package init(limits: RequestLimits = RequestLimits()) {
        self.limits = limits
    }

    /// Requests without answer, given up or not: what the peer has to work through.
    package var count: Int { entries.count }

    /// Whether a request of this size may be sent now.
    package func hasRoom(for size: Int) -> Bool {
        entries.count < limits.count && (entries.isEmpty || size <= limits.bytes - bytes)
    }

    /// An id that no frame of this link has had.
    package mutating func makeID() -> UInt64 {
        defer { nextID &+= 1 }
        return nextID
    }

    /// - Parameter deadline: in the time that ``expire(at:)`` is given.
    package mutating func insert(_ token: Token, id: UInt64, size: Int, deadline: UInt64) {
        entries[id] = Entry(token: token, deadline: deadline, bytes: size)
        bytes += size
        waitingCount += 1
    }

    package mutating func match(_ id: UInt64) -> Match {
        guard let entry = entries.removeValue(forKey: id) else { return .unknown }
        bytes -= entry.bytes
        guard let token = entry.token else { return .late }
        waitingCount -= 1
        return .answered(token)
    }

    /// Whether an answer with this id would be taken.
    package func isOpen(_ id: UInt64) -> Bool { entries[id] != nil }

    /// Requests whose time is over, in the order in which they were sent.
    package mutating func expire(at now: UInt64) -> [Token] {
        let ids = entries.filter { $0.value.token != nil && $0.value.deadline <= now }.keys.sorted()
        waitingCount -= ids.count
        return ids.compactMap { id in
            defer { entries[id]?.token = nil }
            return entries[id]?.token
        }
    }

    /// When the next request's time is over.
    package var earliestDeadline: UInt64? {
        entries.values.lazy.filter { $0.token != nil }.map(\.deadline).min()
    }

    /// Ends the link's life: everything that was waited for, in the order in which it was sent. Ids go on.
    package mutating func removeAll() -> [Token] {
        defer {
            entries = [:]
            bytes = 0
            waitingCount = 0
        }
        return entries.sorted { $0.key < $1.key }.compactMap(\.value.token)
    }
}
