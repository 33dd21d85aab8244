import Dispatch
import RESP
import Storage
import Synchronization

/// A store of strings in memory, on one thread, that can hold its answers back.
final class FakeStore: DocumentStore {
    enum Row: Int {
        case get, set, del, incr, watch, unwatch, sleep, big
    }

    struct State {
        var values: [[UInt8]: [UInt8]] = [:]
        var watched: [UInt64: [[UInt8]: [UInt8]?]] = [:]
        var held: [StoreBatch] = []
        var isHolding = false
        var batchSizes: [Int] = []
        var gone: [UInt64] = []
    }

    let state = Mutex(State())
    private let queue = DispatchQueue(label: "fake store")

    /// Batches wait until `release()`.
    func hold() { state.withLock { $0.isHolding = true } }

    func release() {
        let held = state.withLock { state in
            defer { state.held = [] }
            state.isHolding = false
            return state.held
        }
        for batch in held { queue.async { self.run(batch) } }
    }

    var heldCount: Int { state.withLock { $0.held.count } }
    var batchSizes: [Int] { state.withLock { $0.batchSizes } }

    func submit(_ batch: StoreBatch) {
        let isHeld = state.withLock {
            $0.batchSizes.append(batch.items.count)
            if $0.isHolding { $0.held.append(batch) }
            return $0.isHolding
        }
        if !isHeld { queue.async { self.run(batch) } }
    }

    private func run(_ batch: StoreBatch) {
        let reply = ReplyWriter(version: batch.version)
        if batch.isTransaction {
            let isDirty = state.withLock { state in
                let watched = state.watched.removeValue(forKey: batch.client) ?? [:]
                return watched.contains { state.values[$0.key] != $0.value }
            }
            if isDirty {
                reply.nullArray()
                batch.completion?(reply)
                return
            }
            reply.array(batch.items.count)
        }
        for item in batch.items {
            switch item {
            case .literal(let offset, let length):
                reply.append(batch.literal(offset: offset, length: length))
            case .inline(let body): body(reply)
            case .exchange: reply.error("ERR not here")
            case .command(let command): run(command, batch, reply)
            }
        }
        batch.completion?(reply)
    }

    private func run(_ command: StoreCommand, _ batch: StoreBatch, _ reply: ReplyWriter) {
        let arguments = batch.arguments(command)
        let words = (0..<arguments.count).map { arguments.bytes($0) }
        run(words, row: Row(rawValue: command.specification)!, client: batch.client, reply)
    }

    private func run(_ arguments: [[UInt8]], row: Row, client: UInt64, _ reply: ReplyWriter) {
        state.withLock { state in
            switch row {
            case .get:
                if let value = state.values[arguments[1]] { reply.bulk(value) } else { reply.null() }
            case .set:
                state.values[arguments[1]] = arguments[2]
                reply.ok()
            case .del:
                reply.integer(arguments.dropFirst().count { state.values.removeValue(forKey: $0) != nil })
            case .incr:
                let text = String(decoding: state.values[arguments[1]] ?? [48], as: UTF8.self)
                guard let number = Int(text) else {
                    reply.error("ERR value is not an integer or out of range")
                    return
                }
                state.values[arguments[1]] = Array(String(number + 1).utf8)
                reply.integer(number + 1)
            case .watch:
                for key in arguments.dropFirst() { state.watched[client, default: [:]][key] = state.values[key] }
                reply.ok()
            case .unwatch:
                state.watched[client] = nil
                reply.ok()
            case .sleep: reply.ok()
            case .big: reply.bulk([UInt8](repeating: 120, count: Int(String(decoding: arguments[1], as: UTF8.self))!))
            }
        }
    }

    func load(_ request: LoadRequest, _ body: @escaping @Sendable (Result<LoadedRows, StoreFailure>) -> Void) {
        body(.failure(StoreFailure("ERR not here")))
    }

    func scan(
        prefixes: [[UInt8]], visit: @escaping @Sendable (ByteSlice, FieldSlices) -> Void,
        progress: @escaping @Sendable (Int, Int) -> Void, completion: @escaping @Sendable (StoreFailure?) -> Void
    ) -> Int { 0 }

    func cancelScan(_ ticket: Int) {}
    func onLane(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }
    func clientGone(_ client: UInt64) { state.withLock { $0.gone.append(client) } }
    func information() -> [String: String] { ["redis_version": "7.2.0", "run_id": "x"] }
    var isReachable: Bool { true }
}
