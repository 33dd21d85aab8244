// Members as bytes, in entries of the definition log and on disk.
//
//   topology   u32 epoch | members
//   members    uv n | member * n
//   member     u64 id | u8 status | u8 kind | lp datacenter | lp rack | lp host | u16 port | uv n | u32 token * n

extension RingMember {
    package func encode(into writer: inout WireWriter) {
        writer.u64(id.value)
        writer.u8(status.rawValue)
        writer.u8(kind.rawValue)
        writer.lp(datacenter)
        writer.lp(rack)
        writer.lp(address.host)
        writer.u16(address.port)
        writer.count(tokens.count)
        for token in tokens { writer.u32(token.value) }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let id = NodeID(try reader.u64())
        let statusCode = try reader.u8()
        guard let status = Status(rawValue: statusCode) else { throw .unknownCode(statusCode) }
        let kindCode = try reader.u8()
        guard let kind = Kind(rawValue: kindCode) else { throw .unknownCode(kindCode) }
        let datacenter = try reader.string(limit: WireBounds.name)
        let rack = try reader.string(limit: WireBounds.name)
        let address = NodeAddress(host: try reader.string(limit: WireBounds.name), port: try reader.u16())
        let tokens = try reader.list(minimumSize: 4, limit: RingTopology.tokenLimit) { (reader) throws(WireError) in
            Token(try reader.u32())
        }
        self.init(
            id: id, datacenter: datacenter, rack: rack, tokens: tokens, status: status, kind: kind, address: address)
    }

    static func encode(_ members: [RingMember], into writer: inout WireWriter) {
        writer.count(members.count)
        for member in members { member.encode(into: &writer) }
    }

    static func list(from reader: inout WireReader) throws(WireError) -> [RingMember] {
        try reader.list(minimumSize: 20, limit: RingTopology.memberLimit) { (reader) throws(WireError) in
            try RingMember(from: &reader)
        }
    }
}

extension RingTopology {
    package var encoded: [UInt8] {
        var writer = WireWriter()
        writer.u32(epoch)
        RingMember.encode(members, into: &writer)
        return writer.bytes
    }

    /// `nil`: the bytes are no topology.
    package convenience init?(encoded bytes: [UInt8]) {
        var reader = WireReader(bytes)
        guard let epoch = try? reader.u32(), let members = try? RingMember.list(from: &reader) else { return nil }
        do throws(TopologyError) {
            try self.init(epoch: epoch, members: members)
        } catch {
            return nil
        }
    }
}
