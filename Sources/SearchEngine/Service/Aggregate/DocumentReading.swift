// Replies of the store as columns. Runs on the loader's thread, where the replies live.

import SearchAggregation
import SearchExpressions
import SearchModel
import Storage

struct DocumentReading: Sendable {
    /// A slot, and the place of its field in the request.
    struct Wanted: Sendable {
        var slot: Int
        var place: Int
    }

    private let wanted: [Wanted]
    /// Of whole documents: slots by field name; -1: nobody may see the field.
    private let known: NameTable<Int>
    private let showsExtras: Bool

    init(_ plan: AggregatePlan, _ wanted: [Wanted]) {
        self.wanted = wanted
        showsExtras = plan.showsExtras
        var names = plan.wholeSlots.map { (name: $0.key, value: $0.value) }
        for name in plan.takenNames where plan.wholeSlots[name] == nil { names.append((name, -1)) }
        known = NameTable(names)
    }

    /// Rows of an HMGET.
    func fields(_ loaded: LoadedRows) -> LoadedColumns {
        var result = LoadedColumns()
        var columns = wanted.map { ($0.slot, [ExpressionValue?](repeating: nil, count: loaded.rows.count)) }
        for (row, document) in loaded.rows.enumerated() {
            switch document {
            case .missing: result.gone.append(UInt32(row))
            case .pairs: break
            case .values(let values):
                for (place, item) in wanted.enumerated() where item.place < values.count {
                    columns[place].1[row] = values[item.place].map { .string(Bytes($0)) }
                }
            }
        }
        result.columns = columns
        return result
    }

    /// Rows of an HGETALL.
    func whole(_ loaded: LoadedRows) -> LoadedColumns {
        var result = LoadedColumns()
        let count = loaded.rows.count
        var columns: [Int: [ExpressionValue?]] = [:]
        for (row, document) in loaded.rows.enumerated() {
            guard case .pairs(let fields) = document, fields.count > 0 else {
                result.gone.append(UInt32(row))
                continue
            }
            // Documents tend to have the same fields in the same order.
            var next = 0
            for i in 0..<fields.count {
                let name = fields.name(i)
                let value = ExpressionValue.string(Bytes(fields.value(i)))
                if let slot = known[name] {
                    if slot >= 0 { columns[slot, default: Array(repeating: nil, count: count)][row] = value }
                    continue
                }
                guard showsExtras else { continue }
                if next >= result.extras.count || !result.extras[next].name.elementsEqual(name) {
                    next = result.extras.firstIndex { $0.name.elementsEqual(name) } ?? result.extras.count
                }
                if next == result.extras.count {
                    result.extras.append((Bytes(name), Array(repeating: nil, count: count)))
                }
                result.extras[next].values[row] = value
                next += 1
            }
        }
        result.columns = columns.map { ($0.key, $0.value) }
        return result
    }
}
