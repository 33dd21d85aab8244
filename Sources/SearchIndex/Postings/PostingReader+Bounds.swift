// Bounds of many blocks in one call: a posting list is looked at once, not once a block.

import SearchModel

extension PostingReader {
    /// Writes the bounds and last documents of blocks `first ..< first + count`.
    package func copyBounds(
        _ first: Int, _ count: Int, into bounds: UnsafeMutablePointer<BlockBounds>,
        lastDocIDs: UnsafeMutablePointer<DocID>
    ) {
        for index in 0..<count {
            bounds[index] = self.bounds(first &+ index)
            lastDocIDs[index] = lastDocID(first &+ index)
        }
    }
}
