// Each row of the table of places where a machine may stop.

import RingSimulator
import Testing

@testable import RingCore

@Suite struct RecoveryTests {
    private func machine() -> Machine {
        var machine = Machine()
        machine.settle()
        _ = machine.write("SET s old")
        _ = machine.write("HSET h a 1")
        _ = machine.execute("RPUSH l a")
        machine.settle()
        machine.pass(20)
        machine.settle()
        machine.completions.removeAll()
        return machine
    }

    private func isRunning(_ machine: Machine) -> Bool {
        machine.completions.contains { if case .recovered = $0 { true } else { false } } && machine.replica.isRunning
    }

    @Test func `stopped before the log: nothing happened`() {
        var machine = machine()
        _ = machine.write("SET s new")
        machine.run { $0.isLog }
        machine.kill(.node)
        machine.settle()
        #expect(isRunning(machine))
        #expect(machine.shown("s") == "old")
    }

    @Test func `stopped between log and store: effects are sent again`() {
        var machine = machine()
        let items = machine.items("SET s new") + machine.items("HSET h b 2")
        let token = machine.submit(.apply(items, mode: .write, isFetch: false))
        machine.run { $0.isStore }
        #expect(machine.shown("s") == "old")
        machine.kill(.node)
        machine.settle()
        #expect(isRunning(machine))
        #expect(machine.outcomes(token) == nil)
        #expect(machine.shown("s") == "new")
        #expect(machine.shown("h") == "a=1 b=2")
        #expect(machine.replica.state("s".octets).newestVersion == items[0].version)
        #expect(machine.store.marker() == machine.replica.feed.head(lane: 0))
    }

    @Test func `stopped between log and store: a delta is applied once`() {
        var machine = machine()
        let base = machine.replica.state("l".octets).floorVersion
        let delta = Effect.delta(base: base, kind: .list, command: Machine.words("RPUSH l b"))
        let item = Item(version: machine.version(), token: Machine.token("l".octets), key: "l".octets, effect: delta)
        _ = machine.submit(.apply([item], mode: .merge, isFetch: false))
        machine.run { $0.isStore }
        machine.kill(.node)
        machine.settle()
        #expect(machine.shown("l") == "a,b")
        machine.kill(.node)
        machine.settle()
        #expect(machine.shown("l") == "a,b")
    }

    @Test func `stopped between log and store: an execution did not run and is dropped`() {
        var machine = machine()
        _ = machine.execute("RPUSH l b")
        machine.run { $0.isStore }
        machine.kill(.node)
        machine.settle()
        #expect(machine.shown("l") == "a")
        let before = machine.replica.state("l".octets)
        // The marker passes the dropped one: still it did not run.
        machine.pass(2_500)
        machine.settle()
        _ = machine.write("SET s new")
        machine.settle()
        #expect(machine.shown("s") == "new")
        machine.kill(.node)
        machine.settle()
        #expect(machine.shown("l") == "a")
        #expect(machine.replica.state("l".octets) == before)
    }

    @Test func `stopped between store and result: an execution is adopted once, under its version`() {
        var machine = machine()
        // Both executions wait for this one, and go in one batch.
        _ = machine.write("SET s new")
        _ = machine.execute("RPUSH l b")
        _ = machine.execute("INCR n")
        for _ in 0..<2 {
            machine.run { $0.isStore }
            machine.step()
        }
        #expect(machine.shown("n") == "1")
        machine.kill(.node)
        machine.settle()
        #expect(isRunning(machine))
        #expect(machine.shown("l") == "a,b")
        #expect(machine.shown("n") == "1")
        let state = machine.replica.state("n".octets)
        #expect(state.recordKind == .string)
        let head = machine.replica.feed.head(lane: 0)
        machine.kill(.node)
        machine.settle()
        #expect(machine.replica.state("n".octets) == state)
        #expect(machine.replica.feed.head(lane: 0) == head)
        #expect(machine.shown("n") == "1")
    }

    @Test func `stopped between store and result: fields that others write meanwhile stay`() {
        var machine = machine()
        let early = machine.items("HSET h late x")
        _ = machine.execute("HINCRBY h a 5")
        machine.run { $0.isStore }
        machine.step()
        machine.kill(.node)
        machine.settle()
        _ = machine.submit(.apply(early, mode: .merge, isFetch: false))
        machine.settle()
        #expect(machine.shown("h") == "a=6 late=x")
    }

    @Test func `stopped between result and checkpoint: records and feed are rebuilt from the log`() {
        var machine = machine()
        _ = machine.write("HSET h b 2")
        _ = machine.execute("INCR n")
        machine.settle()
        let states = ["s", "h", "l", "n"].map { machine.replica.state($0.octets) }
        let head = machine.replica.feed.head(lane: 0)
        let feed = Feed(
            mode: .fingerprints, feed: machine.replica.feed.id,
            positions: [Feed.Position(lane: 0, from: 0, confirmed: 0)], maximumBytes: 1 << 20)
        let before = machine.feedReply(machine.answer(feed))
        machine.kill(.node)
        machine.settle()
        #expect(["s", "h", "l", "n"].map { machine.replica.state($0.octets) } == states)
        #expect(machine.replica.feed.head(lane: 0) == head)
        #expect(machine.feedReply(machine.answer(feed))?.entries == before?.entries)
        #expect(before?.entries.isEmpty == false)
    }

    @Test func `stopped in a checkpoint: what it held is still in the log`() {
        var machine = machine()
        machine.settle()
        machine.pass(5_000)
        machine.run { $0.isCheckpoint }
        let states = ["s", "h", "l"].map { machine.replica.state($0.octets) }
        machine.kill(.node)
        machine.settle()
        #expect(["s", "h", "l"].map { machine.replica.state($0.octets) } == states)
    }

    @Test func `the store alone is lost before its batch: what was not run runs, once`() {
        var machine = machine()
        let write = machine.write("SET s new")
        let execution = machine.execute("RPUSH l b")
        let read = machine.submit(.read([Machine.words("GET s")], want: .reply))
        machine.run { $0.isStore }
        machine.kill(.store)
        machine.settle()
        #expect(machine.outcomes(write)?.first?.status == .applied)
        if case .done(let replies, _)? = machine.execution(execution) {
            #expect(replies == [":2\r\n".octets])
        } else {
            Issue.record("not run")
        }
        #expect(machine.reads(read)?.first?.reply == "$3\r\nnew\r\n".octets)
        #expect(machine.shown("s") == "new")
        #expect(machine.shown("l") == "a,b")
    }

    @Test func `the store alone is lost behind its batch: an execution is not run again`() {
        var machine = machine()
        let execution = machine.execute("RPUSH l b")
        machine.run { $0.isStore }
        machine.step()
        machine.kill(.store)
        machine.settle()
        #expect(machine.execution(execution) == .unknown)
        #expect(machine.shown("l") == "a,b")
        let second = machine.execute("RPUSH l c")
        machine.settle()
        if case .done(let replies, _)? = machine.execution(second) { #expect(replies == [":3\r\n".octets]) }
    }

    @Test func `a store that went back a little is brought forward from the log`() {
        var machine = machine()
        let earlier = machine.store
        _ = machine.write("SET s new")
        _ = machine.write("HSET h b 2")
        _ = machine.execute("RPUSH l b")
        _ = machine.execute("INCR n")
        _ = machine.write("DEL n")
        _ = machine.execute("INCR n")
        machine.settle()
        machine.pass(20)
        machine.settle()
        let kept = machine.store
        machine.kill(.store, backTo: earlier)
        machine.settle()
        #expect(isRunning(machine))
        for key in ["s", "h", "l", "n"] {
            #expect(
                machine.store.value(key.octets, at: machine.now.wall) == kept.value(key.octets, at: machine.now.wall))
        }
    }

    @Test func `a store that lost more than the log has is filled by others, and nothing is taken for deleted`() {
        var machine = machine()
        machine.hasCoOwners = true
        let earlier = machine.store
        for i in 0..<8 {
            _ = machine.write("SET key\(i) v")
            machine.settle()
            machine.pass(1_000)
            machine.settle()
        }
        _ = machine.takeMissing()
        machine.kill(.both, backTo: earlier)
        machine.settle()
        #expect(machine.completions.contains(.recovered(.fill)))
        #expect(machine.takeMissing().contains("key0".octets))
        #expect(machine.replica.state("key0".octets).recordKind == .string)
        #expect(machine.replica.state("key0".octets).isIncomplete)

        var alone = self.machine()
        let before = alone.store
        for _ in 0..<8 {
            _ = alone.write("SET key v")
            alone.settle()
            alone.pass(1_000)
            alone.settle()
        }
        alone.kill(.both, backTo: before)
        alone.settle()
        #expect(alone.completions.contains(.recovered(.keepAndAlarm)))
        #expect(!alone.notes.isEmpty)
        #expect(alone.replica.isRunning)
    }

    @Test func `the log lost its end: everything is compared, and numbers go on far above`() {
        var machine = machine()
        machine.pass(1_000)
        machine.settle()
        machine.disk.sync()
        let head = machine.replica.feed.head(lane: 0)
        _ = machine.write("HSET h b 2")
        _ = machine.write("DEL s")
        machine.settle()
        machine.pass(20)
        machine.settle()
        machine.kill(.both, isPowerFailure: true)
        machine.settle()
        #expect(machine.completions.contains(.recovered(.compareThenCatchUp)))
        let missing = machine.takeMissing()
        #expect(missing.contains("h".octets) && missing.contains("s".octets) && !missing.contains("l".octets))
        machine.pass(2_500)
        machine.settle()
        _ = machine.write("SET other v")
        machine.settle()
        #expect(machine.replica.feed.head(lane: 0) > head + RecoveryPlan.leap / 2)
    }

    @Test func `a version is never given twice, whatever the clock did`() {
        var machine = machine()
        let version = machine.version()
        machine.kill(.node)
        machine.settle()
        // Stamps of the new life are above all of the old one, and wait until others would take them.
        #expect(machine.version() == .zero)
        machine.pass(2_500)
        machine.settle()
        #expect(machine.version() > version)
    }
}
