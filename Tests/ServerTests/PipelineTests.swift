import RESP
import Testing

@Suite struct PipelineTests {
    @Test func `a hundred thousand commands in one go are answered in order`() async throws {
        try await withServer { server in
            let client = try server.client()
            let count = 100_000
            inBackground {
                for start in stride(from: 0, to: count, by: 1000) {
                    var bytes: [UInt8] = []
                    for i in start..<start + 1000 {
                        bytes += RawClient.frame(i % 2 == 0 ? ["PING", "\(i)"] : ["SET", "k", "\(i)"])
                    }
                    try client.send(bytes)
                }
            }
            for i in 0..<count {
                let reply = try client.reply()
                if reply != (i % 2 == 0 ? "\"\(i)\"" : "+OK") {
                    Issue.record("reply \(i) is \(reply)")
                    break
                }
            }
        }
    }

    @Test func `local, store and search replies leave in request order`() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send(
                "SET a 1\r\nPING x\r\nFT.LATE one\r\nPING y\r\nFT.LATE two\r\nFT.NOW z\r\nSET a 2\r\nGET a\r\n")
            await server.searches.wait(for: 2)
            server.searches.finish("two")
            server.searches.finish("one")

            let replies = try (0..<8).map { _ in try client.reply() }
            #expect(
                replies == ["+OK", "\"x\"", "\"found one\"", "\"y\"", "\"found two\"", "\"z\"", "+OK", "\"2\""])
        }
    }

    @Test func `a search waits for the writes before it and a write for the searches before it`() async throws {
        try await withServer { server in
            server.store.hold()
            let client = try server.client()
            try client.send("SET a 1\r\nFT.LATE one\r\nSET a 2\r\n")
            for _ in 0..<2000 where server.store.heldCount == 0 { try await Task.sleep(nanoseconds: 1_000_000) }
            try await Task.sleep(nanoseconds: 20_000_000)
            #expect(server.searches.names == [])
            #expect(server.store.heldCount == 1)

            server.store.release()
            await server.searches.wait(for: 1)
            #expect(try client.reply() == "+OK")
            #expect(server.store.batchSizes.count == 1)

            server.searches.finish("one")
            #expect(try client.reply() == "\"found one\"")
            #expect(try client.reply() == "+OK")
            #expect(server.store.batchSizes.count == 2)
        }
    }

    @Test func `pipelined searches all start at once`() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send((0..<20).map { "FT.LATE s\($0)\r\n" }.joined())
            await server.searches.wait(for: 20)
            #expect(server.searches.names.count == 20)

            for i in (0..<20).reversed() { server.searches.finish("s\(i)") }
            for i in 0..<20 { #expect(try client.reply() == "\"found s\(i)\"") }
        }
    }

    @Test func `a change of an index runs alone`() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("FT.LATE a\r\nFT.WRITE w\r\nFT.LATE b\r\n")
            await server.searches.wait(for: 1)
            try await Task.sleep(nanoseconds: 20_000_000)
            #expect(server.searches.names == ["a"])
            server.searches.finish("a")
            await server.searches.wait(for: 1)
            try await Task.sleep(nanoseconds: 20_000_000)
            #expect(server.searches.names == ["w"])
            server.searches.finish("w")
            await server.searches.wait(for: 1)
            server.searches.finish("b")

            #expect(try (0..<3).map { _ in try client.reply() } == ["\"found a\"", "\"found w\"", "\"found b\""])
        }
    }

    @Test func `commands of a burst go to the store as one batch`() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send((0..<50).map { "SET k\($0) v\r\n" }.joined() + "PING\r\nGET k7\r\n")
            for _ in 0..<50 { #expect(try client.reply() == "+OK") }
            #expect(try client.reply() == "+PONG")
            #expect(try client.reply() == "\"v\"")
            #expect(server.store.batchSizes == [52])
        }
    }

    @Test func `a search that forgets its reply is answered with an error`() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("FT.LATE lost\r\nPING\r\n")
            await server.searches.wait(for: 1)
            server.searches.forget("lost")

            #expect(try client.reply() == "-ERR the command ended without a reply")
            #expect(try client.reply() == "+PONG")
        }
    }

    @Test func `a client that stops sending still gets what it asked for`() async throws {
        try await withServer { server in
            server.store.hold()
            let client = try server.client()
            try client.send("SET a 1\r\nGET a\r\n")
            client.finishSending()
            for _ in 0..<2000 where server.store.heldCount == 0 { try await Task.sleep(nanoseconds: 1_000_000) }
            server.store.release()

            #expect(try client.reply() == "+OK")
            #expect(try client.reply() == "\"1\"")
            #expect(client.isClosedByServer())
        }
    }

    @Test func `a reader that reads nothing is not buffered without end`() async throws {
        try await withServer { server in
            let client = try server.client()
            // Each asks for 64 KiB: a gigabyte of replies, if the server made them all.
            let requests = Array(
                String(repeating: "PING " + String(repeating: "x", count: 60_000) + "\r\n", count: 4000).utf8)
            let sent = client.sendUntilBlocked(requests)
            #expect(sent < 64 << 20)
            let other = try server.client()
            #expect(try other.ask("PING") == "+PONG")

            // It goes on as soon as the client reads again.
            for _ in 0..<100 { #expect(try client.reply().utf8.count == 60_002) }
        }
    }

    @Test func `a broken frame ends its own connection alone`() async throws {
        try await withServer(threads: 1) { server in
            let (good, bad) = (try server.client(), try server.client())
            try bad.send("PING\r\n*1\r\n:5\r\nPING\r\n")
            #expect(try bad.reply() == "+PONG")
            #expect(try bad.reply() == "-ERR Protocol error: expected '$', got ':'")
            #expect(bad.isClosedByServer())
            #expect(try good.ask("PING") == "+PONG")
        }
    }

    @Test func `a protocol error waits for the replies before it`() async throws {
        try await withServer { server in
            server.store.hold()
            let client = try server.client()
            try client.send("SET a 1\r\n*x\r\n")
            for _ in 0..<2000 where server.store.heldCount == 0 { try await Task.sleep(nanoseconds: 1_000_000) }
            server.store.release()
            #expect(try client.reply() == "+OK")
            #expect(try client.reply() == "-ERR Protocol error: invalid multibulk length")
            #expect(client.isClosedByServer())
        }
    }

    @Test func `the store hears when a client is gone`() async throws {
        try await withServer { server in
            do {
                let client = try server.client()
                #expect(try client.ask("PING") == "+PONG")
            }
            for _ in 0..<2000 where server.store.state.withLock({ $0.gone.isEmpty }) {
                try await Task.sleep(nanoseconds: 1_000_000)
            }
            #expect(server.store.state.withLock { $0.gone.count } == 1)
            #expect(server.state.clients.count == 0)
        }
    }

    @Test func `large replies and large requests pass`() async throws {
        try await withServer { server in
            let client = try server.client()
            let value = String(repeating: "v", count: 3_000_000)
            inBackground { try client.send(RawClient.frame(["SET", "a", value]) + RawClient.frame(["GET", "a"])) }
            #expect(try client.reply() == "+OK")
            #expect(try client.reply() == "\"\(value)\"")
        }
    }
}
