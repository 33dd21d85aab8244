import Testing

@Suite struct TransactionTests {
    /// Each line is one inline command and the reply it gets.
    private func check(_ dialogue: [(String, String)]) async throws {
        try await withServer { server in
            let client = try server.client()
            for (command, reply) in dialogue { #expect(try client.ask(command) == reply, "\(command)") }
        }
    }

    @Test func `queued commands run together`() async throws {
        try await check([
            ("MULTI", "+OK"), ("SET a 1", "+QUEUED"), ("INCR a", "+QUEUED"), ("PING", "+QUEUED"),
            ("GET a", "+QUEUED"), ("EXEC", "[+OK, :2, +PONG, \"2\"]"), ("GET a", "\"2\""),
        ])
    }

    @Test func `a search inside a transaction runs at its place`() async throws {
        try await check([
            ("MULTI", "+OK"), ("SET a 1", "+QUEUED"), ("FT.LATE s", "+QUEUED"), ("FT.STUBBORN", "+QUEUED"),
            ("EXEC", "[+OK, \"inline s\", \"stubborn\"]"),
        ])
    }

    @Test func `a refused command makes the transaction fail`() async throws {
        try await check([
            ("MULTI", "+OK"), ("NOPE", "-ERR unknown command 'NOPE', with args beginning with: "),
            ("SET a 1", "+QUEUED"), ("EXEC", "-EXECABORT Transaction discarded because of previous errors."),
            ("GET a", "nil"), ("MULTI", "+OK"), ("GET", "-ERR wrong number of arguments for 'get' command"),
            ("EXEC", "-EXECABORT Transaction discarded because of previous errors."),
        ])
    }

    @Test func `misplaced transaction commands have their own errors`() async throws {
        try await check([
            ("EXEC", "-ERR EXEC without MULTI"), ("DISCARD", "-ERR DISCARD without MULTI"), ("MULTI", "+OK"),
            ("MULTI", "-ERR MULTI calls can not be nested"), ("WATCH a", "-ERR WATCH inside MULTI is not allowed"),
            ("EXEC", "[]"), ("MULTI", "+OK"), ("SET a 1", "+QUEUED"), ("DISCARD", "+OK"), ("GET a", "nil"),
        ])
    }

    @Test func `a watched key that changes makes EXEC answer nil`() async throws {
        try await withServer { server in
            let (one, other) = (try server.client(), try server.client())
            #expect(try one.ask("WATCH a") == "+OK")
            #expect(try other.ask("SET a 9") == "+OK")
            #expect(try one.ask("MULTI") == "+OK")
            #expect(try one.ask("SET a 1") == "+QUEUED")
            #expect(try one.ask("EXEC") == "nil")

            #expect(try one.ask("WATCH a") == "+OK")
            #expect(try other.ask("SET a 10") == "+OK")
            #expect(try one.ask("UNWATCH") == "+OK")
            #expect(try one.ask("MULTI") == "+OK")
            #expect(try one.ask("EXEC") == "[]")
        }
    }

    @Test func `DISCARD forgets the watched keys`() async throws {
        try await withServer { server in
            let (one, other) = (try server.client(), try server.client())
            for command in ["WATCH a", "MULTI", "DISCARD"] { #expect(try one.ask(command) == "+OK") }
            #expect(try other.ask("SET a 9") == "+OK")
            #expect(try one.ask("MULTI") == "+OK")
            #expect(try one.ask("GET a") == "+QUEUED")
            #expect(try one.ask("EXEC") == "[\"9\"]")
        }
    }

    @Test func `an empty transaction still looks at the watched keys`() async throws {
        try await withServer { server in
            let (one, other) = (try server.client(), try server.client())
            #expect(try one.ask("WATCH a") == "+OK")
            #expect(try other.ask("SET a 9") == "+OK")
            #expect(try one.ask("MULTI") == "+OK")
            #expect(try one.ask("EXEC") == "nil")
        }
    }

    @Test func `transactions in a pipeline keep their place`() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("SET a 1\r\nMULTI\r\nINCR a\r\nEXEC\r\nINCR a\r\nPING\r\n")
            let replies = try (0..<6).map { _ in try client.reply() }
            #expect(replies == ["+OK", "+OK", "+QUEUED", "[:2]", ":3", "+PONG"])
        }
    }
}
