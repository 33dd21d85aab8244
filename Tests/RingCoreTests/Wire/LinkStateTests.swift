import Testing

@testable import RingCore

@Suite struct RequestTableTests {
    private func answer(_ match: RequestTable<String>.Match) -> String {
        switch match {
        case .answered(let token): token
        case .late: "late"
        case .unknown: "unknown"
        }
    }

    @Test func `answers find their requests whatever their order`() {
        var table = RequestTable<String>()
        let ids = ["a", "b", "c"].map { token in
            let id = table.makeID()
            table.insert(token, id: id, size: 10, deadline: 100)
            return id
        }

        #expect(table.bytes == 30)
        #expect(answer(table.match(ids[1])) == "b")
        #expect(answer(table.match(ids[0])) == "a")
        #expect(answer(table.match(ids[0])) == "unknown")
        #expect(answer(table.match(ids[2])) == "c")
        #expect(answer(table.match(77)) == "unknown")
        #expect(table.bytes == 0 && table.count == 0 && table.waitingCount == 0)
    }

    @Test func `a late answer is neither unknown nor given to another`() {
        var table = RequestTable<String>()
        table.insert("a", id: 1, size: 1, deadline: 10)
        table.insert("b", id: 2, size: 1, deadline: 5)
        table.insert("c", id: 3, size: 1, deadline: 20)

        #expect(table.earliestDeadline == 5)
        #expect(table.expire(at: 10) == ["a", "b"])
        #expect(table.expire(at: 10) == [])
        #expect(table.earliestDeadline == 20)
        #expect(answer(table.match(1)) == "late")
        #expect(answer(table.match(3)) == "c")
        #expect(table.waitingCount == 0)
        #expect(table.count == 1)
    }

    @Test func `requests are bounded in number and bytes, but one always fits`() {
        var table = RequestTable<String>(limits: .init(count: 2, bytes: 100))
        #expect(table.hasRoom(for: 1000))
        table.insert("a", id: table.makeID(), size: 60, deadline: 1)
        #expect(table.hasRoom(for: 40))
        #expect(!table.hasRoom(for: 41))
        table.insert("b", id: table.makeID(), size: 1, deadline: 1)
        #expect(!table.hasRoom(for: 0))
        // Given up, they still occupy the peer.
        _ = table.expire(at: 5)
        #expect(!table.hasRoom(for: 0))
    }

    @Test func `the end of a link tells everybody in order, and ids go on`() {
        var table = RequestTable<String>()
        for token in ["a", "b", "c"] { table.insert(token, id: table.makeID(), size: 1, deadline: 1) }

        #expect(table.removeAll() == ["a", "b", "c"])
        #expect(table.bytes == 0)
        #expect(table.makeID() == 4)
    }
}

@Suite struct AnswerQueueTests {
    private func frame(_ id: UInt64) -> Frame { Frame(id: id, kind: .response, payload: [UInt8(id)]) }

    @Test func `answers leave in the order of their requests`() {
        var queue = AnswerQueue()
        let places = (0..<4).map { _ in queue.open() }

        #expect(queue.fill(places[2], with: [frame(2)]) == [])
        #expect(queue.fill(places[1], with: [frame(1), frame(1)]) == [])
        #expect(queue.waitingBytes == 3)
        #expect(queue.fill(places[0], with: [frame(0)]).map(\.id) == [0, 1, 1, 2])
        #expect(queue.waitingBytes == 0)
        #expect(queue.count == 1)
        #expect(queue.fill(places[3], with: []) == [])
        #expect(queue.count == 0)
    }

    @Test func `a second answer is nothing`() {
        var queue = AnswerQueue()
        let first = queue.open()
        let second = queue.open()
        #expect(queue.fill(second, with: [frame(2)]) == [])
        #expect(queue.fill(second, with: [frame(9)]) == [])
        #expect(queue.fill(first, with: [frame(1)]).map(\.id) == [1, 2])
        #expect(queue.fill(first, with: [frame(9)]) == [])
        #expect(queue.count == 0)
    }

    @Test func `any order of answers gives the order of requests`() {
        var state: UInt64 = 7
        for _ in 0..<20 {
            var queue = AnswerQueue()
            var open: [(AnswerQueue.Place, UInt64)] = []
            var sent: [UInt64] = []
            var next: UInt64 = 0
            for _ in 0..<2000 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                if open.isEmpty || (state >> 33) % 2 == 0 && open.count < 300 {
                    open.append((queue.open(), next))
                    next += 1
                } else {
                    let (place, id) = open.remove(at: Int((state >> 40) % UInt64(open.count)))
                    sent += queue.fill(place, with: [Frame(id: id, kind: .response)]).map(\.id)
                }
            }
            for (place, id) in open { sent += queue.fill(place, with: [Frame(id: id, kind: .response)]).map(\.id) }
            #expect(sent == Array(0..<next))
        }
    }
}

@Suite struct BackoffTests {
    @Test func `delays double up to their limit and vary by half`() {
        var backoff = Backoff(first: 100, limit: 500)

        // Nominal 100, 200, 400, 500, 500.
        #expect([0, 100, 400, 500, 0].map { backoff.delay(chance: $0) } == [50, 200, 600, 750, 250])
        backoff.reset()
        #expect(backoff.delay(chance: 50) == 100)
    }
}
