// The best entries that begin with a text, or nearly so.
//
// The score of a hit, as RediSearch computes it in single precision:
//
//     score × e^(-2 · distance) / √(1 + | length of entry − length of text |)
//
// where `score` is 2147483648 for the text itself, and `distance` is 0 unless the search is fuzzy. "The text itself" is an
// entry of the same length whose first half is the same, case counting: that much RediSearch compares.
//
// A fuzzy search walks down the trie with one row of the edit distance table a code point, as long as some cell of the row
// is at most 1. The entry's distance is the least that any of its beginnings has. A walk that ends inside an entry counts
// only when the last beginning it saw is a match itself: again as RediSearch.

import SearchModel

/// One hit of a search.
package struct Suggestion: Equatable, Sendable {
    package let text: Bytes
    package let score: Float
    package let payload: Bytes?
}

extension SuggestionTrie {
    /// - Parameters:
    ///   - text: the beginning that is looked for, folded.
    ///   - trimming: without the hits that score less than a tenth of the best.
    /// - Complexity: the nodes that match, less those that cannot beat the worst of `limit` hits.
    package func suggestions(
        for text: [UInt32], limit: Int, isFuzzy: Bool = false, trimming: Bool = false
    ) -> [Suggestion] {
        var search = Search(trie: self, text: text, limit: limit, isFuzzy: isFuzzy)
        search.run()
        var hits = search.heap.takeAll()
        if trimming, let best = hits.first?.score, best > 0 {
            hits = Array(hits.prefix { $0.score >= best / 10 })
        }
        return hits.map { Suggestion(text: $0.text, score: $0.score, payload: payload($0.node)) }
    }
}

private struct Search {
    private static let exactScore: Float = 2_147_483_648
    private static let distanceFactor = 0.135_335_283_236_612_7  // e^-2

    let trie: SuggestionTrie
    let text: [UInt32]
    let isFuzzy: Bool
    var heap: TieHeap
    /// Code points from the root to where the walk is.
    private var path: [UInt32] = []
    /// Rows of the edit distances between beginnings of the text and the path, one for each depth.
    private var rows: [UInt8] = []

    /// What a fuzzy walk knows at a place.
    private struct Match {
        /// The least distance so far; 2: none that counts.
        var distance: UInt8 = 2
        /// Of the last beginning.
        var last: UInt8 = 2
        /// Whether what follows may still bring matches.
        var isAlive = true
    }

    init(trie: SuggestionTrie, text: [UInt32], limit: Int, isFuzzy: Bool) {
        self.trie = trie
        self.text = text
        self.isFuzzy = isFuzzy
        heap = TieHeap(capacity: limit)
        path.reserveCapacity(SuggestionTrie.lengthLimit + 1)
        if isFuzzy {
            let width = text.count + 1
            rows = [UInt8](repeating: 0, count: width * (SuggestionTrie.lengthLimit + 1))
            for i in 0..<width { rows[i] = UInt8(min(i, 2)) }
        }
    }

    mutating func run() { visitChildren(of: 0, Match()) }

    private mutating func visitChildren(of node: Int, _ match: Match) {
        var child = trie.nodes[node].firstChild
        while child >= 0 {
            visit(Int(child), match)
            child = trie.nodes[Int(child)].nextSibling
        }
    }

    private mutating func visit(_ index: Int, _ match: Match) {
        let node = trie.nodes[index]
        let start = path.count
        if heap.isFull, bound(node, depth: start) <= heap.bar { return }
        defer { path.removeLast(path.count - start) }
        var match = match
        for i in Int(node.label)..<Int(node.label + node.length) {
            let point = trie.points[i]
            guard isFuzzy ? advance(&match, point) : matches(point) else { return }
            path.append(point)
        }
        if node.isEntry { offer(index, node.score, match) }
        if node.firstChild >= 0 { visitChildren(of: index, match) }
    }

    private func matches(_ point: UInt32) -> Bool {
        path.count >= text.count || SuggestionText.fold(point) == text[path.count]
    }

    /// No hit at the node or below scores more.
    private func bound(_ node: SuggestionTrie.Node, depth: Int) -> Float {
        // Above the depth of the text there may be the text itself.
        guard depth >= text.count else { return .infinity }
        let length = depth + Int(node.length)
        guard node.best > 0, length > text.count else { return node.best > 0 ? .infinity : 0 }
        return Float(Double(node.best) / Double(1 + length - text.count).squareRoot())
    }

    // MARK: hits

    private mutating func offer(_ index: Int, _ score: Float, _ match: Match) {
        let isWhole = path.count >= text.count
        guard isFuzzy ? match.distance <= 1 : isWhole else { return }
        var score = isTheText() ? Self.exactScore : score
        if isFuzzy { score = Float(Double(score) * (match.distance == 0 ? 1 : Self.distanceFactor)) }
        score = Float(Double(score) / Double(1 + abs(path.count - text.count)).squareRoot())
        if heap.isFull, !(score > heap.bar) { return }
        var bytes = Bytes()
        bytes.reserveCapacity(path.count)
        for point in path { SuggestionText.append(point, to: &bytes) }
        heap.offer(TieHeap.Element(score: score, node: index, text: bytes))
    }

    private func isTheText() -> Bool {
        guard path.count == text.count else { return false }
        let half = path.count / 2
        for i in 0..<half where path[i] != text[i] { return false }
        return path.count % 2 == 0 || path[half] & 0xff == text[half] & 0xff
    }

    // MARK: distances

    /// Takes one code point more; `false`: nothing that goes on like this is a hit.
    private mutating func advance(_ match: inout Match, _ point: UInt32) -> Bool {
        guard match.isAlive else { return true }
        let width = text.count + 1
        let above = path.count * width
        let row = above + width
        let folded = SuggestionText.fold(point)
        var least: UInt8 = min(rows[above] + 1, 2)
        rows[row] = least
        for j in 1..<max(width, 1) {
            let substituted = rows[above + j - 1] + (text[j - 1] == folded ? 0 : 1)
            let cell = min(substituted, rows[above + j] + 1, rows[row + j - 1] + 1, 2)
            rows[row + j] = cell
            least = min(least, cell)
        }
        if least > 1 {
            match.isAlive = false
            return match.last <= 1
        }
        match.last = rows[row + width - 1]
        match.distance = min(match.distance, match.last)
        return true
    }
}
