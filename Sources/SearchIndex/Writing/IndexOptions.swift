// What FT.CREATE and the settings say about an index's storage.

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
