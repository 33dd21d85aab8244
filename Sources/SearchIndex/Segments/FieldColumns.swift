// The columns of one segment, by field position in the schema: everything but the text.

import Containers
import SearchModel

/// All columns of a segment as values: a copy is what a view holds, the writer's own is patched.
struct FieldColumns: Sendable {
    var numeric: [NumericColumn?]
    var tags: [TagColumn?]
    var geo: [GeoColumn?]
    var texts: [TextColumn?]
    var missing: [MissingBitmap?]
    /// What TAG fields say as written, while it is little.
    var raws: [RawTextColumn?]

    init(fieldCount: Int) {
        numeric = Array(repeating: nil, count: fieldCount)
        tags = Array(repeating: nil, count: fieldCount)
        geo = Array(repeating: nil, count: fieldCount)
        texts = Array(repeating: nil, count: fieldCount)
        missing = Array(repeating: nil, count: fieldCount)
        raws = Array(repeating: nil, count: fieldCount)
    }

    var fieldCount: Int { numeric.count }

    /// Bytes held, patches included.
    var byteCount: Int {
        var bytes = 0
        for field in 0..<fieldCount {
            bytes += numeric[field]?.byteCount ?? 0
            bytes += tags[field]?.byteCount ?? 0
            bytes += geo[field]?.byteCount ?? 0
            bytes += texts[field]?.byteCount ?? 0
            bytes += missing[field]?.byteCount ?? 0
            bytes += raws[field]?.byteCount ?? 0
        }
        return bytes
    }

    /// Whether some column has so many patches that a new base pays.
    var needsRebuild: Bool {
        numeric.contains { $0?.needsRebuild ?? false } || tags.contains { $0?.needsRebuild ?? false }
            || geo.contains { $0?.needsRebuild ?? false } || texts.contains { $0?.needsRebuild ?? false }
            || raws.contains { $0?.needsRebuild ?? false }
    }

    /// The same values, with patches folded in where there are many.
    func rebuilt() -> FieldColumns {
        func rebuild<Column>(_ columns: [Column?], _ fold: (Column) -> Column) -> [Column?] {
            columns.map { $0.map(fold) }
        }
        var result = self
        result.numeric = rebuild(numeric) { $0.needsRebuild ? $0.rebuilt() : $0 }
        result.tags = rebuild(tags) { $0.needsRebuild ? $0.rebuilt() : $0 }
        result.geo = rebuild(geo) { $0.needsRebuild ? $0.rebuilt() : $0 }
        result.texts = rebuild(texts) { $0.needsRebuild ? $0.rebuilt() : $0 }
        result.raws = raws.map { $0.flatMap { $0.needsRebuild ? $0.rebuilt() : $0 } }
        return result
    }

    /// Takes over what became of `frozen`, from which these columns were made, until `current`.
    mutating func adoptPatches(of current: FieldColumns, since frozen: FieldColumns, mapping: DocIDMapping?) {
        for field in 0..<min(fieldCount, frozen.fieldCount) {
            if let now = current.numeric[field], let before = frozen.numeric[field] {
                numeric[field]?.adoptPatches(of: now, since: before, mapping: mapping)
            }
            if let now = current.tags[field], let before = frozen.tags[field] {
                tags[field]?.adoptPatches(of: now, since: before, mapping: mapping)
            }
            if let now = current.geo[field], let before = frozen.geo[field] {
                geo[field]?.adoptPatches(of: now, since: before, mapping: mapping)
            }
            if let now = current.texts[field], let before = frozen.texts[field] {
                texts[field]?.adoptPatches(of: now, since: before, mapping: mapping)
            }
            if let now = current.missing[field], let before = frozen.missing[field] {
                missing[field]?.adoptPatches(of: now, since: before, mapping: mapping)
            }
            if let now = current.raws[field], let before = frozen.raws[field] {
                raws[field]?.adoptPatches(of: now, since: before, mapping: mapping)
            } else {
                // A column that has ended meanwhile does not come back.
                raws[field] = nil
            }
        }
    }

    /// The columns of a segment that takes over the mapped documents of several.
    static func merge(_ inputs: [(columns: FieldColumns, mapping: DocIDMapping)], documentCount: Int) -> FieldColumns {
        let fieldCount = inputs.map(\.columns.fieldCount).max() ?? 0
        var result = FieldColumns(fieldCount: fieldCount)
        func gather<Column>(_ path: KeyPath<FieldColumns, [Column?]>, _ field: Int) -> [(Column, DocIDMapping)] {
            inputs.compactMap { input in
                guard field < input.columns.fieldCount, let column = input.columns[keyPath: path][field] else {
                    return nil
                }
                return (column, input.mapping)
            }
        }
        for field in 0..<fieldCount {
            let numeric = gather(\.numeric, field).map { (column: $0, mapping: $1) }
            if !numeric.isEmpty { result.numeric[field] = .merge(numeric, documentCount: documentCount) }
            let tags = gather(\.tags, field).map { (column: $0, mapping: $1) }
            if !tags.isEmpty { result.tags[field] = .merge(tags, documentCount: documentCount) }
            let geo = gather(\.geo, field).map { (column: $0, mapping: $1) }
            if !geo.isEmpty { result.geo[field] = .merge(geo, documentCount: documentCount) }
            let texts = gather(\.texts, field).map { (column: $0, mapping: $1) }
            if !texts.isEmpty { result.texts[field] = .merge(texts, documentCount: documentCount) }
            let missing = gather(\.missing, field).map { (column: $0, mapping: $1) }
            if !missing.isEmpty { result.missing[field] = .merge(missing, documentCount: documentCount) }
            let raws = gather(\.raws, field).map { (column: $0, mapping: $1) }
            // One segment without the column leaves holes that only the documents can fill.
            if raws.count == inputs.count { result.raws[field] = .merge(raws, documentCount: documentCount) }
        }
        return result
    }
}

/// One value of a document's field.
enum FieldValue {
    case number(Double?)
    case tags([TermID])
    case cell(UInt64?)
    case text(Bytes?)
    case missing(Bool)
    /// The text behind tags.
    case raw(Bytes?)
    /// There are tags, and their text is not known.
    case unknownRaw
}

extension FieldColumns {
    /// Replaces a value of a document. Fields without such a column are left alone.
    mutating func patch(_ docID: DocID, _ field: Int, _ value: FieldValue) {
        guard field < fieldCount else { return }
        switch value {
        case .number(let number): numeric[field]?.patch(docID, number)
        case .tags(let values): values.withUnsafeBufferPointer { tags[field]?.patch(docID, $0) }
        case .cell(let cell): geo[field]?.patch(docID, cell)
        case .text(nil): texts[field]?.patch(docID, nil)
        case .text(let bytes?): bytes.withUnsafeBufferPointer { texts[field]?.patch(docID, $0) }
        case .missing(let isMissing): missing[field]?.patch(docID, isMissing)
        case .raw(nil): raws[field]?.patch(docID, nil)
        case .raw(let bytes?): bytes.withUnsafeBufferPointer { raws[field]?.patch(docID, $0) }
        case .unknownRaw: raws[field] = nil
        }
    }
}

/// The columns of the unsealed segment, while it is written.
struct OpenFieldColumns {
    private var numeric: [NumericColumnBuilder?] = []
    private var tags: [TagColumnBuilder?] = []
    private var geo: [GeoColumnBuilder?] = []
    private var texts: [TextColumnBuilder?] = []
    private var missing: [MissingBitmapBuilder?] = []
    private var raws: [RawTextColumnBuilder?] = []

    init(schema: Schema, capacity: Int) {
        for field in schema.fields {
            let isIndexed = !field.isNotIndexed
            var isNumeric = false
            var isTag = false
            var isGeo = false
            switch field.kind {
            case .text: break
            case .numeric: isNumeric = true
            case .tag: isTag = true
            case .geo: isGeo = true
            }
            numeric.append(
                isNumeric && (isIndexed || field.isSortable) ? NumericColumnBuilder(capacity: capacity) : nil)
            tags.append(isTag && isIndexed ? TagColumnBuilder(capacity: capacity) : nil)
            geo.append(isGeo && isIndexed ? GeoColumnBuilder(capacity: capacity) : nil)
            texts.append(!isNumeric && field.isSortable ? TextColumnBuilder(capacity: capacity) : nil)
            missing.append(field.indexMissing ? MissingBitmapBuilder(capacity: capacity) : nil)
            // An unnormalized sort text is the raw one.
            let needsRaw = isTag && isIndexed && !(field.isSortable && field.isUnnormalized)
            raws.append(needsRaw ? RawTextColumnBuilder(capacity: capacity) : nil)
        }
    }

    var fieldCount: Int { numeric.count }

    /// Gives a document its value, or replaces it.
    func set(_ docID: DocID, _ field: Int, _ value: FieldValue) {
        guard field < numeric.count else { return }
        switch value {
        case .number(let number): numeric[field]?.set(docID, number)
        case .tags(let values): values.withUnsafeBufferPointer { tags[field]?.set(docID, $0) }
        case .cell(let cell): geo[field]?.set(docID, cell)
        case .text(nil): texts[field]?.set(docID, nil)
        case .text(let bytes?): bytes.withUnsafeBufferPointer { texts[field]?.set(docID, $0) }
        case .missing(let isMissing): missing[field]?.set(docID, isMissing)
        case .raw(nil): raws[field]?.set(docID, nil)
        case .raw(let bytes?): bytes.withUnsafeBufferPointer { raws[field]?.set(docID, $0) }
        case .unknownRaw: raws[field]?.giveUp()
        }
    }

    var byteCount: Int {
        var bytes = 0
        for field in 0..<numeric.count {
            bytes += numeric[field]?.byteCount ?? 0
            bytes += tags[field]?.byteCount ?? 0
            bytes += geo[field]?.byteCount ?? 0
            bytes += texts[field]?.byteCount ?? 0
            bytes += missing[field]?.byteCount ?? 0
            bytes += raws[field]?.byteCount ?? 0
        }
        return bytes
    }

    /// The columns of the first `documentCount` documents.
    func view(documentCount: Int) -> FieldColumns {
        var columns = FieldColumns(fieldCount: numeric.count)
        for field in 0..<numeric.count {
            columns.numeric[field] = numeric[field]?.view(documentCount: documentCount)
            columns.tags[field] = tags[field]?.view(documentCount: documentCount)
            columns.geo[field] = geo[field]?.view(documentCount: documentCount)
            columns.texts[field] = texts[field]?.view(documentCount: documentCount)
            columns.missing[field] = missing[field]?.view(documentCount: documentCount)
            columns.raws[field] = raws[field]?.view(documentCount: documentCount)
        }
        return columns
    }
}
