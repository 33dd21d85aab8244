// A posting list together with what keeps its memory alive.

import SearchModel

/// A term's postings in one segment. See ``PostingReader`` for what can be asked.
@dynamicMemberLookup
package struct PostingList: Sendable {
    package let reader: PostingReader
    /// Holds the memory that `reader` points to.
    package let owner: any AnyObject & Sendable

    package subscript<Value>(dynamicMember path: KeyPath<PostingReader, Value>) -> Value { reader[keyPath: path] }

    private func hold<Result>(_ body: (PostingReader) -> Result) -> Result {
        withExtendedLifetime(owner) { body(reader) }
    }

    package func liveDocumentFrequency(in view: SegmentView) -> Int { hold { $0.liveDocumentFrequency(in: view) } }
    package func contains(_ docID: DocID) -> Bool { hold { $0.contains(docID) } }
    package func lastDocID(_ block: Int) -> DocID { hold { $0.lastDocID(block) } }
    package func firstPossibleDocID(_ block: Int) -> DocID { hold { $0.firstPossibleDocID(block) } }
    package func count(_ block: Int) -> Int { reader.count(block) }
    package func bounds(_ block: Int) -> BlockBounds { hold { $0.bounds(block) } }
    package func firstBlock(endingAtOrAfter docID: DocID, from: Int) -> Int {
        hold { $0.firstBlock(endingAtOrAfter: docID, from: from) }
    }
    @discardableResult
    package func decodeDocIDs(_ block: Int, into docs: UnsafeMutablePointer<UInt32>) -> Int {
        hold { $0.decodeDocIDs(block, into: docs) }
    }
    package func decodeFrequencies(_ block: Int, into frequencies: UnsafeMutablePointer<UInt32>) {
        hold { $0.decodeFrequencies(block, into: frequencies) }
    }
    package func matching(_ block: Int, _ query: FieldMask) -> (UInt64, UInt64) { hold { $0.matching(block, query) } }
    package func mask(_ block: Int, _ index: Int) -> FieldMask { hold { $0.mask(block, index) } }
    package func countMatching(_ query: FieldMask) -> Int { hold { $0.countMatching(query) } }
    package func positionCount(_ block: Int, _ index: Int) -> Int { hold { $0.positionCount(block, index) } }
    package func readPositions(_ block: Int, _ index: Int, into positions: inout [UInt32]) {
        withExtendedLifetime(owner) { reader.readPositions(block, index, into: &positions) }
    }
    package func fillWindow(_ window: Int, mask: FieldMask?, words: UnsafeMutablePointer<UInt64>) {
        hold { $0.fillWindow(window, mask: mask, words: words) }
    }
    package func bitmapWindow(_ window: Int) -> UnsafePointer<UInt64>? { reader.bitmapWindow(window) }
}
