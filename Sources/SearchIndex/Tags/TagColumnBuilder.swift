// A TAG field of the unsealed segment.

import SearchModel

/// Takes the values of one TAG field while its segment is unsealed.
///
/// `@unchecked Sendable`: one writer calls everything here; readers hold views, see ``OpenTags``.
package final class TagColumnBuilder: @unchecked Sendable {
    private let capacity: Int
    private var nodes = TagNodes()
    private var heads = TagHeads(capacity: 64)
    private var valueCount = 0
    private var isSingleValued = true
    /// Documents from here on are new: their values go into the chains. Others change by patch.
    private var nextDocID: DocID = 0
    /// Patches since the last view, or of it: views are immutable, so the builder patches its own copy.
    private var patched: TagColumn?
    /// Values that were set again before any view covered their document.
    private var early: [DocID: [TagID]] = [:]

    package init(capacity: Int) { self.capacity = capacity }

    package var byteCount: Int { chainBytes + (patched.map { $0.byteCount - chainBytes } ?? 0) }

    private var chainBytes: Int { nodes.byteCount + heads.byteCount }

    /// Gives the document these values instead of what it had.
    ///
    /// - Precondition: `docID` is below the capacity.
    package func set(_ docID: DocID, _ values: UnsafeBufferPointer<TagID>) {
        precondition(Int(docID) < capacity, "docID past the segment's capacity")
        guard docID >= nextDocID else {
            if let patched, Int(docID) < patched.documentCount {
                self.patched?.patch(docID, values)
            } else {
                early[docID] = distinctSorted(values)
            }
            return
        }
        append(docID, values)
    }

    private func append(_ docID: DocID, _ values: UnsafeBufferPointer<TagID>) {
        nextDocID = docID + 1
        var distinct = 0
        for value in values {
            let head = heads.head(of: value)
            let last = head == 0 ? nil : nodes[Int(head) - 1]
            if last?.docID == docID { continue }
            distinct += 1
            let node = nodes.append(
                TagNode(
                    docID: docID, value: value, previous: head, documentFrequency: (last?.documentFrequency ?? 0) + 1))
            if heads.setHead(of: value, to: UInt32(node) + 1) {
                valueCount += 1
                if valueCount * 3 > heads.capacity * 2 { growHeads() }
            }
        }
        if distinct > 1 { isSingleValued = false }
    }

    private func growHeads() {
        let larger = TagHeads(capacity: heads.capacity * 2)
        heads.copy(to: larger)
        heads = larger
    }

    /// The column of the first `documentCount` documents, whose values must all have been set.
    package func view(documentCount: Int) -> TagColumn {
        if let patched, patched.patchCount >= 1024 { moveToFreshChains(patched) }
        var column = makeColumn(documentCount, patches: patched?.patches ?? PatchSet())
        for (docID, values) in early where Int(docID) < documentCount {
            values.withUnsafeBufferPointer { column.patch(docID, $0) }
            early[docID] = nil
        }
        isSingleValued = column.isSingleValued
        nextDocID = max(nextDocID, DocID(documentCount))
        patched = column
        return column
    }

    private func makeColumn(_ documentCount: Int, patches: PatchSet<[TagID]>) -> TagColumn {
        TagColumn(
            OpenTags(nodes: nodes, heads: heads, documentCount: documentCount),
            isSingleValued: isSingleValued && (patched?.isSingleValued ?? true), patches: patches,
            byteCount: chainBytes)
    }

    /// Folds the patches into new chains; readers of the old ones keep them.
    private func moveToFreshChains(_ column: TagColumn) {
        var pairs: [UInt64] = []
        for i in 0..<nodes.count where !column.patches.contains(nodes[i].docID) {
            pairs.append(UInt64(nodes[i].docID) << 32 | UInt64(nodes[i].value))
        }
        column.patches.forEach { docID, values in
            for value in values { pairs.append(UInt64(docID) << 32 | UInt64(value)) }
        }
        pairs.sort()
        let next = nextDocID
        nodes = TagNodes()
        heads = TagHeads(capacity: 64)
        valueCount = 0
        isSingleValued = true
        patched = nil
        var values: [TagID] = []
        for (i, pair) in pairs.enumerated() {
            values.append(TagID(truncatingIfNeeded: pair))
            let docID = DocID(pair >> 32)
            if i + 1 == pairs.count || DocID(pairs[i + 1] >> 32) != docID {
                values.withUnsafeBufferPointer { append(docID, $0) }
                values.removeAll(keepingCapacity: true)
            }
        }
        nextDocID = next
    }
}
