// How one index takes in documents: fields of a hash become terms, tags, numbers and points.
//
//   hash ─► HashFields (which ones) ─► FieldValues (numbers and points read; a bad one rejects the document)
//                                            └─► IndexWriter, field by field in schema order

import Platform
import RESP
import SearchAnalysis
import SearchIndex
import SearchModel
import Storage

/// The writing side of one index.
///
/// `@unchecked Sendable`: used on the lane's thread only.
final class IndexIngest: @unchecked Sendable {
    private let writer: IndexWriter
    private let failures: IndexingFailures
    /// Something was written since the last publication.
    @exclusivity(unchecked) var isDirty = false
    /// The walk over the store that goes on for this index.
    @exclusivity(unchecked) var scan: IndexScan?
    /// Nanoseconds spent on documents.
    @exclusivity(unchecked) private(set) var nanoseconds: UInt64 = 0

    @exclusivity(unchecked) private var publications = 0
    @exclusivity(unchecked) private var lastOpenCount = 0
    @exclusivity(unchecked) private var configuration: IndexConfiguration
    @exclusivity(unchecked) private var hashFields: HashFields
    @exclusivity(unchecked) private var analyzer: DocumentAnalyzer

    /// By schema position.
    @exclusivity(unchecked) private var steps: [FieldStep] = []

    // Scratch, kept from document to document.
    /// By number of the hash field.
    @exclusivity(unchecked) private var values: [ByteSlice?] = []
    /// By number of the hash field: a change of it alone leaves the document's text as it is.
    @exclusivity(unchecked) private var isPatchable: [Bool] = []
    /// By schema position.
    @exclusivity(unchecked) private var numbers: [Double] = []
    @exclusivity(unchecked) private var points: [GeoText.Point] = []

    init(_ writer: IndexWriter, _ failures: IndexingFailures, _ configuration: IndexConfiguration) {
        self.writer = writer
        self.failures = failures
        self.configuration = configuration
        hashFields = HashFields(configuration.definition)
        analyzer = DocumentAnalyzer(configuration)
        prepareScratch()
    }

    /// The definition or the synonyms have changed.
    func configure(_ configuration: IndexConfiguration) {
        if configuration.definition.schema != self.configuration.definition.schema {
            writer.setSchema(configuration.definition.schema)
        }
        self.configuration = configuration
        hashFields = HashFields(configuration.definition)
        analyzer = DocumentAnalyzer(configuration)
        prepareScratch()
    }

    private func prepareScratch() {
        let fields = configuration.definition.schema.fields.count
        values = Array(repeating: nil, count: hashFields.count)
        numbers = Array(repeating: 0, count: fields)
        points = Array(repeating: GeoText.Point(longitude: 0, latitude: 0), count: fields)
        steps = configuration.definition.schema.fields.enumerated().map { position, field in
            FieldStep(field, source: hashFields.sources[position])
        }
        isPatchable = Array(repeating: true, count: hashFields.count)
        for number in [hashFields.languageField, hashFields.scoreField, hashFields.payloadField] {
            if let number { isPatchable[number] = false }
        }
        for (position, field) in configuration.definition.schema.fields.enumerated() {
            var isText = false
            if case .text = field.kind { isText = true }
            // A field that was missing is so no longer: that is not a value to patch.
            if isText || field.indexMissing { isPatchable[hashFields.sources[position]] = false }
        }
    }

    // MARK: documents

    /// The hash under `key` now has exactly these fields.
    func add(_ key: ByteSlice, _ fields: FieldSlices, stamp: ArrivalStamp) {
        let start = MonotonicClock.nanoseconds
        defer { nanoseconds &+= MonotonicClock.nanoseconds &- start }
        collect(fields)
        if let filter = hashFields.filter, !filter.passes(key, values) {
            writer.remove(key: key)
            return
        }
        if let (field, fault) = readValues() {
            failures.record(field: field, error: fault.message, key: key)
            writer.remove(key: key)
            return
        }
        writer.beginDocument(
            key: key, stamp: stamp, score: score, payload: hashFields.payloadField.flatMap { values[$0] },
            stemmer: analyzer.stemmer(of: hashFields.languageField.flatMap { values[$0] }))
        analyzer.begin()
        for position in steps.indices {
            let step = steps[position]
            if let value = values[step.source] {
                write(value, step, at: position)
            } else if step.indexesMissing {
                writer.setMissing(field: position)
            }
        }
        writer.endDocument()
    }

    /// False when there was no such document.
    func remove(_ key: ByteSlice) -> Bool { writer.remove(key: key) }

    /// Whether a write of these fields alone can be applied without the rest of the document: none of them feeds
    /// the text, the score or the language, none has to be rejected, and there is a document to apply it to.
    func canPatch(_ key: ByteSlice, _ fields: FieldSlices) -> Bool {
        // A rule may look at any field of the document; and what a scan has not come to yet is to be indexed anew,
        // which the scan leaves to writes.
        guard hashFields.filter == nil, scan == nil else { return false }
        collect(fields)
        for (number, value) in values.enumerated() where value != nil {
            if !isPatchable[number] { return false }
        }
        return readValues() == nil && writer.contains(key: key)
    }

    /// - Precondition: ``canPatch(_:_:)`` was asked last, and said yes.
    func patch(_ key: ByteSlice, _ fields: FieldSlices, stamp: ArrivalStamp) {
        let start = MonotonicClock.nanoseconds
        defer { nanoseconds &+= MonotonicClock.nanoseconds &- start }
        guard writer.beginPatch(key: key, stamp: stamp) else { return }
        for position in steps.indices {
            if let value = values[steps[position].source] { write(value, steps[position], at: position) }
        }
        writer.endPatch()
    }

    /// When the published document of this key arrived.
    func stamp(of key: ByteSlice) -> ArrivalStamp? {
        guard writer.contains(key: key) else { return nil }
        let snapshot = writer.snapshot
        guard let (segment, docID) = snapshot.locate(key) else { return nil }
        return snapshot.segments[segment].stamp(docID)
    }

    /// Removes all published documents that arrived before `stamp`; false when there were none.
    func removeDocuments(before stamp: ArrivalStamp) -> Bool {
        var removed = false
        for segment in writer.snapshot.segments {
            for docID in 0..<DocID(segment.documentCount)
            where segment.isLive(docID) && segment.stamp(docID) < stamp {
                if segment.withKey(docID, { writer.remove(key: $0) }) { removed = true }
            }
        }
        return removed
    }

    /// - Returns: a merge that has become due.
    func publish() -> MergeTask? {
        isDirty = false
        writer.publish()
        // A fresh open segment means that another one waits to be sealed; deaths are looked at now and then.
        publications &+= 1
        let open = writer.openDocumentCount
        defer { lastOpenCount = open }
        guard open < lastOpenCount || publications & 1023 == 0 else { return nil }
        return writer.planMerge()
    }

    // MARK: values

    private func collect(_ fields: FieldSlices) {
        for i in values.indices { values[i] = nil }
        for i in 0..<fields.count {
            if let number = hashFields.number(of: fields.name(i)) { values[number] = fields.value(i) }
        }
    }

    /// Reads what can be wrong, in schema order; the first that is.
    private func readValues() -> (field: Int, FieldFault)? {
        for position in steps.indices {
            guard let value = values[steps[position].source] else { continue }
            switch steps[position].kind {
            case .numeric:
                guard let number = NumberText.double(value) else { return (position, .numeric(Bytes(value))) }
                numbers[position] = number
            case .geo:
                switch GeoText.parse(value) {
                case .success(let point): points[position] = point
                case .failure(let fault): return (position, .geo(fault))
                }
            case .text, .tag:
                break
            }
        }
        return nil
    }

    /// The document's own score; `nil`: the index's default.
    private var score: Float? {
        guard let field = hashFields.scoreField, let value = values[field], let score = NumberText.double(value)
        else { return nil }
        return Float(score)
    }

    private func write(_ value: ByteSlice, _ step: FieldStep, at position: Int) {
        switch step.kind {
        case .text(let target):
            if step.isIndexed { analyzer.write(value, target, to: writer) }
            writeSortText(value, step, at: position)
        case .tag(let options):
            if step.isIndexed { analyzer.writeTags(value, options, field: position, to: writer) }
            writeSortText(value, step, at: position)
        case .numeric:
            if step.isIndexed || step.isSortable { writer.setNumeric(field: position, numbers[position]) }
        case .geo:
            if step.isIndexed {
                writer.setGeo(
                    field: position, longitude: points[position].longitude, latitude: points[position].latitude)
            }
            writeSortText(value, step, at: position)
        }
    }

    private func writeSortText(_ value: ByteSlice, _ step: FieldStep, at position: Int) {
        guard step.isSortable else { return }
        if step.isUnnormalized {
            writer.setSortText(field: position, value)
        } else {
            CaseFolding.fold(value).withUnsafeBufferPointer { writer.setSortText(field: position, $0) }
        }
    }
}

/// A field of the schema as each document meets it: plain values, nothing to count references of.
private struct FieldStep: BitwiseCopyable {
    enum Kind: BitwiseCopyable {
        case text(TextTarget)
        case tag(TagOptions)
        case numeric
        case geo
    }

    /// The number of the hash field.
    let source: Int
    let kind: Kind
    let isIndexed: Bool
    let isSortable: Bool
    let isUnnormalized: Bool
    let indexesMissing: Bool

    init(_ field: FieldSpec, source: Int) {
        self.source = source
        kind =
            switch field.kind {
            case .text(let options): .text(TextTarget(options))
            case .tag(let options): .tag(options)
            case .numeric: .numeric
            case .geo: .geo
            }
        isIndexed = !field.isNotIndexed
        isSortable = field.isSortable
        isUnnormalized = field.isUnnormalized
        indexesMissing = field.indexMissing
    }
}
