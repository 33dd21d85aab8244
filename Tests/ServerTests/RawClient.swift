import Dispatch
import Glibc

/// Sends beside the test: tests block in `reply()`, and there are no more task threads than cores.
func inBackground(_ body: @escaping @Sendable () throws -> Void) {
    DispatchQueue.global().async {
        // What goes wrong here shows as a reply that does not come.
        try? body()
    }
}

/// A blocking socket that speaks bytes: what a client library has at its bottom.
final class RawClient: @unchecked Sendable {
    // Sendable: one thread reads, another may send; they share the descriptor alone.
    let descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0

    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    init(port: Int, timeout: Int = 20) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Broken(description: "connect failed: \(errno)") }
        setTimeout(seconds: timeout)
    }

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix(107)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Broken(description: "connect failed: \(errno)") }
        setTimeout(seconds: 20)
    }

    deinit { Glibc.close(descriptor) }

    /// No test hangs: a read that gets nothing fails.
    private func setTimeout(seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let n = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard n > 0 else { throw Broken(description: "send failed: \(errno)") }
            sent += n
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends as much as the other side takes within `seconds`; returns how much that was.
    func sendUntilBlocked(_ bytes: [UInt8], seconds: Int = 1) -> Int {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var sent = 0
        while sent < bytes.count {
            let n = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if n <= 0 { break }
            sent += n
        }
        return sent
    }

    func send(command words: String...) throws { try send(Self.frame(words)) }

    static func frame(_ words: [String]) -> [UInt8] {
        Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    private func fill() throws {
        if position > 0 {
            buffer.removeFirst(position)
            position = 0
        }
        var chunk = [UInt8](repeating: 0, count: 65536)
        let n = recv(descriptor, &chunk, chunk.count, 0)
        if n == 0 { throw Broken(description: "closed") }
        if n < 0 { throw Broken(description: "receive failed: \(errno)") }
        buffer += chunk[0..<n]
    }

    func readLine() throws -> String {
        var scanned = position
        while true {
            while scanned + 1 < buffer.count {
                if buffer[scanned] == 13, buffer[scanned + 1] == 10 {
                    let line = String(decoding: buffer[position..<scanned], as: UTF8.self)
                    position = scanned + 2
                    return line
                }
                scanned += 1
            }
            let offset = scanned - position
            try fill()
            scanned = position + offset
        }
    }

    private func readBytes(_ count: Int) throws -> String {
        while buffer.count - position < count + 2 { try fill() }
        let text = String(decoding: buffer[position..<position + count], as: UTF8.self)
        position += count + 2
        return text
    }

    /// One reply as one line of text: `+OK`, `:1`, `"bulk"`, `nil`, `[a, b]`, `{k: v}`.
    func reply() throws -> String {
        let line = try readLine()
        let rest = String(line.dropFirst())
        switch line.first {
        case "$": return rest == "-1" ? "nil" : "\"\(try readBytes(Int(rest)!))\""
        case "=": return "\"\(try readBytes(Int(rest)!))\""
        case "_": return "nil"
        case "*", "~":
            if rest == "-1" { return "nil" }
            return "[" + (try (0..<Int(rest)!).map { _ in try reply() }).joined(separator: ", ") + "]"
        case "%":
            return "{"
                + (try (0..<Int(rest)!).map { _ in "\(try reply()): \(try reply())" }).joined(separator: ", ") + "}"
        default: return line
        }
    }

    /// Sends one inline command and reads its reply.
    func ask(_ line: String) throws -> String {
        try send(line + "\r\n")
        return try reply()
    }

    /// Whether the server has ended the connection (everything still to be read is dropped).
    func isClosedByServer() -> Bool {
        do {
            while true { try fill() }
        } catch {
            return "\(error)" == "closed" || errno == ECONNRESET
        }
    }
}
