// Where the backing store listens.

import Storage

/// Address and credentials of a store.
package struct StoreEndpoint: Sendable, Equatable {
    package enum Address: Sendable, Equatable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    package var address: Address
    package var user: String?
    package var password: String?

    package init(_ address: Address, user: String? = nil, password: String? = nil) {
        self.address = address
        self.user = user
        self.password = password
    }

    /// `redis://[[user]:password@]host[:port]`, `unix://[[user]:password@]/path` or a bare `/path`.
    package init(parsing text: String) throws(StoreEndpointError) {
        if text.hasPrefix("/") {
            self.init(.unix(path: text))
            return
        }
        guard let colon = text.firstRange(ofASCII: "://") else {
            throw StoreEndpointError("no scheme in a store address")
        }
        let scheme = text[..<colon.lowerBound]
        var rest = text[colon.upperBound...]
        var user: String?
        var password: String?
        // The path of a unix address may hold an @, its credentials end before the first slash.
        let authority = rest.prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@") {
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = parts[0].isEmpty ? nil : Self.decoded(parts[0])
            if parts.count == 2 { password = Self.decoded(parts[1]) }
            rest = rest[rest.index(after: at)...]
        }
        switch scheme {
        case "unix", "redis+unix":
            guard rest.hasPrefix("/") else { throw StoreEndpointError("a unix store address needs an absolute path") }
            self.init(.unix(path: String(rest)), user: user, password: password)
        case "redis", "valkey", "tcp":
            let place = rest.prefix { $0 != "/" }
            let path = rest.dropFirst(place.count)
            guard path.isEmpty || path == "/" || path == "/0" else {
                throw StoreEndpointError("the store is used with database 0 only")
            }
            var host = place[...]
            var port = 6379
            // `[::1]:6379`: an IPv6 address stands in brackets.
            let bracket = place.hasPrefix("[") ? place.firstIndex(of: "]") : nil
            if let colon = place.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
                guard let number = Int(place[place.index(after: colon)...]), (1...65535).contains(number) else {
                    throw StoreEndpointError("a store address has a bad port")
                }
                port = number
                host = place[..<colon]
            }
            if bracket != nil, host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            guard !host.isEmpty else { throw StoreEndpointError("a store address has no host") }
            self.init(.tcp(host: String(host), port: port), user: user, password: password)
        case "rediss", "valkeys":
            throw StoreEndpointError("TLS to the store is not supported: use a tunnel or a unix socket")
        default:
            throw StoreEndpointError("unknown scheme in a store address: \(scheme)")
        }
    }

    /// Resolves %40 and the like.
    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        let utf8 = Array(text.utf8)
        var i = 0
        while i < utf8.count {
            if utf8[i] == UInt8(ascii: "%"), i + 2 < utf8.count,
                let value = UInt8(String(decoding: utf8[i + 1...i + 2], as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                i += 3
            } else {
                bytes.append(utf8[i])
                i += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Why a store address was refused. Never holds the password.
package struct StoreEndpointError: Error, Equatable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

extension StoreEndpoint: CustomStringConvertible {
    /// Without credentials.
    package var description: String {
        switch address {
        case .tcp(let host, let port): return "\(host):\(port)"
        case .unix(let path): return path
        }
    }
}

extension String {
    /// The first place of a text; the standard library's own search is Foundation's.
    fileprivate func firstRange(ofASCII needle: String) -> Range<Index>? {
        var i = startIndex
        while i < endIndex {
            if self[i...].hasPrefix(needle) { return i..<index(i, offsetBy: needle.count) }
            i = index(after: i)
        }
        return nil
    }
}
