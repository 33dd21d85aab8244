import Testing

@testable import SearchIndex
@testable import SearchModel

extension TagColumn: TestedColumn {
    static func makeBuilder(capacity: Int) -> TagColumnBuilder { TagColumnBuilder(capacity: capacity) }
    static func set(_ builder: TagColumnBuilder, _ docID: DocID, _ values: [TagID]?) {
        (values ?? []).withUnsafeBufferPointer { builder.set(docID, $0) }
    }
    static func view(_ builder: TagColumnBuilder, _ count: Int) -> TagColumn { builder.view(documentCount: count) }
    mutating func change(_ docID: DocID, _ values: [TagID]?) {
        (values ?? []).withUnsafeBufferPointer { patch(docID, $0) }
    }
}

enum TagKind: String, CaseIterable, Sendable {
    case few, many, unique, several, skewed

    func draw(_ random: inout SeededGenerator) -> [TagID]? {
        if random.chance(10) { return nil }
        switch self {
        case .few: return [TagID(random.below(5))]
        case .many: return [TagID(random.below(60))]
        case .unique: return [TagID(random.below(100_000))]
        // Unsorted and with repetitions, as documents are.
        case .several: return (0..<random.below(6)).map { _ in TagID(random.below(12)) }
        case .skewed: return [random.chance(80) ? 7 : TagID(random.below(9)), TagID(random.below(300))]
        }
    }
}

@Suite struct FieldsTagTests {
    @Test(arguments: TagKind.allCases)
    func `a tag column answers as a table of documents by value does`(_ kind: TagKind) {
        forEachSpecimen(TagColumn.self, value: kind.draw) { specimen, random in
            let (column, model) = (specimen.column, specimen.model)
            var expected: [TagID: [DocID]] = [:]
            for (docID, values) in model.enumerated() {
                for value in Set(values ?? []) { expected[value, default: []].append(DocID(docID)) }
            }
            #expect(column.documentCount == model.count, specimen.note)
            if column.isSingleValued { #expect(model.allSatisfy { Set($0 ?? []).count <= 1 }, specimen.note) }
            if kind == .few && specimen.form != .adopted { #expect(column.isSingleValued, specimen.note) }
            var counts: [TagID: Int] = [:]
            var ids: [TagID] = []
            column.forEachValue { value, count in
                counts[value] = count
                ids.append(value)
            }
            #expect(counts == expected.mapValues(\.count), specimen.note)
            #expect(ids == ids.sorted(), specimen.note)
            #expect(column.byteCount > 0)
            #expect(column.list(for: 999_999) == nil, specimen.note)
            #expect(column.documentFrequency(for: 999_999) == 0, specimen.note)
            for value in expected.keys.shuffled(using: &random).prefix(8) {
                #expect(column.documentFrequency(for: value) == expected[value]?.count, specimen.note)
                guard let list = column.list(for: value) else {
                    Issue.record("no list of \(value), \(specimen.note)")
                    continue
                }
                checkList(list, expected[value] ?? [], documentCount: model.count, &random, specimen.note)
            }
        }
    }

    @Test func `rare values are stored as one number and common ones as a bitmap`() {
        let model: [[TagID]?] = (0..<8192).map { docID in
            docID == 5 ? [1] : docID < 100 ? [2] : docID % 20 == 0 ? [3] : [4]
        }
        let builder = TagColumnBuilder(capacity: 8192)
        for (docID, values) in model.enumerated() { TagColumn.set(builder, DocID(docID), values) }
        let column = TagColumn.merge(
            [(builder.view(documentCount: 8192), .identity(8192))], documentCount: 8192)
        func form(_ value: TagID) -> String {
            switch column.list(for: value)?.form {
            case .array: "array"
            case .packed: "packed"
            case .bitmap: "bitmap"
            case nil: "none"
            }
        }
        #expect([1, 2, 3, 4, 5].map { form($0) } == ["array", "array", "packed", "bitmap", "none"])
    }

    @Test func `a second value that comes by patch makes a column multi-valued`() {
        let builder = TagColumnBuilder(capacity: 4)
        for docID in 0..<DocID(3) { TagColumn.set(builder, docID, [docID]) }
        let view = builder.view(documentCount: 3)
        #expect(view.isSingleValued)
        var sealed = TagColumn.merge([(view, .identity(3))], documentCount: 3)
        sealed.change(1, [7, 7])
        #expect(sealed.isSingleValued)
        sealed.change(1, [8, 7])
        #expect(!sealed.isSingleValued && !sealed.rebuilt().isSingleValued)
        TagColumn.set(builder, 0, [1, 2])
        #expect(!builder.view(documentCount: 3).isSingleValued)
        #expect(view.isSingleValued)
    }

    @Test func `two single-valued fields of 65,536 documents take at most 9 bytes a document`() {
        var random = SeededGenerator(seed: 1)
        var bytes = 0
        for distinct in [8, 60] {
            var writer = TagStorage.Writer(documentCount: 65_536)
            var lists = [[DocID]](repeating: [], count: distinct)
            // Skewed, as sections and priorities are.
            for docID in 0..<DocID(65_536) { lists[random.below(1 + random.below(distinct))].append(docID) }
            for (value, list) in lists.enumerated() {
                list.withUnsafeBufferPointer { writer.append(TagID(value), $0) }
            }
            bytes += TagColumn(writer.finish()).byteCount
        }
        #expect(Double(bytes) / 65_536 < 9)
    }
}

/// Checks everything a list can do.
func checkList(
    _ list: DocumentList, _ expected: [DocID], documentCount: Int, _ random: inout SeededGenerator, _ note: Comment
) {
    #expect(list.documentFrequency == expected.count, note)
    var found: [DocID] = []
    list.forEach { found.append($0) }
    #expect(found == expected, note)
    let bits = TestedBits(documentCount: documentCount, expected)
    expectWindows(
        bits, documentCount: documentCount, &random, note,
        fill: { list.fillWindow($0, words: $1) }, restrict: { list.restrict($0, words: $1) })
    for window in 0..<bits.windows {
        guard let words = list.bitmapWindow(window) else { continue }
        let begin = window * wordsPerWindow
        #expect((0..<wordsPerWindow).map { words[$0] } == Array(bits.words[begin..<begin + wordsPerWindow]), note)
    }
    #expect((list.bitmapWindow(0) != nil) == list.isBitmap)
    var room = [DocID](repeating: 0, count: blockSize)
    var decoded: [DocID] = []
    for block in 0..<list.blockCount {
        let count = list.decodeDocIDs(block, into: &room)
        if !list.isBitmap { #expect(count > 0 && room[count - 1] == list.lastDocID(block), note) }
        decoded += room.prefix(count)
    }
    #expect(decoded == expected, note)
    for _ in 0..<5 where documentCount > 0 {
        let docID = DocID(random.below(documentCount + 200))
        #expect(list.contains(docID) == (Int(docID) < documentCount && bits.contains(docID)), note)
        let from = random.below(list.blockCount + 1)
        let block = list.firstBlock(endingAtOrAfter: docID, from: from)
        let wanted = (from..<list.blockCount).first { list.lastDocID($0) >= docID } ?? list.blockCount
        #expect(block == wanted, note)
    }
    for rarity in [1, 6] {
        let deaths = TestedDeaths(documentCount, rarity: rarity, &random)
        let live = list.liveDocumentFrequency(deadCount: deaths.deadCount, copyLiveWindow: deaths.copyLiveWindow)
        #expect(live == bits.intersection(deaths.live).count, note)
    }
}
