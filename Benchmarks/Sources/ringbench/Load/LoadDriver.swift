// Many connections from one thread: each keeps some requests in flight, and every reply is timed.

import Foundation

/// How hard a server is pressed.
struct LoadShape: Sendable {
    let name: String
    let connections: Int
    /// Requests in flight on each connection.
    let inFlight: Int

    /// One request at a time: what a single user sees.
    static let latency = LoadShape(name: "lat", connections: 1, inFlight: 1)
    /// Many clients with one request each.
    static let clients = LoadShape(name: "sat", connections: 16, inFlight: 1)
    /// Pipelines: the socket costs least here, so the engine shows.
    static let pipelines = LoadShape(name: "pip", connections: 4, inFlight: 16)

    static let all = [latency, clients, pipelines]
}

struct LoadResult: Sendable {
    var replies = 0
    var errors = 0
    var seconds = 0.0
    /// CPU seconds of this client.
    var clientSeconds = 0.0
    /// Microseconds per reply, ascending.
    var latencies: [Float] = []

    var perSecond: Double { seconds > 0 ? Double(replies) / seconds : 0 }

    /// Microseconds below which the share `q` of replies came.
    func quantile(_ q: Double) -> Double {
        guard !latencies.isEmpty else { return 0 }
        return Double(latencies[min(latencies.count - 1, Int(q * Double(latencies.count)))])
    }
}

/// Stops a load from another thread.
final class StopFlag: @unchecked Sendable {
    // One word, written once by one thread and polled by another; late is early enough.
    private var flag = false
    private let lock = NSLock()

    func stop() { lock.withLock { flag = true } }
    var isSet: Bool { lock.withLock { flag } }
}

struct LoadDriver {
    enum Extent {
        case seconds(Double)
        /// Every command once.
        case once
        case until(StopFlag)
    }

    private struct Connection {
        var descriptor: Int32
        var scanner = ReplyScanner()
        var input: [UInt8] = []
        var output: [UInt8] = []
        var written = 0
        /// When each request in flight was sent, oldest first.
        var sent: [UInt64] = []
        var oldest = 0
        var inFlight: Int { sent.count - oldest }
    }

    let address: Address
    let commands: CommandList
    let shape: LoadShape
    /// Called now and then with the number of replies.
    var progress: ((Int) -> Void)?

    /// - Parameter start: the first command to send; others follow in turn.
    func run(_ extent: Extent, from start: Int = 0) throws -> LoadResult {
        guard !commands.isEmpty else { return LoadResult() }
        var connections: [Connection] = []
        defer { for connection in connections { close(connection.descriptor) } }
        for _ in 0..<shape.connections {
            connections.append(Connection(descriptor: try openSocket(address, blocking: false)))
        }
        var watched = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }

        var result = LoadResult()
        var next = start
        let limit: Int? = if case .once = extent { start + commands.count } else { nil }
        let cpu = threadSeconds()
        let begin = now()
        let end: UInt64 = if case .seconds(let s) = extent { begin + UInt64(s * 1e9) } else { .max }
        let stop: StopFlag? = if case .until(let flag) = extent { flag } else { nil }
        var stopped = false
        result.latencies.reserveCapacity(1 << 16)

        func refill(_ i: Int) throws {
            while !stopped && connections[i].inFlight < shape.inFlight {
                if let limit, next >= limit { break }
                connections[i].output.append(contentsOf: commands.bytes[commands.range(next % commands.count)])
                connections[i].sent.append(now())
                next += 1
            }
            try flush(i)
        }

        func flush(_ i: Int) throws {
            while connections[i].written < connections[i].output.count {
                let n = connections[i].output.withUnsafeBytes {
                    send(
                        connections[i].descriptor, $0.baseAddress! + connections[i].written,
                        $0.count - connections[i].written, Int32(MSG_NOSIGNAL))
                }
                if n < 0 && (errno == EAGAIN || errno == EINTR) { break }
                guard n > 0 else { throw BenchmarkFailure("the server at \(address) closed a connection") }
                connections[i].written += n
            }
            let isDone = connections[i].written == connections[i].output.count
            if isDone {
                connections[i].output.removeAll(keepingCapacity: true)
                connections[i].written = 0
            }
            watched[i].events = Int16(isDone ? POLLIN : POLLIN | POLLOUT)
        }

        for i in connections.indices { try refill(i) }
        var chunk = [UInt8](repeating: 0, count: 1 << 17)
        var lastProgress = begin
        while connections.contains(where: { $0.inFlight > 0 }) {
            let count = poll(&watched, nfds_t(watched.count), 30_000)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw BenchmarkFailure("the server at \(address) does not answer") }
            for i in watched.indices where watched[i].revents != 0 {
                if Int32(watched[i].revents) & POLLOUT != 0 { try flush(i) }
                guard Int32(watched[i].revents) & (POLLIN | POLLHUP | POLLERR) != 0 else { continue }
                let n = recv(connections[i].descriptor, &chunk, chunk.count, 0)
                if n < 0 && (errno == EAGAIN || errno == EINTR) { continue }
                guard n > 0 else { throw BenchmarkFailure("the server at \(address) closed a connection") }
                let time = now()
                try take(chunk[..<n], of: &connections[i], at: time, into: &result)
                if time >= end || (stop?.isSet ?? false) { stopped = true }
                try refill(i)
                if let progress, time - lastProgress > 100_000_000 {
                    lastProgress = time
                    progress(result.replies)
                }
            }
        }
        result.seconds = Double(now() - begin) / 1e9
        result.clientSeconds = threadSeconds() - cpu
        result.latencies.sort()
        return result
    }

    private func take(
        _ bytes: ArraySlice<UInt8>, of connection: inout Connection, at time: UInt64, into result: inout LoadResult
    ) throws {
        connection.input.append(contentsOf: bytes)
        var used = 0
        var isMalformed = false
        var scanner = connection.scanner
        var replies = 0
        var errors = 0
        connection.input.withUnsafeBufferPointer { input in
            scan: while used < input.count {
                switch scanner.next(input, from: used) {
                case .reply(let end, let isError):
                    used = end
                    replies += 1
                    if isError { errors += 1 }
                case .more(let end):
                    used = end
                    break scan
                case .malformed:
                    isMalformed = true
                    break scan
                }
            }
        }
        guard !isMalformed, replies <= connection.inFlight else {
            throw BenchmarkFailure("the server at \(address) does not answer in RESP")
        }
        connection.scanner = scanner
        connection.input.removeFirst(used)
        for _ in 0..<replies {
            result.latencies.append(Float(time - connection.sent[connection.oldest]) / 1000)
            connection.oldest += 1
        }
        if connection.oldest > 4096 {
            connection.sent.removeFirst(connection.oldest)
            connection.oldest = 0
        }
        result.replies += replies
        result.errors += errors
    }
}
