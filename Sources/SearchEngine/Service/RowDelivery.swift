// Brings the winners' fields from the store, in order, and replaces those that are gone by the next ones.
//
//   hits:   a b c d e │ f g h          page of five, three to spare
//   load a b c d e ──► c has expired ──► rows a b d e, total - 1
//   load f ──────────► row f, done

import RESP
import SearchExecution
import SearchModel
import Storage

/// Takes the rows of one search. One caller at a time, from whatever thread the rows arrive on.
package protocol RowConsumer: AnyObject, Sendable {
    /// - Parameter hit: position among the hits of the outcome.
    func row(_ hit: Int, of outcome: SearchOutcome, _ row: LoadedRows.Row)
    /// Everything was delivered. `outcome.total` is final.
    func finish(_ outcome: SearchOutcome)
    func fail(_ error: SearchError)
}

/// One delivery; lives until its last row is out.
final class RowDelivery: @unchecked Sendable {
    // Sendable: each step ends by handing the object to the next load, so one thread uses it at a time.
    private let search: IndexSearch
    private let store: any DocumentStore
    private let consumer: any RowConsumer
    private var outcome: SearchOutcome
    /// Hits are looked at up to here.
    private var next = 0
    private var delivered = 0

    /// Rows per request: bounds the memory that one burst of replies takes.
    private static let batch = 1000

    init(_ search: IndexSearch, _ outcome: SearchOutcome, store: any DocumentStore, consumer: any RowConsumer) {
        self.search = search
        self.outcome = outcome
        self.store = store
        self.consumer = consumer
    }

    func start() {
        if search.loadedSort != nil {
            sortValues = []
            loadSortValues()
        } else {
            deliver()
        }
    }

    // MARK: rows

    private func deliver() {
        let wanted = search.options.limit - delivered
        let end = min(next + min(wanted, Self.batch), outcome.hits.count)
        guard next < end else {
            finish()
            return
        }
        if case .none = search.rows.content {
            for hit in next..<end { consumer.row(hit, of: outcome, .missing) }
            finish()
            return
        }
        let range = next..<end
        store.load(LoadRequest(keys: keys(range), fields: search.rows.loaded)) { [self] result in
            switch result {
            case .failure(let failure): consumer.fail(.store(failure.message))
            case .success(let loaded): take(loaded, range)
            }
        }
    }

    private func take(_ loaded: LoadedRows, _ range: Range<Int>) {
        for (row, hit) in zip(loaded.rows, range) {
            if isGone(row) {
                outcome.total -= 1
            } else {
                consumer.row(hit, of: outcome, row)
                delivered += 1
            }
        }
        next = range.upperBound
        if delivered < search.options.limit, next < outcome.hits.count { deliver() } else { finish() }
    }

    /// Whether the document went away between match and load. With named fields a row of nothing but absent ones
    /// may be a document that has none of them: it stays.
    private func isGone(_ row: LoadedRows.Row) -> Bool {
        switch row {
        case .missing: true
        case .pairs(let fields): fields.count == 0
        case .values: false
        }
    }

    private func finish() { consumer.finish(outcome) }

    private func keys(_ range: Range<Int>) -> [Bytes] {
        range.map { position in
            let hit = outcome.hits[position]
            return search.snapshot.segments[hit.segment].withKey(hit.docID) { Bytes($0) }
        }
    }

    // MARK: sorting by loaded values

    /// Parallel to the hits, as far as they were loaded.
    private var sortValues: [Bytes?] = []
    /// Positions of hits whose documents are no more.
    private var gone: Set<Int> = []

    private func loadSortValues() {
        guard let sort = search.loadedSort else { return }
        let range = sortValues.count..<min(sortValues.count + Self.batch, outcome.hits.count)
        guard !range.isEmpty else {
            sortHits(sort)
            deliver()
            return
        }
        store.load(LoadRequest(keys: keys(range), fields: [sort.identifier])) { [self] result in
            switch result {
            case .failure(let failure):
                consumer.fail(.store(failure.message))
            case .success(let loaded):
                for row in loaded.rows { take(sortValueOf: row) }
                loadSortValues()
            }
        }
    }

    private func take(sortValueOf row: LoadedRows.Row) {
        switch row {
        case .missing: gone.insert(sortValues.count)
        case .pairs, .values: break
        }
        if case .values(let values) = row, let value = values.first {
            sortValues.append(value.map { Bytes($0) })
        } else {
            sortValues.append(nil)
        }
    }

    /// Bytes in order, missing values last, equal ones by arrival; the page and its spare rows stay.
    private func sortHits(_ sort: IndexSearch.LoadedSort) {
        var order = outcome.hits.indices.filter { !gone.contains($0) }
        outcome.total -= gone.count
        let hits = outcome.hits
        let values = sortValues
        order.sort { a, b in
            switch (values[a], values[b]) {
            case (let x?, let y?):
                if x != y { return x.lexicographicallyPrecedes(y) == sort.ascending }
            case (nil, nil): break
            case (nil, _): return false
            case (_, nil): return true
            }
            return (hits[a].stamp < hits[b].stamp) == sort.ascending
        }
        let start = min(search.options.offset, order.count)
        let end = min(start + search.options.limit + IndexSearch.spareRows, order.count)
        outcome.hits = order[start..<end].map { position in
            var hit = hits[position]
            hit.sortKey = values[position].map { .text($0) } ?? .missing
            return hit
        }
        sortValues = []
    }
}

extension IndexSearch {
    /// Whether something is still to be loaded before the reply can be written.
    package func needsStore(_ outcome: SearchOutcome) -> Bool {
        !outcome.hits.isEmpty && (options.wantsContent || loadedSort != nil)
    }

    /// Loads what the rows need and gives them to the consumer, in order.
    package func deliver(_ outcome: SearchOutcome, store: any DocumentStore, to consumer: any RowConsumer) {
        RowDelivery(self, outcome, store: store, consumer: consumer).start()
    }
}
