// The one writer of an index: documents in, snapshots out.
//
//   beginDocument ─► addTokens, set... ─► endDocument ─┐
//   remove ────────────────────────────────────────────┼─► publish ─► IndexSnapshot (readers, any thread)
//   install(finished merge) ───────────────────────────┘
//
// A write of a key that is there is a death and a birth; both are published together.

import Containers
import SearchModel
import Synchronization

/// Adds, replaces and removes documents of one index.
///
/// All functions belong to one lane (calls one after the other), but for ``snapshot``, which any thread may read.
/// `@unchecked Sendable`: the lane orders its calls; the snapshot is behind a mutex.
package final class IndexWriter: @unchecked Sendable {
    package let options: IndexOptions
    package private(set) var schema: Schema
    package let dictionary = TermDictionaryBuilder()
    let registry = DocumentRegistry()
    private let stemmer: (any StemProvider)?
    private let published: Mutex<IndexSnapshot>

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
    private var pendingKey = Growable<UInt8>(capacity: 64)
    private var pendingPayload: [UInt8]?
    private var pendingStamp: ArrivalStamp = 0
    private var pendingScore: Float = 1
    private var pendingStemmer: (any StemProvider)?
    private var pendingMissing: [Int] = []
    /// Whose values the set functions set: the document that is being added, or one that is being patched.
    private var target: (fields: FieldStore, docID: DocID)?
    private var tagDictionaries: [TagDictionaryBuilder?] = []
    private var tagScratch: [TagID] = []
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
        tagDictionaries = Self.tagDictionaries(of: schema, keeping: [])
        gatherer = .allocate(capacity: 1)
        gatherer.initialize(to: DocumentGatherer())
        published = Mutex(
            IndexSnapshot(
                segments: [], documentCount: 0, totalLength: 0, schema: schema, dictionary: dictionary.view(),
                generation: 0, registry: registry))
    }

    deinit {
        gatherer.deinitialize(count: 1)
        gatherer.deallocate()
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
        pendingMissing.removeAll(keepingCapacity: true)
        target = (segments.last!.fields, DocID(open!.documentCount))
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
        let segment = open!
        let maskLow: UInt64 = bit < 64 ? 1 << UInt64(bit) : 0
        let maskHigh: UInt64 = bit < 64 ? 0 : 1 << UInt64(bit - 64)
        let firstMask: FieldMask = options.keepsFields ? 1 << FieldMask(bit) : 0
        let stemmer = stems ? pendingStemmer : nil
        let dictionary = dictionary
        let gatherer = gatherer
        for token in tokens {
            let term = dictionary.intern(token.bytes)
            let list = segment.existingList(term) ?? segment.list(for: term, mask: firstMask)
            gatherer.pointee.add(
                list, position: token.position, weight: weight, maskLow: maskLow, maskHigh: maskHigh)
            if token.isDerived { continue }
            gatherer.pointee.addLength(weight)
            guard let stemmer else { continue }
            var stem = stemmer === self.stemmer ? dictionary.stem(term) : foreignStem(of: term, by: stemmer)
            if stem == TermDictionaryBuilder.unknownStem { stem = learnStem(of: term, token.bytes, by: stemmer) }
            if stem == TermDictionaryBuilder.noStem { continue }
            let stemList = segment.existingList(stem) ?? segment.list(for: stem, mask: firstMask)
            gatherer.pointee.add(
                stemList, position: token.position, weight: weight, maskLow: maskLow, maskHigh: maskHigh)
        }
    }

    /// Adds one token; see ``addTokens(_:bit:weight:stems:)``.
    package func addToken(
        _ bytes: ByteSlice, position: UInt32, bit: Int, weight: UInt32, stems: Bool, isDerived: Bool = false
    ) {
        withUnsafePointer(to: IndexToken(bytes, position: position, isDerived: isDerived)) { token in
            addTokens(UnsafeBufferPointer(start: token, count: 1), bit: bit, weight: weight, stems: stems)
        }
    }

    // MARK: Values of fields that are not TEXT, by position in the schema

    /// - Parameter value: NaN is taken as no value.
    package func setNumeric(field: Int, _ value: Double) {
        guard let (fields, docID) = target else { return }
        fields.setNumeric(docID, field: field, value)
    }

    /// Replaces the document's tags, each folded as the field wants it.
    ///
    /// - Parameter raw: the text that they were taken from; `nil` with tags: not known, so that whoever wants it has
    ///   to read the documents of this segment.
    package func setTags(field: Int, _ values: [Bytes], raw: ByteSlice?) {
        guard let (fields, docID) = target, let dictionary = tagDictionaries[field] else { return }
        tagScratch.removeAll(keepingCapacity: true)
        for value in values { tagScratch.append(value.withUnsafeBufferPointer { dictionary.intern($0) }) }
        tagScratch.withUnsafeBufferPointer { fields.setTags(docID, field: field, $0) }
        fields.setRawText(docID, field: field, raw, isKnown: raw != nil || values.isEmpty)
    }

    /// - Precondition: the point is one that a cell can be made of (``GeoCell``); others are taken as no value.
    package func setGeo(field: Int, longitude: Double, latitude: Double) {
        guard let (fields, docID) = target else { return }
        fields.setGeo(docID, field: field, GeoCell.encode(longitude: longitude, latitude: latitude))
    }

    /// The sort key of a SORTABLE field that is not NUMERIC.
    package func setSortText(field: Int, _ bytes: ByteSlice) {
        guard let (fields, docID) = target else { return }
        fields.setText(docID, field: field, bytes)
    }

    /// Starts changing values of a document that stays as it is otherwise; false when there is none of that key.
    ///
    /// The set functions then set its values, until ``endPatch()``. It becomes the latest arrival.
    package func beginPatch(key: ByteSlice, stamp: ArrivalStamp) -> Bool {
        precondition(!isInDocument, "a document is being added")
        guard let place = registry.find(key), let segment = segmentBySlot[place.slot] else { return false }
        segment.restamp(place.docID, stamp)
        target = (segment.fields, place.docID)
        hasChanges = true
        return true
    }

    package func endPatch() { target = nil }

    private static func tagDictionaries(
        of schema: Schema, keeping old: [TagDictionaryBuilder?]
    ) -> [TagDictionaryBuilder?] {
        schema.fields.enumerated().map { position, field in
            if position < old.count { return old[position] }
            if case .tag = field.kind { return TagDictionaryBuilder() }
            return nil
        }
    }

    /// The document lacks a field that is declared INDEXMISSING.
    package func setMissing(field: Int) { pendingMissing.append(field) }

    /// Completes the document. An older one of the same key dies.
    package func endDocument() {
        precondition(isInDocument, "no document to end")
        isInDocument = false
        target = nil
        let segment = open!
        let largest = gatherer.pointee.append(
            to: segment, keepsFrequencies: options.keepsFrequencies, keepsFields: options.keepsFields)
        let length = gatherer.pointee.length
        let docID = DocID(segment.documentCount)
        let key = ByteSlice(start: pendingKey.base, count: pendingKey.count)
        let missing = pendingMissing
        if let payload = pendingPayload {
            payload.withUnsafeBufferPointer {
                segment.finishDocument(
                    key: key, stamp: pendingStamp, score: pendingScore, payload: $0, length: length,
                    maxFrequency: largest, isMissing: { missing.contains($0) })
            }
        } else {
            segment.finishDocument(
                key: key, stamp: pendingStamp, score: pendingScore, payload: nil, length: length,
                maxFrequency: largest, isMissing: { missing.contains($0) })
        }
        documentCount += 1
        totalLength += Int(length)
        let location = DocumentLocation(slot: openSlot!.number, docID: docID)
        if let old = registry.set(key, location) { kill(old) }
        hasChanges = true
    }

    /// Forgets the document that was begun, as if it had never been.
    package func abandonDocument() {
        isInDocument = false
        if let (fields, docID) = target { fields.clear(docID) }
        target = nil
    }

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

    @inline(never) private func learnStem(of term: TermID, _ word: ByteSlice, by stemmer: any StemProvider) -> UInt32 {
        var stem = TermDictionaryBuilder.noStem
        if stemmer.stem(of: word, into: &stemScratch) {
            stemScratch.insert(UInt8(ascii: "+"), at: 0)
            stem = stemScratch.withUnsafeBufferPointer { dictionary.intern($0) }
        }
        if stemmer === self.stemmer {
            dictionary.setStem(term, stem)
        } else {
            let id = ObjectIdentifier(stemmer)
            if foreignStems[id, default: [:]].count >= Self.foreignStemLimit { foreignStems[id] = [:] }
            foreignStems[id, default: [:]][term] = stem
        }
        return stem
    }

    private func foreignStem(of term: TermID, by stemmer: any StemProvider) -> UInt32 {
        foreignStems[ObjectIdentifier(stemmer)]?[term] ?? TermDictionaryBuilder.unknownStem
    }

    // MARK: The open segment

    private func prepareOpenSegment() {
        if let open, open.documentCount >= open.capacity || open.postingByteCount >= options.segmentBytes {
            freeze()
        }
        if open == nil { openSegment() }
    }

    private func openSegment() {
        let segment = MutableSegment(
            capacity: options.segmentCapacity, hasPositions: options.keepsOffsets,
            defaultScore: options.defaultScore,
            missingFields: schema.fields.indices.filter { schema.fields[$0].indexMissing })
        // 4,095 segments can only be in use when nobody merges: do it here then.
        var slot = registry.takeSlot(.mutable(segment))
        while slot == nil {
            mergeEverything()
            slot = registry.takeSlot(.mutable(segment))
        }
        open = segment
        openSlot = slot
        let fields = FieldStore(schema: schema, capacity: options.segmentCapacity)
        adopt(WriterSegment(.mutable(segment), slot: slot!, fields: fields), at: segments.count)
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
        tagDictionaries = Self.tagDictionaries(of: schema, keeping: tagDictionaries)
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
            totalLength: totalLength, schema: schema, dictionary: dictionary.view(), generation: burst,
            registry: registry, tagDictionaries: tagDictionaries.map { $0?.view() })
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
                documents: $0.documentCount, live: $0.liveCount, isSealed: $0.isSealed,
                isAvailable: !$0.isBusy && !isOpen($0))
        }
        guard
            let range = MergePolicy.choose(
                candidates, base: options.segmentCapacity, limit: options.mergedDocumentLimit, isQuiet: isQuiet)
        else { return planRebuild() }
        return makeTask(range)
    }

    /// Folds the patches of some segment's columns into them once there are many.
    private func planRebuild() -> MergeTask? {
        guard
            let segment = segments.first(where: {
                !$0.isBusy && $0.isSealed && $0.fields.publish(documentCount: $0.documentCount).needsRebuild
            })
        else { return nil }
        return makeTask([segment], rebuildsFields: true)
    }

    private func makeTask(_ range: Range<Int>) -> MergeTask { makeTask(Array(segments[range])) }

    private func makeTask(_ inputs: [WriterSegment], rebuildsFields: Bool = false) -> MergeTask {
        for input in inputs { input.isBusy = true }
        let task = MergeTask(
            inputs: inputs.map { $0.publish() }, segments: inputs, b: options.b, defaultScore: options.defaultScore,
            hasPositions: options.keepsOffsets, missingFields: missingFields(of: inputs), rebuildsFields: rebuildsFields)
        // The views above show deaths of this burst: their pages must not be written any more.
        burst += 1
        return task
    }

    private func missingFields(of inputs: [WriterSegment]) -> [Int] {
        var fields: Set<Int> = []
        for input in inputs {
            switch input.core {
            case .mutable(let segment): fields.formUnion(segment.missingFields)
            case .sealed(let segment): fields.formUnion(segment.missing.keys)
            }
        }
        return fields.sorted()
    }

    /// Replaces the inputs of a task by its result; what died meanwhile dies in it. Visible with the next publication.
    ///
    /// A task that was cancelled, or whose inputs are gone (``removeAll()``), changes nothing.
    package func install(_ task: MergeTask) {
        for segment in task.segments { segment.isBusy = false }
        if task.rebuildsFields { return installFields(task) }
        guard let result = task.result,
            let first = segments.firstIndex(where: { $0 === task.segments[0] })
        else { return }
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
            guard let free = registry.takeSlot(.sealed(sealed.keys)) else { return }
            slot = free
        }

        let fields = FieldStore(result.fields)
        let merged = WriterSegment(.sealed(sealed), slot: slot, fields: fields)
        for (index, input) in task.segments.enumerated() {
            let places = result.places[index]
            fields.adopt(
                input.fields.publish(documentCount: input.documentCount), since: task.inputs[index].fields,
                mapping: places.isEmpty ? nil : DocIDMapping(places))
            for (docID, stamp) in task.restampedSince(index) {
                let place = places.isEmpty ? docID : places[Int(docID)]
                if place != DocIDMapping.dropped { merged.restamp(place, stamp) }
            }
        }
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

    private func installFields(_ task: MergeTask) {
        guard let columns = task.rebuiltFields, segments.contains(where: { $0 === task.segments[0] }) else { return }
        let segment = task.segments[0]
        segment.fields.replace(columns, since: task.inputs[0].fields, documentCount: segment.documentCount)
        hasChanges = true
    }

    /// Seals and merges on this lane until there is nothing left to do.
    package func mergeEverything(isQuiet: Bool = false) {
        while let task = planMerge(isQuiet: isQuiet) {
            task.run()
            install(task)
        }
    }
}
