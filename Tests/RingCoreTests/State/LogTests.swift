import Testing

@testable import RingCore

@Suite struct LogTests {
    private func item(_ ms: UInt64, _ effect: Effect = .delete, key: String = "k") -> Item {
        Item(version: Version(milliseconds: ms, node: 7), token: 9, key: key.octets, effect: effect)
    }

    private func intent(_ ms: UInt64) -> Intent {
        Intent(
            version: Version(milliseconds: ms, node: 7), token: 9, key: "k".octets,
            command: ["INCR".octets, "k".octets])
    }

    private func read(_ bytes: [UInt8]) -> (records: [LogRecord], end: LogReader.End, position: Int) {
        bytes.withUnsafeBytes { LogReader.read($0) }
    }

    private var records: [LogRecord] {
        [
            LogRecord(lsn: 1, .effects([item(100), item(101)])),
            LogRecord(lsn: 2, .intents(effects: [item(102)], [intent(103)])),
            LogRecord(lsn: 2, .results(void: [0], [LogRecord.Result(intent: 0, items: [item(103)])])),
        ]
    }

    // MARK: bytes

    @Test func `a record has these bytes`() {
        var bytes: [UInt8] = []
        LogRecord(lsn: 3, .effects([])).encode(into: &bytes)
        #expect(bytes.count == 18)
        #expect(bytes.prefix(4) == [10, 0, 0, 0])
        #expect(bytes.suffix(10) == [3, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    }

    @Test func `what is written is read`() {
        var bytes: [UInt8] = []
        for record in records { record.encode(into: &bytes) }
        let log = read(bytes)

        #expect(log.records == records)
        #expect(log.end == .clean)
        #expect(log.position == bytes.count)
    }

    @Test func `a log ends before a record that is short, damaged or not written`() {
        var bytes: [UInt8] = []
        var ends: [Int] = [0]
        for record in records {
            record.encode(into: &bytes)
            ends.append(bytes.count)
        }
        for cut in 0..<bytes.count {
            let log = read(Array(bytes[..<cut]))
            let whole = ends.lastIndex { $0 <= cut } ?? 0
            #expect(log.records == Array(records[..<whole]))
            #expect(log.position == ends[whole])
            #expect(log.end == (cut == ends[whole] ? .clean : .short))
        }
        for place in ends[1]..<ends[2] {
            var broken = bytes
            broken[place] ^= 0x40
            let log = read(broken)
            #expect(log.records == Array(records[..<1]))
            #expect(log.end != .clean)
        }
        #expect(read(bytes + [UInt8](repeating: 0, count: 100)).end == .clean)
    }

    @Test func `what an earlier use of the file left is not read`() {
        var bytes: [UInt8] = []
        LogRecord(lsn: 8, .effects([item(100)])).encode(into: &bytes)
        LogRecord(lsn: 5, .effects([item(90)])).encode(into: &bytes)
        #expect(read(bytes).records.map(\.lsn) == [8])
    }

    @Test func `bytes without sense end the log`() {
        for seed in UInt64(1)...500 {
            var chance = Chance(seed: seed)
            let bytes = (0..<chance.below(80)).map { _ in UInt8(truncatingIfNeeded: chance.next() & chance.next()) }
            _ = read(bytes)
        }
    }

    // MARK: what to do at a start

    private func plan(
        _ log: [LogRecord], first: UInt64 = 1, marker: UInt64?, checkpoint: UInt64 = 0, isSameBoot: Bool = true,
        hasCoOwners: Bool = true
    ) -> RecoveryPlan {
        RecoveryPlan(
            RecoveryFacts(
                log: log, firstLSN: first, marker: marker, checkpoint: checkpoint, isSameBoot: isSameBoot,
                hasCoOwners: hasCoOwners))
    }

    @Test func `stopped before the log was written: nothing happened`() {
        let plan = plan([], marker: nil)
        #expect(plan.resend.isEmpty && plan.adopt.isEmpty && plan.dropped.isEmpty && plan.rebuild.isEmpty)
        #expect(plan.ranges == .catchUp)
        #expect(plan.nextLSN == 1)
    }

    @Test func `stopped before the store: effects are sent again, intents did not run`() {
        let log = [
            LogRecord(lsn: 4, .effects([item(100)])), LogRecord(lsn: 5, .intents(effects: [item(101)], [intent(102)])),
        ]
        let plan = plan(log, first: 4, marker: 3, checkpoint: 3)

        #expect(plan.resend.map(\.lsn) == [4, 5])
        #expect(plan.dropped == [intent(102)])
        #expect(plan.adopt.isEmpty)
        #expect(plan.rebuild.map(\.lsn) == [4, 5])
        #expect(plan.nextLSN == 6)
    }

    @Test func `stopped before the result: the intent ran and is adopted`() {
        let log = [LogRecord(lsn: 5, .intents(effects: [item(101)], [intent(102)]))]
        let plan = plan(log, first: 5, marker: 5, checkpoint: 4)

        #expect(plan.adopt == [RecoveryPlan.Adoption(lsn: 5, index: 0, intent: intent(102))])
        #expect(plan.resend.isEmpty && plan.dropped.isEmpty)
        #expect(plan.rebuild == [RecoveryPlan.Batch(lsn: 5, items: [item(101)])])
    }

    @Test func `stopped before the checkpoint: records are made anew, results too`() {
        let plan = plan(records, marker: 2, checkpoint: 0)

        #expect(
            plan.rebuild == [
                RecoveryPlan.Batch(lsn: 1, items: [item(100), item(101)]),
                // The item that the store refused is not among them.
                RecoveryPlan.Batch(lsn: 2, items: [item(103)]),
            ])
        #expect(plan.resend.isEmpty && plan.adopt.isEmpty && plan.dropped.isEmpty)
    }

    @Test func `stopped after the checkpoint: nothing is left to do`() {
        let plan = plan(records, marker: 2, checkpoint: 2)
        #expect(plan.rebuild.isEmpty && plan.resend.isEmpty && plan.adopt.isEmpty)
    }

    @Test func `the store went back a little: what came of executions is sent, they are not run again`() {
        let plan = plan(records, marker: 1, checkpoint: 2)
        #expect(plan.resend == [RecoveryPlan.Batch(lsn: 2, items: [item(103)])])
        #expect(plan.dropped.isEmpty && plan.adopt.isEmpty)
    }

    @Test func `the store lost more than the log has: ranges fill, or are kept when nobody else has them`() {
        let log = [LogRecord(lsn: 9, .effects([item(100)]))]
        #expect(plan(log, first: 9, marker: 3, checkpoint: 8).ranges == .fill)
        #expect(plan(log, first: 9, marker: nil, checkpoint: 8).ranges == .fill)
        #expect(plan(log, first: 9, marker: 3, checkpoint: 8, hasCoOwners: false).ranges == .keepAndAlarm)
        #expect(plan([], first: 9, marker: nil, checkpoint: 8).ranges == .fill)
        #expect(plan(log, first: 9, marker: 8, checkpoint: 8).ranges == .catchUp)
    }

    @Test func `the log lost its end: everything is compared and numbers go on far above`() {
        let ahead = plan([LogRecord(lsn: 4, .effects([item(100)]))], first: 4, marker: 7, checkpoint: 3)
        #expect(ahead.ranges == .compareThenCatchUp)
        #expect(ahead.nextLSN == 7 + RecoveryPlan.leap)

        let otherBoot = plan(
            [LogRecord(lsn: 4, .effects([item(100)]))], first: 4, marker: 4, checkpoint: 3, isSameBoot: false)
        #expect(otherBoot.ranges == .compareThenCatchUp)
        #expect(otherBoot.nextLSN == 4 + RecoveryPlan.leap)
    }

    @Test func `a delta and its marker are one transaction`() {
        let push = item(100, .delta(base: .zero, kind: .list, command: []))
        #expect(LogRecord.needsAtomicMarker([push], hasIntents: false))
        #expect(LogRecord.needsAtomicMarker([], hasIntents: true))
        #expect(!LogRecord.needsAtomicMarker([item(100)], hasIntents: false))
    }

    /// A store that went back to any earlier moment is brought forward again from the log and the records.
    @Test func `a store that went back holds what the records say after reconciliation`() {
        for seed in UInt64(1)...1_500 {
            let history = History(seed: seed)
            var replica = ModelReplica()
            var stores: [ModelStore] = [replica.store]
            var log: [Item] = []
            for step in history.steps {
                let wall = step.items[0].version.milliseconds
                for (version, effect) in step.items {
                    replica.merge(effect, version, at: wall)
                    log.append(Item(version: version, token: 0, key: ModelReplica.key, effect: effect))
                }
                stores.append(replica.store)
            }
            let wall = history.steps.last?.items.last?.version.milliseconds ?? 0
            var chance = Chance(seed: seed)
            let back = chance.below(stores.count)
            var store = stores[back]
            let kept = history.steps[..<back].reduce(0) { $0 + $1.items.count }
            let (requests, isIncomplete) = StoreReconciliation.requests(
                key: ModelReplica.key, record: replica.state, items: Array(log[kept...]), image: store.image(at: wall),
                wall: wall)
            for request in requests { store.run(request.arguments, at: wall) }
            // What expired before its life was prolonged is nowhere.
            if isIncomplete { continue }
            #expect(store.value(at: wall) == replica.store.value(at: wall), "seed \(seed) from step \(back)")
            #expect(store.deadline(at: wall) == replica.store.deadline(at: wall), "seed \(seed) from step \(back)")
        }
    }
}

extension ModelStore {
    fileprivate func image(at now: UInt64) -> StoreImage {
        switch value(at: now) {
        case nil: StoreImage(kind: .absent)
        case .string: StoreImage(kind: .string)
        case .list: StoreImage(kind: .list)
        case .hash(let fields): StoreImage(kind: .hash, fields: Array(fields.keys))
        }
    }
}
