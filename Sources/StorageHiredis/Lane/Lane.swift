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
    let reader: ChangeReader
    let status: LinkStatus
    let rows = LaneRows()

    /// Told when the lane finds its connection broken, with the generation of the link.
    @exclusivity(unchecked) var linkBroken: @Sendable (Int, String) -> Void = { _, _ in }
    @exclusivity(unchecked) var connection: StoreConnection?
    @exclusivity(unchecked) var generation = 0

    @exclusivity(unchecked) var ready = JobQueue()
    /// Later jobs of clients whose first job is with a side connection.
    @exclusivity(unchecked) var parked: [UInt64: [Job]] = [:]
    @exclusivity(unchecked) var burst = Burst()
    @exclusivity(unchecked) var fields = FieldGathering()

    /// What the store has told and the lane has not yet looked at.
    @exclusivity(unchecked) var told: [StoreChange] = []
    @exclusivity(unchecked) var toldHead = 0
    /// Keys that could not be read just now, to be read a little later.
    @exclusivity(unchecked) var askAgain: [[UInt8]] = []
    /// Room for the text of one integer.
    let integerText = UnsafeMutablePointer<UInt8>.allocate(capacity: 24)
    @exclusivity(unchecked) private var isStopping = false

    deinit { integerText.deallocate() }

    init(inbox: LaneInbox, observer: (any DocumentObserver)?, status: LinkStatus) {
        self.inbox = inbox
        self.observer = observer
        self.status = status
        reader = ChangeReader(observer: observer)
    }

    /// The thread's body.
    func run() {
        while !isStopping {
            let orders = inbox.take(waiting: idleTime())
            for order in orders { obey(order) }
            if orders.isEmpty, !askAgain.isEmpty {
                told.append(contentsOf: askAgain.map { .key($0) })
                askAgain.removeAll()
            }
            readToldChanges()
            runReady()
        }
        finish()
    }

    /// How long there is nothing to do unless something comes in.
    private func idleTime() -> Int? {
        if !ready.isEmpty || toldHead < told.count { return 0 }
        return askAgain.isEmpty ? nil : 20
    }

    private func obey(_ order: LaneOrder) {
        switch order {
        case .job(let job): ready.append(job)
        case .run(let body): body()
        case .linkUp(let fresh, let number, let isFirst):
            connection = fresh
            generation = number
            status.set(.up)
            if !isFirst { observer?.storeReplaced() }
        case .linkDown(let number, let reason):
            if number == generation, connection != nil { dropConnection(LinkFailure(reason)) }
        case .changes(let changes, let number):
            // What an earlier link told is covered by the check that follows a new one.
            if number == generation { told.append(contentsOf: changes) }
        case .stop: isStopping = true
        case .clientGone, .sideDone, .startScan, .cancelScan: break
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
            execute()
        }
    }

    /// Fills the burst from the ready jobs, in order. A job whose next item cannot go into a burst is returned when
    /// nothing comes before it.
    private func compose() -> Job? {
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

    func runSpecial(_ job: Job) {
        refuseNext(job, "ERR not supported yet")
    }

    /// Answers the next item, or a whole transaction, with an error.
    func refuseNext(_ job: Job, _ message: String) {
        job.writer.error(message)
        job.next = job.batch.isTransaction ? job.batch.items.count : job.next + 1
        if job.isDone { completeFirst(job) }
    }

    /// Completes the job at the head of the queue.
    func completeFirst(_ job: Job) {
        ready.removeFirst()
        complete(job)
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
        status.set(.down(failure.reason))
        linkBroken(generation, failure.reason)
    }

    private func finish() {
        for order in inbox.take(waiting: 0) {
            if case .job(let job) = order { ready.append(job) }
        }
        while let job = ready.popFirst() { refuse(job, StoreErrors.stopped) }
        for jobs in parked.values { for job in jobs { refuse(job, StoreErrors.stopped) } }
        parked.removeAll()
        connection = nil
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
            return traits
        }
    }

    subscript(_ specification: Int) -> Traits { traits[specification] }
}
