// The engine over a store in memory: what documents, scans, restarts and clocks do to indexes.

import EngineTestKit
import RESP
import SearchModel
import Settings
import Storage
import Testing

@testable import SearchEngine

@Suite struct EngineTests {
    private func keys(_ node: TestNode, _ query: String) -> String { node.run("FT.SEARCH \(query) NOCONTENT") }

    // MARK: scans

    @Test func `an index over documents that are there finds them once the scan has passed`() throws {
        let node = try TestNode()
        node.store.holdsScans = true
        for i in 1...4 { node.run("HSET d:\(i) t hello") }
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")

        #expect(keys(node, "i hello") == "*1 :0")
        #expect(node.run("FT.INFO i").contains("+indexing :1 +percent_indexed $0 "))
        node.store.stepScans(2)
        #expect(keys(node, "i hello") == "*3 :2 $d:1 $d:2")
        #expect(node.run("FT.INFO i").contains("+indexing :1 +percent_indexed $0.5 "))
        node.store.stepScans(2)
        #expect(keys(node, "i hello") == "*5 :4 $d:1 $d:2 $d:3 $d:4")
        #expect(node.run("FT.INFO i").contains("+indexing :0 +percent_indexed $1 "))
    }

    @Test func `documents written while a scan runs are indexed once, as they are now`() throws {
        let node = try TestNode()
        node.store.holdsScans = true
        for i in 1...3 { node.run("HSET d:\(i) t old") }
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        node.run("HSET d:2 t new")
        node.run("HSET d:4 t new")
        node.run("DEL d:3")

        node.store.stepScans(100)

        #expect(keys(node, "i *") == "*4 :3 $d:2 $d:4 $d:1")
        #expect(keys(node, "i old") == "*2 :1 $d:1")
        #expect(keys(node, "i new") == "*3 :2 $d:2 $d:4")
    }

    @Test func `altering gives documents that are there their new fields`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        node.run("HSET d:1 t hello u world")
        node.run("HSET d:2 t hello u moon")

        #expect(keys(node, "i @u:world") == "*1 :0")
        node.run("FT.ALTER i SCHEMA ADD u TEXT")
        #expect(keys(node, "i @u:world") == "*2 :1 $d:1")
        #expect(keys(node, "i hello") == "*3 :2 $d:1 $d:2")
    }

    @Test func `altering with SKIPINITIALSCAN leaves documents alone`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        node.run("HSET d:1 t hello u world")

        node.run("FT.ALTER i SKIPINITIALSCAN SCHEMA ADD u TEXT")

        #expect(keys(node, "i @u:world") == "*1 :0")
        node.run("HSET d:1 t hello")
        #expect(keys(node, "i @u:world") == "*2 :1 $d:1")
    }

    @Test func `a number that changes while an altered index is scanned does not keep its document from the new field`()
        throws
    {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT n NUMERIC")
        node.run("HSET d:1 t hello n 1 u world")
        node.store.holdsScans = true
        node.run("FT.ALTER i SCHEMA ADD u TEXT")

        node.run("HSET d:1 n 2")
        node.store.stepScans(100)

        #expect(keys(node, "i @u:world") == "*2 :1 $d:1")
        #expect(keys(node, "i @n:[2,2]") == "*2 :1 $d:1")
    }

    @Test func `a number is changed without touching the text`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT n NUMERIC SORTABLE g TAG")
        for i in 1...3 { node.run("HSET d:\(i) t hello n \(i) g a") }

        node.run("HSET d:1 n 5 g b,c")

        #expect(keys(node, "i @n:[1,1]") == "*1 :0")
        #expect(keys(node, "i @n:[5,5]") == "*2 :1 $d:1")
        #expect(keys(node, "i @g:{a}") == "*3 :2 $d:2 $d:3")
        #expect(keys(node, "i @g:{c}") == "*2 :1 $d:1")
        #expect(keys(node, "i hello") == "*4 :3 $d:2 $d:3 $d:1")
        #expect(keys(node, "i hello SORTBY n DESC") == "*4 :3 $d:1 $d:3 $d:2")
        node.run("HSET d:2 other x")
        #expect(keys(node, "i hello") == "*4 :3 $d:3 $d:1 $d:2")
        node.run("DEL d:1")
        #expect(keys(node, "i @n:[5,5]") == "*1 :0")
    }

    @Test func `a second scan takes over from the first`() throws {
        let node = try TestNode()
        node.store.holdsScans = true
        for i in 1...4 { node.run("HSET d:\(i) t hello u \(i)") }
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        node.store.stepScans(3)
        node.run("FT.ALTER i SCHEMA ADD u TEXT")

        node.store.stepScans(1)
        #expect(node.run("FT.INFO i").contains("+percent_indexed $0.25 "))
        node.store.stepScans(100)

        #expect(keys(node, "i hello") == "*5 :4 $d:1 $d:2 $d:3 $d:4")
        #expect(keys(node, "i @u:3") == "*2 :1 $d:3")
    }

    @Test func `a store that was replaced is compared with its indexes`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        for i in 1...3 { node.run("HSET d:\(i) t hello") }
        node.store.loseSilently(Array("d:2".utf8))

        #expect(keys(node, "i hello") == "*4 :3 $d:1 $d:2 $d:3")
        node.store.replaced()
        #expect(keys(node, "i hello") == "*3 :2 $d:1 $d:3")
    }

    @Test func `a scan that failed is tried again`() async throws {
        let node = try TestNode()
        node.store.holdsScans = true
        node.run("HSET d:1 t hello")
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        node.store.failScans("ERR not now")
        node.store.holdsScans = false

        for _ in 0..<500 where keys(node, "i hello") == "*1 :0" { try await Task.sleep(for: .milliseconds(10)) }

        #expect(keys(node, "i hello") == "*2 :1 $d:1")
        #expect(node.run("FT.INFO i").contains("+indexing :0"))
    }

    // MARK: restarts

    @Test func `after a restart an index answers only when it has been rebuilt`() throws {
        let store = MemoryStore()
        let definitions = VolatileDefinitions()
        do {
            let node = try TestNode(store: store, definitions: definitions)
            node.run("FT.CREATE i PREFIX 1 d: STOPWORDS 1 foo SCHEMA t TEXT")
            node.run("FT.ALTER i SCHEMA ADD u TEXT")
            node.run("FT.ALIASADD a i")
            node.run("FT.DICTADD dict term")
            node.run("FT.SYNUPDATE i g boy child")
            for i in 1...4 { node.run("HSET d:\(i) t boy u w\(i)") }
        }
        store.holdsScans = true

        let node = try TestNode(store: store, definitions: definitions)
        #expect(node.run("FT._LIST") == "*1 +i")
        #expect(node.run("FT.SEARCH a child") == "-LOADING index i is being rebuilt from the store, 0% done")
        store.stepScans(1)
        #expect(node.run("FT.INFO i") == "-LOADING index i is being rebuilt from the store, 25% done")
        store.stepScans(100)
        #expect(keys(node, "a child") == "*5 :4 $d:1 $d:2 $d:3 $d:4")
        #expect(keys(node, "i @u:w3") == "*2 :1 $d:3")
        #expect(node.run("FT.DICTDUMP dict") == "*1 $term")
        #expect(node.run("FT.SYNDUMP i") == "*4 $boy *1 $g $child *1 $g")
    }

    @Test func `what was dropped stays dropped after a restart`() throws {
        let store = MemoryStore()
        let definitions = VolatileDefinitions()
        do {
            let node = try TestNode(store: store, definitions: definitions)
            for name in ["i", "j"] { node.run("FT.CREATE \(name) PREFIX 1 d: SCHEMA t TEXT") }
            node.run("FT.ALIASADD a i")
            node.run("FT.ALIASADD b j")
            node.run("FT.SYNUPDATE i g boy child")
            node.run("FT.DROPINDEX i")
            node.run("FT.ALIASDEL b")
        }

        let node = try TestNode(store: store, definitions: definitions)

        #expect(node.run("FT._LIST") == "*1 +j")
        #expect(node.run("FT.SEARCH a x") == "-a: no such index")
        #expect(node.run("FT.SEARCH b x") == "-b: no such index")
        node.run("FT.CREATE i SCHEMA t TEXT")
        #expect(node.run("FT.SYNDUMP i") == "*0")
    }

    @Test func `a definition that cannot be saved is not made`() throws {
        final class FullDisk: DefinitionStorage {
            struct NoSpace: Error {}
            func save(_ changes: [(key: DefinitionKey, value: Bytes?)]) throws { throw NoSpace() }
            func load() -> [(key: DefinitionKey, value: Bytes)] { [] }
        }
        let node = try TestNode(definitions: FullDisk())

        #expect(
            node.run("FT.CREATE i SCHEMA t TEXT")
                == "-ERR the definition could not be saved on this node's disk")
        #expect(node.run("FT._LIST") == "*0")
        #expect(node.run("FT.DICTADD d x") == "-ERR the definition could not be saved on this node's disk")
        #expect(node.run("FT.DICTDUMP d") == "-could not open dict key")
    }

    // MARK: documents

    @Test func `a document with a bad field leaves the index and comes back with a good one`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT n NUMERIC g GEO")
        node.run("HSET d:1 t hello n 1")

        node.run("HSET d:1 n oops")
        #expect(keys(node, "i hello") == "*1 :0")
        #expect(node.run("FT.INFO i").contains("+hash_indexing_failures :1"))
        node.run("HSET d:1 n 2")
        #expect(keys(node, "i hello") == "*2 :1 $d:1")
    }

    @Test func `one key may be in many indexes`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        node.run("FT.CREATE j SCHEMA t TEXT")
        node.run("HSET d:1 t hello")
        node.run("HSET e:1 t hello")

        #expect(keys(node, "i hello") == "*2 :1 $d:1")
        #expect(keys(node, "j hello") == "*3 :2 $d:1 $e:1")
        node.run("DEL d:1")
        #expect(keys(node, "i hello") == "*1 :0")
        #expect(keys(node, "j hello") == "*2 :1 $e:1")
    }

    @Test func `a transaction sees its own writes`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        node.run("HSET d:1 t hello")

        let reply = node.run(["FT.SEARCH", "i", "hello"].map { Array($0.utf8) }, inTransaction: true)
        #expect(ReplyTokens.text(of: reply.bytes) == "*3 :1 $d:1 *2 $t $hello")
        let created = node.run(
            "FT.CREATE j SCHEMA t TEXT".split(separator: " ").map { Array($0.utf8) }, inTransaction: true)
        #expect(ReplyTokens.text(of: created.bytes) == "+OK")
        #expect(node.run("FT._LIST") == "*2 +i +j")
    }

    // MARK: rows

    @Test func `rows of vanished documents are replaced by the next ones, and the total tells the truth`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        for i in 1...6 { node.run("HSET d:\(i) t hello") }
        for i in [1, 3, 4] { node.run("PEXPIRE d:\(i) 1") }

        #expect(
            node.run("FT.SEARCH i hello LIMIT 0 2")
                == "*5 :3 $d:2 *2 $t $hello $d:5 *2 $t $hello")
        #expect(node.run("FT.SEARCH i hello LIMIT 0 2 NOCONTENT") == "*3 :6 $d:1 $d:2")
    }

    @Test func `sorting by values that only the store has drops documents that are gone`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        for i in 1...1500 { node.run("HSET d:\(i) t w\(3000 - i)") }
        for i in [1500, 1498] { node.run("PEXPIRE d:\(i) 1") }

        #expect(node.run("FT.SEARCH i * SORTBY t LIMIT 0 3 NOCONTENT") == "*4 :1498 $d:1499 $d:1497 $d:1496")
        #expect(
            node.run("FT.SEARCH i * SORTBY t DESC LIMIT 1 1 WITHSORTKEYS") == "*4 :1498 $d:2 $$w2998 *2 $t $w2998")
    }

    @Test func `the store's trouble is the reply`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        node.run("HSET d:1 t hello")
        node.store.loadFailure = StoreFailure("LOADING the store is loading")

        #expect(node.run("FT.SEARCH i hello") == "-LOADING the store is loading")
        #expect(node.run("FT.SEARCH i hello NOCONTENT") == "*2 :1 $d:1")
    }

    // MARK: ends

    @Test func `DD deletes more documents than fit into one command`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
        node.run("FT.CREATE j PREFIX 1 d: SCHEMA t TEXT")
        for i in 1...1203 { node.run("HSET d:\(i) t hello") }
        node.run("HSET e:1 t hello")

        #expect(node.run("FT.DROPINDEX i DD") == "+OK")
        #expect(node.run("EXISTS d:1 d:500 d:501 d:1203 e:1") == ":1")
        #expect(keys(node, "j *") == "*1 :0")
    }

    @Test func `an idle temporary index goes with its documents`() async throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: TEMPORARY 0 SCHEMA t TEXT")
        node.run("HSET d:1 t hello")

        for _ in 0..<500 where node.run("FT._LIST") != "*0" { try await Task.sleep(for: .milliseconds(10)) }

        #expect(node.run("FT._LIST") == "*0")
        #expect(node.run("EXISTS d:1") == ":0")
    }

    @Test func `FLUSHALL ends indexes, aliases and dictionaries`() throws {
        let definitions = VolatileDefinitions()
        let node = try TestNode(definitions: definitions)
        node.run("FT.CREATE i SCHEMA t TEXT")
        node.run("FT.ALIASADD a i")
        node.run("FT.DICTADD d x")

        node.run("FLUSHALL")

        #expect(node.run("FT._LIST") == "*0")
        #expect(node.run("FT.SEARCH a x") == "-a: no such index")
        #expect(node.run("FT.DICTDUMP d") == "-could not open dict key")
        #expect(definitions.load().isEmpty)
    }
}
