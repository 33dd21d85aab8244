// A random index with random documents, and the commands that make them.

import TestKit

/// What kinds of corpus there are: each exists for a reason.
enum CorpusProfile: String, CaseIterable {
    /// Text with weights, tags, numbers, places; documents only added.
    case plain
    /// The same, changed and deleted from; the peer is told to collect its garbage.
    case churned
    /// The options that change what is indexed: languages, scores, payloads, stop words, missing and empty values.
    case options
    /// Suffix tries, phonetics, case-sensitive tags, aliases.
    case exotic
    /// More than one sealed segment's worth of documents.
    case large
    /// NOFREQS, NOOFFSETS, NOFIELDS and the like.
    case reduced
}

struct Corpus {
    let number: Int
    let profile: CorpusProfile
    let index: String
    let prefix: String
    let fields: [FieldPlan]
    /// FT.CREATE, whole.
    let creation: [String]
    /// What loads it, in order.
    private(set) var commands: [[String]] = []
    private(set) var documents: [Document] = []
    let vocabulary: Vocabulary
    let stopWords: Set<String>
    let hasPayloads: Bool
    let hasOffsets: Bool
    let canHighlight: Bool

    /// Whether scores and the order they give can be compared.
    var hasComparableScores: Bool { true }

    var textFields: [FieldPlan] { fields.filter { $0.isText && $0.isIndexed } }
    var tagFields: [FieldPlan] { fields.filter { $0.isTag && $0.isIndexed } }
    var numericFields: [FieldPlan] { fields.filter { $0.isNumeric && $0.isIndexed } }
    var geoFields: [FieldPlan] { fields.filter { $0.isGeo && $0.isIndexed } }
    var sortableFields: [FieldPlan] { fields.filter(\.isSortable) }
    var missingFields: [FieldPlan] { fields.filter(\.indexesMissing) }
    var emptyFields: [FieldPlan] { fields.filter(\.indexesEmpty) }

    static let tagValues = [
        "red", "green", "Dark Blue", "light blue", "x-large", "small", "C++", "a.b", "naïve", "Ünicode",
        "one two three",
        "2024", "5", "true", "hello world", "foo", "foobar", "barfoo", "the", "under_score", "it's", "50%",
    ]

    init(seed: UInt64, number: Int, profile: CorpusProfile, scale: Double, namePrefix: String) {
        self.number = number
        self.profile = profile
        var random = SeededRandom(seed: seed, stream: "corpus \(number)")
        index = "\(namePrefix)i\(number)"
        prefix = "\(namePrefix)d\(number):"
        vocabulary = Vocabulary(families: random.integer(30...110), random: &random)

        var stopWords = Vocabulary.stopWords
        var options = ["ON", "HASH", "PREFIX", "1", prefix]
        var hasPayloads = false
        if profile == .options {
            if random.chance(0.5) { options += ["SCORE", random.pick(["0.5", "1", "0.25"])] }
            if random.chance(0.7) { options += ["SCORE_FIELD", "rank"] }
            if random.chance(0.4) { options += ["LANGUAGE", random.pick(["english", "german", "french", "italian"])] }
            if random.chance(0.5) { options += ["LANGUAGE_FIELD", "lang"] }
            if random.chance(0.6) {
                options += ["PAYLOAD_FIELD", "load"]
                hasPayloads = true
            }
            if random.chance(0.5) {
                let own = random.chance(0.5) ? [] : ["the", "of", "light", "water", "go"]
                options += ["STOPWORDS", String(own.count)] + own
                stopWords = Set(own)
            }
        }
        var hasOffsets = true
        var canHighlight = true
        if profile == .reduced {
            // One at a time: RediSearch 2.10 has no encoding for some pairs (NOFREQS with MAXTEXTFIELDS) and goes down.
            switch random.below(5) {
            case 0:
                options.append("NOOFFSETS")
                hasOffsets = false
                canHighlight = false
            case 1:
                options.append("NOHL")
                canHighlight = false
            case 2: options.append("NOFIELDS")
            case 3: options.append("NOFREQS")
            default: options.append("MAXTEXTFIELDS")
            }
        }
        self.stopWords = stopWords
        self.hasPayloads = hasPayloads
        self.hasOffsets = hasOffsets
        self.canHighlight = canHighlight
        fields = Self.makeFields(profile, &random)
        creation = ["FT.CREATE", index] + options + ["SCHEMA"] + fields.flatMap(\.declaration)
        fill(scale: scale, &random)
    }

    private static func makeFields(_ profile: CorpusProfile, _ random: inout SeededRandom) -> [FieldPlan] {
        let weights: [String?] = [nil, nil, "2", "3", "0.5", "2.9", "1"]
        let isExotic = profile == .exotic
        let hasSpecialValues = profile == .options || isExotic
        func text(_ name: String, noStem: Bool = false, _ random: inout SeededRandom) -> FieldPlan {
            FieldPlan(
                name: name,
                kind: .text(
                    noStem: noStem, weight: random.pick(weights), phonetic: isExotic && random.chance(0.3),
                    suffixTrie: false))
        }
        var fields = [text("title", &random), text("body", &random)]
        var name = text("name", noStem: true, &random)
        name.isSortable = true
        name.isUnnormalized = random.chance(0.3)
        fields.append(name)
        var notes = text("notes", noStem: random.chance(0.5), &random)
        notes.presence = 0.5
        notes.indexesMissing = hasSpecialValues && random.chance(0.7)
        notes.indexesEmpty = hasSpecialValues && random.chance(0.7)
        if isExotic && random.chance(0.5) { notes.alias = "remarks" }
        fields.append(notes)
        if isExotic && random.chance(0.4) {
            // All or none: with only some, queries on the others are errors, which is worth a few corpora.
            let everywhere = random.chance(0.7)
            for i in fields.indices where everywhere || i == 0 {
                if case .text(let noStem, let weight, let phonetic, _) = fields[i].kind {
                    fields[i].kind = .text(noStem: noStem, weight: weight, phonetic: phonetic, suffixTrie: true)
                }
            }
        }
        fields.append(
            FieldPlan(
                name: "color", kind: .tag(separator: ",", caseSensitive: false, suffixTrie: isExotic), isSortable: true)
        )
        var labels = FieldPlan(
            name: "labels",
            kind: .tag(
                separator: random.pick([";", "|", ","]), caseSensitive: isExotic && random.chance(0.6),
                suffixTrie: false))
        labels.indexesMissing = hasSpecialValues && random.chance(0.6)
        labels.indexesEmpty = hasSpecialValues && random.chance(0.6)
        labels.presence = 0.7
        fields.append(labels)
        fields.append(FieldPlan(name: "price", kind: .numeric, isSortable: true))
        var stock = FieldPlan(name: "stock", kind: .numeric)
        stock.indexesMissing = hasSpecialValues && random.chance(0.6)
        stock.presence = 0.8
        if isExotic && random.chance(0.5) { stock.alias = "n" }
        fields.append(stock)
        fields.append(FieldPlan(name: "place", kind: .geo, presence: 0.8))
        if random.chance(0.5) {
            fields.append(FieldPlan(name: "serial", kind: .numeric, isSortable: true, isIndexed: false))
        }
        return fields
    }
}

// MARK: documents

extension Corpus {
    private mutating func fill(scale: Double, _ random: inout SeededRandom) {
        let count: Int
        switch profile {
        case .large: count = Int(9500 * scale)
        case .churned: count = Int(400 * scale)
        default: count = Int(Double(random.pick([25, 60, 130, 300, 700])) * scale)
        }
        for i in 0..<max(count, 8) {
            let document = makeDocument(prefix + String(i), &random)
            if random.chance(0.02) {
                // A value that its field cannot hold keeps the whole document out.
                var broken = document
                random.chance(0.5) ? broken.set("price", "n/a") : broken.set("place", "somewhere")
                commands.append(hset(broken, broken.fields))
                continue
            }
            commands.append(hset(document, document.fields))
            documents.append(document)
        }
        if profile == .churned { churn(count * 2, &random) }
        // Not under the prefix, and not a hash: neither must be found.
        commands.append(["HSET", prefix.dropLast() + "outside", "title", vocabulary.draw(&random)])
        commands.append(["SET", prefix + "string", vocabulary.draw(&random)])
    }

    private func hset(_ document: Document, _ fields: [(name: String, value: String)]) -> [String] {
        ["HSET", document.key] + fields.flatMap { [$0.name, $0.value] }
    }

    /// Keys that the corpus leaves behind and that no index covers, for cleaning up.
    var strayKeys: [String] { [prefix.dropLast() + "outside", prefix + "string"] }

    private func makeDocument(_ key: String, _ random: inout SeededRandom) -> Document {
        var document = Document(key: key)
        for field in fields where random.chance(field.presence) { assign(field, in: &document, &random) }
        if profile == .options {
            if random.chance(0.8) { document.set("rank", random.pick(["1", "0.5", "0.1", "0", "2", "7", "abc"])) }
            if random.chance(0.5) { document.set("lang", random.pick(["english", "German", "french", "klingon"])) }
            if random.chance(0.6) {
                document.set("load", random.pick(["abcd", "abce", "zzzz", "long payload", "ABCD"]))
            }
        }
        if random.chance(0.1) { document.set("unindexed", vocabulary.draw(&random)) }
        // Never without a word: the peer divides by the largest frequency, and scores such documents `inf`.
        if document.words.values.allSatisfy(\.isEmpty) {
            let word = vocabulary.draw(&random)
            document.set("title", word)
            document.words["title"] = [word]
        }
        return document
    }

    private func assign(_ field: FieldPlan, in document: inout Document, _ random: inout SeededRandom) {
        switch field.kind {
        case .text:
            if field.indexesEmpty && random.chance(0.15) {
                document.set(field.name, "")
                document.words[field.name] = []
                return
            }
            let length = field.name == "body" ? random.integer(3...40) : random.integer(1...7)
            let (text, words) = makeText(length, &random)
            document.set(field.name, text)
            document.words[field.name] = words
        case .tag(let separator, _, _):
            if field.indexesEmpty && random.chance(0.15) {
                document.set(field.name, "")
                document.tags[field.name] = []
                return
            }
            let values = random.sample(Self.tagValues, random.integer(1...(field.name == "color" ? 1 : 4)))
                .filter { !$0.contains(separator) }
            document.set(field.name, values.joined(separator: random.chance(0.3) ? "\(separator) " : String(separator)))
            document.tags[field.name] = values
        case .numeric:
            let number: String =
                switch random.below(8) {
                case 0: String(random.integer(-20...20))
                case 1: String(Double(random.integer(-2000...2000)) / 16)
                case 2: "1e\(random.integer(-2...6))"
                case 3: "0"
                default: String(random.integer(0...300))
                }
            document.set(field.name, number)
        case .geo:
            let longitude = 13.4 + Double(random.integer(-9000...9000)) / 1000
            let latitude = 52.5 + Double(random.integer(-9000...9000)) / 1000
            document.set(field.name, "\(longitude)\(random.pick([",", " "]))\(latitude)")
        }
    }

    /// A text of about `length` words, and its words without stop words.
    private func makeText(_ length: Int, _ random: inout SeededRandom) -> (text: String, words: [String]) {
        let gaps = [" ", " ", " ", " ", " ", " ", ", ", ". ", " - ", "-", "/", " (", ") ", "; ", "'", "  ", "! ", ":"]
        let stopWords = ["the", "a", "of", "and", "in", "with", "is"]
        var text = ""
        var words: [String] = []
        for i in 0..<length {
            if i > 0 { text += random.pick(gaps) }
            let word = random.chance(0.15) ? random.pick(stopWords) : vocabulary.draw(&random)
            text += random.chance(0.2) ? word.prefix(1).uppercased() + word.dropFirst() : word
            if !self.stopWords.contains(word) { words.append(word) }
        }
        return (text, words)
    }

    /// Changes and deletes. No RENAME: RediSearch 2.10 frees the old key's bytes while its index still points
    /// to them, and sooner or later goes down.
    private mutating func churn(_ steps: Int, _ random: inout SeededRandom) {
        var fresh = documents.count
        for _ in 0..<steps {
            let i = random.below(documents.count)
            switch random.below(10) {
            case 0, 1:  // a new document
                let document = makeDocument(prefix + String(fresh), &random)
                fresh += 1
                commands.append(hset(document, document.fields))
                documents.append(document)
            case 2, 3, 4:  // some fields anew
                var changed = random.sample(fields, random.integer(1...3))
                changed.sort { $0.name < $1.name }
                for field in changed { assign(field, in: &documents[i], &random) }
                let values = changed.compactMap { field in documents[i][field.name].map { (field.name, $0) } }
                commands.append(hset(documents[i], values))
            case 5:  // one field gone, never the last
                guard documents[i].fields.count > 1 else { continue }
                let name = random.pick(documents[i].fields).name
                documents[i].remove(name)
                commands.append(["HDEL", documents[i].key, name])
            case 6, 7:
                guard documents.count > 20 else { continue }
                commands.append([random.pick(["DEL", "UNLINK"]), documents[i].key])
                documents.remove(at: i)
            case 8:  // written again from nothing
                commands.append(["DEL", documents[i].key])
                documents[i] = makeDocument(documents[i].key, &random)
                commands.append(hset(documents[i], documents[i].fields))
            case 9 where random.chance(0.3):
                commands.append(["HSET", documents[i].key, "price", "12,50"])
                documents.remove(at: i)
            default: continue
            }
        }
    }
}
