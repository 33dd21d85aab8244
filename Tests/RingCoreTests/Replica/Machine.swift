// A replica with its disk and its store, driven step by step, so that it can be killed between any two steps.

import RingSimulator

@testable import RingCore

/// One node without a network.
struct Machine {
    /// What is killed.
    enum Kill {
        case node
        case store
        case both
    }

    static let feedID: UInt64 = 77

    let node: UInt64
    private(set) var disk = MemoryDisk()
    var store = StoreModel()
    private(set) var replica: LocalReplica
    private(set) var now = RingTime(wall: 1_000_000, monotonic: 1_000)
    /// Directives that are not carried out yet.
    private(set) var directives: [RingDirective] = []
    /// Outcomes that the replica has not been told yet.
    private(set) var events: [RingEvent] = []
    var completions: [ReplicaCompletion] = []
    private(set) var notes: [String] = []
    private var nextToken: UInt64 = 1
    var boot: UInt64 = 1
    var hasCoOwners = false { didSet { replica.hasCoOwners = hasCoOwners } }

    init(node: UInt64 = 7, storeIsThere: Bool = true) {
        self.node = node
        replica = Self.replica(node, disk, 1, RingTime(wall: 1_000_000, monotonic: 1_000))
        if storeIsThere { connect() }
    }

    private static func replica(_ node: UInt64, _ disk: MemoryDisk, _ boot: UInt64, _ now: RingTime) -> LocalReplica {
        LocalReplica(settings: settings(node, boot), disk: disk, feedID: feedID &+ node, now: now)
    }

    static func token(_ key: Bytes) -> UInt32 { KeyHash.standard.token(of: key).value }

    static func settings(_ node: UInt64, _ boot: UInt64) -> ReplicaSettings {
        ReplicaSettings(node: node, boot: boot, token: { token($0) }) { command in
            guard command.count > 1 else { return [] }
            switch command[0].lowercased {
            case "del", "exists": return Array(command[1...])
            case "mset": return stride(from: 1, to: command.count, by: 2).map { command[$0] }
            case "rename": return Array(command[1...2])
            default: return [command[1]]
            }
        }
    }

    // MARK: driving

    private mutating func drive(_ body: (inout LocalReplica, RingTime, inout ReplicaOutput) -> Void) {
        var out = ReplicaOutput()
        body(&replica, now, &out)
        directives += out.directives
        completions += out.completions
    }

    mutating func submit(_ work: ReplicaWork) -> UInt64 {
        let token = nextToken
        nextToken += 1
        drive { $0.submit(work, token: token, at: $1, into: &$2) }
        return token
    }

    mutating func answer(_ feed: Feed) -> UInt64 {
        let token = nextToken
        nextToken += 1
        drive { $0.answer(feed, token: token, isShared: { _ in true }, at: $1, into: &$2) }
        return token
    }

    mutating func version() -> Version { replica.issueVersion(at: now) ?? .zero }

    mutating func isMissing(_ fingerprints: [UInt64]) -> [Int] { replica.unseen(fingerprints, at: now) }

    mutating func confirm(_ node: UInt64, _ feed: UInt64, _ lsn: UInt64) {
        replica.positions.confirm(node: node, feed: feed, lane: 0, lsn: lsn)
    }

    mutating func connect(isNewProcess: Bool = true) {
        let marker = store.marker()
        drive { $0.storeReturned(marker: marker, isNewProcess: isNewProcess, at: $1, into: &$2) }
    }

    mutating func changedBehind(_ key: String) { drive { $0.changedBehind(key.octets, at: $1, into: &$2) } }

    mutating func pass(_ milliseconds: UInt64) {
        now.wall += milliseconds
        now.monotonic += milliseconds
        drive { $0.tick(at: $1, into: &$2) }
    }

    /// One directive is carried out, or one outcome told. `false`: there was nothing to do.
    @discardableResult
    mutating func step() -> Bool {
        if !directives.isEmpty {
            carryOut(directives.removeFirst())
            return true
        }
        guard !events.isEmpty else { return false }
        switch events.removeFirst() {
        case .stored(let batch, let outcome): drive { $0.stored(batch: batch, outcome, at: $1, into: &$2) }
        case .checkpointed(let number): drive { $0.checkpointed(number, at: $1, into: &$2) }
        default: break
        }
        return true
    }

    private mutating func carryOut(_ directive: RingDirective) {
        switch directive {
        case .log(let bytes): disk.append(bytes)
        case .store(let request): events.append(.stored(batch: request.batch, store.run(request, at: now.wall)))
        case .checkpoint(let checkpoint):
            disk.write(checkpoint)
            events.append(.checkpointed(checkpoint.number))
        case .trimLog(let lsn): disk.trim(below: lsn)
        case .note(let text): notes.append(text)
        default: break
        }
    }

    /// Until there is nothing left to do.
    mutating func settle() {
        while step() {}
    }

    /// Until a directive of this kind is the next.
    mutating func run(to isNext: (RingDirective) -> Bool) {
        while !(directives.first.map(isNext) ?? false), step() {}
    }

    /// - Parameter backTo: the store comes back with what it had at an earlier moment.
    mutating func kill(_ kill: Kill, backTo earlier: StoreModel? = nil, isPowerFailure: Bool = false) {
        if let earlier { store = earlier }
        if isPowerFailure {
            disk.loseUnsynced()
            boot += 1
        }
        switch kill {
        case .node, .both:
            directives = []
            events = []
            now.wall += 5
            now.monotonic = 1_000
            replica = Self.replica(node, disk, boot, now)
            replica.hasCoOwners = hasCoOwners
            connect()
        case .store:
            // What was on its way to the store is lost; what was to be logged is not.
            for directive in directives {
                if case .store(let request) = directive {
                    events.append(.stored(batch: request.batch, .lost))
                } else {
                    carryOut(directive)
                }
            }
            directives = []
            for i in events.indices {
                if case .stored(let batch, _) = events[i] { events[i] = .stored(batch: batch, .lost) }
            }
            settle()
            connect()
        }
    }

    // MARK: in one call

    mutating func outcomes(_ token: UInt64) -> [ItemOutcome]? {
        for case .applied(token, let outcomes) in completions { return outcomes }
        return nil
    }

    mutating func execution(_ token: UInt64) -> ExecutionOutcome? {
        for case .executed(token, let outcome) in completions { return outcome }
        return nil
    }

    mutating func feedReply(_ token: UInt64) -> FeedReply? {
        for case .feed(token, let reply) in completions { return reply }
        return nil
    }

    mutating func states(_ token: UInt64) -> [Item]? {
        for case .states(token, let items) in completions { return items }
        return nil
    }

    mutating func reads(_ token: UInt64) -> [ReadReply.Entry]? {
        for case .read(token, let entries) in completions { return entries }
        return nil
    }

    /// Keys that the replica wants from co-owners since the last call.
    mutating func takeMissing() -> [Bytes] {
        let keys = completions.flatMap { completion -> [Bytes] in
            if case .missing(let keys) = completion { keys } else { [] }
        }
        completions.removeAll { if case .missing = $0 { true } else { false } }
        return keys
    }

    /// The items of a blind command, freshly stamped.
    mutating func items(_ text: String) -> [Item] {
        let command = Self.words(text)
        let version = version()
        let effects = BlindWrite.effects(of: command, version: version, now: version.milliseconds) ?? []
        return effects.map {
            Item(version: $0.version, token: Self.token($0.key), key: $0.key, effect: $0.effect)
        }
    }

    mutating func write(_ text: String) -> UInt64 { submit(.apply(items(text), mode: .write, isFetch: false)) }

    mutating func execute(_ texts: String...) -> UInt64 {
        submit(.execute(texts.map(Self.words), preconditions: []))
    }

    static func words(_ text: String) -> [Bytes] { text.split(separator: " ").map { Bytes($0.utf8) } }

    /// What the store shows under a key.
    func shown(_ key: String) -> String {
        func text(_ bytes: Bytes) -> String { String(decoding: bytes, as: UTF8.self) }
        switch store.value(key.octets, at: now.wall) {
        case nil: return "nothing"
        case .string(let value): return text(value)
        case .hash(let fields): return fields.map { text($0) + "=" + text($1) }.sorted().joined(separator: " ")
        case .list(let elements): return elements.map(text).joined(separator: ",")
        case .set(let members): return members.map(text).sorted().joined(separator: "|")
        }
    }
}

extension RingDirective {
    var isLog: Bool { if case .log = self { true } else { false } }
    var isStore: Bool { if case .store = self { true } else { false } }
    var isCheckpoint: Bool { if case .checkpoint = self { true } else { false } }
}
