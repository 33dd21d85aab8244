// Steps -> a plan whose properties are slots. All "no such property" errors are found here.
//
// Before the first GROUPBY a name means, in this order: something an earlier step made; a schema field that
// has a column (SORTABLE); in SORTBY, GROUPBY and reducers any other schema field, which is loaded; in APPLY and
// FILTER nothing else. After a GROUPBY only its keys and reducers exist.

import SearchExpressions
import SearchModel

package struct AggregatePlan: Sendable {
    package enum Step: Sendable {
        case apply(Expression, slot: Int)
        case filter(Expression)
        case group(slots: [Int], reducers: [BoundReducer])
        case sort([(slot: Int, ascending: Bool)], keep: Int?)
        case limit(offset: Int, count: Int)
    }

    package private(set) var slots: [Slot] = []
    package private(set) var steps: [Step] = []
    /// Slots that output rows show, in order.
    package private(set) var output: [Int] = []
    package private(set) var loadsWholeDocuments = false
    /// A step that must see all rows before it gives the first one.
    package private(set) var isBlocking = false
    package private(set) var usesScore = false

    private let schema: Schema
    private let attributeColumns: @Sendable (Int) -> Bool
    private var visible: [Bytes: Int] = [:]
    private var isGrouped = false

    /// - Parameters:
    ///   - hasColumn: whether a schema field's values can be read without the document.
    ///   - addsScores: ADDSCORES was given.
    ///   - defaultSortedRows: what a SORTBY without LIMIT or MAX keeps (10).
    package init(
        _ steps: [AggregateStep], schema: Schema, addsScores: Bool, defaultSortedRows: Int = 10,
        hasColumn: @escaping @Sendable (Int) -> Bool
    ) throws(AggregatePlanError) {
        self.schema = schema
        attributeColumns = hasColumn
        if addsScores {
            usesScore = true
            show(define(Bytes("__score".utf8), .score))
        }
        for step in steps { try add(step, defaultSortedRows) }
    }

    private mutating func add(_ step: AggregateStep, _ defaultSortedRows: Int) throws(AggregatePlanError) {
        switch step {
        case .load(let items):
            for item in items { show(load(item)) }
        case .loadAll:
            loadsWholeDocuments = true
        case .apply(let text, let name):
            let expression = try parse(text)
            let slot = define(name, .computed)
            show(slot)
            self.steps.append(.apply(expression, slot: slot))
        case .filter(let text):
            self.steps.append(.filter(try parse(text)))
        case .group(let properties, let reducers):
            try group(properties, reducers)
        case .arrange(let arrangement):
            try arrange(arrangement, defaultSortedRows)
        }
    }

    // MARK: names

    private mutating func define(_ name: Bytes, _ origin: SlotOrigin) -> Int {
        slots.append(Slot(name: name, origin: origin, isVisible: false))
        visible[name] = slots.count - 1
        return slots.count - 1
    }

    private mutating func show(_ slot: Int) {
        slots[slot].isVisible = true
        if let old = output.firstIndex(where: { slots[$0].name == slots[slot].name }) {
            output[old] = slot
        } else {
            output.append(slot)
        }
    }

    private mutating func load(_ item: LoadItem) -> Int {
        if item.path == Bytes("__key".utf8) { return define(item.name, .key) }
        if item.path == Bytes("__score".utf8) {
            usesScore = true
            return define(item.name, .score)
        }
        // LOAD reads the document: a folded sortable value is replaced by the original.
        let identifier = schema.position(ofAttribute: item.path).map { schema.fields[$0].identifier } ?? item.path
        return define(item.name, .document(path: identifier))
    }

    /// The slot a name stands for, making one from the schema where that is allowed.
    private mutating func resolve(_ name: Bytes, loadingFields: Bool) -> Int? {
        if let slot = visible[name] { return slot }
        guard !isGrouped else { return nil }
        if name == Bytes("__score".utf8), usesScore { return define(name, .score) }
        if name == Bytes("__key".utf8) { return define(name, .key) }
        guard let field = schema.position(ofAttribute: name) else { return nil }
        if schema.fields[field].isSortable { return define(name, .column(field: field)) }
        guard loadingFields else { return nil }
        if attributeColumns(field) { return define(name, .column(field: field)) }
        return define(name, .document(path: schema.fields[field].identifier))
    }

    private mutating func parse(_ text: Bytes) throws(AggregatePlanError) -> Expression {
        var draft = self
        do throws(ExpressionSyntaxError) {
            let expression = try ExpressionParser.parse(text) { draft.resolve($0, loadingFields: false) }
            self = draft
            return expression
        } catch {
            throw AggregatePlanError(error.text)
        }
    }

    private static func text(_ bytes: Bytes) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func bare(_ property: Bytes) -> Bytes {
        property.first == UInt8(ascii: "@") ? Bytes(property.dropFirst()) : property
    }

    // MARK: steps

    private mutating func group(_ properties: [Bytes], _ calls: [ReducerCall]) throws(AggregatePlanError) {
        var keys: [Int] = []
        for property in properties {
            guard property.first == UInt8(ascii: "@") else {
                let name = Self.text(property)
                throw AggregatePlanError("Bad arguments for GROUPBY: Unknown property `\(name)`. Did you mean `@\(name)`?")
            }
            guard let slot = resolve(Bytes(property.dropFirst()), loadingFields: true) else {
                throw AggregatePlanError("No such property `\(Self.text(Bytes(property.dropFirst())))`")
            }
            keys.append(slot)
        }
        var bound: [BoundReducer] = []
        var draft = self
        for call in calls {
            bound.append(
                try BoundReducer(call) { property in draft.resolve(Self.bare(property), loadingFields: true) })
        }
        self = draft
        isBlocking = true
        isGrouped = true
        visible = [:]
        output = []
        loadsWholeDocuments = false
        for key in keys {
            visible[slots[key].name] = key
            output.append(key)
        }
        for index in bound.indices {
            let name = calls[index].outputName
            guard visible[name] == nil else {
                throw AggregatePlanError("Property `\(Self.text(name))` specified more than once")
            }
            bound[index].slot = define(name, .computed)
            show(bound[index].slot)
        }
        steps.append(.group(slots: keys, reducers: bound))
    }

    private mutating func arrange(_ arrangement: Arrangement, _ defaultRows: Int) throws(AggregatePlanError) {
        if let items = arrangement.sort {
            var keys: [(slot: Int, ascending: Bool)] = []
            for item in items {
                guard let slot = resolve(item.property, loadingFields: true) else {
                    throw AggregatePlanError("Property `\(Self.text(item.property))` not loaded nor in schema")
                }
                show(slot)
                keys.append((slot, item.ascending))
            }
            isBlocking = true
            let limit = arrangement.limit.map { $0.offset + $0.count }
            let keep = arrangement.max.map { max in limit.map { min($0, max) } ?? max } ?? limit ?? defaultRows
            steps.append(.sort(keys, keep: keep))
        }
        if let limit = arrangement.limit { steps.append(.limit(offset: limit.offset, count: limit.count)) }
    }
}
