// Sockets, and the clock that everything is measured by.

import Foundation

struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

struct Address: Sendable, CustomStringConvertible {
    let host: String
    let port: Int

    /// `host:port` or `port`.
    init(_ text: String) throws {
        let parts = text.split(separator: ":")
        guard let port = parts.last.flatMap({ Int($0) }), parts.count <= 2 else {
            throw BenchmarkFailure("not host:port: \(text)")
        }
        host = parts.count == 2 ? String(parts[0]) : "127.0.0.1"
        self.port = port
    }

    var description: String { "\(host):\(port)" }
}

/// Monotonic nanoseconds.
func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// CPU seconds of this thread.
func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func openSocket(_ address: Address, blocking: Bool) throws -> Int32 {
    var to = sockaddr_in()
    to.sin_family = sa_family_t(AF_INET)
    to.sin_port = UInt16(address.port).bigEndian
    guard inet_pton(AF_INET, address.host == "localhost" ? "127.0.0.1" : address.host, &to.sin_addr) == 1 else {
        throw BenchmarkFailure("not an IPv4 address: \(address.host)")
    }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw BenchmarkFailure("no socket: \(String(cString: strerror(errno)))") }
    let connected = withUnsafePointer(to: &to) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else {
        let reason = String(cString: strerror(errno))
        close(descriptor)
        throw BenchmarkFailure("no server answers on \(address): \(reason)")
    }
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    if !blocking { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    return descriptor
}

/// One blocking connection, for everything that is not measured.
final class Client {
    private let descriptor: Int32

    init(_ address: Address) throws { descriptor = try openSocket(address, blocking: true) }

    deinit { close(descriptor) }

    /// The bytes of the reply.
    func send(_ words: [String]) throws -> [UInt8] {
        let command = CommandList([words])
        var sent = 0
        while sent < command.bytes.count {
            let n = command.bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + sent, $0.count - sent) }
            guard n > 0 else { throw BenchmarkFailure("the server closed the connection") }
            sent += n
        }
        var reply: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let n = read(descriptor, &chunk, chunk.count)
            guard n > 0 else { throw BenchmarkFailure("the server closed the connection") }
            reply.append(contentsOf: chunk[..<n])
            var scanner = ReplyScanner()
            switch reply.withUnsafeBufferPointer({ scanner.next($0, from: 0) }) {
            case .reply: return reply
            case .more: continue
            case .malformed: throw BenchmarkFailure("the server does not answer in RESP")
            }
        }
    }

    func text(_ words: String...) throws -> String { String(decoding: try send(words), as: UTF8.self) }

    /// The number of documents that a search says it found; `nil` for an error.
    func total(_ words: [String]) throws -> Int? {
        let lines = String(decoding: try send(words).prefix(64), as: UTF8.self).split(separator: "\r\n")
        guard lines.count >= 2, lines[0].hasPrefix("*"), lines[1].hasPrefix(":") else { return nil }
        return Int(lines[1].dropFirst())
    }
}
