import SearchModel
import Testing

@testable import SearchEngine

@Suite struct PrefixRouterTests {
    private func index(_ name: String, _ prefixes: [String]) -> LiveIndex {
        var definition = IndexDefinition(name: Array(name.utf8))
        definition.prefixes = prefixes.map { Array($0.utf8) }
        return LiveIndex(IndexConfiguration(definition))
    }

    private func names(_ router: PrefixRouter, _ key: String) -> [String] {
        Array(key.utf8).withUnsafeBufferPointer { key in
            router.indexes(for: key).map { String(decoding: $0.name, as: UTF8.self) }
        }
    }

    @Test func `a key goes to every index with a prefix of it, each once, in order`() {
        let indexes = [
            index("all", [""]), index("books", ["book:", "b"]), index("boats", ["boat:"]), index("b", ["b", "book:1"]),
        ]
        let router = PrefixRouter(indexes.map { (prefixes: $0.definition.prefixes, index: $0) })

        #expect(names(router, "") == ["all"])
        #expect(names(router, "x") == ["all"])
        #expect(names(router, "b") == ["all", "books", "b"])
        #expect(names(router, "book:1") == ["all", "books", "b"])
        #expect(names(router, "boat:1") == ["all", "books", "boats", "b"])
        #expect(names(router, "boat") == ["all", "books", "b"])
    }

    @Test func `without indexes nobody wants a key`() {
        let router = PrefixRouter([])

        #expect(names(router, "x").isEmpty)
        #expect(Array("x".utf8).withUnsafeBufferPointer { !router.covers($0) })
    }

    @Test func `a prefix that is only begun is none`() {
        let books = index("books", ["book:"])
        let router = PrefixRouter([(prefixes: books.definition.prefixes, index: books)])

        #expect(names(router, "book").isEmpty)
        #expect(names(router, "boo:1").isEmpty)
        #expect(names(router, "book:") == ["books"])
    }

    @Test func `names are found by borrowed bytes`() {
        let table = NameTable((0..<100).map { (name: Array("name\($0)".utf8), value: $0) } + [(name: [], value: -1)])

        for i in 0..<100 { #expect(table[Array("name\(i)".utf8)] == i) }
        #expect(table[[]] == -1)
        #expect(table[Array("name100".utf8)] == nil)
    }

    @Test func `a scan walks each key once although prefixes overlap`() {
        let roots = Ingester.roots(["b", "a", "ab", "b", "c:1"].map { Array($0.utf8) })

        #expect(roots == ["a", "b", "c:1"].map { Array($0.utf8) })
        #expect(Ingester.roots([[], [1]]) == [[]])
    }
}
