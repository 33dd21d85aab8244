// How two nodes find out that both are RingSearch.
//
// The first request on a new link is a plain type 3 that any node can carry out:
//
//   GET __ringsearch:hello:<own node id, 16 hex digits>
//
// The store behind a node of Dynomite answers `$-1`. A RingSearch node answers a bulk string: `RS1`, then a capability
// list. Only after that answer are types from 64 on sent on the link.

/// The request of the exchange.
package struct HelloRequest: Equatable, Sendable {
    package static let keyPrefix = "__ringsearch:hello:"

    /// The id of the node that asks.
    package let node: UInt64

    package init(node: UInt64) { self.node = node }

    private static let start = Array("*2\r\n$3\r\nGET\r\n$35\r\n\(keyPrefix)".utf8)

    package var payload: [UInt8] {
        let digits = String(node, radix: 16)
        return Self.start + Array((String(repeating: "0", count: 16 - digits.count) + digits + "\r\n").utf8)
    }

    /// `nil` for every other request.
    package init?(payload: [UInt8]) {
        guard payload.count == Self.start.count + 18, payload.starts(with: Self.start) else { return nil }
        let digits = payload[Self.start.count..<Self.start.count + 16]
        guard payload.suffix(2) == [13, 10], digits.allSatisfy({ $0 >= 48 && $0 <= 57 || $0 >= 97 && $0 <= 102 }),
            let node = UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
        else { return nil }
        self.node = node
    }
}

/// Who answers, and what it can do.
package struct Hello: Equatable, Sendable {
    package var ring: String
    package var node: UInt64
    package var incarnation: UInt32
    package var definitionEpoch: UInt32
    /// Versions of envelopes that the node reads.
    package var frameVersions: ClosedRange<UInt8>
    /// The version of the store's DUMP format; values travel in it between stores of one version.
    package var storeDumpVersion: UInt32
    /// Everything that was said, with what this version does not know.
    package var capabilities: Capabilities

    package init(
        ring: String, node: UInt64, incarnation: UInt32, definitionEpoch: UInt32,
        frameVersions: ClosedRange<UInt8> = Envelope.currentVersion...Envelope.currentVersion,
        storeDumpVersion: UInt32, capabilities: Capabilities = Capabilities()
    ) {
        self.ring = ring
        self.node = node
        self.incarnation = incarnation
        self.definitionEpoch = definitionEpoch
        self.frameVersions = frameVersions
        self.storeDumpVersion = storeDumpVersion
        self.capabilities = capabilities
        self.capabilities.set("ring", ring)
        self.capabilities.set("node", node)
        self.capabilities.set("incarnation", UInt64(incarnation))
        self.capabilities.set("definitions", UInt64(definitionEpoch))
        self.capabilities["frames"] = [frameVersions.lowerBound, frameVersions.upperBound].map {
            Array(String($0).utf8)
        }
        self.capabilities.set("dump", UInt64(storeDumpVersion))
    }

    /// Whether messages can be exchanged with a node of these frame versions.
    package var canTalk: Bool { frameVersions.contains(Envelope.currentVersion) }

    private static let tag = Array("RS1".utf8)

    /// The reply to the request: a RESP bulk string.
    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.raw(Self.tag)
        capabilities.encode(into: &writer)
        return Array("$\(writer.bytes.count)\r\n".utf8) + writer.bytes + [13, 10]
    }

    /// The outcome of asking.
    package enum Answer: Equatable, Sendable {
        case ringSearch(Hello)
        /// An older node: it speaks the two store requests and gossip, nothing else.
        case other
    }

    /// Reads a reply. A bulk string that begins like a greeting and is none makes the peer an older node, too: it can be
    /// asked again on the next link.
    package static func parse(reply: [UInt8]) -> Answer {
        guard reply.first == UInt8(ascii: "$"), let lineEnd = reply.firstIndex(of: 13), reply.count >= lineEnd + 4,
            let length = Int(String(decoding: reply[1..<lineEnd], as: UTF8.self)), length >= tag.count,
            reply[lineEnd + 1] == 10, length == reply.count - lineEnd - 4
        else { return .other }
        let bulk = Array(reply[(lineEnd + 2)..<(reply.count - 2)])
        guard bulk.starts(with: tag) else { return .other }
        var reader = WireReader(Array(bulk[tag.count...]))
        guard let capabilities = try? Capabilities(from: &reader),  // unreadable: not of our kind
            let ring = capabilities.text("ring"), let node = capabilities.number("node"), node != 0
        else { return .other }
        let frames = capabilities["frames"].compactMap {
            UInt8(String(decoding: $0, as: UTF8.self))
        }
        let lowest = frames.first ?? Envelope.currentVersion
        let versions = lowest...max(lowest, frames.last ?? lowest)
        let small = { (name: String) in UInt32(clamping: capabilities.number(name) ?? 0) }
        return .ringSearch(
            Hello(
                ring: ring, node: node, incarnation: small("incarnation"), definitionEpoch: small("definitions"),
                frameVersions: versions, storeDumpVersion: small("dump"), capabilities: capabilities))
    }
}
