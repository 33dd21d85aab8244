import Testing

@Suite struct IntrospectionTests {
    private func check(_ dialogue: [(String, String)]) async throws {
        try await withServer { server in
            let client = try server.client()
            for (command, reply) in dialogue { #expect(try client.ask(command) == reply, "\(command)") }
        }
    }

    @Test func `COMMAND INFO shows the row that dispatches`() async throws {
        try await check([
            (
                "COMMAND INFO get nope",
                "[[\"get\", :2, [+readonly, +fast], :1, :1, :1, [+@string], [], [[\"flags\", [+RO, +access], "
                    + "\"begin_search\", [\"type\", \"index\", \"spec\", [\"index\", :1]], \"find_keys\", [\"type\", "
                    + "\"range\", \"spec\", [\"lastkey\", :0, \"keystep\", :1, \"limit\", :0]]]], []], nil]"
            ),
            (
                "COMMAND INFO client|id",
                "[[\"client|id\", :2, [+noscript, +loading, +stale], :0, :0, :0, [+@slow], [], [], []]]"
            ),
            ("COMMAND GETKEYS set a b", "[\"a\"]"),
            ("COMMAND GETKEYSANDFLAGS set a b", "[[\"a\", [+RW, +access, +update]]]"),
            ("COMMAND GETKEYS ping", "-ERR The command has no key arguments"),
            ("COMMAND GETKEYS nope", "-ERR Invalid command specified"),
            ("COMMAND GETKEYS get", "-ERR Invalid number of arguments specified for command"),
            ("COMMAND LIST FILTERBY PATTERN ft.l*", "[\"FT.LATE\"]"),
            ("COMMAND LIST FILTERBY ACLCAT nope", "[]"), ("COMMAND LIST FILTERBY x", "-ERR syntax error"),
            ("COMMAND LIST FILTERBY MODULE nope", "[]"),
            ("COMMAND FOO", "-ERR unknown subcommand 'FOO'. Try COMMAND HELP."),
            (
                "COMMAND DOCS incr",
                "[\"incr\", [\"summary\", \"A command of the store\", \"since\", \"1.0.0\", \"group\", \"string\"]]"
            ), ("COMMAND DOCS nope", "[]"),
        ])
    }

    @Test func `COMMAND leaves out what came after the store's version`() async throws {
        try await check([
            ("COMMAND INFO later", "[nil]"), ("COMMAND DOCS later", "[]"),
            ("COMMAND LIST FILTERBY PATTERN later*", "[]"), ("COMMAND LIST FILTERBY PATTERN inc*", "[\"incr\"]"),
        ])
    }

    @Test func `COMMAND COUNT counts what COMMAND lists`() async throws {
        try await withServer { server in
            let client = try server.client()
            let count = Int(try client.ask("COMMAND COUNT").dropFirst())
            try client.send("COMMAND\r\n")
            #expect(try client.readLine() == "*\(count ?? -1)")
        }
    }

    @Test func `INFO shows the sections it is asked for`() async throws {
        try await withServer { server in
            let client = try server.client()
            let all = try client.ask("INFO")
            for title in [
                "Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Cluster",
            ] {
                #expect(all.contains("# \(title)\r\n"), "\(title)")
            }
            #expect(!all.contains("# Commandstats"))
            #expect(all.contains("module:name=search,ver=80400,api=1,"))
            #expect(all.contains("redis_version:7.2.0\r\n"))
            let server = try client.ask("INFO SERVER")
            #expect(server.hasPrefix("\"# Server\r\n") && !server.contains("# Clients"))
            let two = try client.ask("INFO cpu commandstats")
            #expect(two.contains("# CPU") && two.contains("cmdstat_info:calls=2,"))
            #expect(try client.ask("INFO nope") == "\"\"")
            #expect(try client.ask("INFO everything").contains("# Latencystats"))
        }
    }

    @Test func `commands and errors are counted and can be reset`() async throws {
        try await withServer { server in
            let client = try server.client()
            for _ in 0..<3 { _ = try client.ask("SET a 1") }
            _ = try client.ask("GET")
            _ = try client.ask("NOPE")
            _ = try client.ask("HELLO 9")
            try client.send("SET n x\r\nINCR n\r\nPING\r\nINCR n\r\n")
            #expect(try client.reply() == "+OK")
            for _ in 0..<3 { _ = try client.reply() }
            let text = try client.ask("INFO commandstats errorstats")
            #expect(text.contains("cmdstat_set:calls=4,"))
            #expect(text.contains("cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0"))
            #expect(text.contains("rejected_calls=0,failed_calls=1"))
            #expect(text.contains("cmdstat_incr:calls=2,") && text.contains("rejected_calls=0,failed_calls=2"))
            #expect(text.contains("errorstat_ERR:count=4"))
            #expect(text.contains("errorstat_NOPROTO:count=1"))
            #expect(try client.ask("CONFIG RESETSTAT") == "+OK")
            #expect(!(try client.ask("INFO commandstats")).contains("cmdstat_set"))
        }
    }

    @Test func `slow commands are kept, without secrets`() async throws {
        try await withServer { server in
            let client = try server.client()
            _ = try client.ask("CONFIG SET slowlog-log-slower-than 0")
            _ = try client.ask("SLOWLOG RESET")
            _ = try client.ask("PING hello")
            _ = try client.ask("AUTH x")
            _ = try client.ask("SET a 1")
            _ = try client.ask("CONFIG SET requirepass \"\"")
            _ = try client.ask("CONFIG SET slowlog-log-slower-than -1")
            let entries = try client.ask("SLOWLOG GET")
            #expect(entries.contains("[\"PING\", \"hello\"]"))
            #expect(entries.contains("[\"SET\", \"a\", \"1\"]"))
            #expect(entries.contains("[\"CONFIG\", \"SET\", \"(redacted)\""))
            #expect(try client.ask("SLOWLOG GET x") == "-ERR count should be greater than or equal to -1")
            #expect(try client.ask("SLOWLOG RESET") == "+OK")
            #expect(try client.ask("SLOWLOG LEN") == ":0")
        }
    }

    @Test func `latency commands answer with and without samples`() async throws {
        try await withServer { server in
            let client = try server.client()
            #expect(try client.ask("LATENCY LATEST") == "[]")
            #expect(try client.ask("LATENCY HISTORY command") == "[]")
            #expect(try client.ask("LATENCY GRAPH command") == "-ERR No samples available for event 'command'")
            server.state.latency.add("command", nanoseconds: 7_000_000)
            #expect(try client.ask("LATENCY LATEST").hasSuffix(", :7, :7]]"))
            #expect(try client.ask("LATENCY GRAPH command").contains("high 7 ms"))
            #expect(try client.ask("LATENCY RESET") == ":1")
            #expect(try client.ask("LATENCY HISTOGRAM ping") == "[]")
            _ = try client.ask("PING")
            #expect(
                try client.ask("LATENCY HISTOGRAM ping nope").hasPrefix(
                    "[\"ping\", [\"calls\", :1, \"histogram_usec\", ["))
        }
    }

    @Test func `CONFIG shows and changes settings`() async throws {
        try await check([
            ("CONFIG GET maxclients", "[\"maxclients\", \"10000\"]"), ("CONFIG GET nope", "[]"),
            ("CONFIG GET nope DATAB*", "[\"databases\", \"1\"]"), ("CONFIG GET save", "[\"save\", \"\"]"),
            ("CONFIG SET nope 1", "-ERR Unknown option or number of arguments for CONFIG SET - 'nope'"),
            ("CONFIG SET maxclients 10 timeout", "-ERR syntax error"),
            (
                "CONFIG SET maxclients abc",
                "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument couldn't be parsed into an integer"
            ),
            (
                "CONFIG SET timeout -1",
                "-ERR CONFIG SET failed (possibly related to argument 'timeout') - argument must be between 0 and 2147483647 inclusive"
            ),
            (
                "CONFIG SET port 1",
                "-ERR CONFIG SET failed (possibly related to argument 'port') - can't set immutable config"
            ),
            (
                "CONFIG SET timeout 5 protected-mode maybe",
                "-ERR CONFIG SET failed (possibly related to argument 'protected-mode') - argument must be 'yes' or 'no'"
            ), ("CONFIG GET timeout", "[\"timeout\", \"0\"]"),
            (
                "CONFIG SET timeout 5 timeout 6",
                "-ERR CONFIG SET failed (possibly related to argument 'timeout') - duplicate parameter"
            ), ("CONFIG SET save \"\"", "+OK"),
            (
                "CONFIG SET save \"60 1\"",
                "-ERR CONFIG SET failed (possibly related to argument 'save') - documents are kept by the backing store: "
                    + "set this there"
            ), ("CONFIG SET timeout 5 slowlog-max-len 7", "+OK"), ("CONFIG GET timeout", "[\"timeout\", \"5\"]"),
            ("CONFIG SET proto-max-bulk-len 2mb", "+OK"),
            ("CONFIG GET proto-max*", "[\"proto-max-bulk-len\", \"2097152\"]"),
            ("CONFIG REWRITE", "-ERR The server is running without a config file"),
            ("CONFIG GET search-timeout", "[\"search-timeout\", \"500\"]"), ("CONFIG SET search-timeout 7", "+OK"),
            ("FT.CONFIG GET timeout", "[[+TIMEOUT, \"7\"]]"),
        ])
    }

    @Test func `FT CONFIG answers in the words of the reference`() async throws {
        try await check([
            ("FT.CONFIG", "-ERR wrong number of arguments for 'FT.CONFIG' command"),
            ("FT.CONFIG GET", "-ERR wrong number of arguments for 'FT.CONFIG' command"),
            ("FT.CONFIG FOO bar", "+No such configuration action"), ("ft.config get timeout", "[[+TIMEOUT, \"500\"]]"),
            ("FT.CONFIG GET extload", "[[+EXTLOAD, nil]]"), ("FT.CONFIG GET nope", "[]"), ("FT.CONFIG GET t*", "[]"),
            ("FT.CONFIG SET timeout", "-Expected an argument, but none provided"),
            ("FT.CONFIG SET timeout abc", "-Could not convert argument to expected type"),
            ("FT.CONFIG SET timeout 1.5", "-Could not convert argument to expected type"),
            ("FT.CONFIG SET timeout -1", "-Value is outside acceptable bounds"),
            ("FT.CONFIG SET nope 1", "-Invalid option"),
            ("FT.CONFIG SET nogc true", "-Not modifiable at runtime"),
            ("FT.CONFIG SET timeout 400 extra", "+EXCESSARGS"),
            ("FT.CONFIG GET timeout", "[[+TIMEOUT, \"400\"]]"),
            ("FT.CONFIG SET DEFAULT_DIALECT 9", "-Default dialect version cannot be higher than 4"),
            ("FT.CONFIG SET DEFAULT_DIALECT 0", "-Value is outside acceptable bounds"),
            ("FT.CONFIG SET minstemlen 1", "-Minimum stem length cannot be lower than 2"),
            ("FT.CONFIG SET on_timeout foo", "-Invalid ON_TIMEOUT value"), ("FT.CONFIG SET on_timeout FAIL", "+OK"),
            ("FT.CONFIG GET on_timeout", "[[+ON_TIMEOUT, \"fail\"]]"), ("FT.CONFIG SET MAXSEARCHRESULTS -1", "+OK"),
            ("FT.CONFIG GET MAXSEARCHRESULTS", "[[+MAXSEARCHRESULTS, \"unlimited\"]]"),
            ("FT.CONFIG SET MAXSEARCHRESULTS unlimited", "-Could not convert argument to expected type"),
            ("FT.CONFIG SET _PRINT_PROFILE_CLOCK foo", "-Could not convert argument to expected type"),
            (
                "FT.CONFIG SET _NUMERIC_RANGES_PARENTS 9",
                "-Max depth for range cannot be higher than max depth for balance"
            ),
            (
                "FT.CONFIG HELP minprefix",
                "[[+MINPREFIX, +Description, +Shortest prefix that a query may expand, +Value, \"2\"]]"
            ), ("FT.CONFIG GET _PRINT_PROFILE_CLOCK", "[[+_PRINT_PROFILE_CLOCK, \"true\"]]"),
        ])
    }

    @Test func `modules and users are shown as they are`() async throws {
        try await check([
            ("MODULE LIST", "[[\"name\", \"search\", \"ver\", :80400, \"path\", \"built-in\", \"args\", []]]"),
            ("MODULE LOAD", "-ERR wrong number of arguments for 'module|load' command"), ("ACL WHOAMI", "\"default\""),
            ("ACL USERS", "[\"default\"]"),
            ("ACL LIST", "[\"user default on nopass sanitize-payload ~* &* +@all\"]"), ("ACL GETUSER nope", "nil"),
            (
                "ACL GETUSER default",
                "[\"flags\", [\"on\", \"nopass\"], \"passwords\", [], \"commands\", \"+@all\", \"keys\", \"~*\", \"channels\", "
                    + "\"&*\", \"selectors\", []]"
            ), ("ACL CAT nope", "-ERR Unknown category 'nope'"),
            (
                "ACL SETUSER x on",
                "-ERR there is one user, named default: set its password with CONFIG SET requirepass"
            ),
        ])
    }

    @Test func `every container explains itself`() async throws {
        try await withServer { server in
            let client = try server.client()
            for name in ["client", "config", "command", "slowlog", "latency", "memory", "module", "acl"] {
                let help = try client.ask("\(name) help")
                #expect(
                    help.hasPrefix("[+\(name.uppercased()) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"))
                #expect(help.hasSuffix("+HELP, +    Print this help.]"))
            }
        }
    }
}
