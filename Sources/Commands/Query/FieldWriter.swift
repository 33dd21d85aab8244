// The fields of one row.

import RESP
import SearchEngine
import SearchExecution
import SearchModel
import Storage

/// Made once per query, used for one row after the other.
struct FieldWriter {
    private let plan: RowPlan
    /// The text of SORTBY's field is what WITHSORTKEYS shows, although the order is numeric: as the oracle does for a
    /// NUMERIC field without SORTABLE when the whole document is in the row.
    private let sortKeyIsStoredText: Bool
    private let decorator: RowDecorator?

    /// - Precondition: the search wants content.
    init(_ search: IndexSearch) {
        plan = search.rows
        decorator = plan.decorates ? RowDecorator(search) : nil
        var stored = false
        if case .whole = plan.content, let sort = search.options.sort {
            let schema = search.index.definition.schema
            if let position = schema.position(ofAttribute: sort.field) {
                let field = schema.fields[position]
                stored = field.kind == .numeric && !field.isSortable && field.identifier == field.attribute
            }
        }
        sortKeyIsStoredText = stored
    }

    /// `nil`: the sort key is what the hit says.
    func storedSortKey(_ row: LoadedRows.Row) -> Bytes? {
        guard sortKeyIsStoredText, case .pairs(let fields) = row, let name = plan.leading.first?.identifier,
            let value = Self.value(of: name, in: fields)
        else { return nil }
        return [UInt8(ascii: "$")] + value
    }

    func write(_ row: LoadedRows.Row, of hit: Hit, to reply: ReplyWriter) {
        switch (plan.content, row) {
        case (.whole, .pairs(let pairs)):
            let language = plan.languageField.flatMap { Self.value(of: $0, in: pairs) }
            decorator?.begin(language: language) { Self.value(of: $0, in: pairs) }
            writeWhole(pairs, to: reply)
        case (.fields(let fields), .values(let values)):
            func value(_ source: Int?) -> ByteSlice? {
                guard let source, source < values.count else { return nil }
                return values[source]
            }
            decorator?.begin(language: value(plan.languageSource)) { name in
                let field = fields.first { $0.name == name && !$0.isRenamed }
                return value(field?.source ?? plan.unseen.first { $0.name == name }?.source)
            }
            write(fields, values, to: reply)
        default: reply.map(0)
        }
    }

    // MARK: the whole hash

    private func writeWhole(_ pairs: FieldSlices, to reply: ReplyWriter) {
        let isPlain = plan.leading.isEmpty && plan.hidden.isEmpty && decorator == nil
        if isPlain {
            reply.map(pairs.count)
            for i in 0..<pairs.count {
                reply.bulk(pairs.name(i))
                reply.bulk(pairs.value(i))
            }
            return
        }
        var count = 0
        for field in plan.leading where Self.value(of: field.identifier, in: pairs) != nil { count += 1 }
        for i in 0..<pairs.count where !isElsewhere(pairs.name(i)) { count += 1 }
        reply.map(count)
        for field in plan.leading {
            guard let value = Self.value(of: field.identifier, in: pairs) else { continue }
            reply.bulk(field.name)
            write(value, field.format, isDecorated: true, field.name, to: reply)
        }
        for i in 0..<pairs.count {
            let name = pairs.name(i)
            if isElsewhere(name) { continue }
            reply.bulk(name)
            if let decorator {
                decorator.write(pairs.value(i), name, to: reply)
            } else {
                reply.bulk(pairs.value(i))
            }
        }
    }

    /// Hidden, or shown in front already.
    private func isElsewhere(_ name: ByteSlice) -> Bool {
        for field in plan.leading where name.isEqual(to: field.name) { return true }
        for hidden in plan.hidden where name.isEqual(to: hidden) { return true }
        return false
    }

    private static func value(of name: Bytes, in pairs: FieldSlices) -> ByteSlice? {
        for i in 0..<pairs.count where pairs.name(i).isEqual(to: name) { return pairs.value(i) }
        return nil
    }

    // MARK: RETURN

    private func write(
        _ fields: [RowPlan.Field], _ values: UnsafeBufferPointer<ByteSlice?>, to reply: ReplyWriter
    ) {
        var count = 0
        for field in fields where field.source < values.count && values[field.source] != nil { count += 1 }
        reply.map(count)
        for field in fields where field.source < values.count {
            guard let value = values[field.source] else { continue }
            reply.bulk(field.name)
            write(value, field.format, isDecorated: !field.decoration.isEmpty, field.name, to: reply)
        }
    }

    private func write(
        _ value: ByteSlice, _ format: RowPlan.Format, isDecorated: Bool, _ name: Bytes, to reply: ReplyWriter
    ) {
        switch format {
        case .number:
            if let number = NumberText.double(value) {
                reply.bulk(NumberText.row(number))
            } else {
                reply.bulk(value)
            }
        case .asStored:
            if let decorator, isDecorated {
                name.withUnsafeBufferPointer { decorator.write(value, $0, to: reply) }
            } else {
                reply.bulk(value)
            }
        }
    }
}
