// Readers beside the lane.

import EngineTestKit
import Platform
import RESP
import SearchModel
import Settings
import Testing

@testable import SearchEngine

@Suite struct ConcurrencyTests {
    @Test func `readers see every document exactly once while all of them are updated and merged`() throws {
        let node = try TestNode()
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT n NUMERIC SORTABLE g TAG SORTABLE")
        for i in 0..<100 { node.run("HSET d:\(i) t \"hello\(i % 3) hello\" n \(i) g a\(i % 5)") }
        let index = try #require(node.engine.find(Bytes("i".utf8)))
        let isDone = Monitor(false)
        let wrong = Monitor<[String]>([])

        let readers = (0..<2).map { reader in
            OwnThread("reader-\(reader)") {
                var options = SearchOptions()
                options.flags = .noContent
                options.limit = 200
                while !isDone.withLock({ $0 }) {
                    for query in ["*", "hello", "@n:[0 inf]", "@g:{a0|a1|a2|a3|a4}"] {
                        let outcome = Array(query.utf8).withUnsafeBufferPointer { text in
                            try? IndexSearch(index, query: text, options, settings: SearchSettings()).run()
                        }
                        if outcome?.total != 100 || outcome?.hits.count != 100 {
                            wrong.change { $0.append("\(query): \(outcome?.total ?? -1)") }
                        }
                    }
                }
            }
        }
        for round in 0..<30 {
            for i in 0..<100 {
                if i.isMultiple(of: 2) {
                    node.run("HSET d:\(i) t \"hello\(round) hello\" n \(i + round) g a\((i + round) % 5)")
                } else {
                    node.run("HSET d:\(i) n \(i + round)")
                }
            }
            node.store.onLane {
                index.writer.mergeEverything(isQuiet: true)
                index.writer.publish()
            }
        }
        isDone.change { $0 = true }
        for reader in readers { reader.join() }

        #expect(wrong.withLock { Array($0.prefix(3)) } == [])
    }
}
