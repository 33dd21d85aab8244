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
    private var tagBuilders: [TermDictionaryBuilder?] = []
    private let stemmer: (any StemProvider)?
    private let published: Locked<IndexSnapshot>

    /// Oldest first. The open one is last.
    private(set) var segments: [WriterSegment] = []
    private var segmentBySlot: [WriterSegment?] = []
    private var open: MutableSegment?
    private var openSlot: SegmentSlot?
    /// Counts publications; pages made in the current one may be written.
    private var burst: UInt64 = 1
    private var hasChanges = false

    /// Live documents, and the sum of their lengths.
    package private(set) var documentCount = 0
    package private(set) var totalLength = 0

    // The document that is being added.
    private let gatherer: UnsafeMutablePointer<DocumentGatherer>
    private let tokenCache: UnsafeMutablePointer<TokenCache>
    /// Stands in for words that the cache does not take.
    private let longTokenEntry: UnsafeMutablePointer<TokenCache.Entry>
    /// Differs for every open segment, and is never 0.
    private var openEpoch: UInt32 = 0
    private var pendingKey = Growable<UInt8>(capacity: 64)
    private var pendingPayload: [UInt8]?
    private var pendingStamp: ArrivalStamp = 0
    private var pendingScore: Float = 1
    private var pendingStemmer: (any StemProvider)?
    private var pendingValues: [(field: Int, value: FieldValue)] = []
    /// The document that is being patched.
    private var patchedLocation: DocumentLocation?
    private var isInDocument = false
    private var stemScratch: [UInt8] = []
    /// Stems by other languages than the index's.
    private var foreignStems: [ObjectIdentifier: [TermID: UInt32]] = [:]
    private static let foreignStemLimit = 65_536

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

    /// Adds the tokens of one field, in ascending positions. Positions run on over the fields of a document.
    ///
    /// - Parameters:
    ///   - bit: the field's bit in masks.
    ///   - weight: what an occurrence adds to frequency and length.
    ///   - stems: false for NOSTEM fields.
    package func addTokens(_ tokens: UnsafeBufferPointer<IndexToken>, bit: Int, weight: UInt32, stems: Bool) {
        precondition(isInDocument, "tokens outside a document")
        let field = FieldOfTokens(
            maskLow: bit < 64 ? 1 << UInt64(bit) : 0, maskHigh: bit < 64 ? 0 : 1 << UInt64(bit - 64), weight: weight,
            // The stemmer itself is only touched off the common path: a copy of it here would be counted per token.
            isStemmed: stems && pendingStemmer != nil, isForeign: stems && pendingStemmer !== stemmer)
        withUnsafeTemporaryAllocation(of: TokenWork.self, capacity: TokenWork.batch) { work in
            var start = 0
            while start < tokens.count {
                let count = min(TokenWork.batch, tokens.count &- start)
                addBatch(tokens.baseAddress! + start, count, field, work.baseAddress!)
                start &+= count
            }
        }
    }

    /// Four passes over a few tokens, each fetching what the next one needs: most of the time would go into waiting for
    /// dictionary lines and list heads, one after the other.
    private func addBatch(
        _ tokens: UnsafePointer<IndexToken>, _ count: Int, _ field: FieldOfTokens,
        _ work: UnsafeMutablePointer<TokenWork>
    ) {
        let segment = open!
        let dictionary = dictionary
        let gatherer = gatherer
        let cache = tokenCache
        let epoch = openEpoch
        for i in 0..<count {
            let key = TokenCache.key(of: tokens[i].bytes)
            let entry = key.length == 0 ? longTokenEntry : cache.pointee.place(of: key)
            rk_prefetch(entry)
            work[i].key = key
            work[i].entry = entry
        }
        for i in 0..<count {
            if work[i].entry.pointee.holds(work[i].key) {
                if let list = work[i].entry.pointee.list { rk_prefetch(list) }
                if let list = work[i].entry.pointee.stemList { rk_prefetch(list) }
            } else {
                work[i].hash = hashBytes(tokens[i].bytes)
                dictionary.prefetch(work[i].hash)
            }
        }
        for i in 0..<count {
            let entry = work[i].entry
            // Asked again: an earlier token may have brought the word, or taken its place.
            if !entry.pointee.holds(work[i].key) {
                entry.pointee = TokenCache.Entry(work[i].key)
                intern(tokens[i], learnsStem: field.isStemmed && !field.isForeign, entry)
            }
            if entry.pointee.epoch != epoch {
                entry.pointee.epoch = epoch
                entry.pointee.list = segment.list(for: entry.pointee.term, mask: firstMask(field))
                entry.pointee.stemList = nil
            }
            work[i].list = entry.pointee.list!
            work[i].stemList = nil
            if field.isStemmed && !tokens[i].isDerived {
                work[i].stemList = field.isForeign ? nil : entry.pointee.stemList
                if work[i].stemList == nil { findStemList(tokens[i].bytes, field, work + i) }
            }
        }
        for i in 0..<count {
            let position = tokens[i].position
            gatherer.pointee.add(work[i].list, position: position, field)
            if tokens[i].isDerived { continue }
            gatherer.pointee.addLength(field.weight)
            if let list = work[i].stemList { gatherer.pointee.add(list, position: position, field) }
        }
    }

    private func firstMask(_ field: FieldOfTokens) -> FieldMask {
        options.keepsFields ? FieldMask(field.maskLow) | FieldMask(field.maskHigh) << 64 : 0
    }

    /// The list of a token's stem, if it has one.
    private func findStemList(_ word: ByteSlice, _ field: FieldOfTokens, _ work: UnsafeMutablePointer<TokenWork>) {
        let entry = work.pointee.entry
        var stem = field.isForeign ? TermDictionaryBuilder.unknownStem : entry.pointee.stem
        if stem == TermDictionaryBuilder.unknownStem {
            stem = findStem(of: entry.pointee.term, word, isForeign: field.isForeign)
            if !field.isForeign { entry.pointee.stem = stem }
        }
        if stem == TermDictionaryBuilder.noStem { return }
        work.pointee.stemList = open!.list(for: stem, mask: firstMask(field))
        if !field.isForeign { entry.pointee.stemList = work.pointee.stemList }
    }

    /// Adds one token; see ``addTokens(_:bit:weight:stems:)``.
    package func addToken(
        _ bytes: ByteSlice, position: UInt32, bit: Int, weight: UInt32, stems: Bool, isDerived: Bool = false
    ) {
        withUnsafePointer(to: IndexToken(bytes, position: position, isDerived: isDerived)) { token in
            addTokens(UnsafeBufferPointer(start: token, count: 1), bit: bit, weight: weight, stems: stems)
        }
    }

    // MARK: Fields of a document that is added or patched

    /// Sets a NUMERIC field, by its position in the schema; `nil`: it has no value.
    package func setNumeric(field: Int, _ value: Double?) { set(field, .number(value)) }

    /// Sets the values of a TAG field, folded as the field demands.
    package func setTags(field: Int, _ values: [Bytes]) {
        guard let dictionary = tagBuilder(field) else { return }
        set(field, .tags(values.map { $0.withUnsafeBufferPointer { dictionary.intern($0) } }))
    }

    /// Sets a GEO field. A point outside the indexable range counts as none.
    package func setGeo(field: Int, longitude: Double, latitude: Double) {
        set(field, .cell(GeoCell.encode(longitude: longitude, latitude: latitude)))
    }

    /// Takes a GEO field's value away.
    package func clearGeo(field: Int) { set(field, .cell(nil)) }

    /// Sets what a SORTABLE field that is not NUMERIC sorts by; `nil`: it has no value.
    package func setSortText(field: Int, _ text: ByteSlice?) { set(field, .text(text.map { Array($0) })) }

    /// Says whether the document lacks a field that is declared INDEXMISSING. New documents have all fields
    /// unless told otherwise.
    package func setMissing(field: Int, _ isMissing: Bool = true) { set(field, .missing(isMissing)) }

    private func set(_ field: Int, _ value: FieldValue) {
        precondition(isInDocument || patchedLocation != nil, "a field outside a document")
        pendingValues.append((field, value))
    }

    private func tagBuilder(_ field: Int) -> TermDictionaryBuilder? {
        guard field < schema.fields.count, case .tag = schema.fields[field].kind else { return nil }
        while tagBuilders.count <= field { tagBuilders.append(nil) }
        if let known = tagBuilders[field] { return known }
        let made = TermDictionaryBuilder()
        tagBuilders[field] = made
        return made
    }

    // MARK: Patching a document

    /// Starts a change that touches no TEXT, score or payload of a document: the set functions say what changes, and
    /// ``endPatch()`` applies it. False when there is no such document, or when its segment does not know the newest fields:
    /// it has to be added anew then.
    package func beginPatch(key: ByteSlice, stamp: ArrivalStamp) -> Bool {
        precondition(!isInDocument, "a document is being added")
        guard let location = registry.find(key),
            segmentBySlot[location.slot]!.fieldCount == schema.fields.count
        else { return false }
        pendingValues.removeAll(keepingCapacity: true)
        pendingStamp = stamp
        patchedLocation = location
        return true
    }

    /// Applies the patch. The document counts as written now: its stamp moves, also without a changed value.
    package func endPatch() {
        guard let location = patchedLocation else { return }
        patchedLocation = nil
        segmentBySlot[location.slot]!.patch(location.docID, stamp: pendingStamp, pendingValues)
        hasChanges = true
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

    // MARK: Stems

    /// Finds or makes the term of a token, with its stem if the token asks for one.
    @inline(never) private func intern(_ token: IndexToken, learnsStem: Bool, _ entry: UnsafeMutablePointer<TokenCache.Entry>) {
        guard learnsStem, !token.isDerived, let stemmer else {
            entry.pointee.term = dictionary.intern(token.bytes)
            return
        }
        (entry.pointee.term, entry.pointee.stem) = dictionary.intern(token.bytes) { internStem(of: $0, by: stemmer) }
    }

    /// The id of the word's `+stem`, or ``TermDictionaryBuilder/noStem``.
    private func internStem(of word: ByteSlice, by stemmer: any StemProvider) -> UInt32 {
        guard stemmer.stem(of: word, into: &stemScratch) else { return TermDictionaryBuilder.noStem }
        stemScratch.insert(UInt8(ascii: "+"), at: 0)
        return stemScratch.withUnsafeBufferPointer { dictionary.intern($0) }
    }

    /// The stem of a known term by the document's stemmer, learnt if need be.
    @inline(never) private func findStem(of term: TermID, _ word: ByteSlice, isForeign: Bool) -> UInt32 {
        guard let stemmer = pendingStemmer else { return TermDictionaryBuilder.noStem }
        let id = ObjectIdentifier(stemmer)
        let known = isForeign ? foreignStems[id]?[term] : dictionary.stem(term)
        if let known, known != TermDictionaryBuilder.unknownStem { return known }
        let stem = internStem(of: word, by: stemmer)
        if isForeign {
            if foreignStems[id, default: [:]].count >= Self.foreignStemLimit { foreignStems[id] = [:] }
            foreignStems[id, default: [:]][term] = stem
        } else {
            dictionary.setStem(term, stem)
        }
        return stem
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

    private func adopt(_ segment: WriterSegment, at index: Int) {
        segments.insert(segment, at: index)
        let number = segment.slot.number
        while segmentBySlot.count <= number { segmentBySlot.append(nil) }
        segmentBySlot[number] = segment
    }

    private func discard(_ segment: WriterSegment) {
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

    // MARK: Sealing and merging

    /// Work that is worth doing now; `nil` when there is none. Run it anywhere, then ``install(_:)`` it.
    ///
    /// - Parameter isQuiet: no writes for a while: close the open segment too, and merge down to as few segments as
    ///   the limit allows.
    package func planMerge(isQuiet: Bool = false) -> MergeTask? {
        if isQuiet && openDocumentCount > 0 { freeze() }
        let candidates = segments.map {
            MergePolicy.Segment(
                documents: $0.documentCount, live: $0.liveCount, bytes: $0.textByteCount, isSealed: $0.isSealed,
                isAvailable: !$0.isBusy && !isOpen($0))
        }
        guard
            let range = MergePolicy.choose(
                candidates, base: options.segmentCapacity, limit: options.mergedDocumentLimit, isQuiet: isQuiet)
        else {
            guard let patched = segments.firstIndex(where: { !$0.isBusy && $0.needsRebuild }) else {
                if isQuiet && open == nil { trim() }
                return nil
            }
            return makeTask(patched..<patched + 1, rebuildsColumns: true)
        }
        return makeTask(range)
    }

    /// Tables give back what they had to grow into: the next writes will be some time away.
    private func trim() {
        dictionary.trim()
        for builder in tagBuilders { builder?.trim() }
        registry.trim()
        hasChanges = true
    }

    private func makeTask(_ range: Range<Int>, rebuildsColumns: Bool = false) -> MergeTask {
        let inputs = Array(segments[range])
        for input in inputs { input.isBusy = true }
        let task = MergeTask(
            inputs: inputs.map { $0.publish() }, segments: inputs, b: options.b, defaultScore: options.defaultScore,
            hasPositions: options.keepsOffsets, rebuildsColumns: rebuildsColumns)
        // The views above show deaths of this burst: their pages must not be written any more.
        burst += 1
        return task
    }

    /// Replaces the inputs of a task by its result; what died meanwhile dies in it. Visible with the next publication.
    ///
    /// A task that was cancelled, or whose inputs are gone (``removeAll()``), changes nothing.
    package func install(_ task: MergeTask) {
        for segment in task.segments { segment.isBusy = false }
        guard let first = segments.firstIndex(where: { $0 === task.segments[0] }) else { return }
        if let (columns, stamps) = task.columns {
            segments[first].replaceColumns(columns, stamps, since: task.inputs[0])
            hasChanges = true
            return
        }
        guard let result = task.result else { return }
        hasChanges = true
        guard let sealed = result.segment else {
            for segment in task.segments { discard(segment) }
            return
        }

        // One input that kept all its documents in place keeps its slot: the registry need not change.
        let keepsSlot = task.segments.count == 1 && result.isIdentity
        let slot: SegmentSlot
        if keepsSlot {
            slot = task.segments[0].slot
            registry.replaceSource(of: slot, with: .sealed(sealed.keys))
        } else {
            guard let free = registry.takeSlot(.sealed(sealed.keys), isForMerge: true) else { return }
            slot = free
        }

        var columns = result.columns
        var stamps = result.stamps!
        for (i, input) in task.segments.enumerated() {
            let mapping = result.isIdentity ? nil : DocIDMapping(result.places[i])
            columns.adoptPatches(of: input.currentColumns, since: task.inputs[i].columns, mapping: mapping)
            stamps.adoptPatches(of: input.stamps, since: task.inputs[i].stampColumn, mapping: mapping)
        }
        let merged = WriterSegment(sealed, columns: columns, stamps: stamps, slot: slot)
        for (input, places) in zip(task.segments, result.places) {
            for death in input.deaths.since(task.deathCount(of: input)) {
                let place = places.isEmpty ? death : places[Int(death)]
                _ = merged.kill(place, burst: burst)
            }
        }
        if keepsSlot {
            for death in task.segments[0].deaths.first(task.deathCount(of: task.segments[0])) {
                _ = merged.kill(death, burst: burst)
            }
            segments[first] = merged
            segmentBySlot[slot.number] = merged
        } else {
            var places: [Int: [DocID]] = [:]
            for (input, map) in zip(task.segments, result.places) { places[input.slot.number] = map }
            registry.relocate(places, to: slot.number)
            for segment in task.segments { discard(segment) }
            adopt(merged, at: first)
        }
    }

    /// Seals and merges on this lane until there is nothing left to do.
    package func mergeEverything(isQuiet: Bool = false) {
        while let task = planMerge(isQuiet: isQuiet) {
            task.run()
            install(task)
        }
    }
}
