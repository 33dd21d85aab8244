// Where the documents of one segment go when segments are sealed or merged.

import SearchModel

/// The new docID of every document of an old segment.
package struct DocIDMapping: Sendable {
    /// The document does not move along: it is dead.
    package static let dropped: DocID = .max

    private let newDocIDs: [DocID]?
    package let count: Int

    /// `newDocIDs[old]` is the new docID or ``dropped``.
    package init(_ newDocIDs: [DocID]) {
        self.newDocIDs = newDocIDs
        count = newDocIDs.count
    }

    private init(identityOf count: Int) {
        newDocIDs = nil
        self.count = count
    }

    /// Every document keeps its docID.
    package static func identity(_ count: Int) -> DocIDMapping { DocIDMapping(identityOf: count) }

    package subscript(_ old: DocID) -> DocID {
        guard let newDocIDs else { return old }
        return newDocIDs[Int(old)]
    }
}
