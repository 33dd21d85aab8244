// A blocking RESP client over one socket: for tests and tools, where waiting is what we want.

import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// The connection is of no use any more.
package struct ConnectionFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Where a server listens: `host:port`.
package struct ServerAddress: Equatable, Sendable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String = "127.0.0.1", port: Int) {
        self.host = host
        self.port = port
    }

    /// `host:port`, `:port` or `port`.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let last = parts.last, let port = Int(last), (1...65535).contains(port) else {
            return nil
        }
        let host = parts.count == 2 && !parts[0].isEmpty ? String(parts[0]) : "127.0.0.1"
        self.init(host: host, port: port)
    }

    package var description: String { "\(host):\(port)" }
}

/// One connection. Not thread-safe.
package final class RESPClient {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)

    /// Deepest nesting of a reply before it counts as nonsense.
    private static let nestingLimit = 512

    /// - Parameter timeout: seconds that one read or write may take.
    package init(_ address: ServerAddress, timeout: Int = 60) throws(ConnectionFailure) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, String(address.port), &hints, &found) == 0, let found else {
            throw ConnectionFailure("no such host: \(address.host)")
        }
        defer { freeaddrinfo(found) }
        let info = found.pointee
        descriptor = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
        guard descriptor >= 0 else { throw ConnectionFailure(Self.reason("socket")) }
        guard connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 else {
            let reason = Self.reason("cannot connect to \(address)")
            close(descriptor)
            throw ConnectionFailure(reason)
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    deinit { close(descriptor) }

    // MARK: commands

    /// Sends one command and waits for its reply; an error reply is a value.
    package func send(_ words: [String]) throws(ConnectionFailure) -> RESPValue {
        try write(Self.encode(words))
        return try read()
    }

    package func send(_ words: String...) throws(ConnectionFailure) -> RESPValue { try send(words) }

    /// Sends the commands in one go, then collects their replies.
    package func pipeline(_ commands: [[String]]) throws(ConnectionFailure) -> [RESPValue] {
        var replies: [RESPValue] = []
        replies.reserveCapacity(commands.count)
        // In bites, so that neither side's socket buffer fills while nobody reads.
        var start = 0
        while start < commands.count {
            let end = min(start + 256, commands.count)
            try write(commands[start..<end].flatMap(Self.encode))
            for _ in start..<end { replies.append(try read()) }
            start = end
        }
        return replies
    }

    /// A command as a RESP array of bulk strings.
    package static func encode(_ words: [String]) -> [UInt8] {
        var out = Array("*\(words.count)\r\n".utf8)
        for word in words {
            out.append(contentsOf: "$\(word.utf8.count)\r\n".utf8)
            out.append(contentsOf: word.utf8)
            out.append(contentsOf: [13, 10])
        }
        return out
    }

    // MARK: bytes

    package func write(_ bytes: [UInt8]) throws(ConnectionFailure) {
        var sent = 0
        while sent < bytes.count {
            let n = bytes.withUnsafeBytes { raw in
                Glibc.send(descriptor, raw.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if n < 0 && errno == EINTR { continue }
            guard n > 0 else { throw ConnectionFailure(Self.reason("write")) }
            sent += n
        }
    }

    /// Waits for one reply.
    package func read() throws(ConnectionFailure) -> RESPValue {
        if position > 1 << 20 {
            buffer.removeFirst(position)
            position = 0
        }
        return try value(depth: 0)
    }

    private func fill() throws(ConnectionFailure) {
        let n = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress!, $0.count, 0) }
        if n < 0 && errno == EINTR { return }
        guard n != 0 else { throw ConnectionFailure("the server closed the connection") }
        guard n > 0 else { throw ConnectionFailure(Self.reason("read")) }
        if position == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            position = 0
        }
        buffer.append(contentsOf: chunk[..<n])
    }

    private func line() throws(ConnectionFailure) -> [UInt8] {
        var scanned = 0
        while true {
            let rest = buffer[(position + scanned)...]
            if let end = rest.firstIndex(of: 13), end + 1 < buffer.count {
                guard buffer[end + 1] == 10 else { throw ConnectionFailure("a reply line ends without a line feed") }
                defer { position = end + 2 }
                return Array(buffer[position..<end])
            }
            // `fill` may move the buffer, not what is unread of it.
            scanned = max(0, buffer.count - position - 1)
            try fill()
        }
    }

    private func take(_ count: Int) throws(ConnectionFailure) -> [UInt8] {
        while buffer.count - position < count + 2 { try fill() }
        defer { position += count + 2 }
        guard buffer[position + count] == 13, buffer[position + count + 1] == 10 else {
            throw ConnectionFailure("a bulk string is not as long as it says")
        }
        return Array(buffer[position..<(position + count)])
    }

    private func value(depth: Int) throws(ConnectionFailure) -> RESPValue {
        guard depth < Self.nestingLimit else { throw ConnectionFailure("a reply is nested too deeply") }
        let header = try line()
        guard let type = header.first else { throw ConnectionFailure("an empty reply line") }
        let rest = String(decoding: header.dropFirst(), as: UTF8.self)
        switch type {
        case UInt8(ascii: "+"): return .simple(rest)
        case UInt8(ascii: "-"): return .error(rest)
        case UInt8(ascii: ":"):
            guard let number = Int(rest) else { throw ConnectionFailure("not an integer: \(rest)") }
            return .integer(number)
        case UInt8(ascii: "$"):
            let count = try length(rest)
            return count < 0 ? .null : .bulk(try take(count))
        case UInt8(ascii: "="): return .verbatim(try take(try length(rest)))
        case UInt8(ascii: "("): return .verbatim(Array(rest.utf8))
        case UInt8(ascii: "!"): return .error(String(decoding: try take(try length(rest)), as: UTF8.self))
        case UInt8(ascii: "*"):
            let count = try length(rest)
            return count < 0 ? .null : .array(try values(count, depth: depth))
        case UInt8(ascii: "%"): return .map(try values(2 * (try length(rest)), depth: depth))
        case UInt8(ascii: "~"): return .set(try values(try length(rest), depth: depth))
        case UInt8(ascii: ">"): return .push(try values(try length(rest), depth: depth))
        case UInt8(ascii: "_"): return .null
        case UInt8(ascii: "#"): return .boolean(rest == "t")
        case UInt8(ascii: ","):
            guard let number = Double(rest) else { throw ConnectionFailure("not a double: \(rest)") }
            return .double(number)
        default: throw ConnectionFailure("not RESP: \(String(decoding: header.prefix(40), as: UTF8.self))")
        }
    }

    private func values(_ count: Int, depth: Int) throws(ConnectionFailure) -> [RESPValue] {
        var values: [RESPValue] = []
        for _ in 0..<max(0, count) { values.append(try value(depth: depth + 1)) }
        return values
    }

    private func length(_ text: String) throws(ConnectionFailure) -> Int {
        guard let length = Int(text), length >= -1, length <= 1 << 30 else {
            throw ConnectionFailure("not a length: \(text)")
        }
        return length
    }

    private static func reason(_ what: String) -> String {
        errno == EAGAIN ? "\(what): timed out" : "\(what): \(String(cString: strerror(errno)))"
    }
}
