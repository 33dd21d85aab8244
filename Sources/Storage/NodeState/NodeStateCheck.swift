// LMDB follows the page numbers and offsets in its file without a look: a damaged file would end the process. So the
// structure is walked here first, by reading, with every number checked before it is followed.
//
// The file is pages of one size. Pages 0 and 1 are metas, the valid one with the higher transaction number counts:
//
//   page   number u64 · pad u16 · flags u16 · lower u16 · upper u16 (an overflow run: its length u32)
//   meta   magic u32 · version u32 · address u64 · map size u64 · free tree 48 · main tree 48 · last page u64 · transaction u64
//   tree   page size u32 (of the free tree) · flags u16 · depth u16 · branches, leaves, overflows, entries u64 · root u64
//   node   lo u16 · hi u16 · flags u16 · key length u16 · key · data
//
// Leaf nodes of the main tree that are flagged as trees hold one: the tables. Values of the free tree are lists of pages
// that may be used again. What any other value says is its record's business, which has a checksum.

import Platform

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct NodeStateCheck {
    private static let magic: UInt32 = 0xbeef_c0de
    private static let none = UInt64.max

    private enum PageFlags {
        static let branch: UInt16 = 1
        static let leaf: UInt16 = 2
        static let overflow: UInt16 = 4
        static let meta: UInt16 = 8
    }

    private enum NodeFlags {
        static let big: UInt16 = 1
        static let tree: UInt16 = 2
    }

    private enum Tree {
        case free, main, table

        /// What stands as flags in the tree's description: integer keys, or nothing.
        var flags: UInt16 { self == .free ? 8 : 0 }
    }

    private let file: Int32
    private let pageSize: Int
    private let pageCount: UInt64
    /// One bit a page: a page that is reached twice is a loop or is shared.
    private var seen: [UInt64] = []

    /// Throws `.damaged` for a file that LMDB must not be shown. A file that is missing or empty is fine.
    static func run(_ path: String) throws(NodeStateError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 {
            if errno == ENOENT { return }
            throw .notUsable("\(path): \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        var information = stat()
        guard fstat(file, &information) == 0 else { throw .notUsable("\(path): \(String(cString: strerror(errno)))") }
        if information.st_size == 0 { return }
        let head = try read(file, 0, 4096)
        guard head.count >= 160 else { throw .damaged("the file is shorter than a page") }
        // The page size stands in the first meta; the second tells it, too, should the first be torn.
        var size = Int(number32(head, 16 + 24))
        if !isPageSize(size) {
            let second = try read(file, Int(sysconf(Int32(_SC_PAGESIZE))), 160)
            size = second.count >= 160 ? Int(number32(second, 16 + 24)) : 0
        }
        guard isPageSize(size) else { throw .damaged("the file has no page size") }
        var check = NodeStateCheck(
            file: file, pageSize: size, pageCount: UInt64(information.st_size) / UInt64(size))
        try check.run()
    }

    private init(file: Int32, pageSize: Int, pageCount: UInt64) {
        self.file = file
        self.pageSize = pageSize
        self.pageCount = pageCount
    }

    private static func isPageSize(_ size: Int) -> Bool { size >= 256 && size <= 65536 && size & (size - 1) == 0 }

    private mutating func run() throws(NodeStateError) {
        var best: [UInt8]?
        var newest: UInt64 = 0
        for number in [UInt64(0), 1] {
            let page = try self.page(number)
            // LMDB reads both and goes by the magic; a torn one has a lower transaction number or none.
            guard number16(page, 10) == PageFlags.meta, number32(page, 16) == Self.magic else {
                throw .damaged("page \(number) is not a meta page")
            }
            guard Int(number32(page, 16 + 24)) == pageSize else {
                throw .damaged("the metas differ in their page size")
            }
            let version = number32(page, 20)
            guard version == 1 else { throw .damaged("the file has LMDB format \(version)") }
            let transaction = number64(page, 16 + 24 + 96 + 8)
            if best == nil || transaction > newest {
                // Readers find their meta by the lowest bit of the transaction's number.
                guard transaction & 1 == number || transaction == 0 else { throw .damaged("a meta is out of place") }
                best = page
                newest = transaction
            }
        }
        guard let meta = best else { return }
        let last = number64(meta, 16 + 24 + 96)
        guard last < pageCount else { throw .damaged("the file ends before its last page") }
        seen = [UInt64](repeating: 0, count: Int(pageCount / 64 + 1))
        try tree(meta, 16 + 24, last, .free)
        try tree(meta, 16 + 24 + 48, last, .main)
    }

    /// Walks a tree whose description is at `offset` of a page.
    private mutating func tree(
        _ page: [UInt8], _ offset: Int, _ last: UInt64, _ kind: Tree
    ) throws(NodeStateError) {
        // A wrong flag of the free tree would have LMDB map the file over other memory.
        guard number16(page, offset + 4) == kind.flags else { throw .damaged("a tree has foreign flags") }
        let root = number64(page, offset + 40)
        if root == Self.none { return }
        let depth = Int(number16(page, offset + 6))
        guard depth >= 1, depth <= 32 else { throw .damaged("a tree is \(depth) levels deep") }
        try walk(root, level: 1, depth, last, kind)
    }

    // Recursion is bounded by the depth, 32 at most, and once more for the tables.
    private mutating func walk(
        _ number: UInt64, level: Int, _ depth: Int, _ last: UInt64, _ kind: Tree
    ) throws(NodeStateError) {
        try visit(number, last)
        let page = try self.page(number)
        guard number64(page, 0) == number else { throw .damaged("page \(number) is another one") }
        let flags = number16(page, 10)
        let isLeaf = level == depth
        // No other flag is ever in the file; one says that the page is in memory and may be written to.
        guard flags == (isLeaf ? PageFlags.leaf : PageFlags.branch) else {
            throw .damaged("page \(number) has the wrong kind")
        }
        let lower = Int(number16(page, 12))
        let upper = Int(number16(page, 14))
        guard lower >= 16, lower <= upper, upper <= pageSize, lower % 2 == 0 else {
            throw .damaged("page \(number) has wrong bounds")
        }
        let count = (lower - 16) / 2
        guard count > (isLeaf ? 0 : 1) else { throw .damaged("page \(number) is too empty") }
        for i in 0..<count {
            let node = Int(number16(page, 16 + 2 * i))
            guard node >= upper, node + 8 <= pageSize else { throw .damaged("page \(number) has a node outside") }
            let low = UInt64(number16(page, node))
            let high = UInt64(number16(page, node + 2))
            let nodeFlags = number16(page, node + 4)
            let key = Int(number16(page, node + 6))
            guard node + 8 + key <= pageSize else { throw .damaged("page \(number) has a key outside") }
            if !isLeaf {
                try walk(low | high << 16 | UInt64(nodeFlags) << 32, level: level + 1, depth, last, kind)
                continue
            }
            try leaf(page, number, node + 8 + key, Int(low | high << 16), nodeFlags, last, kind)
        }
    }

    /// The data of a leaf's node: inside the page, on pages of its own, or a tree.
    private mutating func leaf(
        _ page: [UInt8], _ number: UInt64, _ data: Int, _ size: Int, _ flags: UInt16, _ last: UInt64,
        _ kind: Tree
    ) throws(NodeStateError) {
        if flags & NodeFlags.big != 0 {
            guard data + 8 <= pageSize else { throw .damaged("page \(number) has a reference outside") }
            let first = number64(page, data)
            try visit(first, last)
            let run = try self.page(first)
            let length = UInt64(number32(run, 12))
            guard number64(run, 0) == first, number16(run, 10) == PageFlags.overflow, length >= 1,
                length <= last - first + 1, size + 16 <= Int(length) * pageSize
            else { throw .damaged("page \(first) is no run for a large value") }
            if length > 1 { for next in first + 1..<first + length { try visit(next, last) } }
            if kind == .free { try freeList(try Self.read(file, Int(first) * pageSize + 16, size), last) }
            return
        }
        guard data + size <= pageSize else { throw .damaged("page \(number) has a value outside") }
        // Duplicates (flag 4) are not used here.
        guard flags & 4 == 0 else { throw .damaged("page \(number) has a foreign node") }
        if kind == .free { return try freeList(Array(page[data..<data + size]), last) }
        guard (flags & NodeFlags.tree != 0) == (kind == .main) else {
            throw .damaged("page \(number) has a tree or a value out of place")
        }
        guard kind == .main else { return }
        guard size == 48 else { throw .damaged("page \(number) has no tree where one should be") }
        try tree(page, data, last, .table)
    }

    /// A count, and so many page numbers, falling.
    private mutating func freeList(_ bytes: [UInt8], _ last: UInt64) throws(NodeStateError) {
        guard bytes.count >= 8, bytes.count % 8 == 0, number64(bytes, 0) == UInt64(bytes.count / 8 - 1) else {
            throw .damaged("a list of free pages has a wrong length")
        }
        var former = UInt64.max
        for i in 1..<max(bytes.count / 8, 1) {
            let page = number64(bytes, 8 * i)
            guard page < former else { throw .damaged("a list of free pages is out of order") }
            former = page
            try visit(page, last)
        }
    }

    private mutating func visit(_ number: UInt64, _ last: UInt64) throws(NodeStateError) {
        guard number >= 2, number <= last else { throw .damaged("a page \(number) is referred to, of \(last)") }
        let bit = UInt64(1) << (number % 64)
        guard seen[Int(number / 64)] & bit == 0 else { throw .damaged("page \(number) is used twice") }
        seen[Int(number / 64)] |= bit
    }

    // MARK: bytes

    private func page(_ number: UInt64) throws(NodeStateError) -> [UInt8] {
        guard number < pageCount else { throw .damaged("the file ends before page \(number)") }
        let bytes = try Self.read(file, Int(number) * pageSize, pageSize)
        guard bytes.count == pageSize else { throw .damaged("page \(number) cannot be read") }
        return bytes
    }

    private static func read(_ file: Int32, _ offset: Int, _ count: Int) throws(NodeStateError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = pread(file, &bytes, count, off_t(offset))
        guard got >= 0 else { throw .damaged("a page cannot be read: \(String(cString: strerror(errno)))") }
        return Array(bytes[..<got])
    }
}

private func number16(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self) }
}

private func number32(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
}

private func number64(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
}
