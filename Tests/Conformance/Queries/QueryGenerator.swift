// Draws the pieces of queries from a document, so that most queries find something.

import TestKit

struct QueryGenerator {
    let corpus: Corpus
    var random: SeededRandom
    /// The document that the query being made should find.
    private(set) var target: Document

    init(corpus: Corpus, random: SeededRandom) {
        self.corpus = corpus
        self.random = random
        target = corpus.documents[0]
        target = self.random.pick(corpus.documents)
    }

    /// Turns to another document.
    mutating func retarget() { target = random.pick(corpus.documents) }

    // MARK: words

    /// TEXT fields in which the target has words.
    private var wordyFields: [FieldPlan] { corpus.textFields.filter { !(target.words[$0.name] ?? []).isEmpty } }

    /// A field and its words in the target; some field without words when it has none anywhere.
    mutating func textField() -> (field: FieldPlan, words: [String]) {
        for _ in 0..<20 {
            if let field = wordyFields.isEmpty ? nil : random.pick(wordyFields) {
                return (field, target.words[field.name] ?? [])
            }
            retarget()
        }
        return (corpus.textFields[0], ["x"])
    }

    /// A word of the target, escaped where it needs it.
    mutating func plainWord() -> String { random.pick(textField().words) }
    mutating func word() -> Query { .word(Query.escape(plainWord())) }

    /// A word of at least `length` characters where the target has one.
    mutating func longWord(_ length: Int) -> String {
        for _ in 0..<30 {
            let word = plainWord()
            if word.count >= length { return word }
            if random.chance(0.3) { retarget() }
        }
        return plainWord()
    }

    mutating func words(_ count: ClosedRange<Int>) -> [Query] {
        (0..<random.integer(count)).map { _ in word() }
    }

    /// Words that stand one after the other.
    mutating func neighbors(_ count: ClosedRange<Int>) -> (field: FieldPlan, words: [String]) {
        let wanted = random.integer(count)
        for _ in 0..<30 {
            let (field, words) = textField()
            if words.count >= wanted {
                let start = random.below(words.count - wanted + 1)
                return (field, Array(words[start..<(start + wanted)]))
            }
            retarget()
        }
        return textField()
    }

    /// The word with some letters changed, taken out or put in.
    mutating func misspelled(_ word: String, edits: Int) -> String {
        var letters = Array(word)
        for _ in 0..<edits {
            let letter = random.pick(Array("abcdefghijklmnopqrstuvwxyz"))
            switch random.below(3) {
            case 0 where letters.count > 1: letters.remove(at: random.below(letters.count))
            case 1: letters.insert(letter, at: random.below(letters.count + 1))
            default: letters[random.below(letters.count)] = letter
            }
        }
        return String(letters)
    }

    mutating func prefixText() -> String {
        let word = longWord(3)
        return Query.escape(String(word.prefix(random.integer(2...max(2, word.count - 1)))))
    }

    mutating func suffixText() -> String {
        let word = longWord(3)
        return Query.escape(String(word.suffix(random.integer(2...max(2, word.count - 1)))))
    }

    mutating func infixText() -> String {
        let word = Array(longWord(4))
        let start = random.below(max(1, word.count - 2))
        let length = random.integer(min(2, word.count)...min(4, word.count))
        return Query.escape(String(word[start..<min(word.count, start + length)]))
    }

    mutating func wildcardText(of word: String) -> String {
        var out = ""
        for letter in word {
            switch random.below(8) {
            case 0: out += "?"
            case 1 where !out.hasSuffix("*"): out += "*"
            default: out.append(letter)
            }
        }
        return out
    }

    // MARK: other fields

    /// A numeric field and its value in the target.
    mutating func number() -> (field: FieldPlan, value: Double) {
        for _ in 0..<20 {
            let field = random.pick(corpus.numericFields)
            if let value = target[field.name].flatMap(Double.init) { return (field, value) }
            retarget()
        }
        return (corpus.numericFields[0], 1)
    }

    static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }

    /// Bounds around the target's value, now and then beside it.
    mutating func range() -> (field: FieldPlan, lower: String, upper: String) {
        let (field, value) = number()
        func bound(_ value: Double, _ infinite: String, _ random: inout SeededRandom) -> String {
            if random.chance(0.15) { return infinite }
            return (random.chance(0.25) ? "(" : "") + Self.text(value)
        }
        let below = random.chance(0.3) ? 0 : Double(random.integer(0...60))
        let above = random.chance(0.3) ? 0 : Double(random.integer(0...60))
        return (
            field, bound(value - below, "-inf", &random), bound(value + above, random.pick(["inf", "+inf"]), &random)
        )
    }

    mutating func rangeQuery() -> Query {
        let (field, lower, upper) = range()
        return .range(field.attribute, lower, upper)
    }

    /// A TAG field and one of the target's values.
    mutating func tag() -> (field: FieldPlan, value: String) {
        for _ in 0..<20 {
            let field = random.pick(corpus.tagFields)
            if let values = target.tags[field.name], !values.isEmpty { return (field, random.pick(values)) }
            retarget()
        }
        return (corpus.tagFields[0], "red")
    }

    mutating func tagQuery(_ pieces: ClosedRange<Int> = 1...1) -> Query {
        let (field, value) = tag()
        var values = [Query.escape(value)]
        while values.count < random.integer(pieces) { values.append(Query.escape(random.pick(Corpus.tagValues))) }
        random.shuffle(&values)
        return .tags(field.attribute, values)
    }

    /// A circle around the target, or near it.
    mutating func circle() -> (field: FieldPlan, words: [String]) {
        let field = random.pick(corpus.geoFields)
        for _ in 0..<20 {
            if let value = target[field.name] {
                let parts = value.split(whereSeparator: { ", ".contains($0) }).compactMap { Double($0) }
                if parts.count == 2 {
                    let longitude = parts[0] + Double(random.integer(-50...50)) / 100
                    let latitude = parts[1] + Double(random.integer(-50...50)) / 100
                    let (radius, unit) = random.pick([
                        ("80", "km"), ("200", "km"), ("120000", "m"), ("60", "mi"), ("300000", "ft"), ("900", "km"),
                    ])
                    return (field, [String(longitude), String(latitude), radius, unit])
                }
            }
            retarget()
        }
        return (field, ["13.4", "52.5", "500", "km"])
    }

    mutating func circleQuery() -> Query {
        let (field, words) = circle()
        return .raw("@\(field.attribute):[\(words.joined(separator: " "))]")
    }

    // MARK: trees

    /// A leaf of any kind that matches the target.
    mutating func leaf() -> Query {
        switch random.below(12) {
        case 0: return rangeQuery()
        case 1: return tagQuery(1...3)
        case 2: return .prefix(prefixText())
        case 3:
            let (field, words) = neighbors(1...1)
            return .fields([field.attribute], .word(Query.escape(words[0])))
        case 4 where corpus.hasOffsets: return .phrase(neighbors(2...3).words.map(Query.escape))
        case 5 where !corpus.geoFields.isEmpty: return circleQuery()
        case 6: return .fuzzy(Query.escape(misspelled(longWord(4), edits: 1)), 1)
        default: return word()
        }
    }

    /// A tree that matches the target, but for what NOT takes away.
    mutating func tree(depth: Int) -> Query {
        guard depth > 0, random.chance(0.85) else { return leaf() }
        switch random.below(8) {
        case 0, 1, 2: return .and((0..<random.integer(2...3)).map { _ in tree(depth: depth - 1) })
        case 3, 4:
            let here = tree(depth: depth - 1)
            let kept = target
            retarget()
            let there = tree(depth: depth - 1)
            target = kept
            return .or(random.chance(0.5) ? [here, there] : [there, here])
        case 5:
            let here = tree(depth: depth - 1)
            let kept = target
            retarget()
            let there = leaf()
            target = kept
            return .and([here, .not(there)])
        case 6: return .and([tree(depth: depth - 1), .optional(leaf())])
        default: return .attributed(tree(depth: depth - 1), "$weight:\(random.pick(["2", "0.5", "3.5", "1", "0"]))")
        }
    }

    /// Words, and words in a simple arrangement: what most people send.
    mutating func simple() -> Query {
        switch random.below(5) {
        case 0, 1: word()
        case 2: .and(words(2...3))
        case 3: .or([word(), .word(Query.escape(corpus.vocabulary.draw(&random)))])
        default: .fields([textField().field.attribute], word())
        }
    }

    // MARK: cases

    mutating func makeCase(
        _ construct: String, _ query: Query, _ options: [[String]] = [], dialects: [Int?] = [nil, 1, 2, 3, 4]
    ) -> QueryCase {
        let dialect = random.pick(dialects)
        // Dialect 4 stops early unless it is told to count, and then the peer's totals are those of what it
        // happened to see. (Its optimizer also brings some peers down: prefixes scored by BM25STD.)
        let counting = dialect == 4 ? [["WITHCOUNT"]] : []
        return QueryCase(
            construct: construct, index: corpus.index, query: query, options: counting + options, dialect: dialect)
    }

    /// A LIMIT that shows most of a small corpus, so that the order is seen.
    mutating func wideLimit() -> [String] { ["LIMIT", "0", random.pick(["10", "100", "1000"])] }
}
