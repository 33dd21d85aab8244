// Why a change of definitions was refused.

import SearchModel

package enum CatalogError: Error, Equatable, Sendable {
    case indexExists
    case unknownIndex
    /// The attribute came into the schema meanwhile.
    case duplicateField(Bytes)
    case tooManyFields
    case tooManyIndexes(limit: Int)
    case aliasExists
    case aliasDoesNotExist
    /// FT.ALIASDEL of an index's own name.
    case aliasIsIndexName
    /// The node's disk did not take it: nothing has changed.
    case notSaved(String)
}
