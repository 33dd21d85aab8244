// What the writer asks of analysis.

import SearchModel

/// A language's stemmer as the index sees it.
package protocol StemProvider: AnyObject, Sendable {
    /// Replaces the contents of `stem` by the stem of `word`; false when there is none or it equals the word.
    ///
    /// Asked once per new word, not per token.
    func stem(of word: ByteSlice, into stem: inout [UInt8]) -> Bool
}

/// One occurrence of a term in a field.
package struct IndexToken {
    package var bytes: ByteSlice
    package var position: UInt32
    /// A synonym group or phonetic code: indexed, but no part of the document's length, and never stemmed.
    package var isDerived: Bool

    package init(_ bytes: ByteSlice, position: UInt32, isDerived: Bool = false) {
        self.bytes = bytes
        self.position = position
        self.isDerived = isDerived
    }
}

/// What an index keeps and how it is cut into segments.
package struct IndexOptions: Equatable, Sendable {
    /// NOOFFSETS.
    package var keepsOffsets = true
    /// NOFREQS.
    package var keepsFrequencies = true
    /// NOFIELDS.
    package var keepsFields = true
    /// The score of documents that bring none: what segments need not store.
    package var defaultScore: Float = 1
    /// Documents of the unsealed segment.
    package var segmentCapacity = 8192
    /// Bytes of postings after which it is closed before it is full.
    package var segmentBytes = 8 << 20
    /// Segments above which the writer merges by itself, on its own lane.
    package var segmentLimit = 4000
    /// BM25's b for which block bounds are tight.
    package var b = 0.75
    /// Documents above which segments are no longer merged into one.
    package var mergedDocumentLimit = 1 << 22

    package init() {}
}
