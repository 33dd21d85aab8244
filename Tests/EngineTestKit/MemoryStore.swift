// A document store in memory that tells its observer of changes the way the real lane does.
//
// Everything is done by the caller, under one lock that stands for the lane: a command is applied, the observer
// told, the burst published, and then the reply is given.

import RESP
import Storage

#if canImport(Glibc)
import Glibc
#endif

package final class MemoryStore: DocumentStore, @unchecked Sendable {
    // Sendable: all state is touched with the lane's lock held.
    private enum Value {
        case hash([(name: [UInt8], value: [UInt8])])
        case text([UInt8])
    }

    private struct Scan {
        let ticket: Int
        let prefixes: [[UInt8]]
        let visit: @Sendable (ByteSlice, FieldSlices) -> Void
        let progress: @Sendable (Int, Int) -> Void
        let completion: @Sendable (StoreFailure?) -> Void
        var next = 0
        var keys: [[UInt8]]
    }

    /// Whom the lane reports to.
    package weak var observer: (any DocumentObserver)?
    /// Scans wait for ``stepScans(_:)`` instead of running to their end at once.
    package var holdsScans = false
    /// Loads fail with this.
    package var loadFailure: StoreFailure?
    /// Loads so far, and the keys they asked for.
    package private(set) var loadCount = 0
    package private(set) var loadedKeys: [[UInt8]] = []

    private let lane: UnsafeMutablePointer<pthread_mutex_t>
    /// In the order in which they came, as SCAN of a small database would not, but tests can rely on it.
    private var keys: [[UInt8]] = []
    private var values: [[UInt8]: Value] = [:]
    /// Past their time to live, and nobody has noticed yet.
    private var expired: Set<[UInt8]> = []
    private var scans: [Scan] = []
    private var lastTicket = 0

    package init() {
        lane = .allocate(capacity: 1)
        lane.initialize(to: pthread_mutex_t())
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_RECURSIVE))
        pthread_mutex_init(lane, &attributes)
        pthread_mutexattr_destroy(&attributes)
    }

    deinit {
        pthread_mutex_destroy(lane)
        lane.deallocate()
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lane)
        defer { pthread_mutex_unlock(lane) }
        return body()
    }

    // MARK: DocumentStore

    package func submit(_ batch: StoreBatch) {
        let reply = ReplyWriter(version: batch.version)
        locked {
            if batch.isTransaction { reply.array(batch.items.count) }
            for item in batch.items {
                switch item {
                case .command(let command):
                    let arguments = batch.arguments(command)
                    run((0..<arguments.count).map { arguments.bytes($0) }, reply)
                case .literal(let offset, let length): reply.append(batch.literal(offset: offset, length: length))
                case .inline(let body): body(reply)
                case .exchange(let exchange): run(exchange, reply)
                }
            }
            observer?.publish()
        }
        batch.completion?(reply)
    }

    /// Runs one command and gives its reply.
    package func command(_ arguments: [[UInt8]], version: RESPVersion = .resp2) -> ReplyWriter {
        let reply = ReplyWriter(version: version)
        locked {
            run(arguments, reply)
            observer?.publish()
        }
        return reply
    }

    package func load(
        _ request: LoadRequest, _ body: @escaping @Sendable (Result<LoadedRows, StoreFailure>) -> Void
    ) {
        let memory = SliceMemory()
        let outcome: Result<[LoadedRows.Row], StoreFailure> = locked {
            loadCount += 1
            loadedKeys += request.keys
            if let loadFailure { return .failure(loadFailure) }
            return .success(request.keys.map { row($0, request.fields, memory) })
        }
        switch outcome {
        case .failure(let failure): body(.failure(failure))
        case .success(let rows): rows.withUnsafeBufferPointer { body(.success(LoadedRows(rows: $0))) }
        }
        withExtendedLifetime(memory) {}
    }

    private func row(_ key: [UInt8], _ fields: [[UInt8]]?, _ memory: SliceMemory) -> LoadedRows.Row {
        guard !expired.contains(key), case .hash(let pairs)? = values[key] else { return .missing }
        guard let fields else {
            return .pairs(memory.pairs(pairs))
        }
        return .values(
            memory.values(
                fields.map { name in pairs.first { $0.name == name }.map(\.value) }))
    }

    package func scan(
        prefixes: [[UInt8]], visit: @escaping @Sendable (ByteSlice, FieldSlices) -> Void,
        progress: @escaping @Sendable (Int, Int) -> Void, completion: @escaping @Sendable (StoreFailure?) -> Void
    ) -> Int {
        locked {
            lastTicket += 1
            scans.append(
                Scan(
                    ticket: lastTicket, prefixes: prefixes, visit: visit, progress: progress, completion: completion,
                    keys: keys))
            if !holdsScans { stepScans(.max) }
            return lastTicket
        }
    }

    /// Lets every scan that waits look at so many more keys.
    package func stepScans(_ count: Int) {
        locked {
            let waiting = scans
            scans.removeAll()
            for var scan in waiting {
                let end = min(scan.keys.count, scan.next + min(count, scan.keys.count))
                while scan.next < end {
                    let key = scan.keys[scan.next]
                    scan.next += 1
                    guard scan.prefixes.contains(where: { key.starts(with: $0) }), case .hash(let pairs)? = values[key]
                    else { continue }
                    let memory = SliceMemory()
                    key.withUnsafeBufferPointer { scan.visit($0, memory.pairs(pairs)) }
                    withExtendedLifetime(memory) {}
                }
                observer?.publish()
                scan.progress(scan.next, scan.keys.count)
                if scan.next == scan.keys.count { scan.completion(nil) } else { scans.append(scan) }
            }
        }
    }

    /// Ends every waiting scan with an error.
    package func failScans(_ message: String) {
        locked {
            let waiting = scans
            scans.removeAll()
            for scan in waiting { scan.completion(StoreFailure(message)) }
        }
    }

    package func cancelScan(_ ticket: Int) {
        locked { scans.removeAll { $0.ticket == ticket } }
    }

    package func exchangeNow(_ exchange: any LaneExchange, into reply: ReplyWriter) { locked { run(exchange, reply) } }

    package func onLane(_ body: @escaping @Sendable () -> Void) { locked(body) }

    package func clientGone(_ client: UInt64) {}
    package func information() -> [String: String] { ["redis_version": "7.2.0"] }
    package var isReachable: Bool { true }

    /// The store was exchanged for another one that has this one's documents.
    package func replaced() {
        locked { observer?.storeReplaced() }
    }

    /// Takes a key out without telling anybody.
    package func loseSilently(_ key: [UInt8]) {
        locked {
            values[key] = nil
            keys.removeAll { $0 == key }
        }
    }

    // MARK: commands

    private func run(_ arguments: [[UInt8]], _ reply: ReplyWriter) {
        let name = String(decoding: arguments[0], as: UTF8.self).uppercased()
        switch name {
        case "HSET" where arguments.count >= 4 && arguments.count.isMultiple(of: 2):
            setFields(arguments[1], Array(arguments[2...]), reply)
        case "HDEL" where arguments.count >= 3: deleteFields(arguments[1], Array(arguments[2...]), reply)
        case "DEL", "UNLINK":
            var count = 0
            for key in arguments[1...] where remove(key) { count += 1 }
            reply.integer(count)
        case "SET" where arguments.count == 3:
            let known = values[arguments[1]]
            put(arguments[1], .text(arguments[2]))
            if case .hash? = known { removed(arguments[1]) }
            reply.ok()
        case "GET" where arguments.count == 2:
            if case .text(let text)? = values[arguments[1]] { reply.bulk(text) } else { reply.null() }
        case "EXISTS": reply.integer(arguments[1...].count { values[$0] != nil })
        case "RENAME" where arguments.count == 3: rename(arguments[1], arguments[2], reply)
        case "PEXPIRE" where arguments.count == 3:
            // Its time is over at once, and the store has not told anybody.
            let isThere = values[arguments[1]] != nil
            if isThere { expired.insert(arguments[1]) }
            reply.integer(isThere ? 1 : 0)
        case "FLUSHALL", "FLUSHDB":
            keys = []
            values = [:]
            expired = []
            observer?.allRemoved()
            reply.ok()
        default: reply.error("ERR unknown command '\(name)'")
        }
    }

    private func run(_ exchange: any LaneExchange, _ reply: ReplyWriter) {
        let link = MemoryLink { [self] in answer($0) }
        exchange.begin(link)
        exchange.end(link.answers, reply)
    }

    /// What an exchange asks and writes; the observer is not told.
    private func answer(_ arguments: [[UInt8]]) -> StoreAnswer {
        let key = arguments[1]
        let isLive = values[key] != nil && !expired.contains(key)
        var pairs: [(name: [UInt8], value: [UInt8])] = []
        if isLive {
            guard case .hash(let known)? = values[key] else {
                if arguments[0] == Array("EXISTS".utf8) { return .integer(1) }
                return .error("WRONGTYPE Operation against a key holding the wrong kind of value")
            }
            pairs = known
        }
        switch String(decoding: arguments[0], as: UTF8.self) {
        case "EXISTS": return .integer(isLive ? 1 : 0)
        case "PTTL": return .integer(isLive ? -1 : -2)
        case "HGET": return pairs.first { $0.name == arguments[2] }.map { .text($0.value) } ?? .null
        case "HGETALL": return .array(pairs.flatMap { [.text($0.name), .text($0.value)] })
        case "HDEL":
            pairs.removeAll { $0.name == arguments[2] }
            put(key, .hash(pairs))
            return .integer(1)
        default:
            for i in stride(from: 2, to: arguments.count, by: 2) {
                pairs.removeAll { $0.name == arguments[i] }
                pairs.append((arguments[i], arguments[i + 1]))
            }
            put(key, .hash(pairs))
            return .integer(0)
        }
    }

    private func setFields(_ key: [UInt8], _ words: [[UInt8]], _ reply: ReplyWriter) {
        var pairs: [(name: [UInt8], value: [UInt8])] = []
        if case .hash(let known)? = values[key] { pairs = known }
        let isNew = pairs.isEmpty
        var added = 0
        var written: [(name: [UInt8], value: [UInt8])] = []
        for i in stride(from: 0, to: words.count, by: 2) {
            written.append((words[i], words[i + 1]))
            if let position = pairs.firstIndex(where: { $0.name == words[i] }) {
                pairs[position].value = words[i + 1]
            } else {
                pairs.append((words[i], words[i + 1]))
                added += 1
            }
        }
        put(key, .hash(pairs))
        reply.integer(added)
        let memory = SliceMemory()
        key.withUnsafeBufferPointer { key in
            guard let observer, observer.covers(key: key) else { return }
            if !isNew, written.count < pairs.count, observer.documentPatched(key: key, fields: memory.pairs(written)) {
                return
            }
            observer.documentChanged(key: key, fields: memory.pairs(pairs))
        }
        withExtendedLifetime(memory) {}
    }

    private func deleteFields(_ key: [UInt8], _ names: [[UInt8]], _ reply: ReplyWriter) {
        guard case .hash(var pairs)? = values[key] else {
            reply.integer(0)
            return
        }
        let count = pairs.count
        pairs.removeAll { names.contains($0.name) }
        reply.integer(count - pairs.count)
        if pairs.isEmpty {
            _ = remove(key)
        } else {
            put(key, .hash(pairs))
            changed(key, pairs)
        }
    }

    private func rename(_ from: [UInt8], _ to: [UInt8], _ reply: ReplyWriter) {
        guard let value = values[from] else {
            reply.error("ERR no such key")
            return
        }
        _ = remove(from)
        _ = remove(to)
        put(to, value)
        if case .hash(let pairs) = value { changed(to, pairs) }
        reply.ok()
    }

    private func put(_ key: [UInt8], _ value: Value) {
        if values[key] == nil { keys.append(key) }
        values[key] = value
        expired.remove(key)
    }

    private func remove(_ key: [UInt8]) -> Bool {
        guard let value = values.removeValue(forKey: key) else { return false }
        keys.removeAll { $0 == key }
        expired.remove(key)
        if case .hash = value { removed(key) }
        return true
    }

    private func changed(_ key: [UInt8], _ pairs: [(name: [UInt8], value: [UInt8])]) {
        let memory = SliceMemory()
        key.withUnsafeBufferPointer { key in
            guard let observer, observer.covers(key: key) else { return }
            observer.documentChanged(key: key, fields: memory.pairs(pairs))
        }
        withExtendedLifetime(memory) {}
    }

    private func removed(_ key: [UInt8]) {
        key.withUnsafeBufferPointer { key in
            guard let observer, observer.covers(key: key) else { return }
            observer.documentRemoved(key: key)
        }
    }
}

private final class MemoryLink: LaneLink {
    private let run: ([[UInt8]]) -> StoreAnswer
    private(set) var answers: [StoreAnswer] = []

    init(_ run: @escaping ([[UInt8]]) -> StoreAnswer) { self.run = run }

    func ask(_ words: [[UInt8]]) -> StoreAnswer { run(words) }
    func queue(_ words: [[UInt8]]) { answers.append(run(words)) }
}

/// Memory that slices point into, freed with the object.
private final class SliceMemory {
    private var blocks: [UnsafeMutableRawPointer] = []

    deinit { for block in blocks { block.deallocate() } }

    private func slice(_ bytes: [UInt8]) -> ByteSlice {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
        memory.initialize(from: bytes, count: bytes.count)
        blocks.append(UnsafeMutableRawPointer(memory))
        return ByteSlice(start: memory, count: bytes.count)
    }

    func pairs(_ pairs: [(name: [UInt8], value: [UInt8])]) -> FieldSlices {
        let memory = UnsafeMutablePointer<ByteSlice>.allocate(capacity: max(1, 2 * pairs.count))
        for (i, pair) in pairs.enumerated() {
            (memory + 2 * i).initialize(to: slice(pair.name))
            (memory + 2 * i + 1).initialize(to: slice(pair.value))
        }
        blocks.append(UnsafeMutableRawPointer(memory))
        return FieldSlices(slices: memory, count: pairs.count)
    }

    func values(_ values: [[UInt8]?]) -> UnsafeBufferPointer<ByteSlice?> {
        let memory = UnsafeMutablePointer<ByteSlice?>.allocate(capacity: max(1, values.count))
        for (i, value) in values.enumerated() { (memory + i).initialize(to: value.map(slice)) }
        blocks.append(UnsafeMutableRawPointer(memory))
        return UnsafeBufferPointer(start: memory, count: values.count)
    }
}
