// Documents, the index they want, and what is asked about them.

/// What a corpus remembers of some of its documents, to make queries from.
struct Sample: Sendable {
    /// Words of the text field, in order.
    var words: [String]
    var tag: String
    var number: Double
    var place: (longitude: Double, latitude: Double)?
}

struct QueryClass: Sendable {
    let name: String
    /// Words after `FT.SEARCH index`.
    let queries: [[String]]
}

struct Corpus: Sendable {
    let name: String
    /// Key prefix, which also names the index.
    let prefix: String
    let schema: [String]
    let documents: CommandList
    let samples: [Sample]
    /// Words by falling number of documents.
    let words: [(word: String, documents: Int)]
    let text: String
    let tag: String
    let number: String
    let place: String?

    var index: String { prefix + "index" }
    var creation: [String] { ["FT.CREATE", index, "ON", "HASH", "PREFIX", "1", prefix, "SCHEMA"] + schema }
}

/// Collects what `Corpus` needs while documents are made.
struct CorpusBuilder {
    private var frequencies: [String: Int] = [:]
    private(set) var samples: [Sample] = []
    private(set) var documents = CommandList()
    private let sampleEvery: Int

    /// - Parameter expected: about how many documents will come.
    init(expected: Int) { sampleEvery = max(1, expected / 4000) }

    mutating func add(_ command: [String], text: String, tag: String, number: Double, place: (Double, Double)?) {
        let words = text.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init)
            .filter { $0.count > 1 && !Self.stopWords.contains($0) }
        for word in Set(words) { frequencies[word, default: 0] += 1 }
        if documents.count % sampleEvery == 0 && words.count > 3 {
            samples.append(Sample(words: words, tag: tag, number: number, place: place.map { ($0.0, $0.1) }))
        }
        documents.append(command)
    }

    var words: [(word: String, documents: Int)] {
        frequencies.map { (word: $0.key, documents: $0.value) }
            .sorted { ($0.documents, $1.word) > ($1.documents, $0.word) }
    }

    private static let stopWords: Set<String> = Set(
        """
        a is the an and are as at be but by for if in into it no not of on or such that their then there these they this
        to was will with
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
