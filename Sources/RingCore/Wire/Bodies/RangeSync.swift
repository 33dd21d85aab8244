// The keys of a range and the hashes of their records, in the order of tokens: what a node that fills compares with its own.
//
//   RANGE       u32 topology epoch | u32 range end | u8 kind (0 keys) | lp after key | u32 max bytes
//   RANGE_REP   (lp key | u64 record hash) * | u8 end
//
// `end` is the last byte of the body: 0 more keys follow, 1 that was the last, 2 the range is not ours under that epoch.

/// RANGE
package struct RangeRequest: WireBody {
    package static let kind = FrameKind.range

    package var epoch: UInt32
    /// The token that ends the range and names it.
    package var rangeEnd: UInt32
    /// The last key that the asker has; empty at first.
    package var after: [UInt8]
    package var maximumBytes: UInt32

    package init(epoch: UInt32, rangeEnd: UInt32, after: [UInt8], maximumBytes: UInt32) {
        self.epoch = epoch
        self.rangeEnd = rangeEnd
        self.after = after
        self.maximumBytes = maximumBytes
    }

    package func encode(into writer: inout WireWriter) {
        writer.u32(epoch)
        writer.u32(rangeEnd)
        writer.u8(0)
        writer.lp(after)
        writer.u32(maximumBytes)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        epoch = try reader.u32()
        rangeEnd = try reader.u32()
        let code = try reader.u8()
        guard code == 0 else { throw .unknownCode(code) }
        after = try reader.lp()
        maximumBytes = try reader.u32()
    }
}

/// RANGE_REP
package struct RangeReply: WireBody {
    package static let kind = FrameKind.rangeReply

    package enum End: UInt8, Hashable, Sendable {
        case moreFollow = 0
        case done = 1
        case notOwner = 2
    }

    package struct Entry: Equatable, Sendable {
        package var key: [UInt8]
        package var recordHash: UInt64

        package init(key: [UInt8], recordHash: UInt64) {
            self.key = key
            self.recordHash = recordHash
        }
    }

    package var entries: [Entry]
    package var end: End

    package init(entries: [Entry], end: End) {
        self.entries = entries
        self.end = end
    }

    package func encode(into writer: inout WireWriter) {
        for entry in entries {
            writer.lp(entry.key)
            writer.u64(entry.recordHash)
        }
        writer.u8(end.rawValue)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        entries = []
        while reader.remaining > 1 {
            guard entries.count < WireBounds.entries else { throw .countTooLarge }
            entries.append(Entry(key: try reader.lp(), recordHash: try reader.u64()))
        }
        let code = try reader.u8()
        guard let end = End(rawValue: code) else { throw .unknownCode(code) }
        self.end = end
    }
}
