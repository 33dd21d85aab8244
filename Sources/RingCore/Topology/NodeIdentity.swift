// Who a node is, and where it can be reached.

/// The name of a node for as long as it keeps its data: random, made at its first start, never made from an address.
///
/// A node of Dynomite has no such name. It is known by its datacenter, rack and first token, so one is made from these; the
/// highest bit keeps the two kinds apart.
package struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    private static let derivedBit: UInt64 = 1 << 63

    /// A node's own name from 64 random bits.
    package init(random bits: UInt64) {
        let kept = bits & ~Self.derivedBit
        value = kept == 0 ? 1 : kept
    }

    /// The name by which all nodes call a node that gives none.
    package init(ofNodeIn datacenter: String, rack: String, firstToken: Token) {
        // FNV-1a, 64 bits; a zero byte ends each name, so that no two pairs of names run into the same text.
        var h: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in datacenter.utf8 + [0] + rack.utf8 + [0] { h = (h ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        withUnsafeBytes(of: firstToken.value.bigEndian) { bytes in
            for byte in bytes { h = (h ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        value = h | Self.derivedBit
    }

    /// Whether the name was made from a place on the ring.
    package var isDerived: Bool { value & Self.derivedBit != 0 }

    package static func < (a: NodeID, b: NodeID) -> Bool { a.value < b.value }

    /// 16 hexadecimal digits.
    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Reads what ``description`` writes.
    package init?(_ text: String) {
        guard text.utf8.count == 16, text.utf8.allSatisfy({ $0 != 43 && $0 != 45 }),
            let value = UInt64(text, radix: 16)
        else { return nil }
        self.value = value
    }
}

/// Host and port of a node's peer listener.
package struct NodeAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// A name, or an IP address without brackets.
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port` and `[v6]:port`; what stands before the last colon is the host. Port 0 is no address.
    package init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let port = UInt16(digits), port > 0
        else { return nil }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 32 && $0 != 127 && $0 != 91 && $0 != 93 }) else { return nil }
        self.host = String(host)
        self.port = port
    }

    /// Whether it names every interface of a machine and therefore no machine.
    package var isWildcard: Bool { ["0.0.0.0", "::", "*", "0:0:0:0:0:0:0:0"].contains(host) }

    package static func < (a: NodeAddress, b: NodeAddress) -> Bool { (a.host, a.port) < (b.host, b.port) }

    package var description: String { host.utf8.contains(58) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
