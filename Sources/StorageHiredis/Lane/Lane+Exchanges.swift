// Exchanges: work of the server that asks the store and writes to it, between two bursts. And the keys that such work
// holds, which clients may delete and rename but not take for hashes.

import RESP
import Storage

extension Lane {
    private static let exchangeBound = 64

    /// Runs the exchange at the head of a job, and those of the jobs behind it, in one pipeline.
    func runExchanges(from first: Job) {
        var jobs: [Job] = []
        let link = ExchangeLink(self)
        var next: Job? = first
        while let job = next, case .exchange(let exchange) = job.batch.items[job.next] {
            jobs.append(job)
            link.begin(exchange)
            job.next += 1
            next = nil
            // A job that has more items goes on when these are answered.
            guard job.isDone, jobs.count < Self.exchangeBound, let following = ready.first,
                parked[following.batch.client] == nil, !following.batch.isTransaction,
                following.next < following.batch.items.count, case .exchange = following.batch.items[following.next]
            else { break }
            ready.removeFirst()
            next = following
        }
        link.end { i, exchange, answers in exchange.end(answers, jobs[i].writer) }
        for job in jobs.reversed() where !job.isDone { ready.prepend(job) }
        for job in jobs where job.isDone { complete(job) }
    }

    /// Runs one exchange, on the lane's thread, while no burst is on its way.
    func runNow(_ exchange: any LaneExchange, into writer: ReplyWriter) {
        let link = ExchangeLink(self)
        link.begin(exchange)
        link.end { _, exchange, answers in exchange.end(answers, writer) }
    }

    // MARK: reserved keys

    enum Reservation {
        case free
        /// A hash command on a reserved key.
        case wrongType
        /// Whatever is to be thought of later commands is known only when this one is done.
        case touched
    }

    /// What reserved keys mean for a command.
    func reservation(_ command: StoreCommand, _ batch: StoreBatch) -> Reservation {
        let traits = rows[command.specification]
        guard let observer, traits.contains(.isHash) || traits.contains(.hasEffect) else { return .free }
        let arguments = batch.arguments(command)
        if traits.contains(.isHash) {
            return arguments.count > 1 && observer.isReserved(key: arguments[1]) ? .wrongType : .free
        }
        let row = rows.rows[command.specification]
        if row.effect == .removesAll { return .touched }
        guard let keys = row.keyIndices(arguments) else { return .free }
        return keys.contains { $0 < arguments.count && observer.isReserved(key: arguments[$0]) } ? .touched : .free
    }

    private func noteTouch(_ command: StoreCommand, _ batch: StoreBatch) {
        guard let observer else { return }
        let arguments = batch.arguments(command)
        for i in rows.rows[command.specification].keyIndices(arguments) ?? [] where i < arguments.count {
            if observer.isReserved(key: arguments[i]) { observer.reservedKeyTouched(key: arguments[i]) }
        }
    }

    /// Runs a command that touches a reserved key with nothing before or behind it in its burst.
    func runAlone(_ job: Job, _ command: StoreCommand) {
        noteTouch(command, job.batch)
        reader.tellsAll = true
        defer { reader.tellsAll = false }
        burst.jobs.append(job)
        if let connection { add(command, job, 0, connection) }
        if let failure = exchange(connection) { dropConnection(failure) }
        deliverChanges()
        burst.removeAll()
        finishItem(job)
    }

    /// Marks what of a transaction is refused. A key that the transaction itself has written is no longer looked after.
    ///
    /// - Returns: whether a reserved key is touched.
    func noteReservations(_ job: Job) -> Bool {
        guard let observer, observer.hasReservedKeys else { return false }
        var released: Set<[UInt8]> = []
        var isFlushed = false
        for case .command(let command) in job.batch.items {
            let arguments = job.batch.arguments(command)
            switch reservation(command, job.batch) {
            case .free: break
            case .wrongType:
                if !isFlushed, !released.contains(Array(arguments[1])) { job.wrongTyped.insert(command.offset) }
            case .touched:
                noteTouch(command, job.batch)
                let row = rows.rows[command.specification]
                if row.effect == .removesAll { isFlushed = true }
                if case .expires = row.effect { continue }
                for i in row.keyIndices(arguments) ?? [] { released.insert(Array(arguments[i])) }
            }
        }
        return isFlushed || !released.isEmpty
    }

    /// TYPE of a reserved key: as a module's type is shown.
    func answersReservedType(_ node: Int, _ command: StoreCommand, _ job: Job) -> Bool {
        guard rows[command.specification].contains(.isType), let observer, observer.hasReservedKeys,
            burst.tape[node].kind == .status, burst.tape.text(node).elementsEqual("hash".utf8)
        else { return false }
        let arguments = job.batch.arguments(command)
        guard arguments.count > 1, observer.isReserved(key: arguments[1]) else { return false }
        job.writer.simple("trietype0")
        return true
    }
}

/// The connection as exchanges see it. Lives for one pipeline.
private final class ExchangeLink: LaneLink {
    private let lane: Lane
    private let tape = ReplyTape()
    private var exchanges: [any LaneExchange] = []
    private var answers: [[StoreAnswer]] = []
    /// Exchanges whose commands are sent and not yet answered, one entry a command.
    private var awaited: [Int] = []
    private var failure: LinkFailure?

    init(_ lane: Lane) { self.lane = lane }

    func begin(_ exchange: any LaneExchange) {
        exchanges.append(exchange)
        answers.append([])
        exchange.begin(self)
    }

    func end(_ body: (Int, any LaneExchange, [StoreAnswer]) -> Void) {
        receive()
        if let failure { lane.dropConnection(failure) }
        for (i, exchange) in exchanges.enumerated() { body(i, exchange, answers[i]) }
    }

    // MARK: LaneLink

    func queue(_ words: [[UInt8]]) {
        awaited.append(exchanges.count - 1)
        guard let connection = lane.connection, failure == nil else { return }
        connection.out.array(words.count)
        for word in words { connection.out.bulk(word) }
    }

    func ask(_ words: [[UInt8]]) -> StoreAnswer {
        queue(words)
        receive()
        return answers[exchanges.count - 1].popLast() ?? .error(StoreErrors.down("no answer"))
    }

    /// Sends what is queued and takes the answers.
    private func receive() {
        if !awaited.isEmpty, failure == nil, let connection = lane.connection {
            do { try connection.flush() } catch { failure = error }
        }
        for exchange in awaited { answers[exchange].append(answer()) }
        awaited.removeAll()
    }

    private func answer() -> StoreAnswer {
        guard failure == nil, let connection = lane.connection else {
            return .error(failure.map { StoreErrors.lost($0, isWrite: true) } ?? lane.status.errorText)
        }
        tape.removeAll()
        do {
            let node = try connection.read(tape)
            return tape.answer(node)
        } catch {
            failure = error
            return .error(StoreErrors.lost(error, isWrite: true))
        }
    }
}

extension ReplyTape {
    fileprivate func answer(_ node: Int) -> StoreAnswer {
        switch self[node].kind {
        case .string: .text(Array(text(node)))
        case .status: .status(Array(text(node)))
        case .integer: .integer(self[node].value)
        case .null, .nullArray: .null
        case .error: .error(string(node))
        case .array:
            .array(
                {
                    var elements: [StoreAnswer] = []
                    elements.reserveCapacity(self[node].value)
                    var element = node + 1
                    for _ in 0..<self[node].value {
                        elements.append(answer(element))
                        element = next(after: element)
                    }
                    return elements
                }())
        }
    }
}
