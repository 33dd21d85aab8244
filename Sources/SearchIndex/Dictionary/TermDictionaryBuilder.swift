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
    /// Stems of terms that had been there before their stem was asked for.
    let lateStems = Locked<[TermID: TermID]>([:])
    let sorted = SortedTerms()
    let signatures = TermSignatures()
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

    /// Fetches what a search for this hash begins with.
    @inline(__always) func prefetch(_ hash: UInt64) { hot.pointee.table.prefetch(hash) }

    /// The id of `term`, which is new or known.
    package func intern(_ term: ByteSlice) -> TermID {
        let hash = hashBytes(term)
        if let known = hot.pointee.table.find(term, hash: hash, in: hot.pointee.reader) { return known }
        return insert(term, hash: hash, stem: Self.unknownStem)
    }

    /// The id of `term` and the state of its stem (an id or ``noStem``), which `learn` is asked for once.
    func intern(_ term: ByteSlice, learningStem learn: (ByteSlice) -> UInt32) -> (TermID, stem: UInt32) {
        let hash = hashBytes(term)
        var known = hot.pointee.table.find(term, hash: hash, in: hot.pointee.reader)
        if let id = known {
            let stem = stem(id)
            if stem != Self.unknownStem { return (id, stem) }
        }
        let stem = learn(term)
        // Learning makes terms, perhaps this one.
        if known == nil { known = hot.pointee.table.find(term, hash: hash, in: hot.pointee.reader) }
        if let id = known {
            setStem(id, stem)
            return (id, stem)
        }
        return (insert(term, hash: hash, stem: stem), stem)
    }

    /// The state of the term's stem: an id, ``unknownStem`` or ``noStem``.
    func stem(_ id: TermID) -> UInt32 {
        let (state, stem) = reader.stemState(id)
        switch state {
        case TermRecordHeader.storedStem: return stem
        case TermRecordHeader.noStem: return Self.noStem
        case TermRecordHeader.lateStem: return lateStems.withLock { $0[id] } ?? Self.noStem
        default: return Self.unknownStem
        }
    }

    /// - Precondition: the stem is not known yet.
    func setStem(_ id: TermID, _ stem: UInt32) {
        if stem != Self.noStem { lateStems.withLock { $0[id] = stem } }
        let record = records.pointer(at: reader.offset(id))
        let state = stem == Self.noStem ? TermRecordHeader.noStem : TermRecordHeader.lateStem
        // Relaxed: a reader takes the old state or the new one; the late stem itself is behind the lock.
        rk_store_relaxed_u8(record, record[0] & TermRecordHeader.lengthMask | state)
    }

    @inline(never) private func insert(_ term: ByteSlice, hash: UInt64, stem: UInt32) -> TermID {
        let id = TermID(offsets.count)
        let isStored = stem != Self.unknownStem && stem != Self.noStem
        let isLong = term.count >= Int(TermRecordHeader.lengthMask)
        let offset = records.allocate(1 + (isStored ? 4 : 0) + (isLong ? 4 : 0) + term.count)
        var end = UnsafeMutableRawPointer(records.pointer(at: offset))
        let state =
            isStored
            ? TermRecordHeader.storedStem
            : stem == Self.noStem ? TermRecordHeader.noStem : TermRecordHeader.unknownStem
        end.storeBytes(
            of: state | (isLong ? TermRecordHeader.lengthMask : UInt8(term.count)), as: UInt8.self)
        end += 1
        if isStored {
            end.storeBytes(of: stem, as: UInt32.self)
            end += 4
        }
        if isLong {
            end.storeBytes(of: UInt32(term.count), as: UInt32.self)
            end += 4
        }
        if let source = term.baseAddress, term.count > 0 { end.copyMemory(from: source, byteCount: term.count) }
        offsets.append(offset)
        hot.pointee.reader = TermRecords(records: records.directory, offsets: offsets.directory)
        if offsets.count > table.limit { grow() } else { table.insert(id, hash: hash) }
        return id
    }

    private func grow() { rebuildTable(table.bucketCount + max(64, table.bucketCount / 4)) }

    /// Gives back the room that growing has left.
    func trim() {
        let needed = max(64, offsets.count * 100 / 85 / 8 + 2)
        if needed * 21 / 20 < table.bucketCount { rebuildTable(needed) }
    }

    private func rebuildTable(_ bucketCount: Int) {
        let grown = TermTable(bucketCount: bucketCount)
        let reader = reader
        for id in 0..<TermID(offsets.count) { grown.insert(id, hash: hashBytes(reader.bytes(id))) }
        table = grown
        hot.pointee.table = grown.addresses
        lastView = nil
    }

    /// The dictionary as readers may see it from now on. Cheap when nothing was added.
    package func view() -> TermDictionary {
        if let lastView, lastView.termCount == offsets.count { return lastView }
        let view = TermDictionary(
            table: table, reader: reader, lateStems: lateStems, termCount: offsets.count, sorted: sorted,
            signatures: signatures,
            fixedByteCount: records.byteCount + table.byteCount + offsets.byteCount
                + lateStems.withLock { $0.capacity * 11 },
            keeping: [records, offsets])
        lastView = view
        return view
    }
}
