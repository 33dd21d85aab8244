// Values of fields through the writer's whole life: open, sealed, patched, merged.

import SearchModel
import Testing

@testable import SearchIndex

private func bytes(_ text: String) -> Bytes { Array(text.utf8) }

private let schema: Schema = {
    var schema = Schema()
    var size = FieldSpec(identifier: bytes("size"), attribute: bytes("size"), kind: .numeric)
    size.isSortable = true
    schema.append(size)
    schema.append(FieldSpec(identifier: bytes("tag"), attribute: bytes("tag"), kind: .tag(TagOptions())))
    var name = FieldSpec(identifier: bytes("name"), attribute: bytes("name"), kind: .text(TextOptions()))
    name.isSortable = true
    schema.append(name)
    return schema
}()

private struct Model: Equatable {
    var size: Double?
    var tags: Set<String>
    /// The text of the tags.
    var raw: String?
    var name: String?
    var stamp: UInt64
}

/// All live documents of a snapshot, read back through its columns and lists.
private func contents(_ snapshot: IndexSnapshot) -> [String: Model] {
    var result: [String: Model] = [:]
    for segment in snapshot.segments {
        for docID in 0..<DocID(segment.documentCount) where segment.isLive(docID) {
            let key = segment.withKey(docID) { String(decoding: $0, as: UTF8.self) }
            var tags: Set<String> = []
            if let column = segment.tags(1), let dictionary = snapshot.tagDictionary(1) {
                column.forEachValue { value, _ in
                    if column.list(for: value)?.contains(docID) == true {
                        tags.insert(dictionary.withTerm(value) { String(decoding: $0, as: UTF8.self) })
                    }
                }
            }
            let raw = segment.rawTexts(1)?.bytes(docID).map { String(decoding: $0, as: UTF8.self) }
            #expect(segment.rawTexts(1) != nil, "few texts, and yet no column of them")
            if let column = segment.rawTexts(1) {
                var ordinal: UInt32 = 0
                var patch: String?
                withUnsafePointer(to: docID) {
                    column.gather($0, count: 1, into: &ordinal) {
                        patch = String(decoding: $0, as: UTF8.self)
                        return .max
                    }
                }
                let gathered =
                    ordinal == .max ? patch : ordinal == 0 ? nil : String(decoding: column.text(ordinal), as: UTF8.self)
                #expect(gathered == raw)
            }
            var name: String?
            if case .text(let column)? = segment.sortColumn(2), let text = column.bytes(docID) {
                name = String(decoding: text, as: UTF8.self)
            }
            #expect(result[key] == nil, "\(key) is there twice")
            result[key] = Model(
                size: segment.numeric(0)?.value(docID), tags: tags, raw: raw, name: name, stamp: segment.stamp(docID))
        }
    }
    return result
}

@Suite struct WriterFieldsTests {
    @Test(arguments: [(7, 1 as UInt64), (64, 2), (129, 3), (8192, 4)])
    func `fields say what was last written through seals, merges, updates and patches`(capacity: Int, seed: UInt64) {
        var options = IndexOptions()
        options.segmentCapacity = capacity
        let writer = IndexWriter(schema: schema, options: options)
        var random = SplitMixSource(seed: seed)
        var model: [String: Model] = [:]
        var running: MergeTask?
        var stamp: UInt64 = 0

        for step in 0..<1000 {
            stamp += 1
            let key = "k\(random.next() % 100)"
            switch random.next() % 10 {
            case 0:
                bytes(key).withUnsafeBufferPointer { _ = writer.remove(key: $0) }
                model[key] = nil
            case 1...4:
                let patched = bytes(key).withUnsafeBufferPointer { writer.beginPatch(key: $0, stamp: stamp) }
                #expect(patched == (model[key] != nil))
                guard patched else { continue }
                let size = Double(random.next() % 1000)
                writer.setNumeric(field: 0, size)
                model[key]?.size = size
                if random.next() % 2 == 0 {
                    let tag = "t\(random.next() % 9)"
                    bytes(tag).withUnsafeBufferPointer { writer.setTags(field: 1, [bytes(tag)], raw: $0) }
                    model[key]?.tags = [tag]
                    model[key]?.raw = tag
                }
                model[key]?.stamp = stamp
                writer.endPatch()
            default:
                var entry = Model(size: nil, tags: [], raw: nil, name: nil, stamp: stamp)
                bytes(key).withUnsafeBufferPointer { writer.beginDocument(key: $0, stamp: stamp) }
                if random.next() % 4 != 0 {
                    entry.size = Double(random.next() % 1000)
                    writer.setNumeric(field: 0, entry.size!)
                }
                let tags = (0..<Int(random.next() % 3)).map { _ in "t\(random.next() % 9)" }
                if !tags.isEmpty {
                    let raw = tags.joined(separator: ", ")
                    bytes(raw).withUnsafeBufferPointer { writer.setTags(field: 1, tags.map(bytes), raw: $0) }
                    entry.tags = Set(tags)
                    entry.raw = raw
                }
                if random.next() % 2 == 0 {
                    entry.name = "n\(random.next() % 50)"
                    bytes(entry.name!).withUnsafeBufferPointer { writer.setSortText(field: 2, $0) }
                }
                if random.next() % 20 == 0 {
                    writer.abandonDocument()
                } else {
                    writer.endDocument()
                    model[key] = entry
                }
            }
            // A task runs over several writes, as it does in the background.
            if let task = running, random.next() % 8 == 0 {
                writer.install(task)
                running = nil
            } else if running == nil, random.next() % 16 == 0 {
                running = writer.planMerge(isQuiet: random.next() % 4 == 0)
                running?.run()
            }
            if step % 200 == 199 {
                let snapshot = writer.publish()
                #expect(contents(snapshot) == model)
                #expect(snapshot.documentCount == model.count)
            }
        }
        if let running { writer.install(running) }
        writer.mergeEverything(isQuiet: true)
        #expect(contents(writer.publish()) == model)
    }

    @Test func `an older snapshot keeps the values it was made with`() {
        let writer = IndexWriter(schema: schema)
        bytes("a").withUnsafeBufferPointer { writer.beginDocument(key: $0, stamp: 1) }
        writer.setNumeric(field: 0, 1)
        writer.endDocument()
        let old = writer.publish()

        _ = bytes("a").withUnsafeBufferPointer { writer.beginPatch(key: $0, stamp: 2) }
        writer.setNumeric(field: 0, 2)
        writer.endPatch()
        let new = writer.publish()

        #expect(old.segments[0].numeric(0)?.value(0) == 1)
        #expect(new.segments[0].numeric(0)?.value(0) == 2)
        #expect(new.documentCount == 1)
    }

    @Test func `texts of a tag field are kept while they are few, and only when they are known`() {
        func column(_ documents: Int, raw: (Int) -> String?) -> [RawTextColumn?] {
            let writer = IndexWriter(schema: schema)
            for i in 0..<documents {
                bytes("k\(i)").withUnsafeBufferPointer { writer.beginDocument(key: $0, stamp: UInt64(i + 1)) }
                if let text = raw(i) {
                    bytes(text).withUnsafeBufferPointer { writer.setTags(field: 1, [bytes("t")], raw: $0) }
                } else {
                    writer.setTags(field: 1, [bytes("t")], raw: nil)
                }
                writer.endDocument()
            }
            let open = writer.publish().segments[0].rawTexts(1)
            writer.mergeEverything(isQuiet: true)
            return [open, writer.publish().segments[0].rawTexts(1)]
        }

        for kept in column(3000, raw: { "Section \($0 % 50)" }) { #expect(kept?.distinctCount == 50) }
        for kept in column(3000, raw: { "a value of its own: \($0)" }) { #expect(kept == nil) }
        for kept in column(3000, raw: { $0 == 17 ? nil : "x" }) { #expect(kept == nil) }
    }

    @Test func `a patch of many documents is folded into the columns`() {
        let writer = IndexWriter(schema: schema)
        for i in 0..<3000 {
            bytes("k\(i)").withUnsafeBufferPointer { writer.beginDocument(key: $0, stamp: UInt64(i + 1)) }
            writer.setNumeric(field: 0, Double(i))
            writer.endDocument()
        }
        writer.mergeEverything(isQuiet: true)
        writer.publish()
        for i in 0..<2000 {
            _ = bytes("k\(i)").withUnsafeBufferPointer { writer.beginPatch(key: $0, stamp: UInt64(4000 + i)) }
            writer.setNumeric(field: 0, Double(10_000 + i))
            writer.endPatch()
        }

        writer.mergeEverything()
        let column = writer.publish().segments[0].numeric(0)!

        #expect(column.patchCount == 0)
        #expect(column.count(ValueRange(lower: 10_000, upper: 20_000)) == 2000)
        #expect(column.count(ValueRange(lower: 0, upper: 5000)) == 1000)
    }
}

/// Seeded numbers.
private struct SplitMixSource {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return (z ^ (z >> 31)) >> 8
    }
}
