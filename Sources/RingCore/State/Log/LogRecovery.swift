// What is to be done when a node starts, or when its store alone came back: the log says what was meant, the marker in the
// store says how far the store came.
//
//   stopped between           seen as                             done
//   ───────────────────────── ─────────────────────────────────── ─────────────────────────────────────────────────────
//   look-up and log           nothing in the log                  nothing
//   log and store             LSN > marker                        keys of effects are brought to their records; intents
//                                                                 are dropped, they did not run
//   store and result          LSN ≤ marker, intent, no result     its key is read and adopted under the intent's version
//   result and checkpoint     LSN > checkpoint                    records and feed are made anew from the log
//   (store lost data)         marker before the first record      ranges fill from co-owners; with none: kept, alarm
//   (log lost its end)        marker behind the last record,      store and records are compared, key by key; numbers go
//                             or another boot                     on far above
//   store refused             void in the result                  nothing: the records stayed as they were

/// What is known at a start.
package struct RecoveryFacts: Equatable, Sendable {
    /// The log's records that are left, oldest first.
    package var log: [LogRecord]
    /// The first LSN that the log is sure to hold, if there was a batch of that number: one above what was removed.
    package var firstLSN: UInt64
    /// The LSN in the store's marker key; `nil` when there is no such key.
    package var marker: UInt64?
    /// The last LSN whose records and feed entries are in the database.
    package var checkpoint: UInt64
    /// Whether the machine was not started anew since the log was last written.
    package var isSameBoot: Bool
    /// Whether some other node owns what this one does.
    package var hasCoOwners: Bool

    package init(
        log: [LogRecord], firstLSN: UInt64, marker: UInt64?, checkpoint: UInt64, isSameBoot: Bool, hasCoOwners: Bool
    ) {
        self.log = log
        self.firstLSN = firstLSN
        self.marker = marker
        self.checkpoint = checkpoint
        self.isSameBoot = isSameBoot
        self.hasCoOwners = hasCoOwners
    }
}

/// What is to be done, in this order.
package struct RecoveryPlan: Equatable, Sendable {
    package struct Batch: Equatable, Sendable {
        package var lsn: UInt64
        package var items: [Item]
    }

    package struct Adoption: Equatable, Sendable {
        package var lsn: UInt64
        /// Place in the batch: for the result that is logged afterwards.
        package var index: Int
        package var intent: Intent
    }

    package enum Ranges: Equatable, Sendable {
        /// They catch up, as after every start.
        case catchUp
        /// They catch up after a comparison of all keys of the store with their records.
        case compareThenCatchUp
        /// The store lost data: they fill from co-owners. The loss is never taken for deletions.
        case fill
        /// The store lost data, and nobody else has it: what is there is kept, and somebody has to look.
        case keepAndAlarm
    }

    /// Effects whose records and feed entries are to be made anew, oldest first.
    package var rebuild: [Batch] = []
    /// Executions that ran and whose results are not known: their keys are read from the store.
    package var adopt: [Adoption] = []
    /// Effects that the store may not have, oldest first: ``StoreReconciliation`` brings their keys to what the records say.
    /// Of batches with a delta, a group or an execution the store has all or nothing, and here nothing.
    package var resend: [Batch] = []
    /// Executions that did not run. Nobody was promised anything.
    package var dropped: [Intent] = []
    package var ranges: Ranges = .catchUp
    /// The number of the next batch.
    package var nextLSN: UInt64 = 1

    /// How far numbers jump when the log's end may be lost: no new change can hide behind a position that a co-owner
    /// confirmed for a lost one.
    package static let leap: UInt64 = 1 << 32

    package init(_ facts: RecoveryFacts) {
        let marker = facts.marker ?? 0
        let last = max(facts.log.last?.lsn ?? 0, facts.firstLSN - min(facts.firstLSN, 1), facts.checkpoint)
        let results = Self.results(of: facts.log)
        // A store that lacks batches of which the log has nothing any more.
        let hasLostData = facts.firstLSN > 0 && marker < facts.firstLSN - 1

        for record in facts.log {
            let result = results[record.lsn]
            switch record.body {
            case .effects(let items):
                plan(items, record.lsn, result, facts, marker)
            case .intents(let items, let intents):
                plan(items, record.lsn, result, facts, marker)
                for (index, intent) in intents.enumerated() where result?.intents[index] == nil {
                    if record.lsn > marker {
                        dropped.append(intent)
                    } else {
                        adopt.append(Adoption(lsn: record.lsn, index: index, intent: intent))
                    }
                }
                add((result?.intents ?? [:]).sorted { $0.key < $1.key }.flatMap(\.value), record.lsn, facts, marker)
            case .results: break
            }
        }

        let hasLostLog = marker > last || !facts.isSameBoot
        nextLSN = max(last, marker) + 1
        if hasLostLog { nextLSN = max(last, marker) + Self.leap }
        if hasLostData {
            ranges = facts.hasCoOwners ? .fill : .keepAndAlarm
        } else if hasLostLog {
            ranges = .compareThenCatchUp
        }
    }

    // MARK: private

    private struct Outcome {
        var void: Set<Int> = []
        var intents: [Int: [Item]] = [:]
    }

    private static func results(of log: [LogRecord]) -> [UInt64: Outcome] {
        var outcomes: [UInt64: Outcome] = [:]
        for record in log {
            guard case .results(let void, let results) = record.body else { continue }
            outcomes[record.lsn, default: Outcome()].void.formUnion(void)
            for result in results { outcomes[record.lsn]?.intents[result.intent] = result.items }
        }
        return outcomes
    }

    private mutating func plan(
        _ items: [Item], _ lsn: UInt64, _ result: Outcome?, _ facts: RecoveryFacts, _ marker: UInt64
    ) {
        let valid = items.enumerated().filter { result?.void.contains($0.offset) != true }.map(\.element)
        add(valid, lsn, facts, marker)
    }

    private mutating func add(_ items: [Item], _ lsn: UInt64, _ facts: RecoveryFacts, _ marker: UInt64) {
        guard !items.isEmpty else { return }
        if lsn > facts.checkpoint { rebuild.append(Batch(lsn: lsn, items: items)) }
        // The result of an execution that ran is in the store by then; sent again when the store went back.
        if lsn > marker { resend.append(Batch(lsn: lsn, items: items)) }
    }
}
