// The one writer of an index: documents in, snapshots out.
//
//   beginDocument ─► addTokens, set... ─► endDocument ─┐
//   remove ────────────────────────────────────────────┼─► publish ─► IndexSnapshot (readers, any thread)
//   install(finished merge) ───────────────────────────┘
//
// A write of a key that is there is a death and a birth; both are published together.

import CKernels
import Containers
import SearchModel

/// Adds, replaces and removes documents of one index.
///
/// All functions belong to one lane (calls one after the other), but for ``snapshot``, which any thread may read.
/// `@unchecked Sendable`: the lane orders its calls; the snapshot is behind a mutex.
package final class IndexWriter: @unchecked Sendable {
    package let options: IndexOptions
    package private(set) var schema: Schema
    package let dictionary = TermDictionaryBuilder()
    let registry: DocumentRegistry
    /// By field position; made with a field's first value.
    var tagBuilders: [TermDictionaryBuilder?] = []
    let stemmer: (any StemProvider)?
    private let published: Locked<IndexSnapshot>

    /// Oldest first. The open one is last.
    var segments: [WriterSegment] = []
    var segmentBySlot: [WriterSegment?] = []
    var open: MutableSegment?
    var openSlot: SegmentSlot?
    /// Counts publications; pages made in the current one may be written.
    var burst: UInt64 = 1
    var hasChanges = false

    /// Live documents, and the sum of their lengths.
    package private(set) var documentCount = 0
    package private(set) var totalLength = 0

    // The document that is being added.
    let gatherer: UnsafeMutablePointer<DocumentGatherer>
    let tokenCache: UnsafeMutablePointer<TokenCache>
    let tokenWork: UnsafeMutablePointer<TokenWork>
    /// Stands in for words that the cache does not take.
    let longTokenEntry: UnsafeMutablePointer<TokenCache.Entry>
    /// Differs for every open segment, and is never 0.
    var openEpoch: UInt32 = 0
    private var pendingKey = Growable<UInt8>(capacity: 64)
    private var pendingPayload: [UInt8]?
    var pendingStamp: ArrivalStamp = 0
    private var pendingScore: Float = 1
    var pendingStemmer: (any StemProvider)?
    var pendingValues: [(field: Int, value: FieldValue)] = []
    /// The document that is being patched.
    var patchedLocation: DocumentLocation?
    var isInDocument = false
    var stemScratch: [UInt8] = []
    /// Stems by other languages than the index's.
    var foreignStems: [ObjectIdentifier: [TermID: UInt32]] = [:]
    static let foreignStemLimit = 65_536

    /// - Parameter stemmer: of the index's language; `nil`: no stems.
    package init(schema: Schema, options: IndexOptions = IndexOptions(), stemmer: (any StemProvider)? = nil) {
        self.schema = schema
        self.options = options
        self.stemmer = stemmer
        registry = DocumentRegistry(slotLimit: options.segmentLimit)
        gatherer = .allocate(capacity: 1)
        gatherer.initialize(to: DocumentGatherer())
        tokenCache = .allocate(capacity: 1)
        tokenCache.initialize(to: TokenCache())
        tokenWork = .allocate(capacity: TokenWork.batch)
        longTokenEntry = .allocate(capacity: 1)
        longTokenEntry.initialize(to: TokenCache.Entry())
        published = Locked(
            IndexSnapshot(
                segments: [], documentCount: 0, totalLength: 0, schema: schema, dictionary: dictionary.view(),
                tagDictionaries: [], generation: 0, registry: registry))
    }

    deinit {
        gatherer.deinitialize(count: 1)
        gatherer.deallocate()
        tokenCache.deinitialize(count: 1)
        tokenCache.deallocate()
        tokenWork.deallocate()
        longTokenEntry.deallocate()
    }

    // MARK: Adding a document

    /// Starts a document. Nothing is visible, and nothing of an older document of this key gone, before
    /// ``endDocument()`` and ``publish()``.
    ///
    /// - Parameter stemmer: of the document's language; `nil`: the index's.
    package func beginDocument(
        key: ByteSlice, stamp: ArrivalStamp, score: Float? = nil, payload: ByteSlice? = nil,
        stemmer: (any StemProvider)? = nil
    ) {
        prepareOpenSegment()
        gatherer.pointee.begin()
        pendingKey.removeAll()
        if let start = key.baseAddress { pendingKey.append(from: start, count: key.count) }
        pendingPayload = payload.map { Array($0) }
        pendingStamp = stamp
        pendingScore = score ?? options.defaultScore
        pendingStemmer = stemmer ?? self.stemmer
        pendingValues.removeAll(keepingCapacity: true)
        isInDocument = true
    }

    // MARK: The end of a document

    /// Completes the document. An older one of the same key dies.
    package func endDocument() {
        precondition(isInDocument, "no document to end")
        isInDocument = false
        let segment = open!
        let largest = gatherer.pointee.append(
            to: segment, keepsFrequencies: options.keepsFrequencies, keepsFields: options.keepsFields)
        let length = gatherer.pointee.length
        let docID = DocID(segment.documentCount)
        let key = ByteSlice(start: pendingKey.base, count: pendingKey.count)
        for (field, value) in pendingValues { segment.fields.set(docID, field, value) }
        if let payload = pendingPayload {
            payload.withUnsafeBufferPointer {
                segment.finishDocument(
                    key: key, stamp: pendingStamp, score: pendingScore, payload: $0, length: length,
                    maxFrequency: largest, postingCount: gatherer.pointee.terms.count)
            }
        } else {
            segment.finishDocument(
                key: key, stamp: pendingStamp, score: pendingScore, payload: nil, length: length,
                maxFrequency: largest, postingCount: gatherer.pointee.terms.count)
        }
        documentCount += 1
        totalLength += Int(length)
        let location = DocumentLocation(slot: openSlot!.number, docID: docID)
        if let old = registry.set(key, location) { kill(old) }
        hasChanges = true
    }

    /// Forgets the document that was begun, as if it had never been.
    package func abandonDocument() { isInDocument = false }

    /// Removes a document; false when there is none of that key.
    @discardableResult
    package func remove(key: ByteSlice) -> Bool {
        guard let old = registry.remove(key) else { return false }
        kill(old)
        hasChanges = true
        return true
    }

    /// Whether there is a document of that key.
    package func contains(key: ByteSlice) -> Bool { registry.find(key) != nil }

    /// Removes all documents. Terms keep their ids.
    package func removeAll() {
        for segment in segments { registry.release(segment.slot) }
        registry.removeAll()
        segments.removeAll()
        segmentBySlot.removeAll()
        open = nil
        openSlot = nil
        documentCount = 0
        totalLength = 0
        hasChanges = true
    }

    private func kill(_ location: DocumentLocation) {
        let segment = segmentBySlot[location.slot]!
        guard segment.kill(location.docID, burst: burst) else { return }
        documentCount -= 1
        totalLength -= Int(segment.length(location.docID))
    }

    // MARK: The open segment

    private func prepareOpenSegment() {
        if let open, open.documentCount >= open.capacity || open.variableByteCount >= options.segmentBytes {
            freeze()
        }
        if open == nil { openSegment() }
    }

    private func openSegment() {
        let segment = MutableSegment(
            capacity: options.segmentCapacity, hasPositions: options.keepsOffsets,
            defaultScore: options.defaultScore, schema: schema)
        // So many segments are only in use when nobody merges: do it here then.
        var slot = registry.takeSlot(.mutable(segment))
        while slot == nil {
            mergeEverything()
            slot = registry.takeSlot(.mutable(segment))
        }
        open = segment
        openSlot = slot
        openEpoch = openEpoch == .max ? 1 : openEpoch + 1
        adopt(WriterSegment(segment, slot: slot!), at: segments.count)
    }

    /// Closes the open segment: the next document goes to a new one. Readers see no difference.
    package func freeze() {
        precondition(!isInDocument, "a document is being added")
        if let open, open.documentCount == 0, let segment = segments.last {
            discard(segment)
        }
        open = nil
        openSlot = nil
    }

    /// Documents of the open segment.
    package var openDocumentCount: Int { open?.documentCount ?? 0 }

    func adopt(_ segment: WriterSegment, at index: Int) {
        segments.insert(segment, at: index)
        let number = segment.slot.number
        while segmentBySlot.count <= number { segmentBySlot.append(nil) }
        segmentBySlot[number] = segment
    }

    func discard(_ segment: WriterSegment) {
        segments.removeAll { $0 === segment }
        if segmentBySlot[segment.slot.number] === segment {
            segmentBySlot[segment.slot.number] = nil
            registry.release(segment.slot)
        }
    }

    func isOpen(_ segment: WriterSegment) -> Bool { segment.slot === openSlot }

    /// Changes the schema (FT.ALTER). Documents written so far do not have the new fields.
    package func setSchema(_ schema: Schema) {
        self.schema = schema
        freeze()
        hasChanges = true
    }

    // MARK: Snapshots

    /// The latest publication. Any thread.
    package var snapshot: IndexSnapshot { published.withLock { $0 } }

    /// Makes everything so far visible, at once. Call it once per burst of writes.
    @discardableResult
    package func publish() -> IndexSnapshot {
        guard hasChanges else { return snapshot }
        hasChanges = false
        let next = IndexSnapshot(
            segments: segments.compactMap { $0.liveCount == 0 ? nil : $0.publish() }, documentCount: documentCount,
            totalLength: totalLength, schema: schema, dictionary: dictionary.view(),
            tagDictionaries: tagBuilders.map { $0?.view() }, generation: burst, registry: registry)
        burst += 1
        // The old one may be the last reference to large memory: let it go outside the lock.
        var old: IndexSnapshot?
        published.withLock {
            old = $0
            $0 = next
        }
        _ = consume old
        return next
    }
}
