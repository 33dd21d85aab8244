// One blocking hiredis context.

import CHiredis
import Platform
import RESP
import Storage

#if canImport(Glibc)
import Glibc
#endif

/// Why a connection could not be made or went away.
struct LinkFailure: Error {
    let reason: String
    /// Bytes of a pipeline may have reached the store when it broke.
    let isTimeout: Bool

    init(_ reason: String, isTimeout: Bool = false) {
        self.reason = reason
        self.isTimeout = isTimeout
    }
}

/// A connection to the store. One thread at a time uses it; any thread may interrupt it.
final class StoreConnection: @unchecked Sendable {
    // Sendable: handed from thread to thread with everything in flight on it; `interrupt` touches the locked part only.
    private let context: UnsafeMutablePointer<redisContext>
    private let descriptor: Monitor<Int32>
    /// The requests that are to go out with the next `flush`.
    private(set) var out = ReplyWriter(version: .resp2, capacity: 16 * 1024)

    private init(_ context: UnsafeMutablePointer<redisContext>) {
        self.context = context
        descriptor = Monitor(context.pointee.fd)
        context.pointee.reader.pointee.fn = ReplyTape.readerFunctions
    }

    deinit {
        descriptor.withLock { $0 = -1 }
        redisFree(context)
    }

    /// Connects, authenticates and names the connection.
    ///
    /// - Parameter timeout: for connecting and for each answer, in milliseconds; 0 for answers: none.
    static func connect(
        _ endpoint: StoreEndpoint, name: String, connectTimeout: Int, commandTimeout: Int
    ) throws(LinkFailure) -> StoreConnection {
        let limit = Self.interval(connectTimeout)
        let made: UnsafeMutablePointer<redisContext>?
        switch endpoint.address {
        case .tcp(let host, let port): made = redisConnectWithTimeout(host, Int32(port), limit)
        case .unix(let path): made = redisConnectUnixWithTimeout(path, limit)
        }
        guard let context = made else { throw LinkFailure("out of memory") }
        guard context.pointee.err == 0 else {
            let reason = Self.reason(context)
            redisFree(context)
            throw LinkFailure(reason)
        }
        let connection = StoreConnection(context)
        if case .tcp = endpoint.address { redisEnableKeepAlive(context) }
        // The greeting must not hang, whatever the limit of later commands.
        redisSetTimeout(context, limit)
        let tape = ReplyTape()
        if let password = endpoint.password {
            let words = endpoint.user.map { ["AUTH", $0, password] } ?? ["AUTH", password]
            let reply = try connection.ask(words, tape)
            if tape[reply].kind == .error { throw LinkFailure(tape.string(reply)) }
        }
        // Only for whoever looks at the store's CLIENT LIST: an error does not matter.
        _ = try connection.ask(["CLIENT", "SETNAME", name], tape)
        connection.setTimeout(milliseconds: commandTimeout)
        return connection
    }

    /// Limit for each later read and write; 0: none.
    func setTimeout(milliseconds: Int) { redisSetTimeout(context, Self.interval(milliseconds)) }

    /// To be watched with `poll`.
    var pollDescriptor: Int32 { context.pointee.fd }

    // MARK: requests

    func queue(_ words: [StaticString]) {
        out.array(words.count)
        for word in words { out.bulk(word) }
    }

    func queue(_ name: StaticString, key: ByteSlice) {
        out.array(2)
        out.bulk(name)
        out.bulk(key)
    }

    /// Sends what is queued.
    func flush() throws(LinkFailure) {
        defer {
            // The memory of a single large burst is not kept.
            if out.count > 4 << 20 { out = ReplyWriter(version: .resp2, capacity: 16 * 1024) } else { out.removeAll() }
        }
        try send(out.bytes)
    }

    private func send(_ bytes: ByteSlice) throws(LinkFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = Self.write(context.pointee.fd, UnsafeBufferPointer(rebasing: rest))
            if sent > 0 {
                rest = rest.dropFirst(sent)
            } else if errno != EINTR {
                throw LinkFailure(
                    String(cString: strerror(errno)), isTimeout: errno == EAGAIN || errno == EWOULDBLOCK)
            }
        }
    }

    // hiredis would copy into its own buffer first, and raise SIGPIPE on a closed socket.
    private static func write(_ descriptor: Int32, _ bytes: ByteSlice) -> Int {
        #if canImport(Glibc)
        Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #else
        Darwin.send(descriptor, bytes.baseAddress, bytes.count, 0)
        #endif
    }

    /// Reads the next reply onto the tape; returns its node.
    func read(_ tape: ReplyTape) throws(LinkFailure) -> Int {
        let node = tape.count
        let reader = context.pointee.reader!
        reader.pointee.privdata = Unmanaged.passUnretained(tape).toOpaque()
        // The reader may have begun a task for this reply already, with the tape of an earlier one.
        reader.pointee.rstack.0.privdata = reader.pointee.privdata
        var reply: UnsafeMutableRawPointer?
        guard redisGetReply(context, &reply) == REDIS_OK, reply != nil else {
            throw failure()
        }
        return node
    }

    /// Appends the next reply to `writer` just as it came. `false`: it has to be read onto a tape, being too large to
    /// wait for its end, or no RESP2.
    func passOn(to writer: ReplyWriter) throws(LinkFailure) -> Bool {
        let reader = context.pointee.reader!
        while true {
            // Between two replies the reader has no task, or one that has seen nothing yet.
            guard reader.pointee.ridx == -1 || (reader.pointee.ridx == 0 && reader.pointee.rstack.0.type < 0) else {
                return false
            }
            let position = reader.pointee.pos
            let available = reader.pointee.len - position
            if available > 0, let buffer = reader.pointee.buf {
                let bytes = ByteSlice(
                    start: UnsafeRawPointer(buffer + position).assumingMemoryBound(to: UInt8.self), count: available)
                switch ReplyFrame.measure(bytes) {
                case .unknown: return false
                case .complete(let length):
                    writer.append(ByteSlice(rebasing: bytes[..<length]))
                    reader.pointee.pos = position + length
                    if length == available {
                        // Nothing is left to be parsed: this only lets the reader forget what has been passed on.
                        var none: UnsafeMutableRawPointer?
                        _ = redisReaderGetReply(reader, &none)
                    }
                    return true
                case .incomplete where available > Self.passingBound: return false
                case .incomplete: break
                }
            }
            guard redisBufferRead(context) == REDIS_OK else { throw failure() }
        }
    }

    // The end is looked for anew with every read, so a large reply goes to the reader, which remembers where it was.
    private static let passingBound = 64 << 10

    private func failure() -> LinkFailure {
        let late = context.pointee.err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK)
        return LinkFailure(late ? "no answer in time" : Self.reason(context), isTimeout: late)
    }

    /// Sends one command and waits; the reply replaces what is on the tape.
    func ask(_ words: [String], _ tape: ReplyTape) throws(LinkFailure) -> Int {
        out.removeAll()
        out.array(words.count)
        for word in words { out.bulk(word) }
        try flush()
        tape.removeAll()
        return try read(tape)
    }

    /// Ends all waiting on this connection, from any thread; what is in flight fails.
    func interrupt() { descriptor.withLock { if $0 >= 0 { shutdown($0, Int32(SHUT_RDWR)) } } }

    // MARK: private

    private static func reason(_ context: UnsafeMutablePointer<redisContext>) -> String {
        withUnsafeBytes(of: context.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func interval(_ milliseconds: Int) -> timeval {
        timeval(tv_sec: milliseconds / 1000, tv_usec: numericCast(milliseconds % 1000 * 1000))
    }
}
