import Glibc
import Server
import Testing

@Suite struct LimitTests {
    @Test func `one connection too many is told so and closed`() async throws {
        try await withServer(configure: { $0.updateServer { $0.maxClients = 2 } }) { server in
            let first = try server.client()
            #expect(try first.ask("PING") == "+PONG")
            let second = try server.client()
            #expect(try second.ask("PING") == "+PONG")
            let third = try server.client()
            #expect(try third.reply() == "-ERR max number of clients reached")
            #expect(third.isClosedByServer())
            #expect(try first.ask("PING") == "+PONG")
        }
    }

    @Test func `strangers before the password are few for each address`() async throws {
        try await withServer(configure: {
            $0.updateServer {
                $0.password = "secret"
                $0.maxUnauthenticatedPerAddress = 1
            }
        }) { server in
            let first = try server.client()
            #expect(try first.ask("PING") == "-NOAUTH Authentication required.")
            let second = try server.client()
            #expect(try second.reply() == "-ERR too many unauthenticated connections from this address")
            #expect(try first.ask("AUTH secret") == "+OK")
            #expect(try server.client().ask("AUTH secret") == "+OK")
        }
    }

    @Test func `requests are small before the password and large after it`() async throws {
        try await withServer(configure: { $0.updateServer { $0.password = "secret" } }) { server in
            let long = try server.client()
            try long.send("*2\r\n$4\r\nECHO\r\n$20000\r\n")
            #expect(try long.reply() == "-ERR Protocol error: unauthenticated bulk length")
            #expect(long.isClosedByServer())
            let wide = try server.client()
            try wide.send("*11\r\n")
            #expect(try wide.reply() == "-ERR Protocol error: unauthenticated multibulk length")

            let known = try server.client()
            #expect(try known.ask("AUTH secret") == "+OK")
            let text = String(repeating: "x", count: 20_000)
            try known.send(command: "ECHO", text)
            #expect(try known.reply() == "\"\(text)\"")
        }
    }

    @Test func `a browser is hung up on`() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("POST / HTTP/1.1\r\nHost: x\r\n\r\nSET a 1\r\n")
            #expect(client.isClosedByServer())
            #expect(try server.client().ask("GET a") == "nil")
        }
    }

    @Test func `whoever does not authenticate in time is dropped`() async throws {
        try await withServer(configure: {
            $0.updateServer {
                $0.password = "secret"
                $0.authenticationTimeout = 1
            }
        }) { server in
            let silent = try server.client()
            #expect(silent.isClosedByServer())
        }
    }

    @Test func `an idle connection is dropped after the timeout and a busy one is not`() async throws {
        try await withServer(configure: { $0.updateServer { $0.idleTimeout = 1 } }) { server in
            let (idle, waiting) = (try server.client(), try server.client())
            #expect(try idle.ask("PING") == "+PONG")
            try waiting.send("FT.LATE one\r\n")
            #expect(idle.isClosedByServer())
            server.searches.finish("one")
            #expect(try waiting.reply() == "\"found one\"")
        }
    }

    @Test func `a reply that is not taken and larger than the limit ends the connection`() async throws {
        try await withServer(configure: { $0.updateServer { $0.hardOutputLimit = 1 << 20 } }) { server in
            let client = try server.client()
            try client.send("BIG 50000000\r\n")
            // Only the kernel's buffers take something; nobody reads.
            try await Task.sleep(nanoseconds: 300_000_000)
            #expect(client.isClosedByServer())
            #expect(server.state.statistics.total(.slowReadersEnded) == 1)
        }
    }

    @Test func `a client that leaves a blocking command behind is forgotten`() async throws {
        try await withServer { server in
            server.store.hold()
            let client = try server.client()
            try client.send("BLPOP q 0\r\n")
            for _ in 0..<2000 where server.store.heldCount == 0 { try await Task.sleep(nanoseconds: 1_000_000) }
            client.finishSending()
            #expect(client.isClosedByServer())
            for _ in 0..<2000 where server.store.state.withLock({ $0.gone.isEmpty }) {
                try await Task.sleep(nanoseconds: 1_000_000)
            }
            #expect(server.store.state.withLock { $0.gone.count } == 1)
            server.store.release()
        }
    }

    @Test func `a unix socket serves as TCP does`() async throws {
        try await withServer { server in
            let path = "/tmp/ringsearch-test-\(getpid())-\(server.port).sock"
            try await server.core.listen(on: .unix(path: path))
            let client = try RawClient(path: path)
            #expect(try client.ask("PING") == "+PONG")
            #expect(try client.ask("CLIENT INFO").contains(" flags=U "))
            unlink(path)
        }
    }

    @Test func `a taken port is reported as such`() async throws {
        try await withServer { server in
            let failure = await #expect(throws: ListenFailure.self) {
                try await server.core.listen(on: .tcp(host: "127.0.0.1", port: server.port))
            }
            #expect(failure?.isAddressInUse == true)
        }
    }

    @Test func `draining answers what was asked and takes no more`() async throws {
        let server = try await TestServer()
        let client = try server.client()
        try client.send("FT.LATE one\r\n")
        await server.searches.wait(for: 1)
        let core = server.core
        let drained = Task { await core.drain(timeout: 10_000) }
        try await Task.sleep(nanoseconds: 20_000_000)
        server.searches.finish("one")
        #expect(try client.reply() == "\"found one\"")
        #expect(client.isClosedByServer())
        await drained.value
        await server.stop()
    }
}
