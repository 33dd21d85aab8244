// Counts and bytes of an index, for FT.INFO and memory accounting.

/// Numbers of one snapshot. Bytes are capacities: what is held, not what is filled.
package struct IndexFigures: Equatable, Sendable {
    /// Distinct terms, internal ones included.
    package var termCount = 0
    /// Postings, those of dead documents included until they are merged away.
    package var postingCount = 0
    package var postingBlockCount = 0
    /// Posting lists with their heads, without positions (those of short lists lie between the postings).
    package var invertedBytes = 0
    package var positionBytes = 0
    /// Per-document columns: norms, stamps, scores, payloads, live bitmaps.
    package var documentTableBytes = 0
    /// Keys and the registry that finds them.
    package var keyTableBytes = 0
    package var dictionaryBytes = 0
    /// Unsealed segments, all parts together.
    package var unsealedBytes = 0
    /// Columns and lists of fields that are not TEXT.
    package var fieldBytes = 0

    package init() {}

    package var totalBytes: Int {
        invertedBytes + positionBytes + documentTableBytes + keyTableBytes + dictionaryBytes + unsealedBytes
            + fieldBytes
    }
}

extension IndexSnapshot {
    package var figures: IndexFigures {
        var figures = IndexFigures()
        figures.termCount = dictionary.termCount
        figures.dictionaryBytes = dictionary.byteCount
        figures.keyTableBytes = registryByteCount
        figures.fieldBytes = tagDictionaryByteCount
        for view in segments {
            let counts = view.byteCounts
            figures.postingCount += view.postingCount
            figures.postingBlockCount += view.postingBlockCount
            figures.fieldBytes += counts.fields
            guard view.isSealed else {
                figures.unsealedBytes += counts.total - counts.fields
                continue
            }
            figures.invertedBytes += counts.lists + counts.heads
            figures.positionBytes += counts.positions
            figures.documentTableBytes += counts.columns + counts.payloads + counts.deaths
            figures.keyTableBytes += counts.keys
        }
        return figures
    }
}
