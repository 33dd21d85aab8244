import RESP
import Storage
import Testing

@Suite struct KeyspaceCommandTableTests {
    @Test func `names are found in any case`() {
        #expect(KeyspaceCommandTable.specification("hset") != nil)
        let name = Array("hSeT".utf8)
        #expect(
            name.withUnsafeBufferPointer { KeyspaceCommandTable.specification($0) }
                == KeyspaceCommandTable.specification("hset"))
        #expect(KeyspaceCommandTable.specification("ft.search") == nil)
    }
}
