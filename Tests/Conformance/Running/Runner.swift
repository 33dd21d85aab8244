// Loads corpora into both servers and asks them the same questions.

import Foundation
import TestKit

struct Runner {
    let ours: Side
    let peer: Side
    let seed: UInt64
    /// Questions in all.
    let count: Int
    /// How large corpora are; 1 is normal.
    let scale: Double
    let profiles: [CorpusProfile]
    let constructs: [Construct]
    let comparison: Comparison
    let examples: Int
    /// Only this question: `corpus:construct:number`.
    let replay: String?
    let keepsData: Bool
    var tally = Tally()

    private var showsProgress: Bool { isatty(STDOUT_FILENO) != 0 }

    mutating func run() throws {
        let number = replay.flatMap { $0.split(separator: ":").first.flatMap { Int($0) } }
        // Indexes and keys have a prefix of their own: the peer may be shared.
        let namePrefix = "cf\(getpid())"
        let corpora = profiles.enumerated().map { i, profile in
            Corpus(seed: seed, number: i, profile: profile, scale: scale, namePrefix: namePrefix)
        }
        // All kinds of question get equally many, spread over the corpora that can be asked.
        let shares = constructs.map { construct in
            let corpora = max(1, corpora.count { construct.applies($0) })
            return (count / constructs.count + corpora - 1) / corpora
        }
        for corpus in corpora where number == nil || number == corpus.number {
            // Whatever happens, leave nothing behind.
            defer {
                if !keepsData {
                    for side in [ours, peer] { try? side.remove(corpus) }  // a server that is gone keeps nothing
                }
            }
            guard try prepare(corpus) else { continue }
            for (construct, share) in zip(constructs, shares) where construct.applies(corpus) {
                for j in 0..<max(1, share) {
                    let name = "\(corpus.number):\(construct.name):\(j)"
                    if let replay, replay != name { continue }
                    var generator = QueryGenerator(
                        corpus: corpus, random: SeededRandom(seed: seed, stream: "query \(name)"))
                    var question = construct.make(&generator)
                    question.replay = name
                    try ask(question, corpus)
                }
                if showsProgress {
                    print(
                        "\r\u{1B}[Kcorpus \(corpus.number + 1)/\(corpora.count) \(corpus.profile.rawValue): \(construct.name)",
                        terminator: "")
                    fflush(nil)
                }
            }
            if showsProgress { print("\r\u{1B}[K", terminator: "") }
        }
    }

    private mutating func prepare(_ corpus: Corpus) throws -> Bool {
        let created = (try ours.create(corpus), try peer.create(corpus))
        if created.0 != created.1 {
            tally.setup(
                "corpus \(corpus.number): \(corpus.creation.joined(separator: " ")): ours \(created.0), peer \(created.1)"
            )
        }
        guard created.0 == .simple("OK"), created.1 == .simple("OK") else { return false }
        // "indexing 0" comes a moment before the peer's scan has really ended.
        Thread.sleep(forTimeInterval: 1)
        for side in [ours, peer] {
            if let error = try side.load(corpus) { tally.setup("\(side.name) while loading: \(error)") }
        }
        let counts = (try ours.documentCount(corpus), try peer.documentCount(corpus))
        if counts.0 != counts.1 {
            tally.setup("corpus \(corpus.number): num_docs is \(counts.0 ?? -1) here, \(counts.1 ?? -1) there")
        }
        return true
    }

    private mutating func ask(_ question: QueryCase, _ corpus: Corpus) throws {
        let a, b: RESPValue
        do {
            a = try ours.ask(question)
            b = try peer.ask(question)
        } catch {
            throw ConnectionFailure("\(error), at --replay \"\(question.replay)\": \(question.line)")
        }
        tally.asked(question, peer: b)
        guard let difference = comparison.difference(a, b, question: question) else { return }
        if let known = try reason(for: difference, question, a, b) {
            tally.knownDifference(known.name, in: question.construct)
            return
        }
        guard tally.differs(question.construct, difference, examples: examples) || replay != nil else { return }
        let finding = try smallest(
            Finding(question: question, original: question, difference: difference, ours: a, peer: b))
        tally.add(try withDocument(finding))
    }

    /// The listed difference that a question shows.
    private func reason(
        for difference: Difference, _ question: QueryCase, _ a: RESPValue, _ b: RESPValue
    ) throws -> KnownDifference? {
        if let known = KnownDifference.all.first(where: { $0.matches(question, difference, a, b) }) { return known }
        if difference == .errorText || difference == .errorOnOneSide { return nil }
        // The peer has two ways to walk a union. That its answer depends on which one it takes, and that one of
        // the two is ours, is the proof that the difference is the union's.
        // (On a heap it counts branches in another order, too.)
        var anyOrder = comparison
        anyOrder.ordersBranches = false
        for (branches, known) in [(1, KnownDifference.skippedBranches), (1_000_000, .manyBranches)] {
            let other = try peer.ask(question, heapFrom: branches)
            if anyOrder.difference(a, other, question: question) == nil { return known }
        }
        if try agreesWithoutSlop(question, difference) { return .rangeLeaves }
        guard try agreesDocumentByDocument(question, difference, a, b) else { return nil }
        return difference == .total && question.query.text.contains("-") ? .afterNot : .neighbors
    }

    /// Whether a question with a range differs only in what scores are divided by: both servers say the same, scores
    /// and order included, when a scorer is asked that takes no distances.
    private func agreesWithoutSlop(_ question: QueryCase, _ difference: Difference) throws -> Bool {
        let scorer = question.option("SCORER")?.last ?? "TFIDF"
        guard [.ids, .order, .scores, .explanation, .shape].contains(difference), question.hasRange,
            ["TFIDF", "TFIDF.DOCNORM", "BM25"].contains(scorer)
        else { return false }
        var undivided = question
        undivided.options.removeAll { ["SCORER", "EXPLAINSCORE"].contains($0.first) }
        undivided.options.insert(["SCORER", "BM25STD"], at: 0)
        if !undivided.has("WITHSCORES") { undivided.options.insert(["WITHSCORES"], at: 0) }
        let ours = try self.ours.ask(undivided)
        for branches in [20, 1, 1_000_000] {
            let theirs = try peer.ask(undivided, heapFrom: branches)
            if comparison.difference(ours, theirs, question: undivided) == nil { return true }
        }
        return false
    }

    /// Whether two replies differ only because the peer's scores depend on the documents around: asked for one
    /// document at a time, both give the same scores.
    private func agreesDocumentByDocument(
        _ question: QueryCase, _ difference: Difference, _ a: RESPValue, _ b: RESPValue
    ) throws -> Bool {
        let isPositional = question.words.contains {
            ["SLOP", "INORDER"].contains($0) || $0.contains("$slop") || $0.contains("$inorder")
        }
        // The peer's NOT may swallow the document after the last one that it takes away.
        let mayLose = isPositional || question.query.text.contains("-")
        guard [.ids, .order, .scores, .explanation].contains(difference) || (difference == .total && mayLose),
            question.channel == .resp2, !question.has("INKEYS"), case .rows = SearchReply(a, to: question),
            case .rows = SearchReply(b, to: question)
        else { return false }
        var scored = question
        scored.options.removeAll { ["NOCONTENT", "WITHSCORES", "EXPLAINSCORE", "SORTBY", "LIMIT"].contains($0.first) }
        scored.options.removeAll { ["RETURN", "HIGHLIGHT", "SUMMARIZE", "WITHSORTKEYS"].contains($0.first) }
        scored.options += [["NOCONTENT"], ["WITHSCORES"]]

        // Our order follows our scores.
        var whole = scored
        whole.options.append(["LIMIT", "0", "1000000"])
        guard case .rows(_, let ours) = SearchReply(try self.ours.ask(whole), to: whole) else { return false }
        let scores = ours.map { $0.score?.number ?? .nan }
        guard zip(scores, scores.dropFirst()).allSatisfy({ $0 >= $1 }) else { return false }

        guard case .rows(_, let theirs) = SearchReply(try peer.ask(whole), to: whole) else { return false }
        // A sample is enough: who differs in one document differs in many. Those that only one has come first.
        let odd = Set(ours.map(\.id)).symmetricDifference(theirs.map(\.id)).sorted().prefix(30)
        guard odd.isEmpty || mayLose else { return false }
        let keys = odd + Set(ours.prefix(30).map(\.id)).union(theirs.prefix(30).map(\.id)).sorted()
        for key in keys {
            var alone = scored
            alone.options.append(["INKEYS", "1", key])
            guard case .rows(_, let x) = SearchReply(try self.ours.ask(alone), to: alone),
                case .rows(_, let y) = SearchReply(try peer.ask(alone), to: alone),
                x.count == y.count
            else { return false }
            if x.isEmpty { continue }
            guard let p = x[0].score?.number, let q = y[0].score?.number, Comparison.close(p, q) else { return false }
        }
        return true
    }

    /// Leaves out what can be left out while the difference stays.
    private func smallest(_ finding: Finding) throws -> Finding {
        var best = finding
        var attempts = 0
        var improved = true
        while improved && attempts < 400 {
            improved = false
            for candidate in best.question.reductions {
                attempts += 1
                if attempts > 400 { break }
                let a = try ours.ask(candidate)
                let b = try peer.ask(candidate)
                guard comparison.difference(a, b, question: candidate) == best.difference,
                    try reason(for: best.difference, candidate, a, b) == nil
                else { continue }
                best = Finding(
                    question: candidate, original: finding.original, difference: best.difference, ours: a, peer: b)
                improved = true
                break
            }
        }
        return best
    }

    /// Adds a document that tells the replies apart.
    private func withDocument(_ finding: Finding) throws -> Finding {
        guard case .rows(_, let a) = SearchReply(finding.ours, to: finding.question),
            case .rows(_, let b) = SearchReply(finding.peer, to: finding.question)
        else { return finding }
        let onlyOne = Set(a.map(\.id)).symmetricDifference(b.map(\.id)).sorted().first
        let moved = zip(a, b).first { $0.id != $1.id || $0.score != $1.score || $0.fields != $1.fields }?.0.id
        guard let key = onlyOne ?? moved ?? a.first?.id else { return finding }
        var finding = finding
        finding.document = "\(key) \(try peer.client.send("HGETALL", key))"
        return finding
    }
}
