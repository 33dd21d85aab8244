// Payloads of type 7: who is there, in the two old dialects.
//
//   Dynomite     dc1$r1$1431655765,1795410776,4,127.0.0.42|dc1$r1$0,1795410776,7,127.0.0.41
//                │   │  │          │          │ └ address, without port
//                │   │  └ token    └ seconds  └ state
//                └───┴ datacenter and rack, read from the right: a datacenter may contain `$`
//   descendant   127.0.0.1:8101        the sender, nothing else

/// One node in Dynomite's gossip.
package struct GossipTextEntry: Equatable, Sendable {
    /// Dynomite's numbers of node states.
    package enum State: UInt8, Hashable, Sendable, CaseIterable {
        case initializing = 0
        case standby = 1
        case writesOnly = 2
        case resuming = 3
        case normal = 4
        case joining = 7
        case down = 8
        case reset = 11
        case unknown = 12
    }

    package var datacenter: String
    package var rack: String
    /// The first of the node's tokens.
    package var token: UInt32
    /// When the node was last heard from, in seconds since 1970.
    package var seconds: UInt64
    package var state: State
    package var address: String

    package init(
        datacenter: String, rack: String, token: UInt32, seconds: UInt64, state: State, address: String
    ) {
        self.datacenter = datacenter
        self.rack = rack
        self.token = token
        self.seconds = seconds
        self.state = state
        self.address = address
    }

    package var text: String { "\(datacenter)$\(rack)$\(token),\(seconds),\(state.rawValue),\(address)" }
}

/// The payload of a gossip frame of either dialect.
package enum GossipText: Equatable, Sendable {
    case entries([GossipTextEntry])
    /// `host:port` of the sender.
    case heartbeat(String)

    /// Entries beyond this number are not read.
    package static let entryBound = 4096
    /// Longest heartbeat: a name of DNS, a colon, a port.
    package static let heartbeatBound = 262

    /// Entries that make no sense are left out, and counted in `malformed`; `nil` when nothing in the payload makes any.
    package static func parse(_ payload: [UInt8]) -> (text: GossipText, malformed: Int)? {
        guard payload.contains(UInt8(ascii: "$")) else {
            return heartbeat(payload).map { (.heartbeat($0), 0) }
        }
        var entries: [GossipTextEntry] = []
        var malformed = 0
        for part in payload.split(separator: UInt8(ascii: "|"), maxSplits: entryBound) {
            if entries.count < entryBound, let entry = entry(part) {
                entries.append(entry)
            } else {
                malformed += 1
            }
        }
        return entries.isEmpty ? nil : (.entries(entries), malformed)
    }

    package var payload: [UInt8] {
        switch self {
        case .entries(let entries): Array(entries.map(\.text).joined(separator: "|").utf8)
        case .heartbeat(let sender): Array(sender.utf8)
        }
    }

    /// A gossip frame. Dynomite's has id 0 and a filler of its own.
    package func frame(id: UInt64 = 0, isSameDatacenter: Bool) -> Frame {
        switch self {
        case .entries:
            Frame(
                id: id, kind: .gossipSyn, isSameDatacenter: isSameDatacenter, data: Frame.gossipFiller,
                payload: payload)
        case .heartbeat: Frame(id: id, kind: .gossipSyn, isSameDatacenter: true, payload: payload)
        }
    }

    private static func heartbeat(_ payload: [UInt8]) -> String? {
        guard !payload.isEmpty, payload.count <= heartbeatBound, !payload.contains(UInt8(ascii: ",")),
            let colon = payload.lastIndex(of: UInt8(ascii: ":")), colon > 0,
            let port = number(payload[(colon + 1)...], as: UInt16.self), port > 0
        else { return nil }
        return text(payload[...])
    }

    private static func entry(_ bytes: ArraySlice<UInt8>) -> GossipTextEntry? {
        let comma = UInt8(ascii: ",")
        let dollar = UInt8(ascii: "$")
        var rest = bytes
        guard let address = cutLast(&rest, comma), !address.isEmpty, let state = cutLast(&rest, comma),
            let seconds = cutLast(&rest, comma), let token = cutLast(&rest, dollar),
            let rack = cutLast(&rest, dollar), !rack.isEmpty, !rest.isEmpty,
            let stateNumber = number(state, as: UInt8.self), let tokenNumber = number(token, as: UInt32.self),
            let secondsNumber = number(seconds, as: UInt64.self),
            let datacenterText = text(rest), let rackText = text(rack), let addressText = text(address)
        else { return nil }
        return GossipTextEntry(
            datacenter: datacenterText, rack: rackText, token: tokenNumber, seconds: secondsNumber,
            state: GossipTextEntry.State(rawValue: stateNumber) ?? .unknown, address: addressText)
    }

    /// Cuts off what follows the last `separator`.
    private static func cutLast(_ rest: inout ArraySlice<UInt8>, _ separator: UInt8) -> ArraySlice<UInt8>? {
        guard let place = rest.lastIndex(of: separator) else { return nil }
        defer { rest = rest[..<place] }
        return rest[(place + 1)...]
    }

    private static func number<Number: FixedWidthInteger>(
        _ digits: ArraySlice<UInt8>, as: Number.Type
    ) -> Number? {
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Number(String(decoding: digits, as: UTF8.self))
    }

    /// Names are printable ASCII: they end up in logs and in other nodes' tables.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        bytes.allSatisfy { $0 > 32 && $0 < 127 } ? String(decoding: bytes, as: UTF8.self) : nil
    }
}
