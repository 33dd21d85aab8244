// The node's own durable state: named tables of keys and values in one LMDB file.
//
//   <directory>/data.mdb    tables; copy-on-write, so that a crash at any instant leaves the last commit
//              /lock.mdb    readers of this process
//
// Values are opaque here; whoever owns a table owns the format of its values.

import CLMDB
import Platform

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A table of the node's state.
package struct NodeTable: Hashable, Sendable {
    package let name: String

    package init(_ name: String) { self.name = name }

    package static let indexes = NodeTable("indexes")
    package static let aliases = NodeTable("aliases")
    package static let dictionaries = NodeTable("dictionaries")
    package static let synonyms = NodeTable("synonyms")
    /// Where a part of the node keeps single values: settings that were saved, the node's identity.
    package static let values = NodeTable("values")

    package static let all: [NodeTable] = [.indexes, .aliases, .dictionaries, .synonyms, .values]
}

package final class NodeState: @unchecked Sendable {
    // Sendable: the environment is LMDB's, which is made for many threads; handles are written in `init` only.
    private static let format = 1
    private static let formatKey = Array("format".utf8)
    private static let formatTable = NodeTable("format")

    private let environment: OpaquePointer
    private let handles: [NodeTable: MDB_dbi]

    /// Opens the state in a folder of its own, making it when missing.
    ///
    /// - Parameter mapSize: bytes of address space, which bound the file.
    package init(
        directory: String, tables: [NodeTable] = NodeTable.all, mapSize: Int = 16 << 30
    ) throws(NodeStateError) {
        do { try Files.makeFolder(directory) } catch { throw .notUsable(error.description) }
        // LMDB trusts its file: what it would stumble over has to be found before.
        try NodeStateCheck.run(directory + "/data.mdb")
        var made: OpaquePointer?
        try check(mdb_env_create(&made))
        guard let environment = made else { throw .notUsable("no memory") }
        do throws(NodeStateError) {
            try check(mdb_env_set_maxdbs(environment, 64))
            try check(mdb_env_set_mapsize(environment, mapSize))
            // Read transactions belong to their caller, not to a thread.
            try check(mdb_env_open(environment, directory, UInt32(MDB_NOTLS), 0o600))
            handles = try Self.open(tables + [Self.formatTable], environment)
        } catch {
            mdb_env_close(environment)
            throw error
        }
        self.environment = environment
        try checkFormat()
    }

    deinit { mdb_env_close(environment) }

    private static func open(
        _ tables: [NodeTable], _ environment: OpaquePointer
    ) throws(NodeStateError) -> [NodeTable: MDB_dbi] {
        var transaction: OpaquePointer?
        try check(mdb_txn_begin(environment, nil, 0, &transaction))
        var handles: [NodeTable: MDB_dbi] = [:]
        do throws(NodeStateError) {
            for table in tables {
                var handle: MDB_dbi = 0
                try check(mdb_dbi_open(transaction, table.name, UInt32(MDB_CREATE), &handle))
                handles[table] = handle
            }
        } catch {
            mdb_txn_abort(transaction)
            throw error
        }
        try check(mdb_txn_commit(transaction))
        return handles
    }

    private func checkFormat() throws(NodeStateError) {
        try write { (transaction: NodeWireWriter) throws(NodeStateError) in
            guard let bytes = try transaction.get(Self.formatTable, Self.formatKey) else {
                return try transaction.put(Self.formatTable, Self.formatKey, Array(String(Self.format).utf8))
            }
            guard let format = Int(String(decoding: bytes, as: UTF8.self)) else { throw .damaged("no format number") }
            if format > Self.format { throw .tooNew(format: format) }
        }
    }

    // MARK: transactions

    /// Runs `body` on a consistent view of all tables. Any number of threads may read at once; a reader that lingers
    /// keeps the file growing.
    package func read<Result>(
        _ body: (NodeStateReader) throws(NodeStateError) -> Result
    ) throws(NodeStateError) -> Result {
        var transaction: OpaquePointer?
        try check(mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &transaction))
        defer { mdb_txn_abort(transaction) }
        return try body(NodeStateReader(transaction, handles))
    }

    /// Runs `body`, whose changes are durable together when this returns, or are not there at all when it throws.
    /// One writer at a time: others wait. Not to be nested.
    package func write<Result>(
        _ body: (NodeWireWriter) throws(NodeStateError) -> Result
    ) throws(NodeStateError) -> Result {
        var transaction: OpaquePointer?
        try check(mdb_txn_begin(environment, nil, 0, &transaction))
        let result: Result
        do {
            result = try body(NodeWireWriter(transaction, handles))
        } catch {
            mdb_txn_abort(transaction)
            throw error
        }
        try check(mdb_txn_commit(transaction))
        return result
    }
}

/// Tables inside a transaction; valid during the call that passes it.
package struct NodeStateReader {
    fileprivate let transaction: OpaquePointer?
    fileprivate let handles: [NodeTable: MDB_dbi]

    fileprivate init(_ transaction: OpaquePointer?, _ handles: [NodeTable: MDB_dbi]) {
        self.transaction = transaction
        self.handles = handles
    }

    package func get(_ table: NodeTable, _ key: [UInt8]) throws(NodeStateError) -> [UInt8]? {
        try read(table, key, transaction, handles)
    }

    /// All keys and values of a table, short keys before long ones (480 bytes), each kind in the order of their bytes.
    package func all(_ table: NodeTable) throws(NodeStateError) -> [(key: [UInt8], value: [UInt8])] {
        try readAll(table, transaction, handles)
    }
}

/// As a reader, with changes.
package struct NodeWireWriter {
    fileprivate let transaction: OpaquePointer?
    fileprivate let handles: [NodeTable: MDB_dbi]

    fileprivate init(_ transaction: OpaquePointer?, _ handles: [NodeTable: MDB_dbi]) {
        self.transaction = transaction
        self.handles = handles
    }

    package func get(_ table: NodeTable, _ key: [UInt8]) throws(NodeStateError) -> [UInt8]? {
        try read(table, key, transaction, handles)
    }

    package func all(_ table: NodeTable) throws(NodeStateError) -> [(key: [UInt8], value: [UInt8])] {
        try readAll(table, transaction, handles)
    }

    package func put(_ table: NodeTable, _ key: [UInt8], _ value: [UInt8]) throws(NodeStateError) {
        let handle = try handle(table, handles)
        var stored = NodeRecord.storedKey(key)
        var record = NodeRecord.encode(table: table.name, key: key, value: value)
        let code = withValue(&stored) { key in
            withValue(&record) { value in mdb_put(transaction, handle, &key, &value, 0) }
        }
        try check(code)
    }

    /// Whether there was something to remove.
    @discardableResult
    package func remove(_ table: NodeTable, _ key: [UInt8]) throws(NodeStateError) -> Bool {
        let handle = try handle(table, handles)
        var stored = NodeRecord.storedKey(key)
        let code = withValue(&stored) { key in mdb_del(transaction, handle, &key, nil) }
        if code == MDB_NOTFOUND { return false }
        try check(code)
        return true
    }

    package func removeAll(_ table: NodeTable) throws(NodeStateError) {
        try check(mdb_drop(transaction, try handle(table, handles), 0))
    }
}

// MARK: - LMDB

private func handle(_ table: NodeTable, _ handles: [NodeTable: MDB_dbi]) throws(NodeStateError) -> MDB_dbi {
    guard let handle = handles[table] else { throw .notUsable("no table \(table.name) was opened") }
    return handle
}

private func withValue<Result>(_ bytes: inout [UInt8], _ body: (inout MDB_val) -> Result) -> Result {
    bytes.withUnsafeMutableBytes { bytes in
        var value = MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
        return body(&value)
    }
}

private func read(
    _ table: NodeTable, _ key: [UInt8], _ transaction: OpaquePointer?, _ handles: [NodeTable: MDB_dbi]
) throws(NodeStateError) -> [UInt8]? {
    let handle = try handle(table, handles)
    var stored = NodeRecord.storedKey(key)
    var found = MDB_val()
    let code = withValue(&stored) { key in mdb_get(transaction, handle, &key, &found) }
    if code == MDB_NOTFOUND { return nil }
    try check(code)
    let record = try NodeRecord.decode(
        table: table.name, UnsafeRawBufferPointer(start: found.mv_data, count: found.mv_size))
    guard record.key.elementsEqual(key) else { throw .damaged("a record in \(table.name) is under another key") }
    return Array(record.value)
}

private func readAll(
    _ table: NodeTable, _ transaction: OpaquePointer?, _ handles: [NodeTable: MDB_dbi]
) throws(NodeStateError) -> [(key: [UInt8], value: [UInt8])] {
    var cursor: OpaquePointer?
    try check(mdb_cursor_open(transaction, try handle(table, handles), &cursor))
    defer { mdb_cursor_close(cursor) }
    var result: [(key: [UInt8], value: [UInt8])] = []
    var key = MDB_val()
    var value = MDB_val()
    var code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST)
    while code == 0 {
        let record = try NodeRecord.decode(
            table: table.name, UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
        let owned = Array(record.key)
        guard UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size).elementsEqual(NodeRecord.storedKey(owned))
        else { throw .damaged("a record in \(table.name) is under another key") }
        result.append((owned, Array(record.value)))
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
    }
    if code != MDB_NOTFOUND { try check(code) }
    return result
}

private func check(_ code: Int32) throws(NodeStateError) {
    switch code {
    case 0: return
    case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_VERSION_MISMATCH, MDB_PANIC, MDB_INCOMPATIBLE:
        throw .damaged(String(cString: mdb_strerror(code)))
    case MDB_MAP_FULL, ENOSPC: throw .full
    default: throw .notUsable(String(cString: mdb_strerror(code)))
    }
}
