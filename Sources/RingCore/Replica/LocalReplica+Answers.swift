// What followers of our feed and fillers of ranges are answered.

extension LocalReplica {
    /// Answers a follower with ``ReplicaCompletion/feed(token:_:)``.
    ///
    /// - Parameter isShared: whether the asker owns a token, too.
    package mutating func answer(
        _ request: Feed, token: UInt64, isShared: (UInt32) -> Bool, at now: RingTime, into out: inout ReplicaOutput
    ) {
        var reply = FeedReply(status: .ok, feed: feed.id, stamp: clock.stamp)
        let bound = Int(min(request.maximumBytes, 1 << 20))
        let position = request.positions.first { $0.lane == Self.lane }?.from ?? 0
        // Nobody may take us for somebody who knows all that he has acknowledged.
        guard hasStarted, phase != .recovering else {
            out.completions.append(.notReady(token: token))
            return
        }
        guard request.feed == feed.id || position == 0 else {
            reply.status = .trimmed
            out.completions.append(.feed(token: token, reply))
            return
        }
        switch request.mode {
        case .fingerprints, .barrier:
            let stretch = feed.fingerprints(
                lane: Self.lane, after: position, byteBound: bound, isShared: isShared)
            if let stretch {
                reply.lanes = [FeedReply.Lane(lane: Self.lane, to: stretch.to, head: stretch.head)]
                let batches = stretch.elements.map { FeedReply.Fingerprints(lsn: $0.lsn, values: $0.fingerprints) }
                reply.entries = FeedReply.encode(fingerprints: [batches], from: [position])
            } else {
                reply.status = .trimmed
            }
            out.completions.append(.feed(token: token, reply))
        case .states:
            let stretch = feed.liveEntries(
                lane: Self.lane, after: position, limit: max(1, min(settings.batchUnits, bound / 256)),
                isShared: isShared, isLive: { records.record($0.key).lsn == $1 })
            guard let stretch else {
                reply.status = .trimmed
                out.completions.append(.feed(token: token, reply))
                return
            }
            reply.lanes = [FeedReply.Lane(lane: Self.lane, to: stretch.to, head: stretch.head)]
            let purpose = PendingWork.Purpose.feed(reply, lsns: stretch.elements.map(\.lsn))
            enqueue(.states(stretch.elements.map(\.entry.key)), token: token, purpose: purpose, at: now, into: &out)
            advance(now, &out)
        }
    }

    /// The key that was changed at a place of our feed.
    package func key(at place: FeedPlace, isShared: (UInt32) -> Bool) -> Bytes? {
        feed.entry(at: place, isShared: isShared)?.key
    }

    /// Which of a follower's fingerprints are of nothing that was seen here lately, by their places.
    package mutating func unseen(_ fingerprints: [UInt64], at now: RingTime) -> [Int] {
        fingerprints.indices.filter { !recent.contains(fingerprints[$0], now: now.monotonic) }
    }

    /// Keys and record hashes of the tokens behind `start` up to the request's end, the ring's seam included.
    package func range(_ request: RangeRequest, after start: UInt32) -> RangeReply {
        let limit = max(1, min(4_096, Int(request.maximumBytes) / 48))
        var parts: [ClosedRange<UInt32>] = []
        if start < request.rangeEnd {
            parts = [(start + 1)...request.rangeEnd]
        } else {
            if start < .max { parts.append((start + 1)...UInt32.max) }
            parts.append(0...request.rangeEnd)
        }
        var after: Bytes? = request.after.isEmpty ? nil : request.after
        if let key = after {
            let token = settings.token(key)
            // The parts before the one that the last key was in are done.
            if let current = parts.firstIndex(where: { $0.contains(token) }) {
                parts.removeFirst(current)
            } else {
                after = nil
            }
        }
        var entries: [RangeReply.Entry] = []
        for part in parts {
            while entries.count < limit {
                let (found, isEnd) = records.walk(part, after: after, limit: limit - entries.count)
                entries += found.map {
                    RangeReply.Entry(key: $0.key, recordHash: $0.record.state.recordHash(key: $0.key))
                }
                after = found.last?.key
                if isEnd || found.isEmpty { break }
            }
            after = nil
            if entries.count >= limit { return RangeReply(entries: entries, end: .moreFollow) }
        }
        return RangeReply(entries: entries, end: .done)
    }

    /// Keys whose values are not all here, for a fetch from co-owners; at most `limit`, in the order of their bytes.
    package func missingKeys(limit: Int) -> [Bytes] { Array(missing.sorted(by: precedes).prefix(limit)) }
}
