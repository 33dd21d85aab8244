// The field structures of one segment as the writer changes them.

import SearchModel

/// Builders while the segment is open, columns that take patches afterwards. Belongs to the writer's lane.
final class FieldStore {
    private enum Main {
        case numericBuilder(NumericColumnBuilder)
        case tagBuilder(TagColumnBuilder)
        case geoBuilder(GeoColumnBuilder)
        case column(FieldColumn)
    }

    private enum Text {
        case builder(TextColumnBuilder)
        case column(TextColumn)
    }

    private enum Raw {
        case builder(RawTextColumnBuilder)
        case column(RawTextColumn)
    }

    private var main: [Main?]
    private var texts: [Text?]
    private var raws: [Raw?]
    private var published: FieldColumns?
    private var publishedCount = -1

    /// Builders for a segment of at most `capacity` documents.
    init(schema: Schema, capacity: Int) {
        main = schema.fields.map { field in
            // NUMERIC SORTABLE NOINDEX still needs its values, for sorting.
            if field.isNotIndexed && !(field.kind == .numeric && field.isSortable) { return nil }
            switch field.kind {
            case .text: return nil
            case .tag: return .tagBuilder(TagColumnBuilder(capacity: capacity))
            case .numeric: return .numericBuilder(NumericColumnBuilder(capacity: capacity))
            case .geo: return .geoBuilder(GeoColumnBuilder(capacity: capacity))
            }
        }
        texts = schema.fields.map { field in
            field.isSortable && field.kind != .numeric ? .builder(TextColumnBuilder(capacity: capacity)) : nil
        }
        raws = schema.fields.map { field in
            // An unnormalized sort text is the raw one.
            guard case .tag = field.kind, !(field.isSortable && field.isUnnormalized) else { return nil }
            return .builder(RawTextColumnBuilder(capacity: capacity))
        }
    }

    /// Columns of a sealed segment.
    init(_ columns: FieldColumns) {
        main = columns.main.map { $0.map { .column($0) } }
        texts = columns.texts.map { $0.map { .column($0) } }
        raws = columns.raws.map { $0.map { .column($0) } }
        published = columns
    }

    // MARK: values; a document that was published is patched, and older snapshots keep the old value

    func setNumeric(_ docID: DocID, field: Int, _ value: Double?) {
        guard field < main.count else { return }
        published = nil
        switch main[field] {
        case .numericBuilder(let builder)?: builder.set(docID, value)
        case .column(.numeric(var column))?:
            main[field] = nil  // the column is patched in place, not copied
            column.patch(docID, value)
            main[field] = .column(.numeric(column))
        default: break
        }
    }

    func setTags(_ docID: DocID, field: Int, _ values: UnsafeBufferPointer<TagID>) {
        guard field < main.count else { return }
        published = nil
        switch main[field] {
        case .tagBuilder(let builder)?: builder.set(docID, values)
        case .column(.tags(var column))?:
            main[field] = nil
            column.patch(docID, values)
            main[field] = .column(.tags(column))
        default: break
        }
    }

    func setGeo(_ docID: DocID, field: Int, _ cell: UInt64?) {
        guard field < main.count else { return }
        published = nil
        switch main[field] {
        case .geoBuilder(let builder)?: builder.set(docID, cell)
        case .column(.geo(var column))?:
            main[field] = nil
            column.patch(docID, cell)
            main[field] = .column(.geo(column))
        default: break
        }
    }

    func setText(_ docID: DocID, field: Int, _ bytes: ByteSlice?) {
        guard field < texts.count else { return }
        published = nil
        switch texts[field] {
        case .builder(let builder)?: builder.set(docID, bytes)
        case .column(var column)?:
            texts[field] = nil
            column.patch(docID, bytes)
            texts[field] = .column(column)
        case nil: break
        }
    }

    /// - Parameter isKnown: false when there may be a text that the caller does not have: the column ends.
    func setRawText(_ docID: DocID, field: Int, _ bytes: ByteSlice?, isKnown: Bool = true) {
        guard field < raws.count else { return }
        published = nil
        switch raws[field] {
        case .builder(let builder)?:
            if isKnown { builder.set(docID, bytes) } else { builder.giveUp() }
        case .column(var column)?:
            raws[field] = nil
            if isKnown {
                column.patch(docID, bytes)
                raws[field] = .column(column)
            }
        case nil: break
        }
    }

    /// Takes back what was set for a document that is not going to be.
    func clear(_ docID: DocID) {
        let noTags = UnsafeBufferPointer<TagID>(start: nil, count: 0)
        for field in main.indices {
            setNumeric(docID, field: field, nil)
            setTags(docID, field: field, noTags)
            setGeo(docID, field: field, nil)
            setText(docID, field: field, nil)
            setRawText(docID, field: field, nil)
        }
    }

    // MARK: publication

    /// The columns as of now; the same object as long as nothing changed.
    func publish(documentCount: Int) -> FieldColumns {
        if let published, publishedCount == documentCount || publishedCount < 0 {
            publishedCount = documentCount
            return published
        }
        let columns = FieldColumns(
            main: main.map { field in
                switch field {
                case .numericBuilder(let builder)?: .numeric(builder.view(documentCount: documentCount))
                case .tagBuilder(let builder)?: .tags(builder.view(documentCount: documentCount))
                case .geoBuilder(let builder)?: .geo(builder.view(documentCount: documentCount))
                case .column(let column)?: column
                case nil: nil
                }
            },
            texts: texts.map { field in
                switch field {
                case .builder(let builder)?: builder.view(documentCount: documentCount)
                case .column(let column)?: column
                case nil: nil
                }
            },
            raws: raws.map { field in
                switch field {
                case .builder(let builder)?: builder.view(documentCount: documentCount)
                case .column(let column)?: column
                case nil: nil
                }
            })
        published = columns
        publishedCount = documentCount
        return columns
    }

    /// Puts columns that were made from `frozen` in the place of the present ones, keeping what was patched since.
    func replace(_ columns: FieldColumns, since frozen: FieldColumns, documentCount: Int) {
        let current = publish(documentCount: documentCount)
        main = columns.main.map { $0.map { .column($0) } }
        texts = columns.texts.map { $0.map { .column($0) } }
        raws = columns.raws.map { $0.map { .column($0) } }
        adopt(current, since: frozen, mapping: nil)
    }

    /// Takes over what `current` says otherwise than `frozen`, the state from which these columns were made.
    func adopt(_ current: FieldColumns, since frozen: FieldColumns, mapping: DocIDMapping?) {
        for field in main.indices where field < current.main.count && field < frozen.main.count {
            switch (main[field], current.main[field], frozen.main[field]) {
            case (.column(.numeric(var column))?, .numeric(let now)?, .numeric(let then)?):
                column.adoptPatches(of: now, since: then, mapping: mapping)
                main[field] = .column(.numeric(column))
            case (.column(.tags(var column))?, .tags(let now)?, .tags(let then)?):
                column.adoptPatches(of: now, since: then, mapping: mapping)
                main[field] = .column(.tags(column))
            case (.column(.geo(var column))?, .geo(let now)?, .geo(let then)?):
                column.adoptPatches(of: now, since: then, mapping: mapping)
                main[field] = .column(.geo(column))
            default: break
            }
            if case .column(var column)? = texts[field], let now = current.texts[field], let then = frozen.texts[field] {
                column.adoptPatches(of: now, since: then, mapping: mapping)
                texts[field] = .column(column)
            }
            if case .column(var column)? = raws[field] {
                // A column that has ended meanwhile does not come back.
                raws[field] = nil
                if let now = current.raws[field], let then = frozen.raws[field] {
                    column.adoptPatches(of: now, since: then, mapping: mapping)
                    raws[field] = .column(column)
                }
            }
        }
        published = nil
    }
}
