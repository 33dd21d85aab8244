// Documents for tests, and the index made of them.

import SearchIndex
import SearchModel
import SearchQuery

func bytes(_ text: String) -> Bytes { Array(text.utf8) }

/// One document as a test writes it: text fields are words between spaces.
struct TestDocument {
    var key: String
    var texts: [String: String] = [:]
    var numbers: [String: Double] = [:]
    var tags: [String: [String]] = [:]
    var points: [String: (Double, Double)] = [:]
    var score: Float = 1
    var payload: String?
    var isDead = false
    var stamp: ArrivalStamp = 0
}

/// Schema and documents.
struct Corpus {
    var schema = Schema()
    var documents: [TestDocument] = []
    static let stopWords: Set<String> = ["the", "a", "of", "with", "and", "is"]

    mutating func text(_ name: String, weight: Double = 1, noStem: Bool = true, sortable: Bool = false) {
        var options = TextOptions()
        options.weight = weight
        options.noStem = noStem
        var field = FieldSpec(identifier: bytes(name), attribute: bytes(name), kind: .text(options))
        field.isSortable = sortable
        schema.append(field)
    }

    mutating func field(_ name: String, _ kind: FieldKind, sortable: Bool = false) {
        var field = FieldSpec(identifier: bytes(name), attribute: bytes(name), kind: kind)
        field.isSortable = sortable
        field.indexMissing = true
        schema.append(field)
    }

    mutating func add(_ document: TestDocument) {
        var document = document
        if document.stamp == 0 { document.stamp = ArrivalStamp(documents.count + 1) * 10 }
        documents.append(document)
    }

    func position(_ name: String) -> Int { schema.position(ofAttribute: bytes(name))! }

    /// A toy stemmer, enough to give words stems that others share.
    static func stem(_ word: String) -> String {
        for ending in ["ing", "ed", "s"] where word.count >= 4 && word.hasSuffix(ending) {
            return String(word.dropLast(ending.count))
        }
        return word
    }
}

/// What analysis makes of a document: terms with frequency, fields and positions.
struct AnalyzedDocument {
    struct Occurrences {
        var frequency: UInt32 = 0
        var mask: FieldMask = 0
        var positions: [UInt32] = []
    }

    var terms: [String: Occurrences] = [:]
    var length: UInt32 = 0
    var maxFrequency: UInt32 { terms.values.map(\.frequency).max() ?? 0 }

    init(_ document: TestDocument, _ schema: Schema) {
        var position: UInt32 = 0
        for field in schema.fields {
            guard case .text(let options) = field.kind,
                let text = document.texts[String(decoding: field.attribute, as: UTF8.self)]
            else { continue }
            for word in text.split(separator: " ").map(String.init) where !Corpus.stopWords.contains(word) {
                position += 1
                length += options.integerWeight
                add(word, position, options.integerWeight, options.bit)
                let stem = Corpus.stem(word)
                // A stem counts a fifth of the weight, one at least.
                if !options.noStem, stem != word {
                    add("+" + stem, position, max(1, options.integerWeight / 5), options.bit)
                }
            }
        }
    }

    private mutating func add(_ term: String, _ position: UInt32, _ weight: UInt32, _ bit: Int) {
        terms[term, default: Occurrences()].frequency += weight
        terms[term]!.mask |= 1 << FieldMask(bit)
        terms[term]!.positions.append(position)
    }
}

/// The toy stemmer for the writer.
private final class ToyStemmer: StemProvider {
    func stem(of word: ByteSlice, into stem: inout [UInt8]) -> Bool {
        let text = String(decoding: word, as: UTF8.self)
        stem = bytes(Corpus.stem(text))
        return stem.count != word.count
    }
}

extension Corpus {
    /// What happens to segments once they are full.
    enum Style {
        /// They stay as they were written.
        case unsealed
        /// All but the last are packed, and merged where the policy says so.
        case sealed
        /// Everything becomes one segment without dead documents.
        case merged
    }

    /// The corpus as an index whose segments close at the given sizes (the last size repeats).
    ///
    /// Documents that are dead die after everything has been written.
    func snapshot(sealingAt sizes: [Int] = [8_192], _ style: Style = .sealed) -> IndexSnapshot {
        var options = IndexOptions()
        options.segmentCapacity = max(16, sizes.max()!)
        let writer = IndexWriter(schema: schema, options: options, stemmer: ToyStemmer())
        var turn = 0
        var left = sizes[0]
        for document in documents {
            if left == 0 {
                writer.freeze()
                if style == .sealed { writer.mergeEverything() }
                turn += 1
                left = max(1, sizes[min(turn, sizes.count - 1)])
            }
            write(document, to: writer)
            left -= 1
        }
        writer.publish()
        for document in documents where document.isDead {
            _ = bytes(document.key).withUnsafeBufferPointer { writer.remove(key: $0) }
        }
        if style == .merged { writer.mergeEverything(isQuiet: true) }
        return writer.publish()
    }

    private func write(_ document: TestDocument, to writer: IndexWriter) {
        let payload = document.payload.map(bytes)
        bytes(document.key).withUnsafeBufferPointer { key in
            if let payload {
                payload.withUnsafeBufferPointer {
                    writer.beginDocument(key: key, stamp: document.stamp, score: document.score, payload: $0)
                }
            } else {
                writer.beginDocument(key: key, stamp: document.stamp, score: document.score)
            }
        }
        var position: UInt32 = 0
        for (place, field) in schema.fields.enumerated() {
            let name = String(decoding: field.attribute, as: UTF8.self)
            switch field.kind {
            case .text(let text):
                guard let value = document.texts[name] else { break }
                for word in value.split(separator: " ") where !Corpus.stopWords.contains(String(word)) {
                    position += 1
                    bytes(String(word)).withUnsafeBufferPointer {
                        writer.addToken(
                            $0, position: position, bit: text.bit, weight: text.integerWeight, stems: !text.noStem)
                    }
                }
                if field.isSortable { bytes(value).withUnsafeBufferPointer { writer.setSortText(field: place, $0) } }
            case .tag:
                if let values = document.tags[name] { writer.setTags(field: place, values.map(bytes), raw: nil) }
            case .numeric:
                if let value = document.numbers[name] { writer.setNumeric(field: place, value) }
            case .geo:
                if let (longitude, latitude) = document.points[name] {
                    writer.setGeo(field: place, longitude: longitude, latitude: latitude)
                }
            }
            if field.indexMissing, document.texts[name] == nil, document.numbers[name] == nil,
                document.tags[name] == nil, document.points[name] == nil
            {
                writer.setMissing(field: place)
            }
        }
        writer.endDocument()
    }
}

// MARK: queries

func word(_ text: String, weight: Double = 1, fields: [String]? = nil) -> QueryNode {
    var node = QueryNode(.word(bytes(text), isExpandable: false), fields: fields.map { $0.map(bytes) })
    node.weight = weight
    return node
}

func all(_ nodes: QueryNode..., slop: Int? = nil, inOrder: Bool? = nil, weight: Double = 1) -> QueryNode {
    var node = QueryNode(.intersection(nodes))
    node.slop = slop
    node.inOrder = inOrder
    node.weight = weight
    return node
}

func any(_ nodes: QueryNode..., weight: Double = 1) -> QueryNode {
    var node = QueryNode(.union(nodes, isExpansion: false))
    node.weight = weight
    return node
}

func phrase(_ words: String...) -> QueryNode { QueryNode(.phrase(words.map { word($0) })) }
func not(_ node: QueryNode) -> QueryNode { QueryNode(.not(node)) }

func optional(_ node: QueryNode, weight: Double = 1) -> QueryNode {
    var node = QueryNode(.optional(node))
    node.weight = weight
    return node
}

func tag(_ field: String, _ values: String..., weight: Double = 1) -> QueryNode {
    var node = QueryNode(.tag(field: bytes(field), values.map { word($0) }))
    node.weight = weight
    return node
}

func range(_ field: String, _ lower: Double, _ upper: Double) -> QueryNode {
    QueryNode(.numeric(field: bytes(field), NumericRange(lower: lower, upper: upper)))
}

func prefix(_ text: String, weight: Double = 1) -> QueryNode {
    var node = QueryNode(.prefix(bytes(text)))
    node.weight = weight
    return node
}

// MARK: answers

extension IndexSnapshot {
    func key(_ hit: SearchHitAddress) -> String {
        segments[hit.segment].withKey(hit.docID) { String(decoding: $0, as: UTF8.self) }
    }
}

protocol SearchHitAddress {
    var segment: Int { get }
    var docID: DocID { get }
}
