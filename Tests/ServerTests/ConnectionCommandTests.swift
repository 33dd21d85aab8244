import Settings
import Testing

/// Dialogues of one connection: each inline command and the reply it gets.
@Suite struct ConnectionCommandTests {
    private func check(
        configure: (SettingsRegistry) throws -> Void = { _ in }, _ dialogue: [(String, String)]
    ) async throws {
        try await withServer(configure: configure) { server in
            let client = try server.client()
            for (command, reply) in dialogue { #expect(try client.ask(command) == reply, "\(command)") }
        }
    }

    @Test func `small commands answer as Redis does`() async throws {
        try await check([
            ("PING", "+PONG"), ("ping x", "\"x\""), ("PING a b", "-ERR wrong number of arguments for 'ping' command"),
            ("ECHO hi", "\"hi\""), ("ECHO", "-ERR wrong number of arguments for 'echo' command"), ("SELECT 0", "+OK"),
            ("SELECT 1", "-ERR DB index is out of range"), ("SELECT -1", "-ERR DB index is out of range"),
            ("SELECT abc", "-ERR value is not an integer or out of range"), ("ROLE", "[\"master\", :0, []]"),
            ("NOPE", "-ERR unknown command 'NOPE', with args beginning with: "),
            ("nope a 'b c'", "-ERR unknown command 'nope', with args beginning with: 'a' 'b c' "),
            ("CLUSTER INFO", "\"cluster_enabled:0\r\n\""),
            ("CLUSTER SLOTS", "-ERR This instance has cluster support disabled"),
            ("READONLY", "-ERR This instance has cluster support disabled"), ("QUIT", "+OK"),
        ])
    }

    @Test func `HELLO describes the server in both protocols`() async throws {
        try await withServer { server in
            let client = try server.client()
            let modules2 = "[[\"name\", \"search\", \"ver\", :80400, \"path\", \"built-in\", \"args\", []]]"
            #expect(
                try client.ask("HELLO") == "[\"server\", \"redis\", \"version\", \"7.2.0\", \"proto\", :2, \"id\", :1, "
                    + "\"mode\", \"standalone\", \"role\", \"master\", \"modules\", \(modules2)]")
            let modules3 = "[{\"name\": \"search\", \"ver\": :80400, \"path\": \"built-in\", \"args\": []}]"
            #expect(
                try client.ask("HELLO 3 SETNAME me")
                    == "{\"server\": \"redis\", \"version\": \"7.2.0\", \"proto\": :3, "
                    + "\"id\": :1, \"mode\": \"standalone\", \"role\": \"master\", \"modules\": \(modules3)}")
            #expect(try client.ask("CLIENT GETNAME") == "\"me\"")
            #expect(try client.ask("GET nothing") == "nil")
            #expect(try client.ask("RESET") == "+RESET")
            #expect(try client.ask("CLIENT GETNAME") == "nil")
        }
    }

    @Test func `HELLO refuses what it does not know and changes nothing`() async throws {
        try await check([
            ("HELLO 4", "-NOPROTO unsupported protocol version"), ("HELLO 1", "-NOPROTO unsupported protocol version"),
            ("HELLO x", "-ERR Protocol version is not an integer or out of range"),
            ("HELLO 3 foo", "-ERR Syntax error in HELLO option 'foo'"),
            ("HELLO 3 AUTH a", "-ERR Syntax error in HELLO option 'AUTH'"),
            ("HELLO 3 AUTH foo bar", "-WRONGPASS invalid username-password pair or user is disabled."),
            ("HELLO 3 SETNAME \"a b\"", "-ERR Client names cannot contain spaces, newlines or special characters."),
            ("CLIENT TRACKINGINFO", "[\"flags\", [\"off\"], \"redirect\", :-1, \"prefixes\", []]"),
        ])
    }

    @Test func `nothing but introductions is answered before the password`() async throws {
        try await check(
            configure: { $0.updateServer { $0.password = "secret" } },
            [
                ("PING", "-NOAUTH Authentication required."), ("SET a 1", "-NOAUTH Authentication required."),
                ("NOPE", "-ERR unknown command 'NOPE', with args beginning with: "),
                (
                    "HELLO 3",
                    "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
                        + "<user> <pass> option can be used to authenticate the client and select the RESP protocol version "
                        + "at the same time"
                ),
                ("AUTH wrong", "-WRONGPASS invalid username-password pair or user is disabled."),
                ("AUTH other secret", "-WRONGPASS invalid username-password pair or user is disabled."),
                ("AUTH a b c", "-ERR syntax error"), ("AUTH secret", "+OK"), ("PING", "+PONG"), ("RESET", "+RESET"),
                ("PING", "-NOAUTH Authentication required."), ("AUTH default secret", "+OK"), ("PING", "+PONG"),
                ("CONFIG GET requirepass", "[\"requirepass\", \"********\"]"),
            ])
    }

    @Test func `AUTH without a password set says so`() async throws {
        try await check([
            (
                "AUTH x",
                "-ERR AUTH <password> called without any password configured for the default user. "
                    + "Are you sure your configuration is correct?"
            ), ("AUTH default x", "+OK"),
            ("AUTH foo x", "-WRONGPASS invalid username-password pair or user is disabled."),
        ])
    }

    @Test func `CLIENT knows its subcommands`() async throws {
        try await check([
            ("CLIENT", "-ERR wrong number of arguments for 'client' command"),
            ("CLIENT FOO", "-ERR unknown subcommand 'FOO'. Try CLIENT HELP."),
            ("CLIENT MAINT_NOTIFICATIONS ON", "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP."),
            ("CLIENT ID", ":1"), ("CLIENT ID x", "-ERR wrong number of arguments for 'client|id' command"),
            ("CLIENT SETNAME abc", "+OK"), ("CLIENT GETNAME", "\"abc\""),
            ("CLIENT SETNAME \"a b\"", "-ERR Client names cannot contain spaces, newlines or special characters."),
            ("CLIENT SETINFO LIB-NAME redis-py(x)", "+OK"), ("CLIENT SETINFO lib-ver 1.2", "+OK"),
            ("CLIENT SETINFO lib-name \"a b\"", "-ERR lib-name cannot contain spaces, newlines or special characters."),
            ("CLIENT SETINFO foo bar", "-ERR Unrecognized option 'foo'"), ("CLIENT NO-EVICT on", "+OK"),
            ("CLIENT NO-TOUCH x", "-ERR syntax error"), ("CLIENT LIST ID 77", "\"\""),
            ("CLIENT LIST TYPE foo", "-ERR Unknown client type 'foo'"), ("CLIENT LIST foo", "-ERR syntax error"),
            ("CLIENT KILL 1.2.3.4:5", "-ERR No such client"), ("CLIENT KILL ID 99", ":0"),
            ("CLIENT KILL ID 0", "-ERR client-id should be greater than 0"),
            ("CLIENT KILL TYPE foo", "-ERR Unknown client type 'foo'"),
            ("CLIENT KILL USER nope", "-ERR No such user 'nope'"), ("CLIENT KILL FOO bar", "-ERR syntax error"),
            ("CLIENT UNBLOCK 9", ":0"), ("CLIENT UNBLOCK x", "-ERR value is not an integer or out of range"),
            ("CLIENT UNBLOCK 1 FOO", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
            ("CLIENT PAUSE x", "-ERR timeout is not an integer or out of range"),
            ("CLIENT PAUSE 1 foo", "-ERR CLIENT PAUSE mode must be WRITE or ALL"),
            ("CLIENT PAUSE -1", "-ERR timeout is negative"), ("CLIENT UNPAUSE", "+OK"), ("CLIENT GETREDIR", ":-1"),
            ("CLIENT TRACKING off", "+OK"), ("CLIENT REPLY foo", "-ERR syntax error"), ("CLIENT REPLY ON", "+OK"),
        ])
    }

    @Test func `CLIENT INFO shows the library and the command`() async throws {
        try await withServer { server in
            let client = try server.client()
            #expect(try client.ask("CLIENT SETINFO LIB-NAME redis-py(redisvl_v0.5)") == "+OK")
            let line = try client.ask("CLIENT INFO")
            #expect(line.contains("id=1 addr=127.0.0.1:"))
            #expect(
                line.contains(" cmd=client|info user=default redir=-1 resp=2 lib-name=redis-py(redisvl_v0.5) lib-ver="))
        }
    }

    @Test func `CLIENT KILL ends other connections and, last, its own`() async throws {
        try await withServer { server in
            let (one, other) = (try server.client(), try server.client())
            let id = try other.ask("CLIENT ID").dropFirst()
            #expect(try one.ask("CLIENT KILL ID \(id)") == ":1")
            #expect(other.isClosedByServer())
            #expect(try one.ask("PING") == "+PONG")
            let own = try one.ask("CLIENT ID").dropFirst()
            #expect(try one.ask("CLIENT KILL ID \(own) SKIPME no") == ":1")
            #expect(one.isClosedByServer())
        }
    }

    @Test func `CLIENT REPLY drops replies of every kind`() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send(
                "SET a 1\r\nCLIENT REPLY SKIP\r\nSET a 2\r\nGET a\r\nCLIENT REPLY SKIP\r\nPING\r\nPING one\r\n")
            #expect(try client.reply() == "+OK")
            #expect(try client.reply() == "\"2\"")
            #expect(try client.reply() == "\"one\"")
            try client.send("CLIENT REPLY OFF\r\nPING\r\nSET a 3\r\nFT.NOW x\r\nNOPE\r\nCLIENT REPLY ON\r\nGET a\r\n")
            #expect(try client.reply() == "+OK")
            #expect(try client.reply() == "\"3\"")
        }
    }

    @Test func `a pause holds writes back until it ends`() async throws {
        try await withServer { server in
            let (one, other) = (try server.client(), try server.client())
            #expect(try one.ask("CLIENT PAUSE 60000 WRITE") == "+OK")
            #expect(try other.ask("GET a") == "nil")
            try other.send("SET a 1\r\nGET a\r\n")
            try await Task.sleep(nanoseconds: 30_000_000)
            #expect(server.store.batchSizes.count == 1)
            #expect(try one.ask("CLIENT UNPAUSE") == "+OK")
            #expect(try other.reply() == "+OK")
            #expect(try other.reply() == "\"1\"")

            #expect(try one.ask("CLIENT PAUSE 50") == "+OK")
            #expect(try other.ask("PING") == "+PONG")
        }
    }

    @Test func `a protocol change takes effect between two commands of a pipeline`() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET nothing\r\nHELLO 3\r\nGET nothing\r\n")
            #expect(try client.readLine() == "$-1")
            _ = try client.reply()
            #expect(try client.readLine() == "_")
        }
    }

    @Test func `MONITOR shows what others send, but no passwords`() async throws {
        try await withServer { server in
            let (watcher, other) = (try server.client(), try server.client())
            #expect(try watcher.ask("MONITOR") == "+OK")
            _ = try other.ask("AUTH x")
            _ = try other.ask("SET a \"1\\n\\x01\"")
            var lines: [String] = []
            while lines.last?.contains("SET") != true { lines.append(try watcher.readLine()) }
            #expect(lines.last?.hasSuffix("] \"SET\" \"a\" \"1\\n\\x01\"") == true)
            #expect(!lines.contains { $0.contains("AUTH") })
            #expect(try other.ask("CLIENT LIST").contains(" flags=O "))
        }
    }

    @Test func `CONFIG HELP explains settings`() async throws {
        try await check([
            (
                "CONFIG HELP search-min-prefix",
                "[\"search-min-prefix\", [\"summary\", \"Shortest prefix that a query may expand\", \"value\", \"2\", "
                    + "\"default\", \"2\", \"values\", \"1 or more\", \"effect\", \"at once\", \"origin\", \"default\"]]"
            ), ("CONFIG HELP nope", "[]"),
        ])
    }

    @Test func `QUIT drops what was sent behind it`() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("SET a 1\r\nQUIT\r\nSET a 2\r\n")
            #expect(try client.reply() == "+OK")
            #expect(try client.reply() == "+OK")
            #expect(client.isClosedByServer())
            #expect(try server.client().ask("GET a") == "\"1\"")
        }
    }
}
