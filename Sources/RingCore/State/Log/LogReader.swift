// Reads the intent log back, up to where it ends.

import Platform

/// A walk over the records of one log file, in memory or mapped.
package struct LogReader {
    /// Why there is no further record.
    package enum End: Equatable, Sendable {
        /// The file ends here, or goes on with zeros only.
        case clean
        /// The file ends within a record.
        case short
        /// The record here is not what was written.
        case damaged
    }

    private let bytes: UnsafeRawBufferPointer
    /// Where the next record begins; at the end, where writing goes on.
    package private(set) var position = 0
    package private(set) var end: End?
    private var lastLSN: UInt64 = 0

    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next record; `nil` at the end, of which ``end`` tells the kind.
    package mutating func next() -> LogRecord? {
        guard end == nil else { return nil }
        var reader = StateReader(UnsafeRawBufferPointer(rebasing: bytes[position...]))
        do throws(StateCodingError) {
            guard reader.remaining > 0 else { throw .truncated }
            let length = Int(try reader.u32())
            let checksum = try reader.u32()
            if length == 0, checksum == 0 {
                end = .clean
                return nil
            }
            guard length <= LogRecord.longest, length >= 9 else { throw .invalidValue }
            let content = try reader.slice(length)
            guard Checksum.crc32c(content) == checksum else { throw .invalidValue }
            var body = StateReader(content)
            let record = try LogRecord(from: &body)
            // Older numbers are what an earlier use of the file left behind.
            guard record.lsn >= lastLSN else { throw .invalidValue }
            lastLSN = record.lsn
            position += LogRecord.headSize + length
            return record
        } catch {
            end = position == bytes.count ? .clean : error == .truncated ? .short : .damaged
            return nil
        }
    }

    /// All records up to the end, and what kind of end it is.
    package static func read(_ bytes: UnsafeRawBufferPointer) -> (records: [LogRecord], end: End, position: Int) {
        var reader = LogReader(bytes)
        var records: [LogRecord] = []
        while let record = reader.next() { records.append(record) }
        return (records, reader.end ?? .clean, reader.position)
    }
}

extension LogRecord {
    fileprivate init(from reader: inout StateReader) throws(StateCodingError) {
        let lsn = try reader.u64()
        let kind = try reader.u8()
        switch kind {
        case 1: self.init(lsn: lsn, .effects(try ItemList.decode(from: &reader)))
        case 2:
            let items = try ItemList.decode(from: &reader)
            let intents = try reader.list(minimumSize: 22) { (reader) throws(StateCodingError) in
                let version = try reader.version()
                let token = try reader.u32()
                let key = try reader.lp()
                let command = try reader.list(minimumSize: 1) { (reader) throws(StateCodingError) in try reader.lp() }
                return Intent(version: version, token: token, key: key, command: command)
            }
            self.init(lsn: lsn, .intents(effects: items, intents))
        case 3:
            let void = try reader.list(minimumSize: 1) { (reader) throws(StateCodingError) in try reader.index() }
            let results = try reader.list(minimumSize: 2) { (reader) throws(StateCodingError) in
                Result(intent: try reader.index(), items: try ItemList.decode(from: &reader))
            }
            self.init(lsn: lsn, .results(void: void, results))
        default: throw .unknownCode(kind)
        }
        guard reader.remaining == 0 else { throw .invalidValue }
    }
}

extension StateReader {
    fileprivate mutating func index() throws(StateCodingError) -> Int {
        let value = try uv()
        guard value <= UInt64(UInt32.max) else { throw .invalidValue }
        return Int(value)
    }
}
