// The records of a node: those changed since the last checkpoint in memory, all others on disk.
//
//   changed ──checkpoint──► on their way ──checkpointed──► on disk

/// The name of the databases in a checkpoint.
package enum ReplicaDatabase {
    package static let meta = "meta"
    package static let shapes = "shapes"
    package static let feed = "feed"
    package static let positions = "pos"
}

/// Records by key, over a disk.
struct RecordTable {
    private let disk: any RingDisk
    private let token: @Sendable (Bytes) -> UInt32
    private var shapes = MemoryShapes()
    private var changed: [Bytes: KeyRecord] = [:]
    private var onTheirWay: [Bytes: KeyRecord] = [:]

    init(disk: any RingDisk, token: @escaping @Sendable (Bytes) -> UInt32) {
        self.disk = disk
        self.token = token
        for (key, value) in disk.entries(ReplicaDatabase.shapes) {
            guard key.count == 4, let names = try? value.withUnsafeBytes({ try ShapeCoding.decode($0) }) else {
                continue
            }
            shapes.insert(names, as: key.reduce(0) { $0 << 8 | UInt32($1) })
        }
    }

    /// The record; an empty one when no write ever touched the key, or what is on disk makes no sense.
    func record(_ key: Bytes) -> KeyRecord {
        if let record = changed[key] ?? onTheirWay[key] { return record }
        let place = RecordKey.encode(token: token(key), key: key)
        guard let value = disk.record(place) else { return KeyRecord(state: .empty) }
        return decode(place, value)?.record ?? KeyRecord(state: .empty)
    }

    func state(_ key: Bytes) -> KeyState { record(key).state }

    mutating func set(_ key: Bytes, _ state: KeyState, lsn: UInt64) { changed[key] = KeyRecord(state: state, lsn: lsn) }

    // MARK: walks

    /// Records of tokens in `tokens`, behind `after`, in the order of tokens and then of entries; at most `limit`, and
    /// whether there may be more.
    func walk(
        _ tokens: ClosedRange<UInt32>, after: Bytes?, limit: Int
    ) -> (records: [(key: Bytes, record: KeyRecord)], isEnd: Bool) {
        var from = RecordKey.prefix(tokens.lowerBound)
        if let after { from = max(from, RecordKey.encode(token: token(after), key: after) + [0]) { precedes($0, $1) } }
        let end = tokens.upperBound == .max ? nil : RecordKey.prefix(tokens.upperBound + 1)
        let stored = disk.records(from: from, to: end, limit: limit)
        // What was stored tells how far we come; of memory only what lies before that may be told.
        let horizon = stored.count < limit ? end : stored.last?.key
        var found: [(place: Bytes, key: Bytes, record: KeyRecord)] = []
        for (place, value) in stored {
            guard let entry = decode(place, value), changed[entry.key] == nil, onTheirWay[entry.key] == nil else {
                continue
            }
            found.append((place, entry.key, entry.record))
        }
        for key in Set(changed.keys).union(onTheirWay.keys) {
            let place = RecordKey.encode(token: token(key), key: key)
            guard !precedes(place, from),
                horizon.map({ precedes(place, $0) || place == $0 && stored.count >= limit }) ?? true
            else { continue }
            found.append((place, key, record(key)))
        }
        found.sort { precedes($0.place, $1.place) }
        let isEnd = stored.count < limit && found.count <= limit
        return (found.prefix(limit).map { ($0.key, $0.record) }, isEnd)
    }

    // MARK: checkpoints

    /// Everything that changed since the last call, as it is to be stored.
    mutating func takeChanges() -> (
        records: [(key: Bytes, value: Bytes?)], entries: [(database: String, key: Bytes, value: Bytes?)]
    ) {
        var records: [(key: Bytes, value: Bytes?)] = []
        for (key, record) in changed {
            records.append((RecordKey.encode(token: token(key), key: key), encode(key, record)))
        }
        records.sort { precedes($0.key, $1.key) }
        let entries = shapes.takeNew().map { shape in
            (
                database: ReplicaDatabase.shapes, key: withUnsafeBytes(of: shape.number.bigEndian) { Bytes($0) },
                value: Optional(ShapeCoding.encode(shape.names))
            )
        }
        onTheirWay = changed
        changed = [:]
        return (records, entries)
    }

    mutating func changesAreStored() { onTheirWay = [:] }

    // MARK: coding
    //
    //   [lp key, of long ones] │ u8 0 │ record with a shape
    //                          │ u8 1 │ u64 LSN │ record with names: more fields than a shape may have, or no shape left

    private mutating func encode(_ key: Bytes, _ record: KeyRecord) -> Bytes {
        var writer = WireWriter(capacity: 64)
        if RecordKey.isLong(key) { writer.lp(key) }
        let stored = record.encode(shapes: &shapes)
        if stored.isWide {
            writer.u8(1)
            writer.u64(record.lsn)
            record.encodeNamed(into: &writer)
        } else {
            writer.u8(0)
            writer.raw(stored.bytes)
        }
        return writer.bytes
    }

    private func decode(_ place: Bytes, _ value: Bytes) -> (key: Bytes, record: KeyRecord)? {
        value.withUnsafeBytes { value in
            place.withUnsafeBytes { place in
                var reader = StateReader(value)
                do throws(StateCodingError) {
                    let key = try RecordKey.decode(place, value: &reader).key
                    guard try reader.u8() == 0 else {
                        let lsn = try reader.u64()
                        var record = try KeyRecord.decodeNamed(from: &reader)
                        record.lsn = lsn
                        return (key, record)
                    }
                    guard case .whole(let record) = try KeyRecord.decode(from: &reader, shapes: shapes) else {
                        return nil
                    }
                    return (key, record)
                } catch {
                    return nil
                }
            }
        }
    }
}

private func max(_ a: Bytes, _ b: Bytes, _ precedes: (Bytes, Bytes) -> Bool) -> Bytes { precedes(a, b) ? b : a }
