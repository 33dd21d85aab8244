// From the store's lane to the indexes: every change of a document, in the store's order.

import Platform
import RESP
import SearchModel
import Storage

/// Told by the lane what changed; tells every index that wants the key.
///
/// `@unchecked Sendable`: all state is touched on the lane's thread only (`engine` is set before it runs).
final class Ingester: DocumentObserver, @unchecked Sendable {
    weak var engine: SearchEngine?
    @exclusivity(unchecked) private var router = PrefixRouter([])
    @exclusivity(unchecked) private var indexes: [LiveIndex] = []
    @exclusivity(unchecked) private var dirty: [LiveIndex] = []
    @exclusivity(unchecked) private var clock = ArrivalClock()
    private let suggestions: SuggestionCatalog
    /// Documents that a scan added since the last publication.
    @exclusivity(unchecked) private var unpublished = 0

    init(suggestions: SuggestionCatalog) { self.suggestions = suggestions }

    // MARK: DocumentObserver

    func covers(key: ByteSlice) -> Bool {
        router.covers(key) || (hasReservedKeys && suggestions.holds(key))
    }

    func documentChanged(key: ByteSlice, fields: FieldSlices) {
        if suggestions.isInUse, suggestions.take(key, fields) { return removeFromIndexes(key) }
        let stamp = clock.next()
        for index in router.indexes(for: key) {
            index.ingest.add(key, fields, stamp: stamp)
            mark(index)
        }
    }

    func documentPatched(key: ByteSlice, fields: FieldSlices) -> Bool {
        if hasReservedKeys, suggestions.holds(key) { return false }
        // All or none: the whole document, once read, is told to every index.
        let targets = router.indexes(for: key)
        for index in targets where !index.ingest.canPatch(key, fields) { return false }
        let stamp = clock.next()
        for index in targets {
            index.ingest.patch(key, fields, stamp: stamp)
            mark(index)
        }
        return true
    }

    func documentRemoved(key: ByteSlice) {
        if hasReservedKeys { suggestions.remove(key) }
        removeFromIndexes(key)
    }

    private func removeFromIndexes(_ key: ByteSlice) {
        for index in router.indexes(for: key) where index.ingest.remove(key) { mark(index) }
    }

    func allRemoved() { engine?.dropEverything() }

    func publish() {
        guard !dirty.isEmpty else { return }
        for index in dirty {
            if let task = index.ingest.publish(), let engine { engine.maintenance.queue(task, for: index) }
            index.notePublication(indexingNanoseconds: index.ingest.nanoseconds)
        }
        dirty.removeAll(keepingCapacity: true)
        unpublished = 0
    }

    func storeReplaced() {
        suggestions.unloadAll()
        engine?.findSuggestions()
        // Whatever is not seen again has gone while nobody looked. One walk for all that answer meanwhile, and one for
        // those that cannot.
        let rebuilding = indexes.filter { $0.scanProgress?.reason == .rebuilding }
        let answering = indexes.filter { $0.scanProgress?.reason != .rebuilding }
        if !rebuilding.isEmpty { scan(.rebuilding, rebuilding, removingUnseen: true) }
        if !answering.isEmpty { scan(.indexing, answering, removingUnseen: true) }
    }

    // MARK: dictionaries of suggestions

    var hasReservedKeys: Bool { suggestions.hasKeys }

    func isReserved(key: ByteSlice) -> Bool { suggestions.holds(key) }

    func reservedKeyTouched(key: ByteSlice) { suggestions.find(key)?.noteMayExpire() }

    @inline(__always) private func mark(_ index: LiveIndex) {
        if !index.ingest.isDirty {
            index.ingest.isDirty = true
            dirty.append(index)
        }
    }

    // MARK: the catalog's side

    /// The indexes that writes are for from now on.
    func route(_ indexes: [LiveIndex]) {
        self.indexes = indexes
        router = PrefixRouter(indexes.map { (prefixes: $0.definition.prefixes, index: $0) })
    }

    /// The index has left the catalog.
    func forget(_ index: LiveIndex) {
        dirty.removeAll { $0 === index }
        index.ingest.isDirty = false
        if let scan = index.ingest.scan, scan.targets.count == 1 { engine?.store?.cancelScan(scan.ticket) }
        index.ingest.scan = nil
        index.endScan()
    }

    // MARK: scans

    /// Starts to read the store's documents into these indexes, from the beginning.
    ///
    /// Documents that are written meanwhile are indexed by the write, and skipped by the scan.
    func scan(_ reason: ScanProgress.Reason, _ targets: [LiveIndex], removingUnseen: Bool = false) {
        guard let store = engine?.store else { return }
        let scan = IndexScan(reason, targets, start: clock.next(), removesUnseen: removingUnseen)
        for index in targets {
            // A scan that ran for the index has been overtaken: it finds that out when it sees this one.
            if let old = index.ingest.scan {
                scan.removesUnseen = scan.removesUnseen || old.removesUnseen
                if old.targets.count == 1 { store.cancelScan(old.ticket) }
            }
            index.ingest.scan = scan
            index.beginScan(reason, start: scan.start)
        }
        scan.ticket = store.scan(
            prefixes: Self.roots(targets.flatMap(\.definition.prefixes)),
            visit: { [self] key, fields in visit(scan, key, fields) },
            progress: { seen, total in
                for index in scan.targets { index.noteScan(start: scan.start, seen: seen, total: total) }
            },
            completion: { [self] failure in self.store?.onLane { [self] in finish(scan, failure) } })
    }

    private var store: (any DocumentStore)? { engine?.store }

    /// Prefixes without those that another one covers.
    static func roots(_ prefixes: [Bytes]) -> [Bytes] {
        var roots: [Bytes] = []
        for prefix in prefixes.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            if let last = roots.last, prefix.starts(with: last) { continue }
            roots.append(prefix)
        }
        return roots
    }

    /// On the lane: once more for the indexes that nothing else has scanned since.
    func repeatScan(_ failed: IndexScan) {
        let targets = failed.targets.filter { $0.ingest.scan === failed }
        if !targets.isEmpty { scan(failed.reason, targets, removingUnseen: failed.removesUnseen) }
    }

    /// On the lane: a document of the store.
    private func visit(_ scan: IndexScan, _ key: ByteSlice, _ fields: FieldSlices) {
        if suggestions.isInUse, SuggestionCoding.isDictionary(fields) { return }
        var stamp: ArrivalStamp = 0
        for index in router.indexes(for: key) where index.ingest.scan === scan {
            if let known = index.ingest.stamp(of: key), known > scan.start { continue }
            if stamp == 0 { stamp = clock.next() }
            index.ingest.add(key, fields, stamp: stamp)
            mark(index)
            unpublished += 1
        }
        if unpublished >= 256 { publish() }
    }

    /// On the lane.
    private func finish(_ scan: IndexScan, _ failure: StoreFailure?) {
        let targets = scan.targets.filter { $0.ingest.scan === scan }
        guard failure == nil else {
            // A lost connection is followed by a check of everything; for other troubles there is a second try.
            if !targets.isEmpty { engine?.maintenance.rescanSoon(scan) }
            return
        }
        for index in targets {
            if scan.removesUnseen, index.ingest.removeDocuments(before: scan.start) { mark(index) }
            index.ingest.scan = nil
        }
        publish()
        // Only now: who sees `indexing` 0 finds everything.
        for index in targets { index.endScan() }
    }
}

/// One walk over the store for some indexes.
///
/// `@unchecked Sendable`: changed on the lane's thread only.
final class IndexScan: @unchecked Sendable {
    let reason: ScanProgress.Reason
    let targets: [LiveIndex]
    /// Documents with later stamps were written since the scan began.
    let start: ArrivalStamp
    var removesUnseen: Bool
    var ticket = 0

    init(_ reason: ScanProgress.Reason, _ targets: [LiveIndex], start: ArrivalStamp, removesUnseen: Bool) {
        self.reason = reason
        self.targets = targets
        self.start = start
        self.removesUnseen = removesUnseen
    }
}
