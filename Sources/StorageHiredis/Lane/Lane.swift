// The lane: the one thread that writes to the store and to the indexes.
//
//   inbox ─► ready jobs ─► burst ─► store ─► replies ─► observer ─► publish ─► completions
//              ▲    └─► parked: jobs of a client that waits for a side connection
//              │
//        changes told by the store: the keys are read again, as a burst of their own
//
// One loop round is one burst at most, then one slice of a scan; whatever else there is to do waits no longer than that.

import Platform
import RESP
import Storage

/// What the lane does when it is not sending a burst is in extensions: `Lane+Burst`, `Lane+Changes` ...
final class Lane: @unchecked Sendable {
    // Sendable: everything but `inbox` is touched on the lane's own thread only, once it runs.
    let inbox: LaneInbox
    let observer: (any DocumentObserver)?
    @exclusivity(unchecked) var reader: ChangeReader
    let status: LinkStatus
    let rows = LaneRows()

    let side: SideConnections

    /// Told when the lane finds its connection broken, with the generation of the link.
    @exclusivity(unchecked) var linkBroken: @Sendable (Int, String) -> Void = { _, _ in }
    @exclusivity(unchecked) var connection: StoreConnection?
    @exclusivity(unchecked) var generation = 0

    @exclusivity(unchecked) var ready = JobQueue()
    /// Later jobs of clients whose first job is with a side connection.
    @exclusivity(unchecked) var parked: [UInt64: [Job]] = [:]
    @exclusivity(unchecked) var burst = Burst()
    /// The burst behind it, which is sent while the changes of the first are told.
    @exclusivity(unchecked) var nextBurst = Burst()
    /// Where `nextBurst` was sent, as long as its replies are to come.
    @exclusivity(unchecked) var sentAhead: StoreConnection?
    @exclusivity(unchecked) var nextFailure: LinkFailure?
    @exclusivity(unchecked) var fields = FieldGathering()

    /// What the store has told and the lane has not yet looked at.
    @exclusivity(unchecked) var told: [StoreChange] = []
    @exclusivity(unchecked) var toldHead = 0
    /// Keys that could not be read just now, to be read a little later.
    @exclusivity(unchecked) var askAgain: [[UInt8]] = []
    /// Room for the text of one integer.
    let integerText = UnsafeMutablePointer<UInt8>.allocate(capacity: 24)
    /// Flushes that we made ourselves: the store tells of them all the same.
    @exclusivity(unchecked) var ownFlushes = 0
    /// Private connections of clients that watch keys.
    @exclusivity(unchecked) var watchers: [UInt64: Watcher] = [:]
    /// Private connections that nobody uses just now.
    @exclusivity(unchecked) var idleConnections: [StoreConnection] = []
    /// A private connection broke during a transaction.
    @exclusivity(unchecked) var privateFailed = false
    /// Set when EXEC gave no array.
    @exclusivity(unchecked) var transactionFailed = false
    @exclusivity(unchecked) var fences = FenceWaiting()
    @exclusivity(unchecked) var scans: [RunningScan] = []
    /// Orders that came while the lane was waiting for something else.
    @exclusivity(unchecked) var postponed: [LaneOrder] = []
    /// Clients that have gone but may still have jobs here.
    @exclusivity(unchecked) var gone: [UInt64] = []
    @exclusivity(unchecked) private var isStopping = false

    deinit { integerText.deallocate() }

    init(inbox: LaneInbox, observer: (any DocumentObserver)?, status: LinkStatus, side: SideConnections) {
        self.side = side
        self.inbox = inbox
        self.observer = observer
        self.status = status
        reader = ChangeReader(observer: observer)
    }

    /// The thread's body.
    func run() {
        while !isStopping {
            var orders = inbox.take(waiting: idleTime())
            if !postponed.isEmpty {
                orders = postponed + orders
                postponed.removeAll()
            }
            for order in orders { obey(order) }
            if orders.isEmpty, !askAgain.isEmpty {
                told.append(contentsOf: askAgain.map { .key($0) })
                askAgain.removeAll()
            }
            readToldChanges()
            runReady()
            continueScan()
            if fences.isOverdue { resume(fences.takeAll()) }
            if ready.isEmpty, !gone.isEmpty { forgetGone() }
        }
        finish()
    }

    /// How long there is nothing to do unless something comes in.
    private func idleTime() -> Int? {
        if !ready.isEmpty || toldHead < told.count || !postponed.isEmpty { return 0 }
        if !scans.isEmpty, connection != nil { return 0 }
        if !askAgain.isEmpty { return 20 }
        return fences.isEmpty ? nil : 200
    }

    private func obey(_ order: LaneOrder) {
        switch order {
        case .job(let job): ready.append(job)
        case .run(let body): body()
        case .linkUp(let fresh, let number, let isFirst):
            connection = fresh
            generation = number
            resume(fences.takeAll())
            if !isFirst { observer?.storeReplaced() }
            status.set(.up)
        case .linkDown(let number, let reason):
            if number == generation, connection != nil { dropConnection(LinkFailure(reason)) }
        case .changes(let changes, let number):
            // What an earlier link told is covered by the check that follows a new one.
            if number == generation { told.append(contentsOf: changes) }
        case .sideDone(let job, let fence):
            if let fence, connection != nil, !fences.isPassed(fence) {
                fences.add(job, fence)
            } else {
                resume([job])
            }
        case .startScan(let scan): scans.append(RunningScan(scan))
        case .cancelScan(let ticket): cancelScan(ticket)
        case .clientGone(let client):
            side.blocking.cancel(client)
            if ready.isEmpty, parked[client] == nil { watchers[client] = nil } else { gone.append(client) }
        case .stop: isStopping = true
        }
    }

    /// Frees what clients held that have gone, now that their last commands have been run.
    private func forgetGone() {
        gone.removeAll { client in
            if parked[client] != nil { return false }
            watchers[client] = nil
            return true
        }
    }

    // MARK: bursts

    private func runReady() {
        guard !ready.isEmpty else { return }
        guard connection != nil else {
            while let job = ready.popFirst() { refuse(job, status.errorText) }
            return
        }
        if let special = compose() {
            runSpecial(special)
        } else {
            runBursts()
        }
    }

    /// Fills the burst from the ready jobs, in order. A job whose next item cannot go into a burst is returned when
    /// nothing comes before it.
    func compose() -> Job? {
        while let job = ready.first, burst.hasRoom(connection?.out.count ?? 0) {
            if parked[job.batch.client] != nil {
                parked[job.batch.client]?.append(job)
                ready.removeFirst()
                continue
            }
            switch add(job) {
            case .all:
                burst.finished.append(job)
                ready.removeFirst()
            case .noRoom: return nil
            case .special: return burst.isEmpty ? job : nil
            }
        }
        return nil
    }

    func complete(_ job: Job) {
        inbox.completed(job)
        job.complete()
    }

    func refuse(_ job: Job, _ message: String) {
        job.failRest(message)
        complete(job)
    }

    /// The connection is of no use any more: its end is told to whoever makes links.
    func dropConnection(_ failure: LinkFailure) {
        connection?.interrupt()
        connection = nil
        told.removeAll()
        toldHead = 0
        ownFlushes = 0
        idleConnections.removeAll()
        // Their changes will not be told any more: the next link begins with a check of everything.
        resume(fences.takeAll())
        failScans(failure)
        status.set(.down(failure.reason))
        linkBroken(generation, failure.reason)
    }

    private func finish() {
        side.stop()
        for order in postponed + inbox.take(waiting: 0) {
            switch order {
            case .job(let job): ready.append(job)
            case .sideDone(let job, _):
                job.next += job.sideCount
                job.sideCount = 0
                refuse(job, StoreErrors.stopped)
            case .run(let body): body()
            case .startScan(let scan): scan.completion(StoreFailure(StoreErrors.stopped))
            default: break
            }
        }
        while let job = ready.popFirst() { refuse(job, StoreErrors.stopped) }
        for jobs in parked.values { for job in jobs { refuse(job, StoreErrors.stopped) } }
        parked.removeAll()
        for job in fences.takeAll() { refuse(job, StoreErrors.stopped) }
        failScans(LinkFailure("the server is stopping"))
        connection = nil
        watchers.removeAll()
        idleConnections.removeAll()
    }
}

/// Jobs in the order in which they came.
struct JobQueue {
    private var jobs: [Job] = []
    private var head = 0

    var isEmpty: Bool { head == jobs.count }
    var first: Job? { head < jobs.count ? jobs[head] : nil }

    mutating func append(_ job: Job) { jobs.append(job) }

    mutating func removeFirst() {
        head += 1
        if head == jobs.count {
            jobs.removeAll(keepingCapacity: jobs.capacity <= 4096)
            head = 0
        } else if head > 1024, head > jobs.count / 2 {
            jobs.removeFirst(head)
            head = 0
        }
    }

    mutating func popFirst() -> Job? {
        guard let job = first else { return nil }
        removeFirst()
        return job
    }

    /// Puts a job before all others.
    mutating func prepend(_ job: Job) {
        if head > 0 {
            head -= 1
            jobs[head] = job
        } else {
            jobs.insert(job, at: 0)
        }
    }
}

/// What the lane asks of a table row for every command, without touching the whole row.
struct LaneRows: Sendable {
    struct Traits: OptionSet {
        let rawValue: UInt8
        /// Always runs on the lane.
        static let isPlain = Traits(rawValue: 1)
        static let isWrite = Traits(rawValue: 2)
        static let hasEffect = Traits(rawValue: 4)
        /// The same in RESP3, but for null.
        static let hasPlainShape = Traits(rawValue: 8)
        /// Fails on what is not a hash.
        static let isHash = Traits(rawValue: 16)
        /// TYPE itself.
        static let isType = Traits(rawValue: 32)
    }

    let rows = KeyspaceCommandTable.rows
    private let traits: [Traits]

    init() {
        traits = rows.map { row in
            var traits: Traits = []
            if case .always(.lane) = row.place { traits.insert(.isPlain) }
            if !row.flags.contains(.readOnly) { traits.insert(.isWrite) }
            if row.effect != .none { traits.insert(.hasEffect) }
            if case .always(.plain) = row.shape { traits.insert(.hasPlainShape) }
            if row.group == "hash" { traits.insert(.isHash) }
            if row.name == "type" { traits.insert(.isType) }
            return traits
        }
    }

    subscript(_ specification: Int) -> Traits { traits[specification] }
}
