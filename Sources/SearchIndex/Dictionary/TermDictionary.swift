// The reader's side of the dictionary: a picture of it as of one snapshot.

import Containers
import SearchModel

/// What an affix, pattern or fuzzy clause stands for: terms in byte order, which is code point order.
package struct TermExpansion: Equatable, Sendable {
    package var terms: [TermID] = []
    /// There were more than the limit.
    package var truncated = false

    package init(terms: [TermID] = [], truncated: Bool = false) {
        self.terms = terms
        self.truncated = truncated
    }
}

/// All terms of an index, internal ones (`+stem`, `~group`, `<PHON`) included, as of one snapshot.
///
/// Safe from any thread. `@unchecked Sendable`: every pointer is to append-only memory that `owners` keep alive, and
/// only ids below `termCount` are followed, which were complete when the view was made; the hash table may
/// besides lead to younger terms, published with release and acquire.
package final class TermDictionary: @unchecked Sendable {
    package let termCount: Int
    package var isEmpty: Bool { termCount == 0 }
    let reader: TermRecords
    private let table: TermTable
    private let lateStems: Locked<[TermID: TermID]>
    private let sorted: SortedTerms
    private let signatures: TermSignatures
    private let owners: [AnyObject]
    private let fixedByteCount: Int

    init(
        table: TermTable, reader: TermRecords, lateStems: Locked<[TermID: TermID]>, termCount: Int,
        sorted: SortedTerms, signatures: TermSignatures, fixedByteCount: Int, keeping owners: [AnyObject]
    ) {
        self.table = table
        self.reader = reader
        self.lateStems = lateStems
        self.termCount = termCount
        self.sorted = sorted
        self.signatures = signatures
        self.fixedByteCount = fixedByteCount
        self.owners = owners
    }

    package func lookup(_ term: ByteSlice) -> TermID? {
        guard let id = table.addresses.find(term, hash: hashBytes(term), in: reader), id < termCount else { return nil }
        return id
    }

    package func withTerm<R>(_ id: TermID, _ body: (ByteSlice) -> R) -> R { body(reader.bytes(id)) }

    /// The `+stem` of a raw word; `nil` when it has none, or none was asked for.
    package func stem(of id: TermID) -> TermID? {
        let (state, stored) = reader.stemState(id)
        switch state {
        case TermRecordHeader.storedStem: return stored < termCount ? stored : nil
        case TermRecordHeader.lateStem:
            return lateStems.withLock { $0[id] }.flatMap { $0 < termCount ? $0 : nil }
        default: return nil
        }
    }

    /// Sorts what is new, so that the next expansion need not. For a background thread.
    package func prepareExpansions() { _ = sortedRuns() }

    /// Bytes held when the view was made, and what was made for expansions by now.
    package var byteCount: Int { fixedByteCount + sorted.byteCount + signatures.byteCount }

    func sortedRuns() -> SortedTerms.Runs { sorted.runs(covering: termCount, reader) }

    func signaturePieces() -> [TermSignatures.Piece] { signatures.pieces(covering: termCount, reader) }
}

/// The values of one TAG field and their numbers: a dictionary like any other.
package typealias TagDictionary = TermDictionary
