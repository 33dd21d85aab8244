// The lists of one TAG field in the unsealed segment: chains, newest document first.
//
//   heads   value → its newest node
//   node    docID │ value │ previous node of the value │ documents of the value up to here
//
// One writer appends; readers follow chains without locks. A node is complete before its chain's head names it
// (release), and a reader skips nodes of documents that its view does not cover.

import CKernels
import SearchModel

/// One (document, value) pair.
struct TagNode: BitwiseCopyable {
    var docID: DocID
    var value: TagID
    /// Number of the value's previous node + 1; 0: none.
    var previous: UInt32
    /// This node's document included.
    var documentFrequency: UInt32
}

/// Where each value's chain begins. Replaced by a larger table when full; a view keeps the table it was made
/// with, which stays right for the view's documents.
///
/// `@unchecked Sendable`: slots are written by one writer with release and read with acquire.
final class TagHeads: @unchecked Sendable {
    let capacity: Int
    private let memory: ColumnMemory
    /// Value + 1; 0: free.
    private let keys: UnsafeMutablePointer<UInt32>
    /// Number of the newest node + 1.
    private let heads: UnsafeMutablePointer<UInt32>

    init(capacity: Int) {
        self.capacity = capacity
        memory = ColumnMemory(byteCount: capacity * 8)
        keys = memory.bound(to: UInt32.self)
        heads = keys + capacity
    }

    var byteCount: Int { memory.byteCount }

    private func slot(of value: TagID) -> Int {
        Int((UInt64(value &* 0x9E37_79B1) &* UInt64(capacity)) &>> 32)
    }

    /// Number of the newest node + 1; 0: no node.
    func head(of value: TagID) -> UInt32 {
        var slot = slot(of: value)
        while true {
            let key = rk_load_acquire_u32(keys + slot)
            if key == 0 { return 0 }
            if key == value &+ 1 { return rk_load_acquire_u32(heads + slot) }
            slot = slot &+ 1 == capacity ? 0 : slot &+ 1
        }
    }

    /// Writer only. Returns whether the value is new. There must be a free slot.
    func setHead(of value: TagID, to head: UInt32) -> Bool {
        var slot = slot(of: value)
        while keys[slot] != 0 && keys[slot] != value &+ 1 {
            slot = slot &+ 1 == capacity ? 0 : slot &+ 1
        }
        rk_store_release_u32(heads + slot, head)
        if keys[slot] != 0 { return false }
        rk_store_release_u32(keys + slot, value &+ 1)
        return true
    }

    /// Writer only.
    func copy(to other: TagHeads) {
        for slot in 0..<capacity where keys[slot] != 0 { _ = other.setHead(of: keys[slot] - 1, to: heads[slot]) }
    }

    func forEachValue(_ body: (TagID) -> Void) {
        for slot in 0..<capacity {
            let key = rk_load_acquire_u32(keys + slot)
            if key != 0 { body(key - 1) }
        }
    }
}

/// Nodes in chunks that never move; each is as large as all before it.
///
/// `@unchecked Sendable`: a chunk's pointer and a node are written before any head names the node.
final class TagNodes: @unchecked Sendable {
    private static let firstChunk = 1024
    private let chunks = UnsafeMutablePointer<UnsafeMutablePointer<TagNode>?>.allocate(capacity: 24)
    /// Writer only.
    private(set) var count = 0
    private var chunkCount = 0

    init() { chunks.initialize(repeating: nil, count: 24) }

    deinit {
        for c in 0..<chunkCount { chunks[c]?.deallocate() }
        chunks.deallocate()
    }

    var byteCount: Int { 24 * 8 + (TagNodes.firstChunk << chunkCount) * MemoryLayout<TagNode>.stride }

    private static func locate(_ index: Int) -> (chunk: Int, offset: Int) {
        // Chunk c holds nodes 1024 * (2^c - 1) ..< 1024 * (2^(c+1) - 1).
        let place = index &+ firstChunk
        let chunk = Int.bitWidth &- 11 &- place.leadingZeroBitCount
        return (chunk, place &- (firstChunk &<< chunk))
    }

    subscript(_ index: Int) -> TagNode {
        let (chunk, offset) = TagNodes.locate(index)
        // Never nil for a node that a head or another node names.
        return chunks[chunk].unsafelyUnwrapped[offset]
    }

    /// Writer only. Returns the node's number.
    func append(_ node: TagNode) -> Int {
        let (chunk, offset) = TagNodes.locate(count)
        if chunk == chunkCount {
            chunks[chunk] = .allocate(capacity: TagNodes.firstChunk << chunk)
            chunkCount += 1
        }
        chunks[chunk].unsafelyUnwrapped[offset] = node
        count += 1
        return count - 1
    }
}

/// What a view sees of the chains.
struct OpenTags: Sendable {
    let nodes: TagNodes
    let heads: TagHeads
    let documentCount: Int

    /// The newest node of the value that the view covers.
    private func newest(_ value: TagID) -> TagNode? {
        var head = heads.head(of: value)
        while head != 0 {
            let node = nodes[Int(head) - 1]
            if Int(node.docID) < documentCount { return node }
            head = node.previous
        }
        return nil
    }

    func documentFrequency(_ value: TagID) -> Int { newest(value).map { Int($0.documentFrequency) } ?? 0 }

    func docIDs(_ value: TagID) -> [DocID] {
        guard var node = newest(value) else { return [] }
        let count = Int(node.documentFrequency)
        return [DocID](unsafeUninitializedCapacity: count) { docIDs, initialized in
            for i in stride(from: count - 1, through: 0, by: -1) {
                docIDs[i] = node.docID
                if i > 0 { node = nodes[Int(node.previous) - 1] }
            }
            initialized = count
        }
    }

    /// Values with at least one document, ascending.
    func values() -> [TagID] {
        var values: [TagID] = []
        heads.forEachValue { if newest($0) != nil { values.append($0) } }
        values.sort()
        return values
    }
}
