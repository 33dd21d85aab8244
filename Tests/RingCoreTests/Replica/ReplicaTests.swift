// What a replica does while nothing fails.

import RingSimulator
import Testing

@testable import RingCore

@Suite struct ReplicaTests {
    private func machine() -> Machine {
        var machine = Machine()
        machine.settle()
        return machine
    }

    @Test func `a write is in the log before the store, and is answered when the store has it`() {
        var machine = machine()
        let token = machine.write("HSET h a 1 b 2")
        #expect(machine.directives.map(\.isLog) == [true, false])
        #expect(machine.outcomes(token) == nil)
        machine.settle()
        #expect(machine.outcomes(token) == [ItemOutcome(.applied, .integer(2))])
        #expect(machine.shown("h") == "a=1 b=2")
        #expect(machine.replica.driftCount == 0)
    }

    @Test func `replies are predicted from the record`() {
        var machine = machine()
        let tokens = ["SET s 1", "HSET s f 1", "HSET h f 1 g 1", "HDEL h f x", "DEL s none", "DEL s"].map {
            machine.write($0)
        }
        machine.settle()
        let replies = tokens.map { machine.outcomes($0)?.map(\.reply) ?? [] }
        #expect(
            replies == [
                [.ok], [.wrongType], [.integer(2)], [.integer(1)], [.integer(1), .integer(0)], [.integer(0)],
            ])
        #expect(machine.outcomes(tokens[1])?.first?.status == .typeConflict)
        #expect(machine.shown("h") == "g=1")
        #expect(machine.replica.driftCount == 0)
    }

    @Test func `an older write is superseded and does not reach the store`() {
        var machine = machine()
        let old = machine.items("SET k old")
        _ = machine.write("SET k new")
        machine.settle()
        let token = machine.submit(.apply(old, mode: .write, isFetch: false))
        #expect(machine.directives.allSatisfy { !$0.isLog })
        machine.settle()
        #expect(machine.outcomes(token)?.first?.status == .superseded)
        #expect(machine.shown("k") == "new")
    }

    @Test func `a stamp too far ahead is refused`() {
        var machine = machine()
        let item = Item(
            version: Version(milliseconds: machine.now.wall + 501, node: 9), token: 0, key: "k".octets, effect: .delete)
        let token = machine.submit(.apply([item], mode: .write, isFetch: false))
        #expect(machine.outcomes(token)?.first?.status == .clockLead)
    }

    @Test func `executions of one key run one after the other, each in a transaction with its marker`() {
        var machine = machine()
        let tokens = (0..<3).map { _ in machine.execute("INCR n") }
        let other = machine.execute("INCR m")
        var batches = 0
        while machine.step() {
            if case .store(let request)? = machine.directives.first {
                batches += 1
                #expect(request.isAtomic)
                #expect(request.commands.last?[1] == LocalReplica.marker)
            }
        }
        #expect(batches == 3)
        for (place, token) in tokens.enumerated() {
            guard case .done(let replies, let items)? = machine.execution(token) else {
                Issue.record("not done")
                return
            }
            #expect(replies == [":\(place + 1)\r\n".octets])
            let value = "\(place + 1)".octets
            #expect(items.map(\.effect) == [.assign(kind: .string, expiry: nil, value: value)])
        }
        #expect(machine.execution(other) != nil)
        #expect(machine.shown("n") == "3")
    }

    @Test func `a growing value ships a delta on its base, at first the whole`() {
        var machine = machine()
        let first = machine.execute("RPUSH l a")
        let second = machine.execute("RPUSH l b")
        machine.settle()
        guard case .done(_, let whole)? = machine.execution(first),
            case .done(_, let delta)? = machine.execution(second), whole.count == 1, delta.count == 1
        else {
            Issue.record("not done")
            return
        }
        if case .assign(.list, nil, _) = whole[0].effect {} else { Issue.record("\(whole)") }
        if case .delta(whole[0].version, .list, _) = delta[0].effect {} else { Issue.record("\(delta)") }

        var replica = Machine(node: 8)
        replica.settle()
        _ = replica.submit(.apply(whole + delta, mode: .merge, isFetch: false))
        replica.settle()
        #expect(replica.shown("l") == "a,b")
        #expect(replica.replica.state("l".octets) == machine.replica.state("l".octets))
    }

    @Test func `a transaction ships what it changed as one group`() {
        var machine = machine()
        _ = machine.write("HSET h a 1 b 2")
        let token = machine.execute("SET s x", "HSET h a 3", "INCR n", "GET s")
        machine.settle()
        guard case .done(let replies, let items)? = machine.execution(token) else {
            Issue.record("not done")
            return
        }
        #expect(replies == ["+OK\r\n", ":0\r\n", ":1\r\n", "$1\r\nx\r\n"].map(\.octets))
        #expect(items.map { String(decoding: $0.key, as: UTF8.self) } == ["s", "h", "n"])
        #expect(items.map(\.isGrouped) == [false, true, true])
        #expect(items[1].effect == .assignFields([Content.Pair("a".octets, "3".octets)]))
    }

    @Test func `a watched key that has changed stops the execution`() {
        var machine = machine()
        let seen = ClientRequest.Precondition(key: "k".octets, version: .zero)
        let good = machine.submit(.execute([Machine.words("INCR k")], preconditions: [seen]))
        let bad = machine.submit(.execute([Machine.words("INCR k")], preconditions: [seen]))
        machine.settle()
        if case .done? = machine.execution(good) {} else { Issue.record("not run") }
        #expect(machine.execution(bad) == .preconditionFailed)
        #expect(machine.shown("k") == "1")
    }

    @Test func `a read stands behind the writes of its key and bears the version`() {
        var machine = machine()
        let items = machine.items("SET k v")
        _ = machine.submit(.apply(items, mode: .write, isFetch: false))
        let token = machine.submit(.read([Machine.words("GET k"), Machine.words("GET none")], want: .reply))
        machine.settle()
        let entries = machine.reads(token)
        #expect(entries?.map(\.reply) == ["$1\r\nv\r\n".octets, "$-1\r\n".octets])
        #expect(entries?.map(\.newest) == [items[0].version, .zero])
    }

    @Test func `the store's refusal leaves the records as they were`() {
        var machine = machine()
        machine.store.isFull = true
        let write = machine.write("SET k v")
        machine.settle()
        let execution = machine.execute("INCR n")
        machine.settle()
        #expect(machine.outcomes(write)?.first?.status == .storeError)
        if case .refused(let error)? = machine.execution(execution) {
            #expect(String(decoding: error, as: UTF8.self).hasPrefix("-EXECABORT"))
        } else {
            Issue.record("not refused")
        }
        #expect(machine.replica.state("k".octets) == .empty)
        machine.store.isFull = false
        machine.kill(.node)
        machine.settle()
        #expect(machine.replica.state("k".octets) == .empty)
        #expect(machine.shown("k") == "nothing")
    }

    @Test func `what somebody else wrote is adopted, an expiry is not`() {
        var machine = machine()
        _ = machine.write("HSET h a 1 b 2")
        let version = machine.version()
        _ = machine.submit(
            .apply(
                [
                    Item(
                        version: version, token: 0, key: "e".octets,
                        effect: .assign(kind: .string, expiry: machine.now.wall + 100, value: "v".octets))
                ], mode: .write, isFetch: false))
        machine.settle()
        let expiring = machine.replica.state("e".octets)
        machine.pass(200)
        _ = machine.store.run(Machine.words("HSET h a 9"), at: machine.now.wall)
        _ = machine.store.run(Machine.words("HDEL h b"), at: machine.now.wall)
        machine.changedBehind("h")
        machine.changedBehind("e")
        machine.settle()
        let state = machine.replica.state("h".octets)
        #expect(state.field("b".octets)?.isDeleted == true)
        #expect(state.field("a".octets)?.isDeleted == false)
        #expect(state.newestVersion > version)
        #expect(machine.replica.state("e".octets) == expiring)
        #expect(machine.shown("h") == "a=9")
    }

    @Test func `checkpoints carry the records, and then the log goes`() {
        var machine = machine()
        for i in 0..<10 {
            _ = machine.write("HSET h\(i) a \(i)")
            machine.settle()
            machine.pass(1_000)
            machine.settle()
        }
        #expect(machine.disk.log().count < 8)
        let states = (0..<10).map { machine.replica.state("h\($0)".octets) }
        machine.kill(.node)
        machine.settle()
        #expect((0..<10).map { machine.replica.state("h\($0)".octets) } == states)
        #expect(machine.replica.feed.head(lane: 0) == 10)
    }

    @Test func `a range is walked in slices and has every key once`() {
        var machine = machine()
        for i in 0..<200 {
            _ = machine.write("SET key\(i) v")
            if i == 100 { machine.settle(); machine.pass(1_100); machine.settle() }
        }
        machine.settle()
        for start in [UInt32(0), 1 << 30, .max] {
            var found: [Bytes] = []
            var after: Bytes = []
            while true {
                let end = start &+ 1 << 31
                let request = RangeRequest(epoch: 1, rangeEnd: end, after: after, maximumBytes: 700)
                let reply = machine.replica.range(request, after: start)
                found += reply.entries.map(\.key)
                after = reply.entries.last?.key ?? []
                if reply.end == .done { break }
            }
            let expected = (0..<200).map { "key\($0)".octets }.filter { key in
                let token = Machine.token(key)
                let end = start &+ 1 << 31
                return start < end ? token > start && token <= end : token > start || token <= end
            }
            #expect(found.count == expected.count)
            #expect(Set(found) == Set(expected))
        }
    }
}
