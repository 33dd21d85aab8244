// Which indexes a key belongs to, asked once per write.
//
//   "book:" -> [a], "b" -> [c], "" -> []          a trie over bytes; every node knows the indexes of all
//                                                 prefixes on its path, so the deepest node that was
//    root ─ b[c] ─ o ─ o ─ k ─ :[c, a]            reached answers for the whole key

import SearchModel

/// An immutable trie over the prefixes of all indexes.
///
/// Sendable: the raw tables are written by `init` alone.
final class PrefixRouter: @unchecked Sendable {
    private struct Node {
        var firstChild: Int32
        var childCount: Int32
        /// Position in `answers`; -1 when no prefix ends here or above.
        var answer: Int32
    }

    private let nodes: UnsafeMutablePointer<Node>
    /// The byte that leads to a node, parallel to `nodes`; children of a node lie together, ascending.
    private let labels: UnsafeMutablePointer<UInt8>
    private let nodeCount: Int
    private let answers: [[LiveIndex]]

    /// - Parameter entries: every index with its prefixes, in the order in which they are to be told.
    init(_ entries: [(prefixes: [Bytes], index: LiveIndex)]) {
        // A pointer trie first, then laid out breadth first.
        final class Draft {
            var children: [UInt8: Draft] = [:]
            var indexes: [Int] = []
        }
        let root = Draft()
        for (position, entry) in entries.enumerated() {
            for prefix in entry.prefixes {
                var node = root
                for byte in prefix {
                    if let child = node.children[byte] {
                        node = child
                    } else {
                        let child = Draft()
                        node.children[byte] = child
                        node = child
                    }
                }
                node.indexes.append(position)
            }
        }

        var answers: [[LiveIndex]] = []
        var flat: [Node] = []
        var bytes: [UInt8] = []
        var queue: [(draft: Draft, inherited: [Int], answer: Int32)] = []

        func place(_ draft: Draft, label: UInt8, inherited: [Int], answer: Int32) {
            var indexes = inherited
            var answer = answer
            let own = draft.indexes.filter { !inherited.contains($0) }
            if !own.isEmpty {
                indexes = Set(inherited + own).sorted()
                answer = Int32(answers.count)
                answers.append(indexes.map { entries[$0].index })
            }
            flat.append(Node(firstChild: 0, childCount: 0, answer: answer))
            bytes.append(label)
            queue.append((draft, indexes, answer))
        }

        place(root, label: 0, inherited: [], answer: -1)
        var next = 0
        while next < queue.count {
            let (draft, inherited, answer) = queue[next]
            flat[next].firstChild = Int32(flat.count)
            flat[next].childCount = Int32(draft.children.count)
            for byte in draft.children.keys.sorted() {
                guard let child = draft.children[byte] else { continue }
                place(child, label: byte, inherited: inherited, answer: answer)
            }
            next += 1
        }

        self.answers = answers
        nodeCount = flat.count
        nodes = .allocate(capacity: flat.count)
        nodes.initialize(from: flat, count: flat.count)
        labels = .allocate(capacity: bytes.count)
        labels.initialize(from: bytes, count: bytes.count)
    }

    deinit {
        nodes.deallocate()
        labels.deallocate()
    }

    /// Whether some index wants the key.
    func covers(_ key: ByteSlice) -> Bool { answer(for: key) >= 0 }

    /// The indexes that want the key, in the order given to `init`.
    func indexes(for key: ByteSlice) -> [LiveIndex] {
        let position = answer(for: key)
        return position < 0 ? [] : answers[position]
    }

    private func answer(for key: ByteSlice) -> Int {
        var node = nodes[0]
        var i = 0
        while node.childCount > 0, i < key.count {
            let byte = key[i]
            var child = Int(node.firstChild)
            let end = child &+ Int(node.childCount)
            while child < end, labels[child] < byte { child &+= 1 }
            guard child < end, labels[child] == byte else { break }
            node = nodes[child]
            i &+= 1
        }
        return Int(node.answer)
    }
}
