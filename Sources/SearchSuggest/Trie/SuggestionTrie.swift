// The entries of one suggestion dictionary, as a trie with scores.
//
//   "help" 2, "hello" 1, "world" 3            one node a stretch without branches
//
//            (root)
//       ┌──────┴───────┐                      node    score   rank   best
//      hel          world                     hel        -      2      2
//    ┌──┴──┐                                  p          2      2      2
//    p     lo                                 lo         1      1      1
//
// `best` is the highest score at a node or below: a search skips what cannot beat its worst hit.
// `rank` orders the children of a node. It is nearly `best`, and when it is raised, how children are moved and where a new
// one goes follow RediSearch, for the order in which entries are met decides the order of entries with equal scores.
//
// Nodes lie in one array and point to each other by number, children as a list; labels are stretches of one array of code
// points. Splitting a node divides its stretch and copies nothing.

import SearchModel

package struct SuggestionTrie: Sendable {
    /// Longer entries are not kept.
    package static let lengthLimit = 255

    struct Node {
        var label: Int32
        var length: Int32
        var firstChild: Int32 = -1
        var nextSibling: Int32 = -1
        var payload: Int32 = -1
        var isEntry: Bool
        var score: Float
        var rank: Float
        var best: Float
    }

    package private(set) var count = 0
    var nodes: [Node] = [Node(label: 0, length: 0, isEntry: false, score: 0, rank: 0, best: -.infinity)]
    var points: [UInt32] = []
    /// Code points that no label uses any more.
    private var garbage = 0
    private var freeNodes: [Int32] = []
    private var payloads: [Bytes] = []
    private var freePayloads: [Int32] = []

    package init() {}

    // MARK: looking

    /// Score and payload of an entry, its case counting.
    package func entry(_ text: Bytes) -> (score: Float, payload: Bytes?)? {
        guard let node = find(SuggestionText.codePoints(text)), nodes[node].isEntry else { return nil }
        return (nodes[node].score, payload(node))
    }

    func payload(_ node: Int) -> Bytes? {
        nodes[node].payload < 0 ? nil : payloads[Int(nodes[node].payload)]
    }

    private func find(_ key: [UInt32]) -> Int? {
        var node = 0
        var depth = 0
        while depth < key.count {
            guard let child = child(of: node, starting: key[depth]) else { return nil }
            let length = Int(nodes[child].length)
            guard depth + length <= key.count, common(child, key, depth) == length else { return nil }
            node = child
            depth += length
        }
        return node
    }

    private func child(of node: Int, starting point: UInt32) -> Int? {
        var child = nodes[node].firstChild
        while child >= 0 {
            if points[Int(nodes[Int(child)].label)] == point { return Int(child) }
            child = nodes[Int(child)].nextSibling
        }
        return nil
    }

    /// How many code points of a node's label the key has from `depth` on.
    private func common(_ node: Int, _ key: [UInt32], _ depth: Int) -> Int {
        let label = Int(nodes[node].label)
        let end = min(Int(nodes[node].length), key.count - depth)
        var i = 0
        while i < end, points[label + i] == key[depth + i] { i += 1 }
        return i
    }

    // MARK: adding

    /// Adds an entry, or gives one that is there another score.
    ///
    /// - Parameters:
    ///   - adding: the score is added to that of an entry that is there.
    ///   - payload: `nil` leaves the payload of an entry that is there.
    /// - Returns: the entry's score; `nil` when nothing was done: no text, too much of it, or a score of 0, which counts
    ///   for nothing.
    @discardableResult
    package mutating func insert(_ text: Bytes, score: Float, adding: Bool = false, payload: Bytes? = nil) -> Float? {
        let key = SuggestionText.codePoints(text)
        guard !key.isEmpty, key.count <= Self.lengthLimit, score != 0 else { return nil }
        var path = [0]
        var depth = 0
        var result = score
        while true {
            let node = path[path.count - 1]
            if depth == key.count {
                result = setScore(node, score, adding, path)
                if let payload { setPayload(node, payload) }
                break
            }
            nodes[node].rank = max(nodes[node].rank, score)
            guard let child = child(of: node, starting: key[depth]) else {
                let leaf = makeLeaf(Array(key[depth...]), score, payload)
                insertByRank(leaf, into: node)
                raise(path, to: score)
                break
            }
            let same = common(child, key, depth)
            path.append(child)
            if same < Int(nodes[child].length) {
                split(child, at: same, key, depth + same, score, payload)
                raise(path, to: score)
                break
            }
            depth += same
        }
        for i in stride(from: path.count - 1, to: 0, by: -1) { settle(path[i], in: path[i - 1]) }
        return result
    }

    /// Adds an entry as it was, whose score may have been brought to 0 by additions.
    package mutating func restore(_ text: Bytes, score: Float, payload: Bytes?) {
        if score != 0 {
            insert(text, score: score, payload: payload)
        } else if insert(text, score: 1, payload: payload) != nil {
            insert(text, score: -1, adding: true)
        }
    }

    private mutating func setScore(_ node: Int, _ score: Float, _ adding: Bool, _ path: [Int]) -> Float {
        let old = nodes[node].isEntry ? nodes[node].score : -.infinity
        if !nodes[node].isEntry { count += 1 }
        let new = adding && nodes[node].isEntry ? old + score : score
        nodes[node].isEntry = true
        nodes[node].score = new
        nodes[node].rank = max(nodes[node].rank, score)
        if new >= old {
            raise(path, to: new)
        } else {
            for node in path.reversed() { findBest(node) }
        }
        return new
    }

    private mutating func setPayload(_ node: Int, _ payload: Bytes) {
        if nodes[node].payload >= 0 {
            payloads[Int(nodes[node].payload)] = payload
        } else if let free = freePayloads.popLast() {
            payloads[Int(free)] = payload
            nodes[node].payload = free
        } else {
            nodes[node].payload = Int32(payloads.count)
            payloads.append(payload)
        }
    }

    private mutating func raise(_ path: [Int], to score: Float) {
        for node in path where nodes[node].best < score { nodes[node].best = score }
    }

    private mutating func findBest(_ node: Int) {
        var best: Float = nodes[node].isEntry ? nodes[node].score : -.infinity
        var child = nodes[node].firstChild
        while child >= 0 {
            best = max(best, nodes[Int(child)].best)
            child = nodes[Int(child)].nextSibling
        }
        nodes[node].best = best
    }

    private mutating func makeLeaf(_ label: [UInt32], _ score: Float, _ payload: Bytes?) -> Int {
        count += 1
        let leaf = makeNode(
            Node(
                label: Int32(points.count), length: Int32(label.count), isEntry: true, score: score, rank: score,
                best: score))
        points.append(contentsOf: label)
        if let payload { setPayload(leaf, payload) }
        return leaf
    }

    private mutating func makeNode(_ node: Node) -> Int {
        if let free = freeNodes.popLast() {
            nodes[Int(free)] = node
            return Int(free)
        }
        nodes.append(node)
        return nodes.count - 1
    }

    /// Divides a node behind `same` code points of its label. What the key has beyond them becomes a second child; when it
    /// has nothing, the node is the key's entry, and keeps its rank: as RediSearch.
    private mutating func split(
        _ node: Int, at same: Int, _ key: [UInt32], _ depth: Int, _ score: Float, _ payload: Bytes?
    ) {
        var rest = nodes[node]
        rest.label += Int32(same)
        rest.length -= Int32(same)
        rest.nextSibling = -1
        let lower = makeNode(rest)
        nodes[node].length = Int32(same)
        nodes[node].firstChild = Int32(lower)
        nodes[node].payload = -1
        if depth == key.count {
            count += 1
            nodes[node].isEntry = true
            nodes[node].score = score
            if let payload { setPayload(node, payload) }
            return
        }
        nodes[node].isEntry = false
        nodes[node].score = 0
        nodes[node].rank = max(nodes[node].rank, score)
        let leaf = makeLeaf(Array(key[depth...]), score, payload)
        let leafIsFirst = key[depth] < points[Int(nodes[lower].label)]
        let (first, second) = leafIsFirst ? (leaf, lower) : (lower, leaf)
        nodes[node].firstChild = Int32(first)
        nodes[first].nextSibling = Int32(second)
        nodes[second].nextSibling = -1
    }

    // MARK: the order of children

    /// Before the first child of a lower rank.
    private mutating func insertByRank(_ new: Int, into node: Int) {
        var before: Int32 = -1
        var next = nodes[node].firstChild
        while next >= 0, nodes[Int(next)].rank >= nodes[new].rank {
            before = next
            next = nodes[Int(next)].nextSibling
        }
        nodes[new].nextSibling = next
        if before < 0 { nodes[node].firstChild = Int32(new) } else { nodes[Int(before)].nextSibling = Int32(new) }
    }

    /// A child that now outranks the one before it makes all of them be sorted.
    private mutating func settle(_ child: Int, in node: Int) {
        var before: Int32 = -1
        var next = nodes[node].firstChild
        while next >= 0, next != Int32(child) {
            before = next
            next = nodes[Int(next)].nextSibling
        }
        if before >= 0, nodes[Int(before)].rank < nodes[child].rank { sortChildren(node) }
    }

    private mutating func sortChildren(_ node: Int) {
        var children: [Int32] = []
        var isSorted = true
        var child = nodes[node].firstChild
        while child >= 0 {
            if let last = children.last, !precedes(last, child) { isSorted = false }
            children.append(child)
            child = nodes[Int(child)].nextSibling
        }
        if isSorted { return }
        children.sort(by: precedes)
        link(children, under: node)
    }

    private func precedes(_ a: Int32, _ b: Int32) -> Bool {
        let (first, second) = (nodes[Int(a)], nodes[Int(b)])
        if first.rank != second.rank { return first.rank > second.rank }
        return points[Int(first.label)] < points[Int(second.label)]
    }

    private mutating func link(_ children: [Int32], under node: Int) {
        nodes[node].firstChild = children.first ?? -1
        for (i, child) in children.enumerated() {
            nodes[Int(child)].nextSibling = i + 1 < children.count ? children[i + 1] : -1
        }
    }

    // MARK: removing

    /// Removes an entry; `false` when it is not there.
    package mutating func remove(_ text: Bytes) -> Bool {
        let key = SuggestionText.codePoints(text)
        guard !key.isEmpty, key.count <= Self.lengthLimit else { return false }
        var path = [0]
        var depth = 0
        while depth < key.count {
            guard let child = child(of: path[path.count - 1], starting: key[depth]) else { return false }
            let length = Int(nodes[child].length)
            guard depth + length <= key.count, common(child, key, depth) == length else { return false }
            path.append(child)
            depth += length
        }
        let node = path[path.count - 1]
        guard nodes[node].isEntry else { return false }
        count -= 1
        nodes[node].isEntry = false
        nodes[node].score = 0
        dropPayload(node)
        for node in path.reversed() { tidy(node) }
        if garbage > 4096, garbage > points.count / 2 { compact() }
        return true
    }

    private mutating func dropPayload(_ node: Int) {
        let payload = nodes[node].payload
        guard payload >= 0 else { return }
        payloads[Int(payload)] = []
        freePayloads.append(payload)
        nodes[node].payload = -1
    }

    /// Drops children that are nothing any more, joins those that only lead on, and ranks the node anew.
    private mutating func tidy(_ node: Int) {
        var kept: [Int32] = []
        var child = nodes[node].firstChild
        nodes[node].rank = nodes[node].score
        while child >= 0 {
            let next = nodes[Int(child)].nextSibling
            if nodes[Int(child)].isEntry || nodes[Int(child)].firstChild >= 0 {
                joinOnlyChild(Int(child))
                nodes[node].rank = max(nodes[node].rank, nodes[Int(child)].rank)
                kept.append(child)
            } else {
                garbage += Int(nodes[Int(child)].length)
                freeNodes.append(child)
            }
            child = next
        }
        link(kept, under: node)
        sortChildren(node)
        findBest(node)
    }

    private mutating func joinOnlyChild(_ node: Int) {
        let only = nodes[node].firstChild
        guard !nodes[node].isEntry, only >= 0, nodes[Int(only)].nextSibling < 0 else { return }
        var joined = nodes[Int(only)]
        let (upper, lower) = (nodes[node], joined)
        joined.label = Int32(points.count)
        joined.length = upper.length + lower.length
        joined.nextSibling = upper.nextSibling
        // Adjacent stretches, as a split leaves them, are one stretch again.
        if upper.label + upper.length == lower.label {
            joined.label = upper.label
        } else {
            points.append(contentsOf: points[Int(upper.label)..<Int(upper.label + upper.length)])
            points.append(contentsOf: points[Int(lower.label)..<Int(lower.label + lower.length)])
            garbage += Int(joined.length)
        }
        nodes[node] = joined
        freeNodes.append(only)
    }

    /// Rewrites the labels without what nobody uses.
    private mutating func compact() {
        var fresh: [UInt32] = []
        fresh.reserveCapacity(points.count - garbage)
        var open: [Int32] = [0]
        while let node = open.popLast() {
            let label = Int(nodes[Int(node)].label)
            let length = Int(nodes[Int(node)].length)
            nodes[Int(node)].label = Int32(fresh.count)
            fresh.append(contentsOf: points[label..<label + length])
            var child = nodes[Int(node)].firstChild
            while child >= 0 {
                open.append(child)
                child = nodes[Int(child)].nextSibling
            }
        }
        points = fresh
        garbage = 0
    }
}
