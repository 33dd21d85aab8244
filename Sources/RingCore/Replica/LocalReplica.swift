// The node's own copy of its keys: one queue of work, one batch at the store at a time.
//
//   submit ──► queue of units ──► batch ──► .log, .store ──► stored ──► [.log results] ──► records, feed ──► completions
//                   ▲               │                           │
//                   └── a unit that would stand behind an       └── lost: the marker in the store tells, once it is
//                       execution of the same key waits             back, what has happened (LocalReplica+Recovery)
//
// A unit is what must not be torn apart: an atomic group of effects, an execution, one read. Units of different keys may
// overtake each other, units of one key never do.

/// One replica of everything that its node owns. Pure: time comes in with each call, directives and completions go out.
package struct LocalReplica {
    enum Phase: Equatable {
        /// The store's marker is not known: at the start, and after the store was lost.
        case waiting
        /// What the store lacks is being found out, or being sent.
        case recovering
        case running
    }

    package let settings: ReplicaSettings
    package internal(set) var clock: HybridClock
    package internal(set) var feed: ChangeFeed
    /// How far this node has come in the feeds of others. What is noted becomes ``ReplicaCompletion/checkpointed(_:)``.
    package var positions = FeedPositions()
    /// Whether somebody else owns what this node owns: whom the store's losses can be fetched from.
    package var hasCoOwners = false
    package internal(set) var flushFloor: Version = .zero
    /// Replies of the store that the records had predicted otherwise.
    package internal(set) var driftCount = 0

    let disk: any RingDisk
    var records: RecordTable
    var recent = RecentFingerprints()
    var phase = Phase.waiting

    var queue: [Unit] = []
    var works: [UInt64: PendingWork] = [:]
    var nextWork: UInt64 = 1
    var inFlight: Batch?
    var recovery: Recovery?
    /// Of a batch whose replies were lost: answered when the store has it.
    var held: [Batch.ItemStep] = []
    var heldExecutions: [UInt64] = []
    var hasStarted = false
    var nextBatch: UInt64 = 1
    var nextLSN: UInt64 = 1
    /// The last batch whose records and feed entries are in memory or on disk.
    var appliedLSN: UInt64 = 0
    var missing: Set<Bytes> = []

    // Marker: the last one that was sent, and those that the store has confirmed but may not have synced.
    var markerSent: UInt64 = 0
    var markerSentAt: UInt64 = 0
    var markerStored: UInt64 = 0
    var markersStored: [(lsn: UInt64, at: UInt64)] = []
    var markerSynced: UInt64 = 0

    // Checkpoints.
    var checkpointNumber: UInt64 = 0
    var checkpointInWork: CheckpointInWork?
    var checkpointLSN: UInt64 = 0
    var lastCheckpointAt: UInt64 = 0
    var isCheckpointWanted = true
    /// The first LSN that the log is sure to hold.
    var firstLSN: UInt64 = 1
    var storedBoot: UInt64?
    var feedToStore: [(lsn: UInt64, entries: [ChangeFeed.Entry])] = []
    var feedStored: [UInt64] = []

    static let lane: UInt8 = 0

    /// - Parameter feedID: chosen at random; used when the disk knows none.
    package init(settings: ReplicaSettings, disk: any RingDisk, feedID: UInt64, now: RingTime) {
        self.settings = settings
        self.disk = disk
        records = RecordTable(disk: disk, token: settings.token)
        func number(_ name: String) -> UInt64? { Meta.number(disk.entry(ReplicaDatabase.meta, name.bytes)) }
        clock = HybridClock(
            node: settings.node, wall: now.wall, storedCeiling: number(Meta.ceiling) ?? 0,
            leadLimit: settings.clockLeadLimit)
        feed = ChangeFeed(id: number(Meta.feed) ?? feedID, bounds: settings.feedBounds)
        checkpointLSN = number(Meta.checkpoint) ?? 0
        appliedLSN = checkpointLSN
        firstLSN = number(Meta.firstLSN) ?? 1
        storedBoot = number(Meta.boot)
        checkpointNumber = number(Meta.number) ?? 0
        if let floor = disk.entry(ReplicaDatabase.meta, Meta.flushFloor.bytes) {
            flushFloor = Meta.version(floor) ?? .zero
        }
        loadFeed(now)
        loadPositions()
    }

    /// Whether work is being done, and the records are those of the log.
    package var isRunning: Bool { phase == .running }

    /// Units that wait: what foreground pressure is measured by.
    package var queueLength: Int { queue.count }

    /// The state of a key as of the last batch that was done.
    package func state(_ key: Bytes) -> KeyState { records.state(key) }

    /// A version for a command that this node coordinates; `nil` until a higher ceiling of the clock is on disk.
    package mutating func issueVersion(at now: RingTime) -> Version? {
        // A life that began soon after the last one starts where that one might have come to. Others would refuse its stamps.
        guard isClockNear(now) else { return nil }
        let version = clock.issue(wall: now.wall)
        if version == nil { isCheckpointWanted = true }
        return version
    }

    /// Whether stamps made now are near enough to the wall clock for other nodes.
    func isClockNear(_ now: RingTime) -> Bool { clock.accepts(clock.stamp, wall: now.wall) }

    // MARK: events

    /// Takes work. Its completion bears the token.
    package mutating func submit(
        _ work: ReplicaWork, token: UInt64, at now: RingTime, into out: inout ReplicaOutput
    ) {
        enqueue(work, token: token, purpose: .asked, at: now, into: &out)
        advance(now, &out)
    }

    /// The outcome of a ``RingDirective/store(_:)`` of this replica.
    package mutating func stored(
        batch: UInt64, _ outcome: StoreOutcome, at now: RingTime, into out: inout ReplicaOutput
    ) {
        if phase == .recovering {
            recoveryStored(batch, outcome, now, &out)
        } else if let done = inFlight, done.number == batch {
            switch outcome {
            case .lost:
                phase = .waiting
            case .refused(let error):
                inFlight = nil
                finish(done, replies: nil, refusal: error, now, &out)
            case .replies(let replies) where replies.count == done.commands.count:
                inFlight = nil
                finish(done, replies: replies, refusal: nil, now, &out)
            case .replies:
                // Not the replies to what was sent. What was done shows when the store is asked.
                phase = .waiting
                out.directives.append(.note("the store answered \(done.commands.count) commands with another number"))
            }
        }
        advance(now, &out)
    }

    /// Somebody else changed a key in the store.
    package mutating func changedBehind(_ key: Bytes, at now: RingTime, into out: inout ReplicaOutput) {
        guard key != Self.marker else { return }
        enqueue(.changedBehind(key), token: 0, purpose: .own, at: now, into: &out)
        advance(now, &out)
    }

    /// To be called about every 20 ms.
    package mutating func tick(at now: RingTime, into out: inout ReplicaOutput) {
        feed.trim(now: now.monotonic)
        advance(now, &out)
    }

    /// Whatever can go on goes on.
    mutating func advance(_ now: RingTime, _ out: inout ReplicaOutput) {
        guard phase == .running else { return }
        while inFlight == nil, let batch = compose(now, &out) {
            log(batch, &out)
            if batch.commands.isEmpty {
                finish(batch, replies: [], refusal: nil, now, &out)
            } else {
                send(batch, now, &out)
            }
        }
        checkpointIfDue(now, &out)
    }

    private func log(_ batch: Batch, _ out: inout ReplicaOutput) {
        guard let lsn = batch.lsn else { return }
        var bytes: Bytes = []
        let body: LogRecord.Body =
            batch.intents.isEmpty ? .effects(batch.items) : .intents(effects: batch.items, batch.intents)
        LogRecord(lsn: lsn, body).encode(into: &bytes)
        out.directives.append(.log(bytes))
    }

    private mutating func send(_ batch: Batch, _ now: RingTime, _ out: inout ReplicaOutput) {
        if batch.setsMarker {
            markerSent = batch.marker
            markerSentAt = now.monotonic
        }
        out.directives.append(
            .store(StoreBatchRequest(batch: batch.number, commands: batch.commands, isAtomic: batch.isAtomic)))
        inFlight = batch
    }

    // MARK: marker

    /// The store's key that says which batches it has done.
    package static let marker = "__ringsearch:lsn:0".bytes

    static func markerCommand(_ lsn: UInt64) -> [Bytes] { ["SET".bytes, marker, lsn.bytes] }

    mutating func markerIsStored(_ lsn: UInt64, _ now: RingTime) {
        // One in a tenth of a second is enough to know what the store had some seconds ago.
        if markersStored.last.map({ $0.at + 100 <= now.monotonic }) ?? true {
            markersStored.append((lsn, now.monotonic))
        }
        while let oldest = markersStored.first, oldest.at + settings.storeSyncDelay <= now.monotonic {
            markerSynced = max(markerSynced, oldest.lsn)
            markersStored.removeFirst()
        }
    }
}
