// The synonym groups of an index.

/// Which groups each term belongs to. Groups only grow.
///
/// A token that belongs to a group is indexed a second time as `~group`, and a query word finds that term.
package struct SynonymTable: Equatable, Sendable {
    private var groupsByTerm: [Bytes: [Bytes]] = [:]

    package init() {}

    package var isEmpty: Bool { groupsByTerm.isEmpty }

    /// Puts terms, folded to lower case, into a group.
    package mutating func add(_ terms: [Bytes], to group: Bytes) {
        for term in terms {
            let term = term.asciiLowercased
            if groupsByTerm[term]?.contains(group) != true { groupsByTerm[term, default: []].append(group) }
        }
    }

    /// The groups of a lower-case term, in the order it joined them.
    package func groups(of term: Bytes) -> [Bytes] { groupsByTerm[term] ?? [] }

    /// All terms with their groups, sorted by term.
    package var entries: [(term: Bytes, groups: [Bytes])] {
        groupsByTerm.map { (term: $0.key, groups: $0.value) }
            .sorted { $0.term.lexicographicallyPrecedes($1.term) }
    }
}
