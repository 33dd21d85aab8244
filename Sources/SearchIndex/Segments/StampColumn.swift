// When the documents of a segment arrived, and when they were last touched since.

import Containers
import SearchModel

/// Stamps of one segment: a flat base, and patches by document. A value: the writer patches its own, views hold copies.
struct StampColumn: Sendable {
    let base: RawBlock
    /// Byte of the first stamp within the base.
    private let offset: Int
    let isBaseOrdered: Bool
    private(set) var patches = PatchSet<UInt64>()

    init(base: RawBlock, offset: Int = 0, isOrdered: Bool) {
        self.base = base
        self.offset = offset
        isBaseOrdered = isOrdered
    }

    var addresses: UnsafePointer<UInt64> { UnsafePointer(base.pointer(atByte: offset)) }

    @inline(__always) subscript(_ docID: DocID) -> UInt64 {
        if !patches.isEmpty, let patched = patches.value(docID) { return patched }
        return addresses[Int(docID)]
    }

    var isOrdered: Bool { isBaseOrdered && patches.isEmpty }

    mutating func patch(_ docID: DocID, _ stamp: UInt64) { patches.set(docID, stamp) }

    func needsRebuild(documentCount: Int) -> Bool { patches.isLarge(documentCount: documentCount) }

    func rebuilt(documentCount: Int) -> StampColumn {
        let block = RawBlock(zeroed: 8 * documentCount)
        let stamps: UnsafeMutablePointer<UInt64> = block.pointer()
        stamps.update(from: addresses, count: documentCount)
        patches.forEach { stamps[Int($0)] = $1 }
        var isOrdered = true
        for i in 1..<max(1, documentCount) where stamps[i - 1] > stamps[i] { isOrdered = false }
        return StampColumn(base: block, isOrdered: isOrdered)
    }

    /// Takes over the patches that `current` has and `frozen` has not.
    mutating func adoptPatches(of current: StampColumn, since frozen: StampColumn, mapping: DocIDMapping?) {
        current.patches.forEach { old, stamp in
            let new = mapping?[old] ?? old
            if new != DocIDMapping.dropped, frozen.patches.value(old) != stamp { patch(new, stamp) }
        }
    }
}
