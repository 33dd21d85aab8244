// FT.DROPINDEX DD: deletes the documents of an index from the store, some at a time.

import RESP
import SearchIndex
import SearchModel
import Storage

/// One deletion; lives until its last batch is answered.
final class DocumentDeletion: @unchecked Sendable {
    // Sendable: each batch hands the object to its completion, so one thread uses it at a time.
    private let snapshot: IndexSnapshot
    private let store: any DocumentStore
    private let completion: @Sendable (String?) -> Void
    private var segment = 0
    private var docID: DocID = 0

    private static let keysPerBatch = 500

    init(_ snapshot: IndexSnapshot, store: any DocumentStore, completion: @escaping @Sendable (String?) -> Void) {
        self.snapshot = snapshot
        self.store = store
        self.completion = completion
    }

    func start() {
        let keys = nextKeys()
        guard !keys.isEmpty, let row = Self.deleteRow else {
            completion(nil)
            return
        }
        let batch = StoreBatch(version: .resp2, client: 0)
        batch.append([Bytes("DEL".utf8)] + keys, specification: row)
        batch.completion = { [self] reply in
            if reply.bytes.first == UInt8(ascii: "-") {
                completion(String(decoding: reply.bytes.dropFirst().prefix { $0 != 13 }, as: UTF8.self))
            } else {
                start()
            }
        }
        store.submit(batch)
    }

    private static let deleteRow = KeyspaceCommandTable.specification("del")

    private func nextKeys() -> [Bytes] {
        var keys: [Bytes] = []
        while segment < snapshot.segments.count {
            let view = snapshot.segments[segment]
            while docID < DocID(view.documentCount) {
                if keys.count == Self.keysPerBatch { return keys }
                if view.isLive(docID) { keys.append(view.withKey(docID) { Bytes($0) }) }
                docID += 1
            }
            segment += 1
            docID = 0
        }
        return keys
    }
}
