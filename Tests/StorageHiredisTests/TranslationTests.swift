// Every command of the table, through the lane and straight to a redis-server, in both protocols.

import Glibc
import RESP
import Storage
import Testing

@testable import StorageHiredis

@Suite(.enabled(if: PrivateStore.isThere)) struct TranslationTests {
    @Test(arguments: [RESPVersion.resp2, .resp3])
    func `every reply is byte for byte what a redis-server gives`(version: RESPVersion) throws {
        let mirror = try PrivateStore()
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }
        let direct = RawClient(unixPath: mirror.path)
        _ = direct.send(["HELLO", version == .resp3 ? "3" : "2"])

        for line in CommandLines.lines {
            guard line[0] != "SAVE", !line[0].hasPrefix("BG") else { continue }
            let expected = direct.send(line)
            let batch = StoreBatch(version: version, client: 1)
            let specification = try #require(KeyspaceCommandTable.specification(line[0].lowercased()), "\(line)")
            batch.append(line.map { Array($0.utf8) }, specification: specification)
            let actual = store.answer(batch)

            if isVarying(line) {
                #expect(shape(actual) == shape(expected), "\(line)")
            } else {
                #expect(
                    String(decoding: actual, as: UTF8.self) == String(decoding: expected, as: UTF8.self), "\(line)")
            }
        }
    }

    @Test(arguments: [RESPVersion.resp2, .resp3])
    func `the same holds inside a transaction`(version: RESPVersion) throws {
        let mirror = try PrivateStore()
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }
        let direct = RawClient(unixPath: mirror.path)
        _ = direct.send(["HELLO", version == .resp3 ? "3" : "2"])
        // What a transaction may not hold, what the lane runs elsewhere, and what varies.
        let left = [
            "WATCH", "UNWATCH", "SAVE", "BGSAVE", "BGREWRITEAOF", "SCRIPT", "FUNCTION", "EVAL", "EVAL_RO", "EVALSHA",
            "EVALSHA_RO", "FCALL", "FCALL_RO", "WAITAOF",
        ]
        let unknown = [
            "HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT", "HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME",
            "HPERSIST", "HGETDEL", "HGETEX", "HSETEX",
        ]
        let lines = CommandLines.lines.filter { !left.contains($0[0]) && !unknown.contains($0[0]) && !isVarying($0) }

        _ = direct.send(["MULTI"])
        let batch = StoreBatch(version: version, client: 1)
        batch.isTransaction = true
        for line in lines {
            _ = direct.send(line)
            batch.append(
                line.map { Array($0.utf8) }, specification: KeyspaceCommandTable.specification(line[0].lowercased())!)
        }
        let expected = direct.send(["EXEC"])
        let actual = store.answer(batch)

        #expect(String(decoding: actual, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
    }

    @Test func `a script's RESP3 types arrive as RESP2 has them`() throws {
        // A limit that is known: nothing in the store's RESP2 says that this text is a double.
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }

        #expect(store.run("EVAL", "return {double=3.5}", "0", version: .resp3) == "$3 3.5 ")
    }

    @Test func `every command of the table is tried`() {
        let tried = Set(CommandLines.lines.map { $0[0].lowercased() })
        for row in KeyspaceCommandTable.rows {
            if case .always(.refused) = row.place { continue }
            #expect(tried.contains(row.name), "\(row.name)")
        }
    }

    @Test func `keys are found where a redis-server finds them`() throws {
        let server = try PrivateStore()
        let direct = RawClient(unixPath: server.path)
        for line in CommandLines.lines {
            let reply = String(decoding: direct.send(["COMMAND", "GETKEYS"] + line), as: UTF8.self)
            // This version does not know the command, or not these options.
            if reply.hasPrefix("-ERR Invalid ") { continue }
            let row = KeyspaceCommandTable.rows[KeyspaceCommandTable.specification(line[0].lowercased())!]
            let batch = StoreBatch(version: .resp2, client: 1)
            batch.append(line.map { Array($0.utf8) }, specification: 0)
            guard case .command(let command) = batch.items[0] else { continue }
            let keys = (row.keyIndices(batch.arguments(command)) ?? []).map { line[$0] }
            let expected =
                reply.hasPrefix("-")
                ? [] : reply.split(separator: "\r\n").filter { !$0.hasPrefix("*") && !$0.hasPrefix("$") }

            #expect(keys == expected.map { String($0) }, "\(line): \(reply)")
        }
    }

    @Test func `arity, flags, key positions and categories are those of a redis-server`() throws {
        let server = try PrivateStore()
        let direct = RawClient(unixPath: server.path)
        let names: [(String, CommandFlags)] = [
            ("write", .write), ("readonly", .readOnly), ("denyoom", .denyOOM), ("admin", .admin), ("pubsub", .pubSub),
            ("noscript", .noScript), ("blocking", .blocking), ("loading", .loading), ("stale", .stale), ("fast", .fast),
            ("no_auth", .noAuth), ("movablekeys", .movableKeys), ("no_mandatory_keys", .noMandatoryKeys),
            ("allow_busy", .allowBusy), ("skip_monitor", .skipMonitor), ("no_async_loading", .noAsyncLoading),
            ("no_multi", .noMulti),
        ]
        // What 7.4 says otherwise than 7.0.
        let newer: Set<String> = ["zrank", "zrevrank", "wait", "xautoclaim", "xclaim", "xack"]
        for row in KeyspaceCommandTable.rows where !newer.contains(row.name) {
            let reply = String(decoding: direct.send(["COMMAND", "INFO", row.name]), as: UTF8.self)
                .split(separator: "\r\n").map { String($0) }
            guard reply.count > 4 else { continue }
            // *1 *10 $n name :arity *n +flag ... :first :last :step *n +@category ...
            let arity = Int(reply[4].dropFirst())
            let flagCount = Int(reply[5].dropFirst())!
            let flags = reply[6..<6 + flagCount].map { $0.dropFirst().description }
            let numbers = reply[(6 + flagCount)..<(9 + flagCount)].map { Int($0.dropFirst())! }
            let categoryCount = Int(reply[9 + flagCount].dropFirst())!
            let categories = reply[(10 + flagCount)..<(10 + flagCount + categoryCount)].map {
                $0.dropFirst(2).description
            }
            let known = flags.filter { flag in names.contains { $0.0 == flag } }
            // Commands that wait were barred from scripts before 7.4.
            let ours =
                names.filter { row.flags.contains($0.1) }.map { $0.0 }
                + (row.flags.contains(.blocking) && known.contains("noscript") ? ["noscript"] : [])

            #expect(arity == row.arity, "\(row.name)")
            #expect(Set(known) == Set(ours), "\(row.name)")
            #expect(numbers == [row.keys.first, row.keys.last, row.keys.step], "\(row.name)")
            #expect(Set(categories) == Set(row.categories), "\(row.name)")
        }
    }

    private func isVarying(_ line: [String]) -> Bool {
        let name = line[0].lowercased()
        return CommandLines.varying.contains(name)
            || CommandLines.varying.contains("\(name) \(line.count > 1 ? line[1].lowercased() : "")")
    }

    /// Type bytes and element counts; digits and texts left out.
    private func shape(_ reply: [UInt8]) -> String {
        var result = ""
        var i = 0
        while i < reply.count {
            var end = i
            while reply[end] != 13 { end += 1 }
            let type = reply[i]
            let head = String(decoding: reply[i..<end], as: UTF8.self)
            i = end + 2
            switch type {
            case UInt8(ascii: "$"), UInt8(ascii: "="):
                let count = Int(head.dropFirst())!
                result += count < 0 ? head : String(head.prefix(1))
                if count >= 0 { i += count + 2 }
            case UInt8(ascii: "*"), UInt8(ascii: "%"), UInt8(ascii: "~"), UInt8(ascii: "-"), UInt8(ascii: "+"):
                result += head
            default: result += String(head.prefix(1))
            }
            result += " "
        }
        return result
    }
}
