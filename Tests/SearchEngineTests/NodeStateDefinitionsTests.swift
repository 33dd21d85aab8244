import EngineTestKit
import Foundation
import Storage
import Testing

@testable import SearchEngine

@Suite struct NodeStateDefinitionsTests {
    @Test func `definitions come back from the disk`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ringsearch-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }  // what is left is the system's to clean
        let store = MemoryStore()
        do {
            let definitions = NodeStateDefinitions(try NodeState(directory: folder))
            let node = try TestNode(store: store, definitions: definitions)
            node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT")
            node.run("FT.CREATE gone SCHEMA t TEXT")
            node.run("FT.DROPINDEX gone")
            node.run("FT.ALIASADD a i")
            node.run("FT.DICTADD words one two")
            node.run("FT.SYNUPDATE i g boy child")
            node.run("HSET d:1 t boy")
        }

        let node = try TestNode(
            store: store, definitions: NodeStateDefinitions(try NodeState(directory: folder)))

        #expect(node.run("FT._LIST") == "*1 +i")
        #expect(node.run("FT.SEARCH a child NOCONTENT") == "*2 :1 $d:1")
        #expect(node.run("FT.DICTDUMP words") == "*2 $one $two")
    }
}
