// Asks both servers aggregations and suggestions.

import Foundation
import TestKit

struct PipelineRunner {
    let ourAddress: ServerAddress
    let peerAddress: ServerAddress
    let seed: UInt64
    let count: Int
    let construct: String?
    let replay: String?
    let examples: Int
    private var ours: RESPClient
    private var peer: RESPClient
    private var modern: (ours: RESPClient, peer: RESPClient)
    private var asked: [String: Int] = [:]
    private var different: [String: Int] = [:]
    private var classes: [String: Int] = [:]
    private var examplesText: [String] = []
    private var crashes = 0

    init(
        ours: ServerAddress, peer: ServerAddress, seed: UInt64, count: Int, construct: String?, replay: String?,
        examples: Int
    ) throws {
        ourAddress = ours
        peerAddress = peer
        self.seed = seed
        self.count = count
        self.construct = construct
        self.replay = replay
        self.examples = examples
        self.ours = try RESPClient(ours)
        self.peer = try RESPClient(peer, timeout: Self.patience)
        modern = (try Self.modern(ours), try Self.modern(peer))
    }

    /// Seconds for an answer: there are questions to which the peer never gives one.
    private static let patience = 8

    private static func modern(_ address: ServerAddress) throws -> RESPClient {
        let client = try RESPClient(address, timeout: patience)
        _ = try client.send("HELLO", "3")
        return client
    }

    /// - Returns: questions, and those that were answered differently.
    mutating func run() throws -> (asked: Int, different: Int) {
        let corpus = PipelineCorpus(seed: seed, namePrefix: "cf\(getpid())")
        try prepare(corpus)
        defer {
            for client in [ours, peer] { _ = try? client.send("FT.DROPINDEX", corpus.index, "DD") }  // best effort
        }
        let all = PipelineGenerator.constructs + ["suggestions"]
        let chosen = all.filter { construct == nil || $0.contains(construct!) }
        for name in chosen {
            for i in 0..<max(1, count / chosen.count) {
                let place = "\(name):\(i)"
                if let replay, replay != place { continue }
                let random = SeededRandom(seed: seed, stream: "pipeline \(place)")
                if name == "suggestions" {
                    try suggest(random, place, corpus)
                } else {
                    var question = PipelineGenerator.make(name, random)
                    question.replay = place
                    try ask(question, corpus)
                }
            }
        }
        report(chosen)
        return (asked.values.reduce(0, +), different.values.reduce(0, +))
    }

    private mutating func prepare(_ corpus: PipelineCorpus) throws {
        for client in [ours, peer] {
            _ = try client.send(corpus.creation)
            for reply in try client.pipeline(corpus.documents) where reply.errorText != nil { print("setup: \(reply)") }
            for _ in 0..<200 {
                let info = try client.send("FT.INFO", corpus.index)
                if info["num_docs"]?.number == Double(corpus.documents.count), info["indexing"]?.number == 0 { break }
                Thread.sleep(forTimeInterval: 0.02)
            }
        }
    }

    /// All replies of a question: one, or one a chunk.
    private func replies(
        _ question: PipelineQuestion, _ corpus: PipelineCorpus, _ client: RESPClient
    ) throws -> [RESPValue] {
        let first = try client.send(question.words(index: corpus.index))
        guard question.chunk != nil, let parts = first.elements, parts.count == 2 else { return [first] }
        var all = [parts[0]]
        var id = parts[1].integerValue ?? 0
        while id != 0, all.count < 500 {
            let next = try client.send("FT.CURSOR", "READ", corpus.index, String(id))
            guard let parts = next.elements, parts.count == 2 else { return all + [next] }
            all.append(parts[0])
            id = parts[1].integerValue ?? 0
        }
        return all
    }

    private mutating func ask(_ question: PipelineQuestion, _ corpus: PipelineCorpus) throws {
        guard let found = try compare(question, corpus) else { return }
        guard let difference = found.difference else { return }
        note(question.construct, difference)
        guard classes["\(question.construct): \(difference)"]! <= examples else { return }
        var smallest = (question, found)
        var improved = true
        while improved {
            improved = false
            for candidate in smallest.0.reductions {
                guard let next = try compare(candidate, corpus, counts: false), next.difference == difference else {
                    continue
                }
                smallest = (candidate, next)
                improved = true
                break
            }
        }
        examplesText.append(
            """
            == \(question.construct): \(difference)
              \(smallest.0.words(index: corpus.index).map { $0.contains(" ") ? "\"\($0)\"" : $0 }.joined(separator: " "))
                ours  \(smallest.1.ours.description.prefix(500))
                peer  \(smallest.1.peer.description.prefix(500))
                again --replay \(question.replay)
            """)
    }

    private struct Answers {
        var difference: String?
        var ours: [RESPValue]
        var peer: [RESPValue]
    }

    /// `nil`: the peer did not survive the question.
    private mutating func compare(
        _ question: PipelineQuestion, _ corpus: PipelineCorpus, counts: Bool = true
    ) throws -> Answers? {
        let a = try replies(question, corpus, question.isRESP3 ? modern.ours : ours)
        let b: [RESPValue]
        do {
            b = try replies(question, corpus, question.isRESP3 ? modern.peer : peer)
        } catch {
            crashes += 1
            print("the peer broke: \(question.words(index: corpus.index))")
            try revive(corpus)
            return nil
        }
        if counts { asked[question.construct, default: 0] += 1 }
        return Answers(difference: PipelineComparison.difference(a, b, question), ours: a, peer: b)
    }

    /// Whoever started the peer may start it again.
    private mutating func revive(_ corpus: PipelineCorpus) throws {
        for attempt in 0... {
            do {
                peer = try RESPClient(peerAddress, timeout: Self.patience)
                modern.peer = try Self.modern(peerAddress)
                _ = try peer.send("FT._LIST")
                break
            } catch {
                if attempt > 100 { throw error }
                Thread.sleep(forTimeInterval: 0.2)
            }
        }
        _ = try ours.send("FT.DROPINDEX", corpus.index, "DD")
        try prepare(corpus)
    }

    private mutating func note(_ construct: String, _ difference: String) {
        different[construct, default: 0] += 1
        classes["\(construct): \(difference)", default: 0] += 1
    }

    // MARK: suggestions

    private mutating func suggest(_ random: SeededRandom, _ place: String, _ corpus: PipelineCorpus) throws {
        var random = random
        let key = corpus.index + ":sug"
        var commands: [[String]] = [["DEL", key]]
        for _ in 0..<random.integer(3...25) { commands.append(SuggestionGenerator.change(key, &random)) }
        for _ in 0..<6 { commands.append(SuggestionGenerator.question(key, &random)) }
        commands.append(["DEL", key])
        let client = random.chance(0.3) ? modern : (ours, peer)
        let a = try client.0.pipeline(commands)
        let b: [RESPValue]
        do {
            b = try client.1.pipeline(commands)
        } catch {
            crashes += 1
            return try revive(corpus)
        }
        asked["suggestions", default: 0] += 1
        guard let i = a.indices.first(where: { SuggestionGenerator.differ(a[$0], b[$0], commands[$0]) }) else { return }
        let kind = a[i].errorText == nil && b[i].errorText == nil ? "reply" : "error"
        note("suggestions", kind)
        guard classes["suggestions: \(kind)"]! <= examples else { return }
        examplesText.append(
            """
            == suggestions: \(kind)
              \(commands[1...i].map { $0.dropFirst(0).joined(separator: " ") }.joined(separator: "\n  "))
                ours  \(a[i].description.prefix(500))
                peer  \(b[i].description.prefix(500))
                again --replay \(place)
            """)
    }

    private func report(_ chosen: [String]) {
        print("construct            asked  differ")
        for name in chosen {
            let line = [
                name.padding(toLength: 18, withPad: " ", startingAt: 0), "\(asked[name] ?? 0)",
                "\(different[name] ?? 0)",
            ]
            print(line.joined(separator: "   "))
        }
        for (name, count) in classes.sorted(by: { $0.key < $1.key }) { print("\(name): \(count)") }
        for example in examplesText { print(example) }
        if crashes > 0 { print("the peer broke \(crashes) times") }
    }
}
