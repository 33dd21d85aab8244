// The door to the backing store, as commands and the search engine see it.
//
//   session ── StoreBatch ──► lane (one thread, one connection to the store)
//                              │ commands of a batch, pipelined, with the reads that indexing needs
//                              │ replies in, in order
//                              ├─► DocumentObserver: changed, removed, flushed ... then publish()
//                              └─► batch.complete(replies)          the index is already up to date
//   search  ── load(...) ────► loader (its own thread and connection): fields of winners
//
// The lane is the one writer of every index: whatever changes a document passes through it, in the
// order in which the store saw it.

import RESP

/// One command of a batch.
package struct StoreCommand: Sendable {
    /// Where its bytes lie in the batch's arena.
    package var offset: Int
    package var length: Int
    /// Arguments as (offset from the command's start, length) pairs in the batch's span table.
    package var firstSpan: Int
    package var argumentCount: Int
    /// Position of the command's row in the keyspace command table.
    package var specification: Int
}

/// Commands of one client that go to the store together and are answered together, in order.
///
/// Filled on an event loop, then owned by the store until `completion` runs, exactly once.
package final class StoreBatch: @unchecked Sendable {
    // Sendable by hand-over: one owner at a time.
    package enum Item: Sendable {
        case command(StoreCommand)
        /// Reply bytes that were known before the batch was sent (a PING between two SETs).
        case literal(offset: Int, length: Int)
        /// Something that is not the store's but must run at this place of a transaction (FT.SEARCH inside MULTI).
        /// Runs on the lane's thread, writes exactly one reply, may wait for the loader, never for the lane.
        case inline(@Sendable (ReplyWriter) -> Void)
        /// Work of the server that speaks with the store itself.
        case exchange(any LaneExchange)
    }

    @exclusivity(unchecked) package private(set) var items: [Item] = []
    // Raw memory, because the lane keeps slices of keys and values over many calls; grown while filling only.
    @exclusivity(unchecked) private var arena: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) private var arenaCapacity: Int
    /// Bytes in the arena: what the batch weighs in a queue.
    @exclusivity(unchecked) package private(set) var byteCount = 0
    @exclusivity(unchecked) private var spans: UnsafeMutablePointer<Int32>
    @exclusivity(unchecked) private var spanCapacity: Int
    @exclusivity(unchecked) private var spanCount = 0
    package let version: RESPVersion
    /// The client it came from: WATCH, transactions and blocking state hang on it.
    package let client: UInt64
    /// The items are the commands of a MULTI ... EXEC: one reply, the array of theirs, or the null array when
    /// a key that the client WATCHes has changed. It may be empty: EXEC right after MULTI.
    package var isTransaction = false
    /// All replies of the batch in order. Runs on a store thread.
    package var completion: (@Sendable (ReplyWriter) -> Void)?

    package init(version: RESPVersion, client: UInt64) {
        self.version = version
        self.client = client
        arenaCapacity = 512
        arena = .allocate(capacity: arenaCapacity)
        spanCapacity = 32
        spans = .allocate(capacity: spanCapacity)
    }

    deinit {
        arena.deallocate()
        spans.deallocate()
    }

    package var isEmpty: Bool { items.isEmpty }

    /// Copies a request into the batch, as a RESP array of bulk strings.
    package func append(_ arguments: Arguments, specification: Int) {
        let first = spanCount
        let start = byteCount
        if arguments.isForwardable {
            put(ByteSlice(start: arguments.base, count: arguments.frameLength))
            reserveSpans(2 * arguments.count)
            (spans + spanCount).update(from: arguments.spans, count: 2 * arguments.count)
            spanCount += 2 * arguments.count
        } else {
            begin(arguments.count)
            for i in 0..<arguments.count { put(argument: arguments[i], frame: start) }
        }
        finish(start, first, arguments.count, specification)
    }

    /// Copies a command given as owned arguments (commands the server itself makes).
    package func append(_ arguments: [[UInt8]], specification: Int) {
        let first = spanCount
        let start = byteCount
        begin(arguments.count)
        for argument in arguments { argument.withUnsafeBufferPointer { put(argument: $0, frame: start) } }
        finish(start, first, arguments.count, specification)
    }

    package func appendInline(_ body: @escaping @Sendable (ReplyWriter) -> Void) { items.append(.inline(body)) }

    package func appendExchange(_ exchange: any LaneExchange) { items.append(.exchange(exchange)) }

    /// Adds reply bytes that need no store.
    package func appendLiteral(_ bytes: ByteSlice) {
        items.append(.literal(offset: byteCount, length: bytes.count))
        put(bytes)
    }

    // MARK: for the store

    /// A command's arguments; they stay where they are as long as the batch lives and is not appended to.
    package func arguments(_ command: StoreCommand) -> Arguments {
        Arguments(
            base: UnsafePointer(arena + command.offset), spans: UnsafePointer(spans + command.firstSpan),
            count: command.argumentCount, frameLength: command.length, isForwardable: true)
    }

    /// A command as it goes to the store.
    package func frame(_ command: StoreCommand) -> ByteSlice {
        ByteSlice(start: arena + command.offset, count: command.length)
    }

    package func literal(offset: Int, length: Int) -> ByteSlice { ByteSlice(start: arena + offset, count: length) }

    // MARK: private

    private func begin(_ count: Int) { put(Array("*\(count)\r\n".utf8)) }

    private func put(argument: ByteSlice, frame start: Int) {
        put(Array("$\(argument.count)\r\n".utf8))
        reserveSpans(2)
        spans[spanCount] = Int32(byteCount - start)
        spans[spanCount + 1] = Int32(argument.count)
        spanCount += 2
        put(argument)
        put([13, 10])
    }

    private func finish(_ start: Int, _ firstSpan: Int, _ count: Int, _ specification: Int) {
        items.append(
            .command(
                StoreCommand(
                    offset: start, length: byteCount - start, firstSpan: firstSpan, argumentCount: count,
                    specification: specification)))
    }

    private func put(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { put($0) } }

    private func put(_ bytes: ByteSlice) {
        guard let from = bytes.baseAddress, bytes.count > 0 else { return }
        if byteCount + bytes.count > arenaCapacity {
            arenaCapacity = max(2 * arenaCapacity, byteCount + bytes.count)
            arena = Self.grown(arena, byteCount, arenaCapacity)
        }
        (arena + byteCount).update(from: from, count: bytes.count)
        byteCount += bytes.count
    }

    private func reserveSpans(_ extra: Int) {
        if spanCount + extra > spanCapacity {
            spanCapacity = max(2 * spanCapacity, spanCount + extra)
            spans = Self.grown(spans, spanCount, spanCapacity)
        }
    }

    private static func grown<T>(
        _ old: UnsafeMutablePointer<T>, _ count: Int, _ capacity: Int
    ) -> UnsafeMutablePointer<T> {
        let fresh = UnsafeMutablePointer<T>.allocate(capacity: capacity)
        fresh.update(from: old, count: count)
        old.deallocate()
        return fresh
    }
}

/// A hash's fields: `2 * count` slices, name and value in turn, valid during the call.
package struct FieldSlices {
    package let slices: UnsafePointer<ByteSlice>
    package let count: Int

    package init(slices: UnsafePointer<ByteSlice>, count: Int) {
        self.slices = slices
        self.count = count
    }

    @inlinable package func name(_ i: Int) -> ByteSlice { slices[2 &* i] }
    @inlinable package func value(_ i: Int) -> ByteSlice { slices[2 &* i &+ 1] }
}

/// Whoever keeps indexes of the documents. Every call comes on the lane's thread, in the store's order.
package protocol DocumentObserver: AnyObject, Sendable {
    /// Whether some index wants this key. Called for every write: nanoseconds count.
    func covers(key: ByteSlice) -> Bool

    /// The hash under `key` now has exactly these fields.
    func documentChanged(key: ByteSlice, fields: FieldSlices)

    /// A hash write that touched only these fields, other fields of the hash being unchanged. `true`: handled;
    /// `false`: the observer needs the whole document, which the store then reads and reports as changed.
    func documentPatched(key: ByteSlice, fields: FieldSlices) -> Bool

    /// The key is gone, or is no longer a hash.
    func documentRemoved(key: ByteSlice)

    /// FLUSHALL or FLUSHDB: all documents are gone.
    func allRemoved()

    /// End of a burst (at most 64 writes, or one whole transaction): what was reported becomes visible to searches
    /// now, before the replies leave.
    func publish()

    /// The store came back with another run id, or changes may have gone unseen while the connection that tells of
    /// them was down: every index is to be checked against it. Comes on the lane's thread, before any later command.
    func storeReplaced()

    // MARK: keys that hold something of ours

    /// Whether ``isReserved(key:)`` may be true for any key. Asked for every command.
    var hasReservedKeys: Bool { get }

    /// Whether the store's hash under this key is to clients a value of another type: hash commands are refused.
    func isReserved(key: ByteSlice) -> Bool

    /// A command other than a hash command that writes, or sets an expiry, is about to run on a reserved key.
    func reservedKeyTouched(key: ByteSlice)
}

extension DocumentObserver {
    package var hasReservedKeys: Bool { false }
    package func isReserved(key: ByteSlice) -> Bool { false }
    package func reservedKeyTouched(key: ByteSlice) {}
}

/// What a load asks for.
package struct LoadRequest: Sendable {
    package var keys: [[UInt8]]
    /// `nil`: all fields (HGETALL); otherwise HMGET of these, in this order.
    package var fields: [[UInt8]]?

    package init(keys: [[UInt8]], fields: [[UInt8]]?) {
        self.keys = keys
        self.fields = fields
    }
}

/// Rows of a load, one per key in order, read from store replies that are freed afterwards.
package struct LoadedRows {
    /// For a whole document: name/value pairs. For named fields: values only, `nil` where absent.
    package enum Row {
        case missing
        case pairs(FieldSlices)
        case values(UnsafeBufferPointer<ByteSlice?>)
    }

    package let rows: UnsafeBufferPointer<Row>

    package init(rows: UnsafeBufferPointer<Row>) { self.rows = rows }
}

/// The store was not able to answer.
package struct StoreFailure: Error, Equatable, Sendable {
    /// Ready to be sent: `LOADING ...`, `ERR store connection lost ...`.
    package let message: String

    package init(_ message: String) { self.message = message }
}

/// The backing store.
package protocol DocumentStore: AnyObject, Sendable {
    /// Hands a batch to the lane. Bounded: a full queue answers the batch with an error.
    func submit(_ batch: StoreBatch)

    /// Reads documents beside the lane. `body` runs on the loader's thread with rows valid during the call.
    func load(_ request: LoadRequest, _ body: @escaping @Sendable (Result<LoadedRows, StoreFailure>) -> Void)

    /// Walks all keys that start with one of `prefixes` (an empty prefix: all keys) and hands every hash among them to
    /// `visit` on the lane's thread, in slices, each followed by `publish()` of the observer, while other commands go
    /// on; a key may come twice. `progress` gets (seen, estimated total). `completion` comes once: with `nil` at the
    /// end, with a failure when the scan is cancelled or the store is lost. Returns a ticket for `cancelScan`.
    func scan(
        prefixes: [[UInt8]],
        visit: @escaping @Sendable (ByteSlice, FieldSlices) -> Void,
        progress: @escaping @Sendable (Int, Int) -> Void,
        completion: @escaping @Sendable (StoreFailure?) -> Void
    ) -> Int

    func cancelScan(_ ticket: Int)

    /// Runs `body` on the lane's thread between two bursts (index definitions change here, so that no
    /// write falls between a schema change and the documents).
    func onLane(_ body: @escaping @Sendable () -> Void)

    /// Runs an exchange at once. On the lane's thread only: from the inline items of a transaction.
    func exchangeNow(_ exchange: any LaneExchange, into reply: ReplyWriter)

    /// A client went away: its WATCHes and private connections end.
    func clientGone(_ client: UInt64)

    /// CLIENT UNBLOCK: ends a command of another client that waits (BLPOP ...), as if its time were over or with an
    /// error. `completion` learns, on a store thread, whether the client was waiting.
    func unblock(_ client: UInt64, withError: Bool, _ completion: @escaping @Sendable (Bool) -> Void)

    /// Fields of INFO that the store knows: `redis_version`, `used_memory`, `run_id`, `dbsize` ...
    func information() -> [String: String]

    /// Whether the store answers now.
    var isReachable: Bool { get }
}

extension DocumentStore {
    package func exchangeNow(_ exchange: any LaneExchange, into reply: ReplyWriter) {
        reply.error("ERR this store has no lane")
    }

    package func unblock(_ client: UInt64, withError: Bool, _ completion: @escaping @Sendable (Bool) -> Void) {
        completion(false)
    }
}
