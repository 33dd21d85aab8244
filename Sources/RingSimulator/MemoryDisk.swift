// A node's disk in memory: what is on it survives the node.

import RingCore

/// Checkpoints and the intent log of one node.
package final class MemoryDisk: RingDisk {
    private var table: [(key: Bytes, value: Bytes)] = []
    private var databases: [String: [Bytes: Bytes]] = [:]
    private var records: [Bytes] = []
    /// How many of the log's records are sure to survive a power failure.
    private var syncedCount = 0

    package init() {}

    // MARK: directives

    package func append(_ record: Bytes) { records.append(record) }

    package func write(_ checkpoint: Checkpoint) {
        for (key, value) in checkpoint.records {
            let place = index(of: key)
            let isThere = place < table.count && table[place].key == key
            switch (value, isThere) {
            case (let value?, true): table[place].value = value
            case (let value?, false): table.insert((key, value), at: place)
            case (nil, true): table.remove(at: place)
            case (nil, false): break
            }
        }
        for (database, key, value) in checkpoint.entries { databases[database, default: [:]][key] = value }
    }

    package func trim(below lsn: UInt64) {
        // One record a file: as much as may go at all goes.
        let gone = records.prefix { Self.lsn(of: $0).map { $0 < lsn } ?? true }.count
        records.removeFirst(gone)
        syncedCount = max(0, syncedCount - gone)
    }

    package func sync() { syncedCount = records.count }

    /// What a power failure leaves of the log.
    package func loseUnsynced() { records.removeLast(records.count - syncedCount) }

    private static func lsn(of record: Bytes) -> UInt64? {
        record.withUnsafeBytes { LogReader.read($0).records.first?.lsn }
    }

    // MARK: reading

    package func record(_ key: Bytes) -> Bytes? {
        let place = index(of: key)
        return place < table.count && table[place].key == key ? table[place].value : nil
    }

    package func records(from: Bytes, to: Bytes?, limit: Int) -> [(key: Bytes, value: Bytes)] {
        var found: [(key: Bytes, value: Bytes)] = []
        var place = index(of: from)
        while place < table.count, found.count < limit {
            if let to, !table[place].key.lexicographicallyPrecedes(to) { break }
            found.append(table[place])
            place += 1
        }
        return found
    }

    package func entry(_ database: String, _ key: Bytes) -> Bytes? { databases[database]?[key] }

    package func entries(_ database: String) -> [(key: Bytes, value: Bytes)] {
        (databases[database] ?? [:]).map { ($0.key, $0.value) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    package func log() -> [Bytes] { records }

    /// The place of a key, or where it would be.
    private func index(of key: Bytes) -> Int {
        var low = 0
        var high = table.count
        while low < high {
            let middle = (low + high) / 2
            if table[middle].key.lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
