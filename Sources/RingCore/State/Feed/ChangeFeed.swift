// The keys that this node changed, in order: its co-owners read them here, each from where it was last.
//
//   lane │ LSN → (token, fingerprint, key) of every change of the batch
//
// Nobody has to know who was down. A *hint* for a co-owner is an entry above the position it has confirmed; when what it
// has not confirmed is trimmed, its next question is answered so, and it walks the ranges instead.

/// A place in a feed: the change number `index` of a batch, of those whose tokens the reader shares.
package struct FeedPlace: Hashable, Sendable {
    package var lane: UInt8
    package var lsn: UInt64
    package var index: Int

    package init(lane: UInt8, lsn: UInt64, index: Int) {
        self.lane = lane
        self.lsn = lsn
        self.index = index
    }
}

/// The feed of one node. Pure: the time, in milliseconds of a clock that never jumps, comes in with each call.
package struct ChangeFeed: Sendable {
    package struct Bounds: Equatable, Sendable {
        /// Memory of all lanes together; the oldest changes go first.
        package var bytes: Int
        /// How long a change is kept, in milliseconds.
        package var age: UInt64

        package init(bytes: Int = 64 << 20, age: UInt64) {
            self.bytes = bytes
            self.age = age
        }
    }

    package struct Entry: Equatable, Sendable {
        package var token: UInt32
        package var fingerprint: UInt64
        package var key: Bytes

        package init(token: UInt32, fingerprint: UInt64, key: Bytes) {
            self.token = token
            self.fingerprint = fingerprint
            self.key = key
        }
    }

    /// A stretch of a lane's feed for a reader.
    package struct Stretch<Element: Sendable>: Sendable {
        package var elements: [Element]
        /// Where the reader goes on from.
        package var to: UInt64
        /// The end of the feed at the moment of reading.
        package var head: UInt64
    }

    /// The fingerprints of a batch, those of tokens that the reader does not share left out.
    package struct BatchFingerprints: Equatable, Sendable {
        package var lsn: UInt64
        package var fingerprints: [UInt64]
    }

    package struct LiveEntry: Equatable, Sendable {
        package var lsn: UInt64
        package var entry: Entry
    }

    /// Positions are worth something only together with this: a wiped node has a new one.
    package let id: UInt64
    package var bounds: Bounds
    private var lanes: [UInt8: Lane] = [:]
    /// What the entries take.
    package private(set) var byteCount = 0

    package init(id: UInt64, bounds: Bounds) {
        self.id = id
        self.bounds = bounds
    }

    // MARK: writing

    /// The changes of a batch. LSNs of a lane only rise; a batch may come in several calls.
    package mutating func append(lane: UInt8, lsn: UInt64, _ entries: [Entry], now: UInt64) {
        lanes[lane, default: Lane()].append(lsn, entries, now, &byteCount)
        trim(now: now)
    }

    /// Nothing was changed up to this LSN that is not in the feed already. After a power failure, and for batches that
    /// changed nothing.
    package mutating func advance(lane: UInt8, to lsn: UInt64) {
        lanes[lane, default: Lane()].advance(to: lsn)
    }

    /// A feed that goes on where the last life ended: what it held before is not here.
    package mutating func start(lane: UInt8, after lsn: UInt64) {
        byteCount -= lanes[lane]?.byteCount ?? 0
        lanes[lane] = Lane(startingAfter: lsn)
    }

    /// Forgets what is too old or too much. Whole chunks go, so a little more than the bounds may stay.
    package mutating func trim(now: UInt64) {
        for lane in lanes.keys {
            while let oldest = lanes[lane]?.oldestTime, now >= oldest, now - oldest > bounds.age {
                lanes[lane]?.dropOldest(&byteCount)
            }
        }
        while byteCount > bounds.bytes {
            let oldest = lanes.filter { $0.value.oldestTime != nil }.min {
                ($0.value.oldestTime ?? 0, $0.key) < ($1.value.oldestTime ?? 0, $1.key)
            }
            guard let oldest else { return }
            lanes[oldest.key]?.dropOldest(&byteCount)
        }
    }

    // MARK: reading

    /// The LSN of the newest batch.
    package func head(lane: UInt8) -> UInt64 { lanes[lane]?.head ?? 0 }

    package var laneNumbers: [UInt8] { lanes.keys.sorted() }

    /// Up to which LSN changes have been forgotten: a reader whose position is below has missed some.
    package func trimmedThrough(lane: UInt8) -> UInt64 { lanes[lane]?.trimmedThrough ?? 0 }

    /// The fingerprints after a position, at most about `byteBound` bytes of them; `nil` when some are forgotten.
    ///
    /// - Parameter isShared: whether the reader owns the token, too.
    package func fingerprints(
        lane: UInt8, after position: UInt64, byteBound: Int, isShared: (UInt32) -> Bool
    ) -> Stretch<BatchFingerprints>? {
        guard let feed = lanes[lane] else { return position == 0 ? Stretch(elements: [], to: 0, head: 0) : nil }
        guard position >= feed.trimmedThrough else { return nil }
        var batches: [BatchFingerprints] = []
        var to = position
        var size = 0
        let isWhole = feed.visit(after: position) { lsn, packed, _ in
            // Never within a batch: a position is a batch's.
            if lsn != to, size >= byteBound { return false }
            to = lsn
            guard isShared(packed.token) else { return true }
            if batches.last?.lsn != lsn {
                batches.append(BatchFingerprints(lsn: lsn, fingerprints: []))
                size += 2
            }
            batches[batches.count - 1].fingerprints.append(packed.fingerprint)
            size += 8
            return true
        }
        return Stretch(elements: batches, to: isWhole ? max(position, feed.head) : to, head: feed.head)
    }

    /// The changes after a position that are the last ones of their keys, at most about `limit` of them; `nil` when some
    /// are forgotten.
    ///
    /// - Parameter isLive: whether the record of the key was last changed by this LSN. What was changed again comes later.
    package func liveEntries(
        lane: UInt8, after position: UInt64, limit: Int, isShared: (UInt32) -> Bool, isLive: (Entry, UInt64) -> Bool
    ) -> Stretch<LiveEntry>? {
        guard let feed = lanes[lane] else { return position == 0 ? Stretch(elements: [], to: 0, head: 0) : nil }
        guard position >= feed.trimmedThrough else { return nil }
        var found: [LiveEntry] = []
        // A key may be changed more than once by one batch; its state is sent once.
        var keysOfBatch: Set<Bytes> = []
        var to = position
        let isWhole = feed.visit(after: position) { lsn, packed, key in
            if lsn != to {
                if found.count >= limit { return false }
                keysOfBatch.removeAll(keepingCapacity: true)
            }
            to = lsn
            guard isShared(packed.token) else { return true }
            let entry = Entry(token: packed.token, fingerprint: packed.fingerprint, key: Bytes(key))
            if isLive(entry, lsn), keysOfBatch.insert(entry.key).inserted {
                found.append(LiveEntry(lsn: lsn, entry: entry))
            }
            return true
        }
        return Stretch(elements: found, to: isWhole ? max(position, feed.head) : to, head: feed.head)
    }

    /// The change at a place, the index counting what the reader shares; `nil` when it is forgotten or was never there.
    package func entry(at place: FeedPlace, isShared: (UInt32) -> Bool) -> Entry? {
        guard let feed = lanes[place.lane], place.lsn > 0, place.index >= 0 else { return nil }
        var left = place.index
        var found: Entry?
        _ = feed.visit(after: place.lsn - 1) { lsn, packed, key in
            guard lsn == place.lsn else { return false }
            guard isShared(packed.token) else { return true }
            if left == 0 {
                found = Entry(token: packed.token, fingerprint: packed.fingerprint, key: Bytes(key))
                return false
            }
            left -= 1
            return true
        }
        return found
    }
}
