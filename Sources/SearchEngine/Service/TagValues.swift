// FT.TAGVALS: the values of a TAG field.

import SearchIndex
import SearchModel

extension LiveIndex {
    /// The values that some document has now, folded, in byte order.
    package func tagValues(field: Int) -> [Bytes] {
        let snapshot = snapshot
        guard let dictionary = snapshot.tagDictionary(field) else { return [] }
        var ids: Set<TagID> = []
        for segment in snapshot.segments {
            guard let column = segment.tags(field) else { continue }
            let dead = segment.documentCount - segment.liveCount
            column.forEachValue { id, _ in
                if ids.contains(id) { return }
                if dead > 0, let list = column.list(for: id) {
                    let live = list.liveDocumentFrequency(deadCount: dead) { segment.copyLiveWindow($0, into: $1) }
                    if live == 0 { return }
                }
                ids.insert(id)
            }
        }
        return ids.map { id in dictionary.withTerm(id) { Bytes($0) } }.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
