// Once a second everything that changed goes to the disk, and log files that are not needed any more go.
//
// A checkpoint says up to which batch it holds everything. No batch is half in it: records and feed entries of a batch come
// into memory at once, when its results are in the log.

/// Names and values of the database `meta`.
enum Meta {
    static let ceiling = "ceiling"
    static let feed = "feed"
    static let checkpoint = "checkpoint"
    static let firstLSN = "first"
    static let boot = "boot"
    static let number = "number"
    static let flushFloor = "flushed"
    static let feedTrimmed = "feedTrimmed"

    static func number(_ bytes: Bytes?) -> UInt64? {
        guard let bytes, bytes.count == 8 else { return nil }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func bytes(_ number: UInt64) -> Bytes { withUnsafeBytes(of: number.littleEndian) { Bytes($0) } }

    static func version(_ bytes: Bytes) -> Version? {
        bytes.withUnsafeBytes {
            var reader = StateReader($0)
            return try? reader.version()
        }
    }

    static func bytes(_ version: Version) -> Bytes {
        var writer = WireWriter(capacity: Version.size)
        writer.version(version)
        return writer.bytes
    }
}

/// A checkpoint that is being written.
struct CheckpointInWork {
    var number: UInt64
    var lsn: UInt64
    var ceiling: UInt64
    var firstLSN: UInt64
    var positions: FeedPositions
}

extension LocalReplica {
    mutating func checkpointIfDue(_ now: RingTime, _ out: inout ReplicaOutput) {
        guard phase == .running, checkpointInWork == nil,
            isCheckpointWanted || now.monotonic >= lastCheckpointAt + settings.checkpointInterval
        else { return }
        isCheckpointWanted = false
        lastCheckpointAt = now.monotonic
        checkpointNumber += 1
        // While the clock waits for the wall clock, no life after this one has to begin higher still.
        let ceiling = isClockNear(now) ? clock.nextCeiling(wall: now.wall) : clock.ceiling
        let work = CheckpointInWork(
            number: checkpointNumber, lsn: appliedLSN, ceiling: ceiling,
            firstLSN: max(firstLSN, min(appliedLSN, markerSynced) + 1), positions: positions)
        checkpointInWork = work

        var checkpoint = Checkpoint(number: work.number)
        let changes = records.takeChanges()
        checkpoint.records = changes.records
        checkpoint.entries = changes.entries
        func meta(_ name: String, _ value: Bytes) {
            checkpoint.entries.append((ReplicaDatabase.meta, name.bytes, value))
        }
        meta(Meta.ceiling, Meta.bytes(work.ceiling))
        meta(Meta.feed, Meta.bytes(feed.id))
        meta(Meta.checkpoint, Meta.bytes(work.lsn))
        meta(Meta.firstLSN, Meta.bytes(work.firstLSN))
        meta(Meta.boot, Meta.bytes(settings.boot))
        meta(Meta.number, Meta.bytes(work.number))
        meta(Meta.flushFloor, Meta.bytes(flushFloor))
        meta(Meta.feedTrimmed, Meta.bytes(feed.trimmedThrough(lane: Self.lane)))
        checkpoint.entries += feedEntries()
        checkpoint.entries += positionEntries()
        out.directives.append(.checkpoint(checkpoint))
    }

    /// The outcome of a ``RingDirective/checkpoint(_:)`` of this replica.
    package mutating func checkpointed(_ number: UInt64, at now: RingTime, into out: inout ReplicaOutput) {
        guard let work = checkpointInWork, work.number == number else { return }
        checkpointInWork = nil
        records.changesAreStored()
        clock.ceilingIsStored(work.ceiling)
        checkpointLSN = work.lsn
        if work.firstLSN > firstLSN {
            firstLSN = work.firstLSN
            out.directives.append(.trimLog(below: firstLSN))
        }
        out.completions.append(.checkpointed(work.positions))
        advance(now, &out)
    }

    // MARK: feed
    //
    //   u8 lane │ u64 BE LSN   →   uv n │ (u32 token │ u64 fingerprint │ lp key) × n

    private static func feedKey(_ lsn: UInt64) -> Bytes {
        [lane] + withUnsafeBytes(of: lsn.bigEndian) { Bytes($0) }
    }

    private mutating func feedEntries() -> [(database: String, key: Bytes, value: Bytes?)] {
        let trimmed = feed.trimmedThrough(lane: Self.lane)
        var entries: [(database: String, key: Bytes, value: Bytes?)] = []
        let kept = feedStored.firstIndex { $0 > trimmed } ?? feedStored.count
        for lsn in feedStored[..<kept] { entries.append((ReplicaDatabase.feed, Self.feedKey(lsn), nil)) }
        feedStored.removeFirst(kept)
        for (lsn, batch) in feedToStore where lsn > trimmed {
            var writer = WireWriter(capacity: 32 * batch.count)
            writer.uv(UInt64(batch.count))
            for entry in batch {
                writer.u32(entry.token)
                writer.u64(entry.fingerprint)
                writer.lp(entry.key)
            }
            entries.append((ReplicaDatabase.feed, Self.feedKey(lsn), writer.bytes))
            feedStored.append(lsn)
        }
        feedToStore = []
        return entries
    }

    mutating func loadFeed(_ now: RingTime) {
        let trimmed = Meta.number(disk.entry(ReplicaDatabase.meta, Meta.feedTrimmed.bytes)) ?? 0
        feed.start(lane: Self.lane, after: trimmed)
        let stored = disk.entries(ReplicaDatabase.feed).sorted { precedes($0.key, $1.key) }
        for (key, value) in stored where key.count == 9 && key[0] == Self.lane {
            let lsn = key.dropFirst().reduce(0) { $0 << 8 | UInt64($1) }
            let batch = value.withUnsafeBytes { bytes -> [ChangeFeed.Entry]? in
                var reader = StateReader(bytes)
                return try? reader.list(minimumSize: 13) { (reader) throws(StateCodingError) in
                    let token = try reader.u32()
                    return ChangeFeed.Entry(token: token, fingerprint: try reader.u64(), key: try reader.lp())
                }
            }
            guard let batch, lsn <= checkpointLSN else { continue }
            feed.append(lane: Self.lane, lsn: lsn, batch, now: now.monotonic)
            feedStored.append(lsn)
        }
        feed.advance(lane: Self.lane, to: checkpointLSN)
    }

    // MARK: positions
    //
    //   u64 BE node   →   u64 feed │ uv n │ (u8 lane │ u64 LSN) × n

    private func positionEntries() -> [(database: String, key: Bytes, value: Bytes?)] {
        positions.nodes.sorted { $0.key < $1.key }.map { node, position in
            var writer = WireWriter(capacity: 32)
            writer.u64(position.feed)
            writer.uv(UInt64(position.lanes.count))
            for (lane, lsn) in position.lanes.sorted(by: { $0.key < $1.key }) {
                writer.u8(lane)
                writer.u64(lsn)
            }
            let key = withUnsafeBytes(of: node.bigEndian) { Bytes($0) }
            return (ReplicaDatabase.positions, key, writer.bytes)
        }
    }

    mutating func loadPositions() {
        for (key, value) in disk.entries(ReplicaDatabase.positions) where key.count == 8 {
            let node = key.reduce(0) { $0 << 8 | UInt64($1) }
            value.withUnsafeBytes { bytes in
                var reader = StateReader(bytes)
                guard let feed = try? reader.u64(), let count = try? reader.count(minimumSize: 9) else { return }
                for _ in 0..<count {
                    guard let lane = try? reader.u8(), let lsn = try? reader.u64() else { return }
                    positions.confirm(node: node, feed: feed, lane: lane, lsn: lsn)
                }
            }
        }
    }
}
