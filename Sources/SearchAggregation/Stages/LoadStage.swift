// LOAD: fields of the stored documents, read in batches, some of them ahead.
//
//   source ─► batch 3 ─► [ 2 being read ][ 1 being read ][ 0 here ] ─► next step
//
// The loader answers on a thread of its own; the stage takes the answer over when it is pulled.

import SearchExpressions
import SearchModel
import Synchronization

/// What the store had of a batch's rows.
package struct LoadedColumns: Sendable {
    /// Rows whose documents are gone, ascending: they are dropped.
    package var gone: [UInt32] = []
    package var columns: [(slot: Int, values: [ExpressionValue?])] = []
    /// Fields that no slot is for, and their values by row.
    package var extras: [(name: Bytes, values: [ExpressionValue?])] = []

    package init() {}
}

package protocol RowLoader: AnyObject {
    /// Reads slots of a batch's documents.
    ///
    /// - Parameters:
    ///   - whole: all fields, by their names.
    ///   - done: called once, on any thread, maybe before the call returns.
    /// - Returns: false when the index has all that is wanted; `done` is not called then.
    func load(
        _ batch: RowBatch, slots: [Int], whole: Bool,
        done: @escaping @Sendable (Result<LoadedColumns, AggregateFailure>) -> Void
    ) -> Bool
}

/// Names of fields that LOAD * has found, in order of appearance.
package final class ExtraNames {
    package private(set) var names: [Bytes] = []
    private var places: [Bytes: Int] = [:]

    package init() {}

    func place(of name: Bytes) -> Int {
        if let known = places[name] { return known }
        places[name] = names.count
        names.append(name)
        return names.count - 1
    }
}

final class LoadStage: Stage {
    /// Batches that are being read at once.
    private static let depth = 3

    private let slots: [Int]
    private let whole: Bool
    private let loader: any RowLoader
    private let extraNames: ExtraNames
    /// Told, on any thread, that a load has come in.
    private let onReady: @Sendable () -> Void

    private final class Item: Sendable {
        private let answer = Mutex<Result<LoadedColumns, AggregateFailure>?>(nil)

        func finish(_ result: Result<LoadedColumns, AggregateFailure>) { answer.withLock { $0 = result } }
        var result: Result<LoadedColumns, AggregateFailure>? { answer.withLock { $0 } }
    }

    private var inFlight: [(batch: RowBatch, item: Item?)] = []
    private var isEnded = false
    private var failure: AggregateFailure?

    init(
        slots: [Int], whole: Bool, loader: any RowLoader, extraNames: ExtraNames,
        onReady: @escaping @Sendable () -> Void, _ upstream: Stage
    ) {
        self.slots = slots
        self.whole = whole
        self.loader = loader
        self.extraNames = extraNames
        self.onReady = onReady
        super.init(upstream)
    }

    override func next() throws(AggregateFailure) -> Pull {
        while true {
            try readAhead()
            guard let first = inFlight.first else {
                // What failed upstream comes after the rows before it.
                if let failure { throw failure }
                return isEnded ? .end : .pending
            }
            if let item = first.item {
                guard let result = item.result else { return .pending }
                inFlight.removeFirst()
                switch result {
                case .failure(let failure): throw failure
                case .success(let loaded):
                    adopt(loaded, first.batch)
                    if first.batch.count > 0 { return .batch(first.batch) }
                }
            } else {
                inFlight.removeFirst()
                return .batch(first.batch)
            }
        }
    }

    private func readAhead() throws(AggregateFailure) {
        while !isEnded, inFlight.count < Self.depth {
            do throws(AggregateFailure) {
                switch try pull() {
                case .batch(let batch): start(batch)
                case .pending: return
                case .end: isEnded = true
                }
            } catch {
                failure = error
                isEnded = true
            }
            // Columns of the index need no reading ahead.
            if let last = inFlight.last, last.item == nil { return }
        }
    }

    private func start(_ batch: RowBatch) {
        let item = Item()
        let onReady = onReady
        let isLoading = loader.load(batch, slots: slots, whole: whole) { result in
            item.finish(result)
            onReady()
        }
        inFlight.append((batch, isLoading ? item : nil))
    }

    private func adopt(_ loaded: LoadedColumns, _ batch: RowBatch) {
        for (slot, values) in loaded.columns { batch.set(slot, .values(values)) }
        for (name, values) in loaded.extras { batch.extras[extraNames.place(of: name)] = values }
        guard !loaded.gone.isEmpty else { return }
        var gone = loaded.gone[...]
        var rows: [UInt32] = []
        for row in 0..<UInt32(batch.count) {
            if gone.first == row { gone.removeFirst() } else { rows.append(row) }
        }
        rows.withUnsafeBufferPointer { batch.keep($0) }
    }
}
