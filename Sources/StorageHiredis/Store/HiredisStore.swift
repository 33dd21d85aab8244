// The backing store behind hiredis, put together.
//
//   submit ─► Lane (store-lane)  ─► replies, changes to the observer
//   load   ─► Loader (store-load) ─► rows
//             ScriptRunner (store-scripts), BlockingCommands (store-blocking): what must not hold up the lane
//             LinkKeeper (store-link) makes the lane's connection and its twin, ChangeSubscriber (store-changes)

import Platform
import RESP
import Storage

#if canImport(Glibc)
import Glibc
#endif

package final class HiredisStore: DocumentStore {
    package struct Configuration: Sendable {
        package var endpoint: StoreEndpoint
        /// Milliseconds until a connection must stand.
        package var connectTimeout = 2_000
        /// Milliseconds the lane waits for one answer.
        package var commandTimeout = 30_000
        /// Milliseconds between attempts to connect: the first, and the longest.
        package var reconnectPause = 50...2_000
        /// Bytes and batches that may wait.
        package var queueByteLimit = 1 << 30
        package var queueBatchLimit = 1 << 17
        package var loaderThreads = 1
        /// Commands that wait at the same time (each has a connection to the store).
        package var blockedLimit = 4096
        /// Unique to this process: fences of others must not be taken for ours.
        let fenceChannel =
            "__ringsearch__:fence:\(getpid()):\(UInt64.random(in: 0...UInt64.max))"

        package init(endpoint: StoreEndpoint) { self.endpoint = endpoint }
    }

    private struct Running {
        var lane: OwnThread?
        var work: Lane?
        var isStopped = false
    }

    private let configuration: Configuration
    private let status = LinkStatus()
    private let inbox: LaneInbox
    private let keeper: LinkKeeper
    private let side: SideConnections
    private let loader: Loader
    private let running = Monitor(Running())

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        inbox = LaneInbox(byteLimit: configuration.queueByteLimit, batchLimit: configuration.queueBatchLimit)
        keeper = LinkKeeper(configuration: configuration, inbox: inbox, status: status)
        loader = Loader(configuration, status)
        side = SideConnections(configuration, status, inbox)
    }

    /// Starts the threads; the store is connected in the background. To be called once.
    package func start(observer: (any DocumentObserver)?) {
        side.start()
        let lane = Lane(inbox: inbox, observer: observer, status: status, side: side)
        lane.linkBroken = { [keeper] generation, reason in keeper.broken(generation, reason) }
        running.withLock {
            $0.work = lane
            $0.lane = OwnThread("store-lane") { lane.run() }
        }
        loader.start()
        keeper.start()
    }

    /// Answers what is still waiting with an error, ends all threads and closes all connections.
    package func stop() {
        let lane = running.withLock { running -> OwnThread? in
            if running.isStopped { return nil }
            running.isStopped = true
            running.work = nil
            return running.lane
        }
        guard let lane else { return }
        inbox.stop()
        lane.join()
        loader.stop()
        keeper.stop()
    }

    /// Waits until the store answers; `false` when that takes longer. `progress` gets lines for a log on the way: why
    /// there is no connection, how far the store has come with loading its data.
    package func waitUntilReachable(milliseconds: Int, progress: (String) -> Void = { _ in }) -> Bool {
        status.waitUntilUp(milliseconds: milliseconds) { state in
            switch state {
            case .down(let reason): progress("waiting for the store: \(reason)")
            case .loading(let percent): progress("the store is loading its data: \(percent)%")
            case .up: break
            }
        }
    }

    /// How often the link had to be made again.
    package var reconnects: Int { max(0, status.links - 1) }

    /// Why the store does not answer, as an error for clients; `nil` when it does.
    package var unavailability: StoreFailure? { isReachable ? nil : StoreFailure(status.errorText) }

    // MARK: DocumentStore

    package func submit(_ batch: StoreBatch) { inbox.submit(batch) }

    package func load(
        _ request: LoadRequest, _ body: @escaping @Sendable (Result<LoadedRows, StoreFailure>) -> Void
    ) {
        loader.submit(request, body)
    }

    package func scan(
        prefixes: [[UInt8]], visit: @escaping @Sendable (ByteSlice, FieldSlices) -> Void,
        progress: @escaping @Sendable (Int, Int) -> Void, completion: @escaping @Sendable (StoreFailure?) -> Void
    ) -> Int {
        let scan = KeyspaceScan(prefixes: prefixes, visit: visit, progress: progress, completion: completion)
        inbox.send(.startScan(scan))
        return scan.ticket
    }

    package func cancelScan(_ ticket: Int) { inbox.send(.cancelScan(ticket)) }

    package func onLane(_ body: @escaping @Sendable () -> Void) { inbox.send(.run(body)) }

    package func exchangeNow(_ exchange: any LaneExchange, into reply: ReplyWriter) {
        guard let lane = running.withLock({ $0.work }) else { return reply.error(StoreErrors.stopped) }
        lane.runNow(exchange, into: reply)
    }

    package func clientGone(_ client: UInt64) { inbox.send(.clientGone(client)) }

    package func unblock(_ client: UInt64, withError: Bool, _ completion: @escaping @Sendable (Bool) -> Void) {
        side.blocking.unblock(client, withError: withError, completion)
    }

    package func information() -> [String: String] { status.information }

    package var isReachable: Bool { status.state == .up }
}
