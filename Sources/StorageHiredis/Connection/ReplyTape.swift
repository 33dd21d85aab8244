// Replies of the store as a flat tape: one node a value, in the order in which they arrive, bytes beside them.
//
//   *2 $1 f $2 vv      nodes  [array 2] [string 0..<1] [string 1..<3]      bytes  f v v
//
// hiredis builds its own reply trees with a malloc a value; these callbacks of its reader write the tape instead, which
// is reused, needs no freeing on every path, and still knows whether a null was a null array (hiredis's tree does not).

import CHiredis
import RESP

#if canImport(Glibc)
import Glibc
#endif

struct ReplyNode {
    enum Kind: UInt8 {
        case string, array, integer, null, nullArray, status, error
    }

    let kind: Kind
    /// Length of a text, number of elements, or the integer itself.
    let value: Int
    /// Where a text's bytes start.
    let offset: Int
}

/// Not thread-safe: belongs to whoever reads from the connection.
final class ReplyTape {
    @exclusivity(unchecked) private(set) var nodes: UnsafeMutablePointer<ReplyNode>
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var capacity = 256
    @exclusivity(unchecked) private var bytes: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) private(set) var byteCount = 0
    @exclusivity(unchecked) private var byteCapacity = 16 * 1024

    init() {
        nodes = .allocate(capacity: capacity)
        bytes = .allocate(capacity: byteCapacity)
    }

    deinit {
        nodes.deallocate()
        bytes.deallocate()
    }

    subscript(_ node: Int) -> ReplyNode { nodes[node] }

    /// A text; valid until something is added to the tape or it is cut.
    func text(_ node: Int) -> ByteSlice {
        ByteSlice(start: bytes + nodes[node].offset, count: nodes[node].value)
    }

    func string(_ node: Int) -> String { String(decoding: text(node), as: UTF8.self) }

    /// The node behind a value and all that is in it.
    func next(after node: Int) -> Int {
        var open = 1
        var i = node
        while open > 0 {
            if nodes[i].kind == .array { open += nodes[i].value }
            open -= 1
            i += 1
        }
        return i
    }

    /// Forgets all, and gives back memory that a single large reply took.
    func removeAll() {
        count = 0
        byteCount = 0
        if byteCapacity > 4 << 20 {
            byteCapacity = 64 * 1024
            bytes.deallocate()
            bytes = .allocate(capacity: byteCapacity)
        }
        if capacity > 1 << 18 {
            capacity = 4096
            nodes.deallocate()
            nodes = .allocate(capacity: capacity)
        }
    }

    /// Cuts back to an earlier `count` and `byteCount`.
    func truncate(count: Int, byteCount: Int) {
        if count == 0 { return removeAll() }
        self.count = count
        self.byteCount = byteCount
    }

    // MARK: writing

    fileprivate func append(_ kind: ReplyNode.Kind, _ value: Int, _ offset: Int = 0) {
        if count == capacity {
            capacity *= 2
            let fresh = UnsafeMutablePointer<ReplyNode>.allocate(capacity: capacity)
            fresh.update(from: nodes, count: count)
            nodes.deallocate()
            nodes = fresh
        }
        nodes[count] = ReplyNode(kind: kind, value: value, offset: offset)
        count &+= 1
    }

    fileprivate func append(_ kind: ReplyNode.Kind, text: UnsafePointer<CChar>, length: Int) {
        if byteCount + length > byteCapacity {
            byteCapacity = max(2 * byteCapacity, byteCount + length)
            let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: byteCapacity)
            fresh.update(from: bytes, count: byteCount)
            bytes.deallocate()
            bytes = fresh
        }
        memcpy(bytes + byteCount, text, length)
        append(kind, length, byteCount)
        byteCount += length
    }

    // MARK: hiredis's reader

    /// The functions to be put into a reader whose private data is a tape. One table for the process, written here and
    /// never again.
    nonisolated(unsafe) static let readerFunctions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, text, length in
                    let kind: ReplyNode.Kind
                    switch task!.pointee.type {
                    case REDIS_REPLY_STATUS: kind = .status
                    case REDIS_REPLY_ERROR: kind = .error
                    default: kind = .string
                    }
                    tape(of: task!).append(kind, text: text!, length: length)
                    return made
                },
                createArray: { task, elements in
                    tape(of: task!).append(.array, Int(elements))
                    return made
                },
                createInteger: { task, value in
                    tape(of: task!).append(.integer, Int(value))
                    return made
                },
                createNil: { task in
                    tape(of: task!).append(task!.pointee.type == REDIS_REPLY_ARRAY ? .nullArray : .null, 0)
                    return made
                },
                freeObject: { _ in }))
        return functions
    }()
}

/// What the callbacks return: hiredis only asks whether it is null.
private var made: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: 1)! }

@inline(__always)
private func tape(of task: UnsafePointer<redisReadTask>) -> ReplyTape {
    Unmanaged<ReplyTape>.fromOpaque(task.pointee.privdata).takeUnretainedValue()
}
