// Who is there, and where: records of nodes, sent by difference.
//
//   GOSSIP, GOSSIP_REP   uv n | (lp record) * n
//   record               u64 node | u32 incarnation | u8 state | lp datacenter | lp rack
//                        | uv n | (u8 plane | lp host | u16 port) * n
//                        | u32 serving version | lp serving bitmap | u32 definition epoch
//                        | lp capabilities | uv n | (u8 figure | uv value) * n
//
// Each record has its length in front, so that a later version may append fields to it.

/// One node as another describes it.
package struct GossipRecord: Equatable, Sendable {
    /// In the order in which one beats another at equal incarnation: the later wins.
    package enum State: UInt8, Hashable, Sendable, CaseIterable {
        case joining = 0
        case normal = 1
        case suspect = 2
        case down = 3
        case left = 4
    }

    package enum Plane: UInt8, Hashable, Sendable, CaseIterable {
        case peer = 0
        case client = 1
        case statistics = 2
    }

    package struct Address: Hashable, Sendable {
        /// Any number: a plane that is not known is carried on.
        package var plane: UInt8
        package var host: String
        package var port: UInt16

        package init(plane: UInt8, host: String, port: UInt16) {
            self.plane = plane
            self.host = host
            self.port = port
        }

        package init(_ plane: Plane, host: String, port: UInt16) {
            self.init(plane: plane.rawValue, host: host, port: port)
        }
    }

    /// A load figure of the node; which numbers mean what is for those who show them.
    package struct Figure: Hashable, Sendable {
        package var number: UInt8
        package var value: UInt64

        package init(number: UInt8, value: UInt64) {
            self.number = number
            self.value = value
        }
    }

    package var node: UInt64
    package var incarnation: UInt32
    package var state: State
    package var datacenter: String
    package var rack: String
    package var addresses: [Address]
    /// Counts the changes of `servingBitmap`.
    package var servingVersion: UInt32
    /// One bit per elementary range, lowest bit first.
    package var servingBitmap: [UInt8]
    package var definitionEpoch: UInt32
    package var capabilities: Capabilities
    package var figures: [Figure]

    package init(
        node: UInt64, incarnation: UInt32, state: State, datacenter: String, rack: String, addresses: [Address] = [],
        servingVersion: UInt32 = 0, servingBitmap: [UInt8] = [], definitionEpoch: UInt32 = 0,
        capabilities: Capabilities = Capabilities(), figures: [Figure] = []
    ) {
        self.node = node
        self.incarnation = incarnation
        self.state = state
        self.datacenter = datacenter
        self.rack = rack
        self.addresses = addresses
        self.servingVersion = servingVersion
        self.servingBitmap = servingBitmap
        self.definitionEpoch = definitionEpoch
        self.capabilities = capabilities
        self.figures = figures
    }

    package static let addressBound = 16
    package static let bitmapBound = 64 << 10

    package func encode(into writer: inout WireWriter) {
        writer.u64(node)
        writer.u32(incarnation)
        writer.u8(state.rawValue)
        writer.lp(datacenter)
        writer.lp(rack)
        writer.count(addresses.count)
        for address in addresses {
            writer.u8(address.plane)
            writer.lp(address.host)
            writer.u16(address.port)
        }
        writer.u32(servingVersion)
        writer.lp(servingBitmap)
        writer.u32(definitionEpoch)
        var list = WireWriter()
        capabilities.encode(into: &list)
        writer.lp(list.bytes)
        writer.count(figures.count)
        for figure in figures {
            writer.u8(figure.number)
            writer.uv(figure.value)
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        node = try reader.u64()
        incarnation = try reader.u32()
        let code = try reader.u8()
        guard node != 0 else { throw .invalidValue }
        guard let state = State(rawValue: code) else { throw .unknownCode(code) }
        self.state = state
        datacenter = try reader.string(limit: WireBounds.name)
        rack = try reader.string(limit: WireBounds.name)
        addresses = try reader.list(minimumSize: 4, limit: Self.addressBound) { (reader) throws(WireError) in
            Address(
                plane: try reader.u8(), host: try reader.string(limit: WireBounds.name), port: try reader.u16())
        }
        servingVersion = try reader.u32()
        servingBitmap = try reader.lp(limit: Self.bitmapBound)
        definitionEpoch = try reader.u32()
        var list = WireReader(try reader.lp())
        capabilities = try Capabilities(from: &list)
        figures = try reader.list(minimumSize: 2, limit: 256) { (reader) throws(WireError) in
            Figure(number: try reader.u8(), value: try reader.uv())
        }
    }
}

/// Both directions of an exchange: what the other side does not know yet.
package protocol GossipBody: WireBody {
    var records: [GossipRecord] { get }
    init(records: [GossipRecord])
}

extension GossipBody {
    package func encode(into writer: inout WireWriter) {
        writer.count(records.count)
        for record in records {
            var inner = WireWriter()
            record.encode(into: &inner)
            writer.lp(inner.bytes)
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        self.init(
            records: try reader.list(minimumSize: 24, limit: 4096) { (reader) throws(WireError) in
                var inner = WireReader(try reader.lp())
                return try GossipRecord(from: &inner)
            })
    }
}

/// GOSSIP
package struct Gossip: GossipBody {
    package static let kind = FrameKind.gossip
    package let records: [GossipRecord]
    package init(records: [GossipRecord]) { self.records = records }
}

/// GOSSIP_REP
package struct GossipReply: GossipBody {
    package static let kind = FrameKind.gossipReply
    package let records: [GossipRecord]
    package init(records: [GossipRecord]) { self.records = records }
}
