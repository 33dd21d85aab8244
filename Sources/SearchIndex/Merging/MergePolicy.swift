// Which segments become one.

/// Pure choice among neighbors, oldest first.
enum MergePolicy {
    struct Segment {
        var documents: Int
        var live: Int
        var bytes: Int
        var isSealed: Bool
        var isAvailable: Bool
    }

    static let fanIn = 8
    /// Offsets within a segment have 32 bits, and flags besides.
    static let byteLimit = 1 << 30

    /// The next range to merge (a single segment: seal it, or rid it of its dead).
    ///
    /// Order: seal what is frozen; drop or rewrite what is more than a quarter dead; merge eight neighbors of one
    /// tier; when quiet, everything that stays within the limit.
    static func choose(_ segments: [Segment], base: Int, limit: Int, isQuiet: Bool) -> Range<Int>? {
        if let unsealed = segments.firstIndex(where: { $0.isAvailable && !$0.isSealed }) {
            return unsealed..<unsealed + 1
        }
        if let stale = segments.firstIndex(where: {
            $0.isAvailable && ($0.documents - $0.live) * 4 > $0.documents
        }) {
            return stale..<stale + 1
        }
        for level in 0..<8 {
            if let range = run(of: segments, where: { tier($0.live, base) == level }, limit: limit) { return range }
        }
        return isQuiet ? quietRange(segments, limit) : nil
    }

    /// 0 below `fanIn * base` documents, 1 below `fanIn^2 * base`, and so on.
    static func tier(_ documents: Int, _ base: Int) -> Int {
        var tier = 0
        var bound = base * fanIn
        while documents >= bound && tier < 8 {
            tier += 1
            bound *= fanIn
        }
        return tier
    }

    /// The first `fanIn` neighbors that all satisfy the condition and together stay within the limit.
    private static func run(
        of segments: [Segment], where belongs: (Segment) -> Bool, limit: Int
    ) -> Range<Int>? {
        var start = 0
        for i in 0..<segments.count {
            guard segments[i].isAvailable, belongs(segments[i]) else {
                start = i + 1
                continue
            }
            while !fits(segments[start...i], limit) { start += 1 }
            if i + 1 - start == fanIn { return start..<i + 1 }
        }
        return nil
    }

    /// Whether the segments may become one. A single one always may.
    private static func fits(_ segments: ArraySlice<Segment>, _ limit: Int) -> Bool {
        segments.count <= 1
            || segments.reduce(0) { $0 + $1.live } <= limit && segments.reduce(0) { $0 + $1.bytes } <= byteLimit
    }

    /// The longest run of at least two neighbors within the limit, or one with dead documents.
    private static func quietRange(_ segments: [Segment], _ limit: Int) -> Range<Int>? {
        var best: Range<Int>?
        for start in segments.indices {
            var end = start
            while end < segments.count, segments[end].isAvailable, fits(segments[start...end], limit) { end += 1 }
            if end - start >= 2, end - start > best?.count ?? 0 { best = start..<end }
        }
        if let best { return best }
        return segments.firstIndex { $0.isAvailable && $0.live < $0.documents }.map { $0..<$0 + 1 }
    }
}
