// Fuzzy clauses: all terms within an edit distance, in code points.
//
// A scan of the signatures leaves few terms, and a bit-parallel distance table decides about those.

import CKernels
import Containers
import SearchModel

extension TermDictionary {
    /// Terms within `distance` insertions, deletions and substitutions of code points. A swap of the last two
    /// counts as one, too: see `fuzzy.c`.
    package func expandFuzzy(_ word: ByteSlice, distance: Int, limit: Int) -> TermExpansion {
        let word = FuzzyWord(word, distance: distance)
        var found: [(key: UInt64, id: TermID)] = []
        let step = 1024
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: step) { near in
            for piece in signaturePieces() {
                let entries = piece.entries(ofLengths: word.lengths)
                var at = 0
                while at < entries.count {
                    let size = min(step, entries.count - at)
                    let count = rk_near_signatures(
                        entries.baseAddress! + at, size, word.signature, Int32(word.distance), near.baseAddress)
                    at += size
                    for place in 0..<count {
                        let id = TermID(piece.ids.lowerBound + Int(near[place]))
                        guard id < termCount else { continue }
                        let term = reader.bytes(id)
                        if word.matches(term) { found.append((termSortKey(term), id)) }
                    }
                }
            }
        }
        found.sort { a, b in
            a.key != b.key ? a.key < b.key : compareBytes(reader.bytes(a.id), reader.bytes(b.id)) < 0
        }
        return TermExpansion(terms: found.prefix(limit).map(\.id), truncated: found.count > limit)
    }
}
