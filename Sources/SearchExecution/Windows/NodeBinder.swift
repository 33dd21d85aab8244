// Clauses to nodes: what a segment holds of each, and in which order an AND is best evaluated here.

import SearchIndex
import SearchModel

/// Values that are collected one by one and then live at fixed addresses.
struct OwnedValues<Value> {
    private var values: [Value] = []

    /// - Returns: the value's slot.
    mutating func append(_ value: Value) -> Int {
        values.append(value)
        return values.count - 1
    }

    /// The values' addresses; whoever takes them frees them, unless there are none.
    func moveOut() -> (UnsafeMutablePointer<Value>?, Int) {
        if values.isEmpty { return (nil, 0) }
        let pointer = UnsafeMutablePointer<Value>.allocate(capacity: values.count)
        pointer.initialize(from: values, count: values.count)
        return (pointer, values.count)
    }
}

struct NodeBinder {
    private let plan: Plan
    private let segment: SegmentView
    private let segmentIndex: Int
    private let arena: ScratchArena
    let nodes: UnsafeMutablePointer<Node>
    let cursors: UnsafeMutablePointer<PostingCursor>
    private(set) var cursorCount = 0
    private(set) var documentLists = OwnedValues<DocumentList>()
    private(set) var numericColumns = OwnedValues<(NumericColumn, ValueRange)>()
    private(set) var missingColumns = OwnedValues<MissingColumn>()
    private(set) var keyLists = OwnedValues<(UnsafeMutablePointer<DocID>, Int)>()

    /// From this many children on a union's documents are worked out a slice at a time. An expansion's
    /// children are read again only for the document that they own.
    static let wideExpansion = 5
    static let wideUnion = 65

    init(_ plan: Plan, segment: SegmentView, segmentIndex: Int, arena: ScratchArena) {
        self.plan = plan
        self.segment = segment
        self.segmentIndex = segmentIndex
        self.arena = arena
        nodes = arena.allocate(Node.self, plan.clauses.count)
        cursors = arena.allocate(PostingCursor.self, plan.termCount)
    }

    /// Children come before their parents in the plan, so one pass does.
    mutating func bind() {
        for index in plan.clauses.indices { bind(plan.clauses[index], to: nodes + index) }
    }

    private mutating func bind(_ clause: Clause, to node: UnsafeMutablePointer<Node>) {
        node.initialize(
            to: Node(
                kind: .nothing, isImplied: clause.isImplied, hasProximity: clause.maxSlop != nil,
                inOrder: clause.inOrder, isRangeUnion: clause.isRangeUnion, isTag: false,
                maxSlop: clause.maxSlop ?? 0, slot: 0,
                weight: clause.weight, idf: clause.idf, idfStd: clause.idfStd,
                unmatchedWeight: clause.unmatchedWeight, virtualFrequency: clause.virtualFrequency, estimate: 0,
                children: arena.allocate(Int32.self, clause.children.count), childCount: 0,
                fillOrder: arena.allocate(Int32.self, clause.children.count), fillCount: 0))
        switch clause.source {
        case .all:
            node.pointee.kind = .all
            node.pointee.estimate = segment.liveCount
        case .term(_, let mask):
            bindTerm(plan.postings.list(row: clause.row, segment: segmentIndex), mask, node)
        case .tag(let field, let value):
            node.pointee.isTag = true
            if let list = segment.tags(field)?.list(for: value) { bind(list, .documents, node) }
        case .geo(let field, let circle):
            if let list = segment.geo(field)?.matches(circle) { bind(list, .geo, node) }
        case .numeric(let field, let range):
            guard let column = segment.numeric(field) else { return }
            let estimate = column.estimate(range)
            guard estimate > 0 else { return }
            node.pointee.kind = .numeric
            node.pointee.estimate = estimate
            node.pointee.slot = numericColumns.append((column, range))
        case .missing(let field):
            guard let column = segment.missing(field) else { return }
            let count = column.count
            guard count > 0 else { return }
            node.pointee.kind = .missing
            node.pointee.estimate = count
            node.pointee.scratch = arena.allocate(UInt64.self, wordsPerWindow)
            node.pointee.slot = missingColumns.append(column)
        case .keys(let keys):
            let own = keys[segmentIndex]
            guard !own.isEmpty else { return }
            let pointer = arena.allocate(DocID.self, own.count)
            pointer.initialize(from: own, count: own.count)
            node.pointee.kind = .keys
            node.pointee.estimate = own.count
            node.pointee.slot = keyLists.append((pointer, own.count))
            node.pointee.scratch = arena.allocate(UInt64.self, wordsPerWindow)
        case .and:
            bindIntersection(clause, node)
        case .or:
            bindUnion(clause, .or, node)
        case .expansion:
            bindUnion(clause, .expansion, node)
        case .not, .optional:
            let isNot = if case .not = clause.source { true } else { false }
            node.pointee.kind = isNot ? .not : .optional
            node.pointee.estimate = segment.liveCount
            if let child = clause.children.first, nodes[child].kind != .nothing {
                append(child, to: node)
            }
            if isNot { node.pointee.scratch = arena.allocate(UInt64.self, wordsPerWindow) }
        }
    }

    private mutating func bindTerm(
        _ list: UnsafeMutablePointer<PostingReader>?, _ mask: FieldMask?, _ node: UnsafeMutablePointer<Node>
    ) {
        guard let list else { return }
        var needsMask = false
        if let mask {
            if let single = list.pointee.isSingleMask {
                if single & mask == 0 { return }
            } else {
                needsMask = true
            }
        }
        let numbers = arena.allocate(UInt32.self, 3 * blockSize + 1)
        let words = arena.allocate(UInt64.self, 2 * wordsPerWindow + 2)
        (cursors + cursorCount).initialize(
            to: PostingCursor(
                list: list, hasMask: needsMask, mask: mask ?? 0, blockCount: list.pointee.blockCount,
                docs: numbers, matching: words + 2 * wordsPerWindow, frequencies: numbers + blockSize,
                words: UnsafePointer(words), ownWords: words,
                documentsBefore: arena.allocate(UInt16.self, wordsPerWindow), positionStarts: numbers + 2 * blockSize))
        node.pointee.kind = .postings
        node.pointee.slot = cursorCount
        node.pointee.estimate = list.pointee.documentFrequency
        node.pointee.scratch = words + wordsPerWindow
        cursorCount += 1
    }

    private mutating func bind(_ list: DocumentList, _ kind: Node.Kind, _ node: UnsafeMutablePointer<Node>) {
        guard list.documentFrequency > 0 else { return }
        node.pointee.kind = kind
        node.pointee.estimate = list.documentFrequency
        node.pointee.slot = documentLists.append(list)
        node.pointee.scratch = arena.allocate(UInt64.self, wordsPerWindow)
    }

    private func append(_ child: Int, to node: UnsafeMutablePointer<Node>) {
        node.pointee.children[node.pointee.childCount] = Int32(child)
        node.pointee.childCount += 1
    }

    // MARK: AND, OR

    private func bindIntersection(_ clause: Clause, _ node: UnsafeMutablePointer<Node>) {
        for child in clause.children {
            if nodes[child].kind == .nothing { return }
            append(child, to: node)
        }
        // Work first where it narrows most: small sets, then large ones, then what must look at positions.
        var least = Int.max
        for child in clause.children {
            least = min(least, nodes[child].estimate)
            if nodes[child].kind != .optional { insert(child, node) }
        }
        if node.pointee.fillCount == 0 { insert(clause.children[0], node) }
        node.pointee.kind = .and
        node.pointee.estimate = least
        node.pointee.scratch = arena.allocate(UInt64.self, wordsPerWindow)
    }

    /// Puts a child into the fill order; equal ones keep their order.
    private func insert(_ child: Int, _ node: UnsafeMutablePointer<Node>) {
        let order = node.pointee.fillOrder
        let own = rank(child)
        var place = node.pointee.fillCount
        while place > 0 {
            let before = Int(order[place - 1])
            let other = rank(before)
            if other < own || (other == own && nodes[before].estimate <= nodes[child].estimate) { break }
            order[place] = order[place - 1]
            place -= 1
        }
        order[place] = Int32(child)
        node.pointee.fillCount += 1
    }

    private func rank(_ child: Int) -> Int {
        switch nodes[child].kind {
        case .not, .all, .optional: 1
        case .and: nodes[child].hasProximity ? 2 : 0
        case .nothing, .postings, .documents, .numeric, .geo, .missing, .keys, .or, .expansion: 0
        }
    }

    private func bindUnion(_ clause: Clause, _ kind: Node.Kind, _ node: UnsafeMutablePointer<Node>) {
        for child in clause.children where nodes[child].kind != .nothing {
            append(child, to: node)
            node.pointee.estimate += nodes[child].estimate
        }
        guard node.pointee.childCount > 0 else { return }
        node.pointee.estimate = min(node.pointee.estimate, segment.documentCount)
        node.pointee.kind = kind
        node.pointee.scratch = arena.allocate(UInt64.self, wordsPerWindow)
        if node.pointee.childCount >= (kind == .expansion ? NodeBinder.wideExpansion : NodeBinder.wideUnion) {
            let sliceWindows = min(windowsPerSlice, (segment.documentCount + windowSize - 1) / windowSize)
            node.pointee.sliceWords = arena.allocate(UInt64.self, sliceWindows * wordsPerWindow)
        }
        if kind == .expansion, node.pointee.childCount > 1 {
            node.pointee.owners = arena.allocate(UInt16.self, min(sliceSize, segment.documentCount))
        }
    }
}
