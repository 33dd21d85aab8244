// Small random documents, and what an index of them must say.

import SearchIndex
import SearchModel
import Testing

/// A seeded generator: a failing case is replayed by its seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

extension StringProtocol {
    func asSlice<R>(_ body: (ByteSlice) -> R) -> R { Array(utf8).withUnsafeBufferPointer(body) }
}

/// Cuts a final `s`.
final class PluralStemmer: StemProvider {
    func stem(of word: ByteSlice, into stem: inout [UInt8]) -> Bool {
        guard word.count > 1, word.last == UInt8(ascii: "s") else { return false }
        stem = Array(word.dropLast())
        return true
    }
}

struct ModelPosting: Equatable {
    var frequency: UInt32 = 0
    var mask: FieldMask = 0
    var positions: [UInt32] = []
}

struct ModelDocument {
    var stamp: ArrivalStamp
    var score: Float
    var length: UInt32 = 0
    var payload: [UInt8]?
    var isMissing = false
    var number: Double?
    var tags: Set<String> = []
    var cell: UInt64?
    var postings: [String: ModelPosting] = [:]
    var maxFrequency: UInt32 { postings.values.map(\.frequency).max() ?? 0 }
}

/// An index and its model, changed together.
struct Twin {
    let writer: IndexWriter
    var documents: [String: ModelDocument] = [:]
    var vocabulary: Set<String> = []
    var stamp: ArrivalStamp = 100
    let stems: Bool

    init(capacity: Int, options: IndexOptions = IndexOptions(), stems: Bool = true) {
        var options = options
        options.segmentCapacity = capacity
        var schema = Schema()
        for name in ["a", "b", "c"] {
            schema.append(
                FieldSpec(identifier: Array(name.utf8), attribute: Array(name.utf8), kind: .text(TextOptions())))
        }
        var numeric = FieldSpec(identifier: [110], attribute: [110], kind: .numeric)
        numeric.indexMissing = true
        schema.append(numeric)
        var tag = FieldSpec(identifier: [116], attribute: [116], kind: .tag(TagOptions()))
        tag.isSortable = true
        schema.append(tag)
        schema.append(FieldSpec(identifier: [103], attribute: [103], kind: .geo))
        self.stems = stems
        writer = IndexWriter(schema: schema, options: options, stemmer: stems ? PluralStemmer() : nil)
    }

    /// `words` per field: (field bit, weight, words).
    mutating func put(
        _ key: String, _ fields: [(bit: Int, weight: UInt32, words: [String])], score: Float = 1,
        payload: String? = nil, number: Double? = 1, tags: Set<String> = [], point: Double? = nil,
        stampOffset: Int = 0
    ) {
        stamp += 1
        var document = ModelDocument(
            stamp: UInt64(Int(stamp) + stampOffset), score: score, payload: payload.map { Array($0.utf8) })
        key.asSlice { key in
            if let payload {
                payload.asSlice { writer.beginDocument(key: key, stamp: document.stamp, score: score, payload: $0) }
            } else {
                writer.beginDocument(key: key, stamp: document.stamp, score: score)
            }
        }
        var position: UInt32 = 0
        for (bit, weight, words) in fields {
            for word in words {
                position += 1
                word.asSlice {
                    writer.addToken($0, position: position, bit: bit, weight: weight, stems: true)
                }
                document.length += weight
                document.add(word, bit, weight, position)
                if stems, word.count > 1, word.hasSuffix("s") {
                    document.add("+" + word.dropLast(), bit, max(1, weight / 5), position)
                }
            }
        }
        document.set(number: number, tags: tags, point: point, in: writer, isPatch: false)
        writer.endDocument()
        vocabulary.formUnion(document.postings.keys)
        documents[key] = document
    }

    mutating func patch(_ key: String, number: Double?, tags: Set<String>, point: Double?) {
        stamp += 1
        let exists = key.asSlice { writer.beginPatch(key: $0, stamp: stamp) }
        #expect(exists == (documents[key] != nil))
        guard exists else { return }
        documents[key]!.set(number: number, tags: tags, point: point, in: writer, isPatch: true)
        documents[key]!.stamp = stamp
        writer.endPatch()
    }

    mutating func remove(_ key: String) {
        let removed = key.asSlice { writer.remove(key: $0) }
        #expect(removed == (documents.removeValue(forKey: key) != nil))
    }
}

extension ModelDocument {
    /// Sets all fields but the text, here and in the index.
    mutating func set(number: Double?, tags: Set<String>, point: Double?, in writer: IndexWriter, isPatch: Bool) {
        self.number = number
        self.tags = tags
        isMissing = number == nil
        cell = point.flatMap { GeoCell.encode(longitude: $0, latitude: $0 / 3) }
        if number != nil || isPatch { writer.setNumeric(field: 3, number) }
        if number == nil || isPatch { writer.setMissing(field: 3, number == nil) }
        if !tags.isEmpty || isPatch { writer.setTags(field: 4, tags.map { Array($0.utf8) }, raw: nil) }
        let sortText = tags.sorted().joined(separator: ",")
        if !tags.isEmpty {
            sortText.asSlice { writer.setSortText(field: 4, $0) }
        } else if isPatch {
            writer.setSortText(field: 4, nil)
        }
        if let point {
            writer.setGeo(field: 5, longitude: point, latitude: point / 3)
        } else if isPatch {
            writer.clearGeo(field: 5)
        }
    }

    mutating func add(_ term: String, _ bit: Int, _ weight: UInt32, _ position: UInt32) {
        postings[term, default: ModelPosting()].frequency += weight
        postings[term]!.mask |= 1 << FieldMask(bit)
        postings[term]!.positions.append(position)
    }
}

/// Compares everything a snapshot says with the model.
func expectEqual(_ snapshot: IndexSnapshot, _ twin: Twin, _ comment: Comment, terms: Int = .max) {
    let documents = twin.documents
    var ok = true
    func check(_ condition: Bool, _ what: String) {
        if !condition && ok {
            ok = false
            Issue.record("\(comment): \(what)")
        }
    }
    check(snapshot.documentCount == documents.count, "N is \(snapshot.documentCount), not \(documents.count)")
    check(
        snapshot.totalLength == documents.values.reduce(0) { $0 + Int($1.length) },
        "sum of lengths \(snapshot.totalLength)")

    var seen: Set<String> = []
    var live = [UInt64](repeating: 0, count: 64)
    for (index, view) in snapshot.segments.enumerated() {
        var liveCount = 0
        for window in 0..<(view.documentCount + windowSize - 1) / windowSize {
            live.withUnsafeMutableBufferPointer { view.copyLiveWindow(window, into: $0.baseAddress!) }
            liveCount += live.reduce(0) { $0 + $1.nonzeroBitCount }
        }
        check(liveCount == view.liveCount, "live count of segment \(index)")
        var last: UInt64 = 0
        for docID in 0..<DocID(view.documentCount) {
            if view.isStampOrdered { check(view.stamps[Int(docID)] >= last, "stamp order") }
            last = view.stamp(docID)
            guard view.isLive(docID) else { continue }
            let key = view.withKey(docID) { String(decoding: $0, as: UTF8.self) }
            check(seen.insert(key).inserted, "\(key) is there twice")
            guard let document = documents[key] else {
                check(false, "\(key) should not be there")
                continue
            }
            check(view.stamp(docID) == document.stamp, "stamp of \(key)")
            check(view.length(docID) == document.length, "length of \(key)")
            check(view.maxFrequency(docID) == document.maxFrequency, "maxf of \(key)")
            check(view.score(docID) == Double(document.score), "score of \(key)")
            check(view.payload(docID) == document.payload, "payload of \(key)")
            check(view.missing(3)?.isMissing(docID) == document.isMissing, "missing of \(key)")
            check(view.numeric(3)?.value(docID) == document.number, "number of \(key)")
            check(view.geo(5)?.cell(docID) == document.cell, "cell of \(key)")
            if case .text(let column)? = view.sortColumn(4) {
                check(
                    column.bytes(docID).map { String(decoding: $0, as: UTF8.self) }
                        == (document.tags.isEmpty ? nil : document.tags.sorted().joined(separator: ",")),
                    "sort text of \(key)")
            } else {
                check(false, "sort column")
            }
            let block = view.blockBounds(Int(docID) / blockSize)
            check(
                block.minLength <= document.length && block.minMaxFrequency <= document.maxFrequency
                    && block.maxScore >= document.score && block.stampFloor <= document.stamp, "document block bounds")
            let place = key.asSlice { snapshot.locate($0) }
            check(place?.segment == index && place?.docID == docID, "place of \(key)")
        }
    }
    check(seen.count == documents.count, "documents seen: \(seen.count)")

    for tag in Set(documents.values.flatMap(\.tags)) {
        let expected = documents.values.count { $0.tags.contains(tag) }
        var found = 0
        let id = tag.asSlice { snapshot.tagDictionary(4)?.lookup($0) }
        for view in snapshot.segments {
            guard let id, let list = view.tags(4)?.list(for: id) else { continue }
            list.forEach { docID in
                guard view.isLive(docID) else { return }
                found += 1
                let key = view.withKey(docID) { String(decoding: $0, as: UTF8.self) }
                check(documents[key]?.tags.contains(tag) == true, "\(key) has no tag \(tag)")
            }
        }
        check(found == expected, "tag \(tag): \(found) documents, not \(expected)")
    }

    for term in twin.vocabulary.sorted().prefix(terms) {
        let expected = documents.compactMapValues { $0.postings[term] }
        let found = readPostings(snapshot, term, check)
        check(found == expected, "postings of \(term): \(found.count) against \(expected.count)")
    }
}

/// Live postings of a term by key; verifies on the way that all ways of reading agree.
private func readPostings(
    _ snapshot: IndexSnapshot, _ term: String, _ check: (Bool, String) -> Void
) -> [String: ModelPosting] {
    var found: [String: ModelPosting] = [:]
    guard let id = term.asSlice({ snapshot.dictionary.lookup($0) }) else { return found }
    for view in snapshot.segments {
        guard let list = view.postings(for: id) else { continue }
        var docs = [UInt32](repeating: 0, count: 128)
        var frequencies = docs
        var positions: [UInt32] = []
        var allDocs: [UInt32] = []
        var liveCount = 0
        var matching = 0
        for block in 0..<list.blockCount {
            let count = list.decodeDocIDs(block, into: &docs)
            list.decodeFrequencies(block, into: &frequencies)
            check(count == list.count(block), "count of block")
            check(docs[count - 1] == list.lastDocID(block), "last document of block")
            check(list.firstPossibleDocID(block) <= docs[0], "first possible document")
            check(list.firstBlock(endingAtOrAfter: docs[count - 1], from: 0) == block, "search for a block")
            let bounds = list.bounds(block)
            let hits = list.matching(block, 0b010)
            matching += hits.0.nonzeroBitCount + hits.1.nonzeroBitCount
            for i in 0..<count {
                allDocs.append(docs[i])
                let f = frequencies[i]
                let length = view.length(docs[i])
                let maxf = view.maxFrequency(docs[i])
                let mask = list.mask(block, i)
                let hit = i < 64 ? hits.0 >> UInt64(i) & 1 : hits.1 >> UInt64(i - 64) & 1
                check((hit == 1) == (mask & 0b010 != 0), "mask test")
                check(f <= bounds.maxFrequency && f <= list.maxFrequency, "frequency bound")
                check(UInt64(f) * UInt64(bounds.tfMaxf) <= UInt64(bounds.tfF) * UInt64(maxf), "f/maxf bound")
                let n0 = view.bounds.n0(length: length)
                let boundN0 = view.bounds.n0(length: bounds.bmLen)
                check(
                    Double(f) / n0 <= Double(bounds.bmF) / boundN0 * (1 + 1e-5) || !view.isSealed, "f/n0 bound")
                check(Double(bounds.maxScore) >= view.score(docs[i]), "score bound")
                check(list.contains(docs[i]), "membership")
                guard view.isLive(docs[i]) else { continue }
                liveCount += 1
                list.readPositions(block, i, into: &positions)
                check(positions.count == list.positionCount(block, i), "position count")
                let key = view.withKey(docs[i]) { String(decoding: $0, as: UTF8.self) }
                found[key] = ModelPosting(frequency: f, mask: mask, positions: positions)
            }
        }
        check(allDocs.count == list.documentFrequency, "document frequency")
        check(liveCount == list.liveDocumentFrequency(in: view), "live document frequency of \(term)")
        check(list.countMatching(0b010) == matching, "matching postings")
        check(zip(allDocs, allDocs.dropFirst()).allSatisfy { $0 < $1 }, "ascending documents")
        for window in 0..<(view.documentCount + windowSize - 1) / windowSize {
            var words = [UInt64](repeating: 0, count: 64)
            list.fillWindow(window, mask: nil, words: &words)
            let expected = allDocs.filter { Int($0) / windowSize == window }
            let listed = (0..<windowSize).filter { words[$0 >> 6] >> UInt64($0 & 63) & 1 != 0 }
                .map { UInt32($0 + window * windowSize) }
            check(listed == expected, "window")
            words = [UInt64](repeating: 0, count: 64)
            list.fillWindow(window, mask: 0b010, words: &words)
            check(words.reduce(0) { $0 + $1.nonzeroBitCount } <= listed.count, "masked window")
        }
    }
    return found
}
