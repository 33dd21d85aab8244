// One writer, a merger and readers at once. Worth running under the thread sanitizer.

import SearchIndex
import SearchModel
import Synchronization
import Testing

private let keyCount = 100

private final class Stage: Sendable {
    let writer: IndexWriter
    let isDone = Atomic<Bool>(false)
    /// Goes from the writer to the merger, and comes back run.
    let planned = Mutex<MergeTask?>(nil)
    let finished = Mutex<MergeTask?>(nil)

    init() {
        var schema = Schema()
        schema.append(FieldSpec(identifier: [97], attribute: [97], kind: .text(TextOptions())))
        schema.append(FieldSpec(identifier: [110], attribute: [110], kind: .numeric))
        schema.append(FieldSpec(identifier: [103], attribute: [103], kind: .geo))
        var options = IndexOptions()
        options.segmentCapacity = 300
        writer = IndexWriter(schema: schema, options: options)
    }
}

@Suite struct RaceTests {
    @Test func `readers find each of a hundred documents exactly once while all are rewritten`() async {
        let stage = Stage()
        for key in 0..<keyCount { write(key, round: 0, stage.writer) }
        stage.writer.publish()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await rewrite(stage)
                stage.isDone.store(true, ordering: .releasing)
            }
            group.addTask {
                while !stage.isDone.load(ordering: .acquiring) {
                    if let task = stage.planned.withLock({ $0.take() }) {
                        task.run()
                        stage.finished.withLock { $0 = task }
                    }
                    await Task.yield()
                }
            }
            for reader in 0..<2 {
                group.addTask {
                    var random = SplitMix(UInt64(reader))
                    while !stage.isDone.load(ordering: .acquiring) {
                        read(stage.writer.snapshot, &random)
                        await Task.yield()
                    }
                }
            }
        }
        var random = SplitMix(9)
        read(stage.writer.publish(), &random)
    }
}

private func write(_ key: Int, round: Int, _ writer: IndexWriter) {
    "key\(key)".asSlice { writer.beginDocument(key: $0, stamp: UInt64(round * 1000 + key + 1)) }
    for (position, word) in ["every", "round\(round)", "every", "key\(key)"].enumerated() {
        word.asSlice { writer.addToken($0, position: UInt32(position + 1), bit: 0, weight: 1, stems: true) }
    }
    writer.setNumeric(field: 1, Double(round % 90))
    writer.setGeo(field: 2, longitude: Double(round % 90), latitude: 0)
    writer.endDocument()
}

private func rewrite(_ stage: Stage) async {
    var random = SplitMix(4)
    let writer = stage.writer
    var isMerging = false
    for round in 1...600 {
        for _ in 0..<1 + random.below(12) {
            let key = random.below(keyCount)
            if random.below(4) == 0 {
                let exists = "key\(key)".asSlice { writer.beginPatch(key: $0, stamp: UInt64(round * 1000 + key)) }
                #expect(exists)
                writer.setNumeric(field: 1, Double(round % 90))
                writer.setGeo(field: 2, longitude: Double(round % 90), latitude: 0)
                writer.endPatch()
            } else {
                write(key, round: round, writer)
            }
        }
        if isMerging {
            if let task = stage.finished.withLock({ $0.take() }) {
                writer.install(task)
                isMerging = false
            }
        } else if let task = writer.planMerge(isQuiet: round % 50 == 0) {
            stage.planned.withLock { $0 = task }
            isMerging = true
        }
        writer.publish()
        await Task.yield()
    }
}

private func read(_ snapshot: IndexSnapshot, _ random: inout SplitMix) {
    #expect(snapshot.documentCount == keyCount)
    #expect(snapshot.totalLength == 4 * keyCount)
    let every = "every".asSlice { snapshot.dictionary.lookup($0) }!
    var live = 0
    var matching = 0
    var frequency = 0
    var keys: Set<String> = []
    var docs = [UInt32](repeating: 0, count: 128)
    var words = [UInt64](repeating: 0, count: 64)
    var positions: [UInt32] = []
    for view in snapshot.segments {
        for window in 0..<(view.documentCount + windowSize - 1) / windowSize {
            view.copyLiveWindow(window, into: &words)
            live += words.reduce(0) { $0 + $1.nonzeroBitCount }
        }
        if let list = view.postings(for: every) {
            frequency += list.liveDocumentFrequency(in: view)
            for block in 0..<list.blockCount {
                for i in 0..<list.decodeDocIDs(block, into: &docs) where view.isLive(docs[i]) {
                    matching += 1
                    keys.insert(view.withKey(docs[i]) { String(decoding: $0, as: UTF8.self) })
                    list.readPositions(block, i, into: &positions)
                    #expect(positions == [1, 3])
                    let number = view.numeric(1)?.value(docs[i])
                    let cell = number.flatMap { GeoCell.encode(longitude: $0, latitude: 0) }
                    #expect(number != nil && view.geo(2)?.cell(docs[i]) == cell)
                }
            }
        }
    }
    #expect(live == keyCount)
    #expect(matching == keyCount)
    #expect(frequency == keyCount)
    #expect(keys.count == keyCount)
    #expect("key\(random.below(keyCount))".asSlice { snapshot.locate($0) } != nil)
    #expect("absent".asSlice { snapshot.locate($0) } == nil)
    #expect("key1".asSlice { snapshot.dictionary.expandPrefix($0, limit: 100) }.terms.count == 11)
}
