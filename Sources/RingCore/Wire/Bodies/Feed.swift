// An owner's changes in the order in which it made them, as its co-owners follow them.
//
//   FEED       u8 mode (0 fingerprints, 1 states, 2 barrier) | u64 feed id | uv n | (u8 lane | u64 from | u64 confirmed) * n
//              | u32 max bytes
//   FEED_REP   u8 status (0 ok, 1 trimmed or another feed) | u64 feed id | u64 HLC at reading
//              | uv n | (u8 lane | u64 to | u64 head) * n | entries
//   entries    for each lane in the order above: uv m | entry * m
//              mode 0, 2:  uv LSN step | uv k | u64 fingerprint * k       steps count on from the lane's `from`
//              mode 1:     u64 LSN | item                                 an item of the replication messages
//
// A fingerprint is XXH3-64 of (key, version).

/// FEED
package struct Feed: WireBody {
    package static let kind = FrameKind.feed

    package enum Mode: UInt8, Hashable, Sendable, CaseIterable {
        /// Which writes happened: for a follower that expects to have them.
        case fingerprints = 0
        /// What the keys are now: for one that has missed them.
        case states = 1
        /// As fingerprints, for a search that waits.
        case barrier = 2
    }

    package struct Position: Hashable, Sendable {
        package var lane: UInt8
        /// The first LSN wanted is the one after this.
        package var from: UInt64
        /// Everything up to here is merged and stored.
        package var confirmed: UInt64

        package init(lane: UInt8, from: UInt64, confirmed: UInt64) {
            self.lane = lane
            self.from = from
            self.confirmed = confirmed
        }
    }

    package var mode: Mode
    /// The feed that the positions are of.
    package var feed: UInt64
    package var positions: [Position]
    package var maximumBytes: UInt32

    package init(mode: Mode, feed: UInt64, positions: [Position], maximumBytes: UInt32) {
        self.mode = mode
        self.feed = feed
        self.positions = positions
        self.maximumBytes = maximumBytes
    }

    package func encode(into writer: inout WireWriter) {
        writer.u8(mode.rawValue)
        writer.u64(feed)
        writer.count(positions.count)
        for position in positions {
            writer.u8(position.lane)
            writer.u64(position.from)
            writer.u64(position.confirmed)
        }
        writer.u32(maximumBytes)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let code = try reader.u8()
        guard let mode = Mode(rawValue: code) else { throw .unknownCode(code) }
        self.init(
            mode: mode, feed: try reader.u64(),
            positions: try reader.list(minimumSize: 17, limit: FeedReply.laneBound) { (reader) throws(WireError) in
                Position(lane: try reader.u8(), from: try reader.u64(), confirmed: try reader.u64())
            },
            maximumBytes: try reader.u32())
    }
}

/// FEED_REP. Its entries are read in a second step, since only the request says of which mode they are.
package struct FeedReply: WireBody {
    package static let kind = FrameKind.feedReply
    package static let laneBound = 256

    package enum Status: UInt8, Hashable, Sendable {
        case ok = 0
        /// The positions are of another feed, or what follows them is no longer kept: a range sync is needed.
        case trimmed = 1
    }

    package struct Lane: Hashable, Sendable {
        package var lane: UInt8
        /// The last LSN that the entries cover.
        package var to: UInt64
        /// The last LSN of the lane when it was read.
        package var head: UInt64

        package init(lane: UInt8, to: UInt64, head: UInt64) {
            self.lane = lane
            self.to = to
            self.head = head
        }
    }

    /// The writes of one batch.
    package struct Fingerprints: Equatable, Sendable {
        package var lsn: UInt64
        package var values: [UInt64]

        package init(lsn: UInt64, values: [UInt64]) {
            self.lsn = lsn
            self.values = values
        }
    }

    package var status: Status
    package var feed: UInt64
    /// The sender's logical clock when it read the feed.
    package var stamp: UInt64
    package var lanes: [Lane]
    package var entries: [UInt8]

    package init(status: Status, feed: UInt64, stamp: UInt64, lanes: [Lane] = [], entries: [UInt8] = []) {
        self.status = status
        self.feed = feed
        self.stamp = stamp
        self.lanes = lanes
        self.entries = entries
    }

    package func encode(into writer: inout WireWriter) {
        writer.u8(status.rawValue)
        writer.u64(feed)
        writer.u64(stamp)
        writer.count(lanes.count)
        for lane in lanes {
            writer.u8(lane.lane)
            writer.u64(lane.to)
            writer.u64(lane.head)
        }
        writer.raw(entries)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let code = try reader.u8()
        guard let status = Status(rawValue: code) else { throw .unknownCode(code) }
        self.init(
            status: status, feed: try reader.u64(), stamp: try reader.u64(),
            lanes: try reader.list(minimumSize: 17, limit: Self.laneBound) { (reader) throws(WireError) in
                Lane(lane: try reader.u8(), to: try reader.u64(), head: try reader.u64())
            },
            entries: reader.rest())
    }

    // MARK: entries

    /// The entries of modes 0 and 2, one list a lane; `from` has the LSN that each lane was asked from.
    package static func encode(fingerprints lanes: [[Fingerprints]], from: [UInt64]) -> [UInt8] {
        var writer = WireWriter()
        for (list, start) in zip(lanes, from) {
            writer.count(list.count)
            var last = start
            for entry in list {
                writer.uv(entry.lsn &- last)
                last = entry.lsn
                writer.count(entry.values.count)
                for value in entry.values { writer.u64(value) }
            }
        }
        return writer.bytes
    }

    /// - Throws: also when a lane's LSNs do not rise.
    package func fingerprints(from: [UInt64]) throws(WireError) -> [[Fingerprints]] {
        guard from.count == lanes.count else { throw .invalidValue }
        var reader = WireReader(entries)
        var result: [[Fingerprints]] = []
        for start in from {
            var last = start
            result.append(
                try reader.list(minimumSize: 2, limit: WireBounds.entries) { (reader) throws(WireError) in
                    let (lsn, overflow) = last.addingReportingOverflow(try reader.uv())
                    guard !overflow, lsn > last else { throw .invalidValue }
                    last = lsn
                    return Fingerprints(
                        lsn: lsn,
                        values: try reader.list(minimumSize: 8) { (reader) throws(WireError) in try reader.u64() })
                })
        }
        return result
    }

    /// The entries of mode 1, one list a lane; `item` writes the state of a key.
    package static func encode<Item>(
        states lanes: [[(lsn: UInt64, item: Item)]], item: (Item, inout WireWriter) -> Void
    ) -> [UInt8] {
        var writer = WireWriter()
        for list in lanes {
            writer.count(list.count)
            for entry in list {
                writer.u64(entry.lsn)
                item(entry.item, &writer)
            }
        }
        return writer.bytes
    }

    package func states<Item>(
        item: (inout WireReader) throws(WireError) -> Item
    ) throws(WireError) -> [[(lsn: UInt64, item: Item)]] {
        var reader = WireReader(entries)
        var result: [[(lsn: UInt64, item: Item)]] = []
        for _ in lanes {
            result.append(
                try reader.list(minimumSize: 9, limit: WireBounds.entries) { (reader) throws(WireError) in
                    (lsn: try reader.u64(), item: try item(&reader))
                })
        }
        return result
    }
}
