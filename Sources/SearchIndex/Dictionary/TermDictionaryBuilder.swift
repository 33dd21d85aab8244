// The writer's side of the dictionary: every term gets a number once, and keeps it.

import CKernels
import Containers
import SearchModel

#if canImport(Glibc)
import Glibc
#endif

/// Gives terms their ids. One writer; readers use the views it makes.
///
/// `@unchecked Sendable`: all functions belong to the writer's lane. What views share with it is append-only.
package final class TermDictionaryBuilder: @unchecked Sendable {
    let records = ChunkStore()
    let offsets = ChunkedNumbers()
    /// Stem of each term: `unknownStem` until asked for, `noStem` when it has none of its own.
    let stems = ChunkedNumbers()
    let sorted = SortedTerms()
    private var table: TermTable
    private var lastView: TermDictionary?
    /// What looking a term up needs, behind a pointer: no exclusivity checks, no reference counts.
    private let hot: UnsafeMutablePointer<Hot>

    private struct Hot {
        var table: TermTableAddresses
        var reader: TermRecords
    }

    static let unknownStem: UInt32 = .max
    static let noStem: UInt32 = .max - 1

    package init() {
        table = TermTable(bucketCount: 64)
        hot = .allocate(capacity: 1)
        hot.initialize(
            to: Hot(
                table: table.addresses,
                reader: TermRecords(records: records.directory, offsets: offsets.directory)))
    }

    deinit { hot.deallocate() }

    package var count: Int { offsets.count }

    var reader: TermRecords { hot.pointee.reader }

    package func lookup(_ term: ByteSlice) -> TermID? {
        hot.pointee.table.find(term, hash: hashBytes(term), in: hot.pointee.reader)
    }

    /// The id of `term`, which is new or known.
    package func intern(_ term: ByteSlice) -> TermID {
        let hash = hashBytes(term)
        if let known = hot.pointee.table.find(term, hash: hash, in: hot.pointee.reader) { return known }
        return insert(term, hash: hash)
    }

    /// The state of the term's stem: an id, ``unknownStem`` or ``noStem``.
    @inline(__always) func stem(_ id: TermID) -> UInt32 {
        ChunkedNumbers.pointer(to: Int(id), in: stems.directory).pointee
    }

    func setStem(_ id: TermID, _ stem: UInt32) {
        // Readers may look at it meanwhile: old or new, both are whole.
        rk_store_release_u32(ChunkedNumbers.pointer(to: Int(id), in: stems.directory), stem)
    }

    @inline(never) private func insert(_ term: ByteSlice, hash: UInt64) -> TermID {
        let id = TermID(offsets.count)
        let isLong = term.count >= 255
        let offset = records.allocate(term.count + (isLong ? 5 : 1))
        let record = records.pointer(at: offset)
        if isLong {
            record[0] = 255
            UnsafeMutableRawPointer(record + 1).storeBytes(of: UInt32(term.count), as: UInt32.self)
        } else {
            record[0] = UInt8(term.count)
        }
        if let source = term.baseAddress, term.count > 0 {
            (record + (isLong ? 5 : 1)).update(from: source, count: term.count)
        }
        offsets.append(offset)
        stems.append(Self.unknownStem)
        hot.pointee.reader = TermRecords(records: records.directory, offsets: offsets.directory)
        if offsets.count > table.limit { grow() } else { table.insert(id, hash: hash) }
        return id
    }

    private func grow() {
        let grown = TermTable(bucketCount: table.bucketCount + max(64, table.bucketCount / 4))
        let reader = reader
        for id in 0..<TermID(offsets.count) { grown.insert(id, hash: hashBytes(reader.bytes(id))) }
        table = grown
        hot.pointee.table = grown.addresses
    }

    /// The dictionary as readers may see it from now on. Cheap when nothing was added.
    package func view() -> TermDictionary {
        if let lastView, lastView.termCount == offsets.count { return lastView }
        let view = TermDictionary(
            table: table, reader: reader, stemDirectory: stems.directory, termCount: offsets.count, sorted: sorted,
            fixedByteCount: records.byteCount + table.byteCount + offsets.byteCount + stems.byteCount,
            keeping: [records, offsets, stems])
        lastView = view
        return view
    }
}
