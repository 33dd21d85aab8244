// The façade of search on one node: the catalog of indexes, ingest, and the service that answers queries.
//
//   store lane ──► Ingester ──► LiveIndex.writer ──► snapshots ──► IndexSearch ──► executor
//        ▲              │ router                        ▲                               │ winners
//        └─ catalog changes (FT.CREATE ...)             └── Maintenance: merges     RowDelivery ──► store
//
// Whatever changes an index or a definition runs on the lane's thread (`…OnLane` is said in the docstrings);
// whatever reads takes an immutable picture.

import Platform
import SearchIndex
import SearchModel
import Settings
import Storage

package final class SearchEngine: Sendable {
    /// What the store's lane reports to.
    package var observer: any DocumentObserver { ingester }

    /// Threads for queries that would hold up an event loop.
    package let workers: WorkerPool
    /// A query that is estimated to take longer than this, in nanoseconds, goes to a worker.
    package let inlineLimit = 100_000

    package let cursors = CursorTable()
    package let suggestions = SuggestionCatalog()

    let catalog = Catalog()
    let dictionaries = TermDictionaries()
    let definitions: any DefinitionStorage
    let settings: SettingsRegistry
    let ingester: Ingester
    let maintenance: Maintenance
    private let storeState = Monitor<(any DocumentStore)?>(nil)

    /// - Parameter definitions: where indexes, aliases, dictionaries and synonyms survive a restart.
    package init(
        settings: SettingsRegistry = SettingsRegistry(), definitions: any DefinitionStorage = VolatileDefinitions(),
        workers: Int = 2
    ) {
        self.settings = settings
        self.definitions = definitions
        self.workers = WorkerPool(threads: workers, queueLimit: 1024 * max(1, workers))
        ingester = Ingester(suggestions: suggestions)
        maintenance = Maintenance()
        ingester.engine = self
    }

    /// Loads the definitions and begins to rebuild their indexes from the store. To be called once, before the
    /// store's lane runs, or on it.
    package func start(store: any DocumentStore) throws {
        storeState.withLock { $0 = store }
        try loadDefinitions()
        maintenance.start(self)
    }

    /// Ends the threads of the engine.
    package func stop() {
        maintenance.stop()
        workers.stop()
        storeState.withLock { $0 = nil }
    }

    /// `nil` before the start and after the end.
    var store: (any DocumentStore)? { storeState.withLock { $0 } }

    // MARK: finding indexes

    /// By its own name only.
    package func index(named name: ByteSlice) -> LiveIndex? { catalog.view.index(named: name) }

    /// By its own name, else by an alias.
    package func find(_ name: ByteSlice) -> LiveIndex? { catalog.view.find(name) }
    package func find(_ name: Bytes) -> LiveIndex? { catalog.view.find(name) }

    /// ``find(_:)`` by a command that uses the index: counts for FT.INFO, keeps a TEMPORARY index alive.
    package func use(_ name: ByteSlice) -> LiveIndex? {
        guard let index = find(name) else { return nil }
        index.noteUse()
        return index
    }

    /// In the order of creation.
    package var indexNames: [Bytes] { catalog.view.indexes.map(\.name) }

    /// In byte order; `nil`: there is no such dictionary.
    package func dictionary(_ name: Bytes) -> [Bytes]? { dictionaries.terms(of: name) }
}
