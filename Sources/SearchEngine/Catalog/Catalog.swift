// All indexes and aliases, as one immutable picture that the lane replaces and everybody reads.

import Platform
import SearchModel

/// The indexes as of one moment.
final class CatalogView: Sendable {
    /// In the order of their creation.
    let indexes: [LiveIndex]
    /// Alias to index, in the order of their creation.
    let aliases: [(alias: Bytes, index: LiveIndex)]
    private let byName: NameTable<LiveIndex>
    private let byAlias: NameTable<LiveIndex>

    init(indexes: [LiveIndex] = [], aliases: [(alias: Bytes, index: LiveIndex)] = []) {
        self.indexes = indexes
        self.aliases = aliases
        byName = NameTable(indexes.map { (name: $0.name, value: $0) })
        byAlias = NameTable(aliases.map { (name: $0.alias, value: $0.index) })
    }

    /// By its own name only.
    func index(named name: ByteSlice) -> LiveIndex? { byName[name] }

    /// By its own name, else by an alias.
    func find(_ name: ByteSlice) -> LiveIndex? { byName[name] ?? byAlias[name] }

    func index(named name: Bytes) -> LiveIndex? { byName[name] }
    func find(_ name: Bytes) -> LiveIndex? { byName[name] ?? byAlias[name] }
    func target(ofAlias alias: Bytes) -> LiveIndex? { byAlias[alias] }

    // MARK: the next picture

    func adding(_ index: LiveIndex) -> CatalogView { CatalogView(indexes: indexes + [index], aliases: aliases) }

    /// Aliases of the index go with it.
    func removing(_ index: LiveIndex) -> CatalogView {
        CatalogView(indexes: indexes.filter { $0 !== index }, aliases: aliases.filter { $0.index !== index })
    }

    func pointing(_ alias: Bytes, to index: LiveIndex) -> CatalogView {
        CatalogView(indexes: indexes, aliases: aliases.filter { $0.alias != alias } + [(alias, index)])
    }

    func removingAlias(_ alias: Bytes) -> CatalogView {
        CatalogView(indexes: indexes, aliases: aliases.filter { $0.alias != alias })
    }
}

/// Holds the current picture.
final class Catalog: Sendable {
    private let current = Monitor(CatalogView())

    var view: CatalogView { current.withLock { $0 } }

    /// Lane only, so that changes do not lose each other.
    func replace(with view: CatalogView) { current.withLock { $0 = view } }
}
