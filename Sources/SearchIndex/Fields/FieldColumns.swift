// The field structures of one segment, by field position.
//
//   position   0 name TEXT SORTABLE   1 section TAG SORTABLE   2 size NUMERIC   3 body TEXT
//   main       -                      TagColumn                NumericColumn    -
//   texts      TextColumn             TextColumn               -                -
//   raws       -                      RawTextColumn            -                -

import SearchModel

/// What answers queries about a field that is not TEXT.
package enum FieldColumn: Sendable {
    case numeric(NumericColumn)
    case tags(TagColumn)
    case geo(GeoColumn)
}

/// All columns of a segment as of one snapshot. A segment from before FT.ALTER has fewer positions than the schema.
package final class FieldColumns: Sendable {
    package let main: [FieldColumn?]
    /// Sort keys of SORTABLE fields that are not NUMERIC.
    package let texts: [TextColumn?]
    /// What TAG fields say as written, while it is little.
    package let raws: [RawTextColumn?]

    init(main: [FieldColumn?], texts: [TextColumn?], raws: [RawTextColumn?]) {
        self.main = main
        self.texts = texts
        self.raws = raws
    }

    static let none = FieldColumns(main: [], texts: [], raws: [])

    package var byteCount: Int {
        main.reduce(0) { sum, column in
            switch column {
            case .numeric(let column)?: sum + column.byteCount
            case .tags(let column)?: sum + column.byteCount
            case .geo(let column)?: sum + column.byteCount
            case nil: sum
            }
        } + texts.reduce(0) { $0 + ($1?.byteCount ?? 0) } + raws.reduce(0) { $0 + ($1?.byteCount ?? 0) }
    }

    var needsRebuild: Bool {
        main.contains { column in
            switch column {
            case .numeric(let column)?: column.needsRebuild
            case .tags(let column)?: column.needsRebuild
            case .geo(let column)?: column.needsRebuild
            case nil: false
            }
        } || texts.contains { $0?.needsRebuild ?? false } || raws.contains { $0?.needsRebuild ?? false }
    }

    /// The same values without patches.
    func rebuilt() -> FieldColumns {
        FieldColumns(
            main: main.map { column in
                switch column {
                case .numeric(let column)?: .numeric(column.rebuilt())
                case .tags(let column)?: .tags(column.rebuilt())
                case .geo(let column)?: .geo(column.rebuilt())
                case nil: nil
                }
            },
            texts: texts.map { $0?.rebuilt() }, raws: raws.map { $0?.rebuilt() })
    }

    /// Columns of the documents that `mappings` lead to.
    static func merge(_ inputs: [(columns: FieldColumns, mapping: DocIDMapping)], documentCount: Int) -> FieldColumns {
        let positions = inputs.map(\.columns.main.count).max() ?? 0
        let main = (0..<positions).map { position -> FieldColumn? in
            var numeric: [(column: NumericColumn, mapping: DocIDMapping)] = []
            var tags: [(column: TagColumn, mapping: DocIDMapping)] = []
            var geo: [(column: GeoColumn, mapping: DocIDMapping)] = []
            for (columns, mapping) in inputs where position < columns.main.count {
                switch columns.main[position] {
                case .numeric(let column)?: numeric.append((column, mapping))
                case .tags(let column)?: tags.append((column, mapping))
                case .geo(let column)?: geo.append((column, mapping))
                case nil: break
                }
            }
            if !numeric.isEmpty { return .numeric(.merge(numeric, documentCount: documentCount)) }
            if !tags.isEmpty { return .tags(.merge(tags, documentCount: documentCount)) }
            if !geo.isEmpty { return .geo(.merge(geo, documentCount: documentCount)) }
            return nil
        }
        let texts = (0..<positions).map { position -> TextColumn? in
            let present = inputs.compactMap { input in
                position < input.columns.texts.count
                    ? input.columns.texts[position].map { (column: $0, mapping: input.mapping) } : nil
            }
            return present.isEmpty ? nil : .merge(present, documentCount: documentCount)
        }
        let raws = (0..<positions).map { position -> RawTextColumn? in
            let present = inputs.compactMap { input in
                position < input.columns.raws.count
                    ? input.columns.raws[position].map { (column: $0, mapping: input.mapping) } : nil
            }
            // One segment that has no column leaves holes that only the documents can fill.
            return present.count < inputs.count || present.isEmpty ? nil : .merge(present, documentCount: documentCount)
        }
        return FieldColumns(main: main, texts: texts, raws: raws)
    }
}
