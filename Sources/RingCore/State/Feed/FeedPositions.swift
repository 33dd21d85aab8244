// How far co-owners have come in our feed, and we in theirs.

/// Confirmed positions by node, feed and lane. A position holds only for the feed it was given for.
package struct FeedPositions: Equatable, Sendable {
    package struct Position: Equatable, Sendable {
        package var feed: UInt64
        package var lanes: [UInt8: UInt64]

        package init(feed: UInt64, lanes: [UInt8: UInt64] = [:]) {
            self.feed = feed
            self.lanes = lanes
        }
    }

    package private(set) var nodes: [UInt64: Position] = [:]

    package init() {}

    /// The LSN of the last batch that `node` has; 0 when it has none of this feed.
    package func position(of node: UInt64, feed: UInt64, lane: UInt8) -> UInt64 {
        guard let position = nodes[node], position.feed == feed else { return 0 }
        return position.lanes[lane] ?? 0
    }

    /// `node` has everything up to `lsn`, durably. Positions never fall, unless the feed is another one.
    package mutating func confirm(node: UInt64, feed: UInt64, lane: UInt8, lsn: UInt64) {
        var position = nodes[node].flatMap { $0.feed == feed ? $0 : nil } ?? Position(feed: feed)
        position.lanes[lane] = max(position.lanes[lane] ?? 0, lsn)
        nodes[node] = position
    }

    /// The node is banned, or owns nothing any more that we own.
    package mutating func forget(node: UInt64) { nodes[node] = nil }
}
