// What a query sees: one immutable picture of an index.
//
//   IndexSnapshot ── segments, oldest first ──► SegmentView ── postings(for:) ──► PostingList (blocks of 128)
//        │                                          ├─ norms, stamps, live documents
//        └─ dictionary, N, sum of lengths           └─ numeric / tags / geo / sort columns by field position

import SearchModel

/// Documents per block of a posting list.
package let blockSize = 128

/// Documents per window of execution: 64 words of 64 bits.
package let windowSize = 4096
package let wordsPerWindow = windowSize / 64

/// An index as it was at one publication.
package final class IndexSnapshot: Sendable {
    /// Oldest first; those with documents only.
    package let segments: [SegmentView]
    /// Live documents.
    package let documentCount: Int
    /// Sum of the lengths of live documents.
    package let totalLength: Int
    package let schema: Schema
    package let dictionary: TermDictionary
    /// Different for every publication.
    package let generation: UInt64
    private let tagDictionaries: [TermDictionary?]
    private let registry: DocumentRegistry
    private let registryGeneration: UInt64
    let registryByteCount: Int

    init(
        segments: [SegmentView], documentCount: Int, totalLength: Int, schema: Schema, dictionary: TermDictionary,
        tagDictionaries: [TermDictionary?], generation: UInt64, registry: DocumentRegistry
    ) {
        self.segments = segments
        self.documentCount = documentCount
        self.totalLength = totalLength
        self.schema = schema
        self.dictionary = dictionary
        self.tagDictionaries = tagDictionaries
        self.generation = generation
        self.registry = registry
        (registryGeneration, registryByteCount) = registry.generationAndByteCount
    }

    /// The values of a TAG field, by its position in the schema; `nil` when no document ever had one.
    package func tagDictionary(_ field: Int) -> TermDictionary? {
        field < tagDictionaries.count ? tagDictionaries[field] : nil
    }

    var tagDictionaryByteCount: Int { tagDictionaries.reduce(0) { $0 + ($1?.byteCount ?? 0) } }

    /// The live document of a key in this snapshot.
    ///
    /// The registry knows the present. When it does not fit the snapshot (the document has moved since), the keys
    /// of the snapshot are walked, which is slow and rare.
    package func locate(_ key: ByteSlice) -> (segment: Int, docID: DocID)? {
        let present = registry.find(key)
        if let present, let index = segments.firstIndex(where: { $0.slot.number == present.slot }) {
            let view = segments[index]
            if present.docID < view.documentCount, view.isLive(present.docID),
                view.withKey(present.docID, { compareBytes($0, key) == 0 })
            {
                return (index, present.docID)
            }
        }
        if registry.generation == registryGeneration { return nil }
        for (index, view) in segments.enumerated().reversed() {
            for docID in 0..<DocID(view.documentCount)
            where view.withKey(docID, { compareBytes($0, key) == 0 }) && view.isLive(docID) {
                return (index, docID)
            }
        }
        return nil
    }
}
