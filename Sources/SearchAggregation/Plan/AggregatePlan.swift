// Steps -> a plan whose properties are slots. All "no such property" errors are found here.
//
// Before the first GROUPBY a name means, in this order: something an earlier step made or named; a SORTABLE schema
// field; in SORTBY, GROUPBY and reducers (and anywhere behind LOAD *) any other schema field, which is loaded. After a
// GROUPBY only its keys and reducers exist. Whatever was named, be it by an expression, is shown in the rows.
//
//   LOAD 2 @title @n  SORTBY 1 @n  LIMIT 0 10        as written
//   sort n ─ limit 10 ─ load title                   as done: documents are read when they are needed, of rows that are

import SearchExpressions
import SearchModel

package struct AggregatePlan: Sendable {
    package enum Step: Sendable {
        /// Fields of the stored documents; `whole`: all that they have, by their own names.
        case load(slots: [Int], whole: Bool)
        case apply(Expression, slot: Int)
        case filter(Expression)
        case group(slots: [Int], reducers: [BoundReducer])
        /// `keep`: the best rows, so many.
        case sort([(slot: Int, ascending: Bool)], keep: Int)
        case limit(offset: Int, count: Int)
        /// LIMIT n 0: rows are counted and go no further.
        case count
    }

    package private(set) var slots: [Slot] = []
    package private(set) var steps: [Step] = []
    /// Slots that output rows show, in order.
    package private(set) var output: [Int] = []
    /// Rows show the fields that LOAD * finds and no step has named, too.
    package private(set) var showsExtras = false
    /// By step: the slots that it or a later one reads, or the rows show.
    package private(set) var live: [Set<Int>] = []
    /// LIMIT n 0 was given: the reply is a count.
    package let countsOnly: Bool

    /// Names that fields found by LOAD * do not show under: some slot has them, or nobody may see them.
    package private(set) var takenNames: Set<Bytes> = []
    /// Hash field names that `load(whole:)` writes, and their slots.
    package private(set) var wholeSlots: [Bytes: Int] = [:]

    private let schema: Schema
    private var keys: [Key] = []
    private var isGrouped = false
    private var hasWhole = false
    /// Slots that LOAD asked for and no step has needed yet.
    private var waiting: [Int] = []
    private var isWholeWaiting = false

    /// A name in rows, in order of first mention.
    private struct Key: Sendable {
        var name: Bytes
        var slot: Int
    }

    /// - Parameters:
    ///   - addsScores: ADDSCORES was given.
    ///   - defaultSortedRows: what a SORTBY without LIMIT or MAX keeps.
    ///   - hidden: names that rows never show.
    package init(
        _ steps: [AggregateStep], schema: Schema, addsScores: Bool, defaultSortedRows: Int = 10,
        hidden: [Bytes] = []
    ) throws(AggregatePlanError) {
        self.schema = schema
        countsOnly = steps.contains { if case .arrange(let arrangement) = $0 { arrangement.isCount } else { false } }
        if addsScores { _ = define(Bytes("__score".utf8), .score) }
        for step in steps { try add(step, defaultSortedRows) }
        output = keys.filter { !hidden.contains($0.name) }.map(\.slot)
        showsExtras = hasWhole && !isGrouped
        takenNames = Set(keys.map(\.name)).union(hidden)
        place(reading: Set(output), wholeIsRead: showsExtras)
        findLive()
    }

    package var hasGroup: Bool {
        steps.contains { if case .group = $0 { true } else { false } }
    }

    /// A step that must see all rows before it gives the first one.
    package var isBlocking: Bool {
        steps.contains {
            switch $0 {
            case .group, .sort, .count: true
            case .load, .apply, .filter, .limit: false
            }
        }
    }

    /// Rows that the last LIMIT step behind the last GROUPBY lets pass.
    package var lastLimit: Int? {
        for step in steps.reversed() {
            switch step {
            case .limit(_, let count): return count
            case .group: return nil
            case .sort, .load, .apply, .filter, .count: continue
            }
        }
        return nil
    }

    /// The first key of the last SORTBY behind the last GROUPBY.
    package var lastSortKey: Int? {
        for step in steps.reversed() {
            switch step {
            case .sort(let keys, _): return keys.first?.slot
            case .group: return nil
            case .load, .apply, .filter, .limit, .count: continue
            }
        }
        return nil
    }

    /// Rows must come in the order of their arrival although a later step keeps them all.
    package var needsOrder: Bool {
        for step in steps {
            switch step {
            case .limit: return true
            case .group(_, let reducers):
                return reducers.contains { if case .firstValue(nil, _) = $0.function { true } else { false } }
            case .sort, .count: return false
            case .load, .apply, .filter: continue
            }
        }
        return true
    }

    package var hasLoads: Bool {
        steps.contains { if case .load = $0 { true } else { false } }
    }

    /// Documents are read before a step that keeps rows.
    package var loadsBeforeBlocking: Bool {
        for step in steps {
            switch step {
            case .load: return true
            case .group, .sort, .count: return false
            case .apply, .filter, .limit: continue
            }
        }
        return false
    }

    package var usesScores: Bool { slots.contains { $0.origin == .score } }

    private mutating func add(_ step: AggregateStep, _ defaultSortedRows: Int) throws(AggregatePlanError) {
        switch step {
        case .load(let words): try load(words)
        case .loadAll: try loadAll()
        case .apply(let text, let name):
            let expression = try parse(text)
            emit(.apply(expression, slot: define(name, .computed)), reading: expression.slots)
        case .filter(let text):
            let expression = try parse(text)
            emit(.filter(expression), reading: expression.slots)
        case .group(let properties, let reducers):
            try group(properties, reducers)
        case .arrange(let arrangement):
            try arrange(arrangement, defaultSortedRows)
        }
    }

    // MARK: names

    /// Makes a slot the one that the name stands for from here on.
    private mutating func define(_ name: Bytes, _ origin: SlotOrigin) -> Int {
        slots.append(Slot(name: name, origin: origin))
        let slot = slots.count - 1
        if let known = keys.firstIndex(where: { $0.name == name }) {
            keys[known].slot = slot
        } else {
            keys.append(Key(name: name, slot: slot))
        }
        return slot
    }

    private func known(_ name: Bytes) -> Int? { keys.first { $0.name == name }?.slot }

    /// The slot a name stands for, making one from the schema where that is allowed.
    private mutating func resolve(_ name: Bytes, loadingFields: Bool) -> Int? {
        if let slot = known(name) { return slot }
        guard !isGrouped, let position = schema.position(ofAttribute: name) else { return nil }
        let field = schema.fields[position]
        if hasWhole, !(field.isSortable && field.identifier != name) {
            let slot = define(name, .document(path: name, field: nil))
            wholeSlots[name] = slot
            return slot
        }
        if field.isSortable { return define(name, .sortValue(field: position)) }
        guard loadingFields else { return nil }
        let slot = define(name, documentOrigin(position))
        if slots[slot].origin.isDocument { waiting.append(slot) }
        return slot
    }

    /// A field's value as LOAD gives it: NUMERIC fields are numbers, which the index has.
    private func documentOrigin(_ position: Int) -> SlotOrigin {
        let field = schema.fields[position]
        return field.kind == .numeric
            ? .sortValue(field: position) : .document(path: field.identifier, field: position)
    }

    private mutating func load(_ words: [Bytes]) throws(AggregatePlanError) {
        guard !isGrouped else { throw AggregatePlanError("LOAD cannot be applied after projectors or reducers") }
        var rest = words[...]
        while let word = rest.popFirst() {
            let path = Self.bare(word)
            var name = path
            if let next = rest.first, Self.isAs(next) {
                rest.removeFirst()
                guard let alias = rest.popFirst() else {
                    throw AggregatePlanError("LOAD path AS name - must be accompanied with NAME")
                }
                guard !Self.isAs(alias) else { throw AggregatePlanError("Alias for LOAD cannot be `AS`") }
                name = alias
            }
            load(path, as: name)
        }
    }

    private mutating func load(_ path: Bytes, as name: Bytes) {
        let position = schema.position(ofAttribute: path)
        if let slot = known(name) {
            // What a step has made or LOAD has brought stays; a folded text is replaced by the document's.
            guard case .sortValue(let field) = slots[slot].origin, schema.fields[field].kind != .numeric,
                !schema.fields[field].isUnnormalized
            else { return }
        }
        if path == Bytes("__key".utf8) {
            _ = define(name, .key)
            return
        }
        var origin = SlotOrigin.document(path: path, field: nil)
        if let position {
            let field = schema.fields[position]
            if hasWhole, field.isSortable, field.identifier == name {
                // The text that LOAD * brings is not brought again.
                wholeSlots[name] = define(name, .document(path: name, field: nil))
                return
            }
            let isAsStored = field.isSortable && field.isUnnormalized
            origin = isAsStored ? .sortValue(field: position) : documentOrigin(position)
        }
        let slot = define(name, origin)
        if origin.isDocument { waiting.append(slot) }
    }

    private mutating func loadAll() throws(AggregatePlanError) {
        guard !isGrouped else { throw AggregatePlanError("LOAD cannot be applied after projectors or reducers") }
        guard !hasWhole else { return }
        hasWhole = true
        isWholeWaiting = true
        for key in keys {
            switch slots[key.slot].origin {
            // Aliases keep their values: they are no names of the hash.
            case .sortValue(let field) where schema.fields[field].identifier != key.name: break
            case .document(let path, _) where path != key.name: break
            case .sortValue, .document:
                wholeSlots[key.name] = define(key.name, .document(path: key.name, field: nil))
            case .key, .score, .computed: break
            }
        }
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

    private static func isAs(_ word: Bytes) -> Bool {
        word.count == 2 && word[0] | 0x20 == UInt8(ascii: "a") && word[1] | 0x20 == UInt8(ascii: "s")
    }

    private static func bare(_ property: Bytes) -> Bytes {
        property.first == UInt8(ascii: "@") ? Bytes(property.dropFirst()) : property
    }

    // MARK: steps

    private mutating func group(_ properties: [Bytes], _ calls: [ReducerCall]) throws(AggregatePlanError) {
        var groupKeys: [Int] = []
        var names: [Bytes] = []
        for property in properties {
            let name = Self.bare(property)
            guard let slot = resolve(name, loadingFields: true) else {
                throw AggregatePlanError("No such property `\(Self.text(name))`")
            }
            guard !names.contains(name) else { throw Self.twice(name) }
            groupKeys.append(slot)
            names.append(name)
        }
        var bound: [BoundReducer] = []
        var results: [Bytes] = []
        for call in calls {
            var draft = self
            bound.append(
                try BoundReducer(call) { property in draft.resolve(Self.bare(property), loadingFields: true) })
            self = draft
            let name = call.outputName
            guard !names.contains(name), !results.contains(name) else { throw Self.twice(name) }
            results.append(name)
        }
        var read = Set(groupKeys)
        for reducer in bound { read.formUnion(reducer.inputs) }
        place(reading: read, wholeIsRead: false)
        // What else was to be loaded nobody can see any more.
        waiting = []
        isWholeWaiting = false
        hasWhole = false
        isGrouped = true
        keys = []
        var outputs: [Int] = []
        for name in names { outputs.append(define(name, .computed)) }
        for index in bound.indices {
            bound[index].flattensArrays = reducerSlots.contains(bound[index].input)
            bound[index].slot = define(results[index], .computed)
        }
        for reducer in bound { reducerSlots.insert(reducer.slot) }
        steps.append(.group(slots: groupKeys, reducers: bound))
        groupOutputs.append(outputs)
    }

    private var reducerSlots: Set<Int> = []
    /// By group step in order: the slots of its keys behind it.
    package private(set) var groupOutputs: [[Int]] = []

    private static func twice(_ name: Bytes) -> AggregatePlanError {
        AggregatePlanError("Property `\(text(name))` specified more than once")
    }

    private mutating func arrange(_ arrangement: Arrangement, _ defaultRows: Int) throws(AggregatePlanError) {
        if countsOnly {
            emit(.count, reading: [])
            return
        }
        let limit = arrangement.limit
        if let items = arrangement.sort {
            var sortKeys: [(slot: Int, ascending: Bool)] = []
            for item in items {
                guard let slot = resolve(item.property, loadingFields: true) else {
                    throw AggregatePlanError("Property `\(Self.text(item.property))` not loaded nor in schema")
                }
                sortKeys.append((slot, item.ascending))
            }
            let (end, overflow) = (limit?.offset ?? 0).addingReportingOverflow(limit?.count ?? defaultRows)
            emit(.sort(sortKeys, keep: overflow ? .max : end), reading: Set(sortKeys.map(\.slot)))
            if let limit, limit.offset > 0 { emit(.limit(offset: limit.offset, count: limit.count), reading: []) }
        } else if let limit {
            emit(.limit(offset: limit.offset, count: limit.count), reading: [])
        }
    }

    // MARK: loads, as late as can be

    private mutating func emit(_ step: Step, reading read: Set<Int>) {
        place(reading: read, wholeIsRead: false)
        steps.append(step)
    }

    /// Loads what waits and is about to be read.
    private mutating func place(reading read: Set<Int>, wholeIsRead: Bool) {
        if isWholeWaiting, wholeIsRead || wholeSlots.values.contains(where: read.contains) {
            isWholeWaiting = false
            // The names it knows by the end: later steps may still name some.
            steps.append(.load(slots: [], whole: true))
        }
        let needed = waiting.filter(read.contains)
        guard !needed.isEmpty else { return }
        waiting.removeAll { needed.contains($0) }
        steps.append(.load(slots: needed, whole: false))
    }

    private mutating func findLive() {
        var read = Set(output)
        live = Array(repeating: [], count: steps.count)
        for index in steps.indices.reversed() {
            switch steps[index] {
            case .apply(let expression, _): read.formUnion(expression.slots)
            case .filter(let expression): read.formUnion(expression.slots)
            case .sort(let keys, _): read.formUnion(keys.map(\.slot))
            case .group(let keys, let reducers):
                read = Set(keys)
                for reducer in reducers { read.formUnion(reducer.inputs) }
            case .load, .limit, .count: break
            }
            live[index] = read
        }
    }
}
