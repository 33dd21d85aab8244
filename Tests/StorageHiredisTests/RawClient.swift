// A client that speaks to a server byte for byte, to compare with.

import Glibc

final class RawClient {
    private let socket: Int32
    private var buffer: [UInt8] = []
    private var position = 0

    init(unixPath path: String) {
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in bytes.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(connected == 0)
    }

    deinit { close(socket) }

    /// Sends a command and returns the bytes of its reply.
    func send(_ words: [String]) -> [UInt8] {
        var request = "*\(words.count)\r\n"
        for word in words { request += "$\(word.utf8.count)\r\n\(word)\r\n" }
        let bytes = Array(request.utf8)
        precondition(Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        buffer.removeFirst(position)
        position = 0
        let start = position
        skipValue()
        return Array(buffer[start..<position])
    }

    private func skipValue() {
        let line = readLine()
        let count = Int(String(decoding: line.dropFirst(), as: UTF8.self)) ?? 0
        switch line.first {
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
            if count >= 0 { skip(count + 2) }
        case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"):
            if count > 0 { for _ in 0..<count { skipValue() } }
        case UInt8(ascii: "%"):
            for _ in 0..<2 * count { skipValue() }
        default: break
        }
    }

    private func readLine() -> [UInt8] {
        var i = position
        while true {
            while i + 1 < buffer.count {
                if buffer[i] == 13, buffer[i + 1] == 10 {
                    defer { position = i + 2 }
                    return Array(buffer[position..<i])
                }
                i += 1
            }
            fill()
        }
    }

    private func skip(_ count: Int) {
        while buffer.count < position + count { fill() }
        position += count
    }

    private func fill() {
        var part = [UInt8](repeating: 0, count: 65536)
        let count = recv(socket, &part, part.count, 0)
        precondition(count > 0, "the server closed the connection")
        buffer.append(contentsOf: part[..<count])
    }
}
