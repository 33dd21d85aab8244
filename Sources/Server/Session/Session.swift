// One client's conversation: requests in, replies out in the same order.
//
//   request ─► local    answers at once
//           ─► store    joins the open batch, which leaves at the end of the burst or before a search
//           ─► search   starts once all earlier store commands are answered; searches may overlap
//           ─► verb     MULTI, HELLO, QUIT ...: the session itself
//
// A search must see what the client wrote before it, and a write must not overtake a search: so each kind
// waits for the other. Waiting is done by not parsing on; what has arrived stays in the read buffer.

import Commands
import RESP
import Settings
import Storage

/// The connection under a session. All calls come on its event loop.
protocol SessionShell: AnyObject {
    /// Queues bytes to be sent.
    func write(_ bytes: ByteSlice)
    func flush()
    /// Whether the client takes what it is sent.
    var isWritable: Bool { get }
    /// Goes on with what was read, if the session may.
    func resume()
    /// Ends the connection once everything written has left. `lingering`: what still arrives is read and
    /// dropped for a moment, so that the last reply is not lost to a reset.
    func finish(lingering: Bool)
    /// Ends the connection now.
    func abort()
    func tick(now: UInt64)
}

/// What a session is waiting for.
enum Stall: Equatable {
    /// Batches of the store.
    case store
    /// Commands of the search kind.
    case search
    /// Replies to come down to a bearable number.
    case pending
    /// The client to take its replies.
    case output
    /// The end of CLIENT PAUSE.
    case pause
}

/// What the sessions of a server share, fixed once it runs.
final class SessionEnvironment: @unchecked Sendable {
    // Sendable: `entries` is written by `init` alone.
    typealias Body = @Sendable (CommandContext, Arguments) -> Void

    /// What a session looks up for every command.
    struct Entry {
        /// Of local and search commands.
        let body: Body?
        /// The store's row; -1: not the store's.
        let specification: Int
        let verb: SessionVerb
        let hasSubcommands: Bool
        let mayBlock: Bool
        let isFast: Bool
        let isPipelined: Bool
    }

    let services: Services
    let table: CommandTable
    /// By position in the table.
    let entries: UnsafeMutablePointer<Entry>
    let unwatch: Int?
    /// The store's MEMORY, for MEMORY USAGE; -1: the store has none.
    let memorySpecification: Int

    init(services: Services, table: CommandTable) {
        self.services = services
        self.table = table
        entries = .allocate(capacity: max(table.commands.count, 1))
        for (i, command) in table.commands.enumerated() {
            var body: Body?
            var specification = -1
            switch command.body {
            case .local(let run), .search(let run): body = run
            case .store(let row): specification = row
            case .session: break
            }
            (entries + i).initialize(
                to: Entry(
                    body: body, specification: specification, verb: SessionVerb(rawValue: command.name) ?? .none,
                    hasSubcommands: !command.subcommands.isEmpty, mayBlock: command.flags.contains(.blocking),
                    isFast: command.flags.contains(.fast), isPipelined: command.isPipelined))
        }
        memorySpecification = KeyspaceCommandTable.specification("memory") ?? -1
        unwatch = table.position(of: "unwatch")
    }

    deinit {
        entries.deinitialize(count: table.commands.count)
        entries.deallocate()
    }
}

/// Used on its connection's event loop only; what comes from other threads goes through `ServerLoop.post`.
final class Session: CommandContext {
    /// Bytes of output after which it is sent although the burst goes on.
    static let outputBound = 256 << 10
    /// Commands and bytes not yet answered, past which no more are taken.
    static let pendingCommandBound = 16_384
    static let pendingByteBound = 16 << 20
    /// Commands and bytes of one batch.
    static let batchCommandBound = 1_024
    static let batchByteBound = 256 << 10

    let environment: SessionEnvironment
    let services: Services
    private let server: ServerState
    private let table: CommandTable
    private let entries: UnsafeMutablePointer<SessionEnvironment.Entry>
    let loop: ServerLoop
    let record: ClientRecord
    /// Strong, for a weak one makes every use of the connection slower; gone when the connection closes.
    @exclusivity(unchecked) var shell: (any SessionShell)?
    /// Host of the peer while it is counted as not authenticated.
    var unauthenticatedHost: String?

    @exclusivity(unchecked) var version = RESPVersion.resp2
    @exclusivity(unchecked) var isAuthenticated: Bool
    @exclusivity(unchecked) private var parser = RequestParser()
    @exclusivity(unchecked) private(set) var limits = RequestLimits.authenticated
    @exclusivity(unchecked) private var settingsSeen = -1

    @exclusivity(unchecked) var stall: Stall?
    @exclusivity(unchecked) var isEnding = false
    var endLingers = false
    @exclusivity(unchecked) var isClosed = false
    /// In the mailbox's list of sessions to wake.
    @exclusivity(unchecked) var isTouched = false
    var isMonitor = false

    // MARK: replies (Session+Replies.swift)

    @exclusivity(unchecked) var output: ReplyWriter?
    @exclusivity(unchecked) var slots = SlotQueue()
    /// The reply being written: where, and from which byte on.
    @exclusivity(unchecked) var current: ReplyWriter
    @exclusivity(unchecked) var currentStart = 0
    @exclusivity(unchecked) var place = ReplyPlace.output
    @exclusivity(unchecked) var isDiscarding = false
    @exclusivity(unchecked) var replyMode = ReplyMode.on
    /// The command being run, for `completeLater`.
    @exclusivity(unchecked) var running: RunningCommand?
    @exclusivity(unchecked) var tookLater = false

    // MARK: what is under way

    @exclusivity(unchecked) var openBatch: StoreBatch?
    @exclusivity(unchecked) var openCommands: [Int32] = []
    @exclusivity(unchecked) var openIsDiscarded = false
    @exclusivity(unchecked) var outstandingBatches = 0
    @exclusivity(unchecked) var outstandingSearches = 0
    @exclusivity(unchecked) var hasExclusiveSearch = false
    /// Those of the outstanding searches that are pipelined writes.
    @exclusivity(unchecked) var outstandingPipelined = 0
    @exclusivity(unchecked) var pendingCommands = 0
    @exclusivity(unchecked) var pendingBytes = 0
    @exclusivity(unchecked) var lastTime: UInt64 = 0
    /// Runs of one fast command that are not counted yet: looking at the clock would be a good part of their time.
    @exclusivity(unchecked) var fastCommand = -1
    @exclusivity(unchecked) var fastRuns = 0
    /// Whether the slow log or the latency monitor want to know about every single command.
    @exclusivity(unchecked) private(set) var timesEach = false

    // MARK: transactions (Session+Transactions.swift)

    @exclusivity(unchecked) var transaction: Transaction?
    var isWatching = false

    init(environment: SessionEnvironment, loop: ServerLoop, record: ClientRecord) {
        self.environment = environment
        services = environment.services
        server = services.server
        table = environment.table
        entries = environment.entries
        self.loop = loop
        self.record = record
        isAuthenticated = !environment.services.settings.hasPassword
        current = loop.scratch
        record.set(.unauthenticated, !isAuthenticated)
    }

    var reply: ReplyWriter { current }
    var clientID: UInt64 { record.id }
    var mustAnswerNow: Bool { false }

    // MARK: requests

    /// Runs what of `count` bytes can be run; returns how many bytes are used up.
    ///
    /// The rest is passed again, with what arrived since, when the session is not stalled (any more).
    func consume(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int {
        refreshSettings()
        lastTime = Clock.monotonic()
        defer { countFastRuns() }
        var used = 0
        while used < count, !isEnding, stall == nil, mayGoOn() {
            let progress = parser.parse(
                start + used, available: count - used, limits: limits, isAuthenticated: isAuthenticated)
            switch progress {
            case .complete(let length):
                guard dispatch(parser.arguments(at: start + used)) else { return used }
                parser.next()
                used += length
            case .blank(let length):
                parser.next()
                used += length
            case .incomplete:
                return used
            case .broken(let error):
                breakOff(error)
                return count
            }
        }
        return isEnding ? count : used
    }

    /// What is known of the length of a request that has not fully arrived.
    var announcedLength: Int { parser.announcedLength }

    private func refreshSettings() {
        let generation = services.settings.generation
        guard generation != settingsSeen else { return }
        settingsSeen = generation
        let settings = services.settings
        timesEach = settings.latencyThreshold > 0 || settings.slowLogThreshold < 1_000_000
        applyLimits()
    }

    func applyLimits() {
        guard isAuthenticated else {
            limits = .unauthenticated
            return
        }
        let server = services.settings.server
        limits = RequestLimits(
            inlineLength: RequestLimits.authenticated.inlineLength,
            argumentCount: RequestLimits.authenticated.argumentCount, bulkLength: server.maxBulkLength,
            frameLength: server.maxQueryBuffer)
    }

    /// Whether another command may be taken, as far as replies are concerned.
    @inline(__always)
    private func mayGoOn() -> Bool {
        if pendingCommands >= Self.pendingCommandBound || pendingBytes >= Self.pendingByteBound {
            submitBatch()
            stall = .pending
            return false
        }
        if let output, output.count >= Self.outputBound { return flushEarly() }
        return true
    }

    @inline(never)
    private func flushEarly() -> Bool {
        flushOutput()
        if let shell, !shell.isWritable {
            stall = .output
            return false
        }
        return !isClosed
    }

    private func breakOff(_ error: ProtocolError) {
        loop.counters.add(.limitHits)
        isEnding = true
        if error == .crossProtocol {
            shell?.abort()
            return
        }
        answer(rejecting: nil) { $0.error(error.message) }
        endLingers = true
    }

    // MARK: dispatch

    /// Runs one request, or returns `false`: it has to wait (`stall` says for what) and will be passed again.
    private func dispatch(_ arguments: Arguments) -> Bool {
        guard let position = table.position(of: arguments[0]) else {
            isDiscarding = replyMode != .on
            refuse(nil) { $0.error(ErrorReplies.unknownCommand(arguments)) }
            afterCommand()
            return true
        }
        let row = table.row(position)
        isDiscarding = replyMode != .on
        let count = Int32(truncatingIfNeeded: arguments.count)
        if row.arity >= 0 ? count != row.arity : count < -row.arity {
            let name = table.commands[position].name
            refuse(position) { $0.error(ErrorReplies.wrongArity(name)) }
            afterCommand()
            return true
        }
        if !isAuthenticated, !row.flags.contains(.noAuth) {
            refuse(position) { $0.error(ErrorReplies.authenticationRequired) }
            afterCommand()
            return true
        }
        if server.pausedUntil != 0, isPaused(position, row) {
            submitBatch()
            stall = .pause
            return false
        }
        record.lastCommand.store(position, ordering: .relaxed)
        let verb = entries[position].verb
        if server.monitors.isWatched { showToMonitors(row, verb, arguments) }
        let ran: Bool
        if transaction != nil, !verb.endsTransaction {
            queue(position, row, verb, arguments)
            ran = true
        } else if verb != .none {
            ran = perform(verb, position, row, arguments)
        } else {
            ran = run(position, row, arguments)
        }
        if ran { afterCommand() }
        return ran
    }

    func run(_ position: Int, _ row: CommandTable.Row, _ arguments: Arguments) -> Bool {
        switch row.kind {
        case .local, .session:
            runBody(position, arguments, kind: .local, isExclusive: false)
            return true
        case .search:
            return runSearch(position, row, arguments)
        case .store:
            return runStore(position, arguments, specification: entries[position].specification)
        }
    }

    /// CLIENT REPLY SKIP counts down: the command after it is the one without a reply.
    @inline(__always)
    private func afterCommand() {
        switch replyMode {
        case .on, .off: break
        case .skipNext: replyMode = .skip
        case .skip: replyMode = .on
        }
    }

    private func isPaused(_ position: Int, _ row: CommandTable.Row) -> Bool {
        guard services.server.pausedUntil > Clock.monotonic() else { return false }
        // CLIENT goes through, or nobody could end the pause.
        let verb = entries[position].verb
        if verb == .client { return false }
        if services.server.pausesAll { return true }
        let writes = CommandFlags([.write, .noScript])
        if row.flags.contains(.write) { return true }
        if verb == .exec { return transaction?.writes ?? false }
        // Scripts may write: their flags do not say so.
        return row.kind == .store && !row.flags.isDisjoint(with: writes) && !row.flags.contains(.readOnly)
    }
}
