// Random aggregations that make sense, and ones that do not.

import TestKit

struct PipelineGenerator {
    var random: SeededRandom
    /// Properties that a step may name now.
    private var known: [PipelineProperty] = []
    private var question: PipelineQuestion
    private var isGrouped = false
    private var isSorted = false
    private var hasKey = false
    private var names = 0

    static let constructs = ["rows", "expressions", "filters", "groups", "sorts", "mixed", "cursors", "mistakes"]

    init(_ random: SeededRandom, construct: String) {
        self.random = random
        question = PipelineQuestion(construct: construct, query: "*", parts: [])
    }

    static func make(_ construct: String, _ random: SeededRandom) -> PipelineQuestion {
        var generator = PipelineGenerator(random, construct: construct)
        generator.build(construct)
        return generator.question
    }

    private mutating func build(_ construct: String) {
        question.query = query()
        question.isRESP3 = random.chance(0.2)
        known = [
            PipelineProperty(name: "ns", kind: .number), PipelineProperty(name: "d", kind: .number),
            PipelineProperty(name: "s", kind: .text), PipelineProperty(name: "gs", kind: .text),
        ]
        switch construct {
        case "rows": load()
        case "expressions":
            load()
            for _ in 0...random.below(3) { apply(depth: 3) }
        case "filters":
            load()
            if random.chance(0.5) { apply(depth: 2) }
            for _ in 0...random.below(2) { filter() }
        case "groups":
            if random.chance(0.3) { load() }
            group()
        case "sorts":
            load()
            if random.chance(0.4) { apply(depth: 2) }
            sort()
        default: mixed()
        }
        if !isSorted, !isGrouped, random.chance(0.2), construct != "cursors" { limit() }
        if construct == "cursors" { question.chunk = random.pick([1, 2, 3, 7, 20, 50, 1000]) }
        if construct == "mistakes" { damage() }
    }

    private mutating func mixed() {
        if random.chance(0.6) { load() }
        for _ in 0...random.below(3) {
            switch random.below(6) {
            case 0, 1: apply(depth: 2)
            case 2: filter()
            case 3 where !isSorted: group()
            case 4 where !isSorted:
                sort()
            default: apply(depth: 1)
            }
        }
    }

    private mutating func query() -> String {
        switch random.below(6) {
        case 0, 1: "*"
        case 2: random.pick(PipelineCorpus.words)
        case 3: "@ns:[\(random.integer(-5...5)) \(random.integer(6...20))]"
        case 4: "@g:{\(random.pick(["red", "green", "blue"]))}"
        default: "\(random.pick(PipelineCorpus.words))|\(random.pick(PipelineCorpus.words))"
        }
    }

    private mutating func name() -> String {
        names += 1
        return "p\(names)"
    }

    // MARK: steps

    private mutating func load() {
        guard !isGrouped else { return }
        if random.chance(0.1) {
            question.parts.append(["LOAD", "*"])
            for name in ["t", "g"] { known.append(PipelineProperty(name: name, kind: .text)) }
            known.append(PipelineProperty(name: "n", kind: .number))
            return
        }
        var words: [String] = []
        for field in random.sample(["t", "g", "n", "s", "ns", "__key", "x", "geo"], 1 + random.below(4)) {
            words.append((random.chance(0.8) ? "@" : "") + field)
            var shown = field
            if random.chance(0.2) {
                shown = name()
                words += ["AS", shown]
            }
            // `x` and `geo` may be missing, which ends the rows of an expression.
            if ["x", "geo"].contains(field) { continue }
            known.removeAll { $0.name == shown }
            known.append(PipelineProperty(name: shown, kind: field == "n" || field == "ns" ? .number : .text))
            if shown == "__key" { hasKey = true }
        }
        question.parts.append(["LOAD", String(words.count)] + words)
    }

    private mutating func apply(depth: Int) {
        let expressions = ExpressionGenerator(properties: known)
        let shown = name()
        let isNumber = random.chance(0.6)
        let text =
            random.chance(0.15)
            ? expressions.truth(depth, &random)
            : isNumber ? expressions.number(depth, &random) : expressions.text(depth, &random)
        // The peer does not sort by a property that is nothing but another one.
        if text.hasPrefix("@"), !text.contains(" "), !text.contains("+"), !text.contains("*") { return }
        question.parts.append(["APPLY", text, "AS", shown])
        known.append(PipelineProperty(name: shown, kind: isNumber ? .number : .text))
    }

    private mutating func filter() {
        question.parts.append(["FILTER", ExpressionGenerator(properties: known).truth(2, &random)])
    }

    private mutating func group() {
        let candidates = known.map(\.name) + (isGrouped ? [] : ["g", "n", "t"])
        let keys = random.sample(Array(Set(candidates)).sorted(), random.below(3))
        var words = ["GROUPBY", String(keys.count)] + keys.map { "@" + $0 }
        let kinds = Dictionary(known.map { ($0.name, $0.kind) }) { $1 }
        var after = keys.map { PipelineProperty(name: $0, kind: kinds[$0] ?? ($0 == "n" ? .number : .text)) }
        for _ in 0..<random.below(4) {
            let (reducer, kind) = reducer(candidates)
            let shown = name()
            words += reducer + ["AS", shown]
            after.append(PipelineProperty(name: shown, kind: kind))
        }
        question.parts.append(words)
        known = after
        isGrouped = true
        // Groups come in an order that nothing promises.
        question.isOrdered = false
    }

    private mutating func reducer(_ candidates: [String]) -> ([String], PropertyKind) {
        let numbers = known.filter { $0.kind == .number }.map(\.name)
        let number = "@" + (numbers.isEmpty ? candidates.first ?? "ns" : random.pick(numbers))
        let any = "@" + (candidates.isEmpty ? "ns" : random.pick(candidates))
        return switch random.below(9) {
        case 0: (["REDUCE", "COUNT", "0"], .number)
        case 1: (["REDUCE", "COUNT_DISTINCT", "1", any], .number)
        case 2: (["REDUCE", "SUM", "1", number], .number)
        case 3: (["REDUCE", "AVG", "1", number], .number)
        case 4: (["REDUCE", "MIN", "1", number], .number)
        case 5: (["REDUCE", "MAX", "1", number], .number)
        case 6: (["REDUCE", "STDDEV", "1", number], .number)
        case 7: (["REDUCE", "TOLIST", "1", any], .list)
        default: (["REDUCE", "QUANTILE", "2", number, random.pick(["0.5", "0", "1"])], .number)
        }
    }

    private mutating func sort() {
        guard !known.isEmpty else { return }
        let sortable = known.filter { $0.kind != .list }
        guard !sortable.isEmpty else { return }
        var keys = random.sample(sortable.map(\.name), 1 + random.below(2))
        // Rows that no key tells apart may be cut differently: all of them are keys when rows are cut.
        let isCut = random.chance(0.6)
        if isCut { keys = random.sample(Array(Set(sortable.map(\.name))).sorted(), sortable.count) }
        if keys.count > 8 { return }
        var words: [String] = []
        for key in keys {
            words.append("@" + key)
            if random.chance(0.5) { words.append(random.pick(["ASC", "DESC"])) }
        }
        var step = ["SORTBY", String(words.count)] + words
        if isCut { step += ["MAX", String(random.integer(1...30))] } else { step += ["MAX", "1000"] }
        question.parts.append(step)
        question.isOrdered = false
        isSorted = true
    }

    private mutating func limit() {
        question.parts.append(["LIMIT", String(random.below(8)), String(1 + random.below(20))])
    }

    // MARK: mistakes

    private mutating func damage() {
        question.isBroken = true
        for _ in 0...random.below(2) {
            guard !question.parts.isEmpty else { return }
            let part = random.below(question.parts.count)
            guard !question.parts[part].isEmpty else { continue }
            let place = random.below(question.parts[part].count)
            switch random.below(6) {
            case 0: question.parts[part].remove(at: place)
            case 1:
                question.parts[part].insert(
                    random.pick(["FOO", "@nope", "2", "-1", "AS", "@", "LOAD", "", "1.5"]), at: place)
            case 2: question.parts[part][place] = random.pick(["@zz", "x", "0", "99", "APPLY", "ASC", "(", "a b"])
            case 3: question.parts[part].removeLast(min(question.parts[part].count, 1 + random.below(2)))
            case 4:
                let word = question.parts[part][place]
                guard !word.isEmpty else { continue }
                var letters = Array(word)
                letters.remove(at: random.below(letters.count))
                question.parts[part][place] = String(letters)
            default: question.parts.insert(question.parts[random.below(question.parts.count)], at: part)
            }
        }
        // What would not come back.
        let text = question.parts.joined().joined(separator: " ")
        if text.contains("QUANTILE") || text.contains("%") { question.parts = [["LOAD", "x"]] }
    }
}
