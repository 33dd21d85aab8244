// Changes that do not come through the lane, and walks over the keyspace.

import Glibc
import Platform
import RESP
import Storage
import Testing

@testable import StorageHiredis

@Suite(.enabled(if: PrivateStore.isThere)) struct ChangeTests {
    @Test func `writes by others are seen`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        let outsider = try server.outsider()

        try outsider.send("HSET", "doc:1", "t", "a")
        #expect(observer.waits { $0["doc:1"] == ["t": "a"] })
        try outsider.send("RENAME", "doc:1", "doc:2")
        #expect(observer.waits { $0 == ["doc:2": ["t": "a"]] })
        try outsider.send("SET", "doc:2", "text")
        #expect(observer.waits { $0.isEmpty })
    }

    @Test func `a key that expires is removed`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }

        _ = store.run([["HSET", "doc:1", "t", "a"], ["PEXPIRE", "doc:1", "50"]])

        #expect(observer["doc:1"] != nil)
        #expect(observer.waits { $0.isEmpty })
    }

    @Test func `a flush by others removes all, but not what was written since`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }
        let outsider = try server.outsider()
        for round in 0..<20 {
            _ = store.run("HSET", "doc:old", "t", "a")
            try outsider.send("FLUSHALL")
            _ = store.run("HSET", "doc:\(round)", "t", "b")
            #expect(observer.waits { $0 == ["doc:\(round)": ["t": "b"]] }, "round \(round)")
        }
    }

    @Test func `our own flush is not taken for one of others`() throws {
        let server = try PrivateStore()
        let observer = RecordingObserver()
        let store = server.open(observer: observer)
        defer { store.stop() }

        _ = store.run([["HSET", "doc:1", "t", "a"], ["FLUSHALL"], ["HSET", "doc:2", "t", "b"]])
        // Told after the store has told of the flush.
        let outsider = try server.outsider()
        try outsider.send("HSET", "doc:3", "t", "c")
        #expect(observer.waits { $0["doc:3"] != nil })

        #expect(observer.log.filter { $0 == "all removed" }.count == 1)
        #expect(observer["doc:2"] == ["t": "b"])
    }

    @Test func `a scan visits every hash with the prefix while commands go on`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }
        let batch = StoreBatch(version: .resp2, client: 1)
        for i in 0..<5000 {
            batch.append(
                ["HSET", "doc:\(i)", "n", "\(i)"].map { Array($0.utf8) },
                specification: KeyspaceCommandTable.specification("hset")!)
            if i % 5 == 0 {
                batch.append(
                    ["SET", "doc:s\(i)", "x"].map { Array($0.utf8) },
                    specification: KeyspaceCommandTable.specification("set")!)
                batch.append(
                    ["HSET", "other:\(i)", "n", "x"].map { Array($0.utf8) },
                    specification: KeyspaceCommandTable.specification("hset")!)
            }
        }
        _ = store.answer(batch)
        for prefixes in [["doc:"], ["doc:", "nothing*["], [""]] {
            let seen = Monitor<(keys: Set<String>, done: Bool, progress: [Int])>(([], false, []))
            _ = store.scan(prefixes: prefixes.map { Array($0.utf8) }) { key, fields in
                seen.change { _ = $0.keys.insert(String(decoding: key, as: UTF8.self)) }
            } progress: { at, total in
                seen.change { $0.progress.append(at) }
                #expect(at <= total)
            } completion: { failure in
                #expect(failure == nil)
                seen.change { $0.done = true }
            }
            #expect(store.run("GET", "x") == "$-1 ")
            #expect(seen.wait(milliseconds: 10_000) { $0.done ? true : nil } == true)

            let expected = prefixes == [""] ? 6000 : 5000
            #expect(seen.withLock { $0.keys.count } == expected)
            #expect(seen.withLock { $0.progress == $0.progress.sorted() && $0.progress.last == 7000 })
        }
    }

    @Test func `a cancelled scan says so and ends`() throws {
        let server = try PrivateStore()
        let store = server.open()
        defer { store.stop() }
        let batch = StoreBatch(version: .resp2, client: 1)
        for i in 0..<5000 {
            batch.append(
                ["HSET", "doc:\(i)", "n", "\(i)"].map { Array($0.utf8) },
                specification: KeyspaceCommandTable.specification("hset")!)
        }
        _ = store.answer(batch)
        let outcome = Monitor<StoreFailure??>(nil)

        store.onLane { [store] in
            let ticket = store.scan(prefixes: [[]]) { _, _ in
            } progress: { _, _ in
            } completion: { failure in
                outcome.change { $0 = .some(failure) }
            }
            store.cancelScan(ticket)
        }

        #expect(outcome.wait(milliseconds: 5000) { $0 } == .some(StoreFailure("ERR the scan was cancelled")))
    }
}
