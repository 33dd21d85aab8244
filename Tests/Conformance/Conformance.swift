// Asks RingSearch and a peer the same random questions and tells where the answers differ.
//
//   RINGSEARCH_PEER=127.0.0.1:7901 make conformance SEED=7 COUNT=20000
//
// Everything comes from the seed: the same seed asks the same questions.

import ArgumentParser
import Foundation
import TestKit

@main
struct Conformance: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compares the answers of RingSearch with those of a RediSearch peer.",
        discussion: """
            Both servers get the same documents and the same questions; nothing of theirs is touched but \
            keys and indexes that begin with `cf` and a number. The scorer of RediSearch 2.10 is set on both.
            """)

    @Option(help: "The server under test, host:port. Without it and RINGSEARCH_CONFORMANCE_TARGET one is started.")
    var target: String?

    @Option(help: "The peer, host:port (RINGSEARCH_PEER).")
    var peer: String?

    @Option(help: "The server to start.")
    var server = ".build/release/ringsearchd"

    @Option(help: "Seed of documents and questions; by default another one each time, printed.")
    var seed: UInt64?

    @Option(help: "Questions in all.")
    var count = 20000

    @Option(help: "Only constructs whose name contains this.")
    var construct: String?

    @Option(help: "Only corpora of this profile: \(CorpusProfile.allCases.map(\.rawValue).joined(separator: ", ")).")
    var profile: String?

    @Option(help: "Factor on the number of documents.")
    var scale = 1.0

    @Option(help: "Corpora in all.")
    var corpora = 12

    @Option(help: "Examples of each class of difference.")
    var examples = 2

    @Option(help: "Order of rows that nothing tells apart: strict or sets.")
    var ties = "strict"

    @Option(help: "Ask one question again: corpus:construct:number, as printed.")
    var replay: String?

    @Flag(help: "Leave documents and indexes on the servers.")
    var keep = false

    @Flag(help: "Ask aggregations, cursors and suggestions instead of searches.")
    var pipelines = false

    @Flag(help: "Print the names of all constructs.")
    var list = false

    func run() throws {
        if list {
            for construct in Construct.all { print(construct.name) }
            return
        }
        let environment = ProcessInfo.processInfo.environment
        guard let peerText = peer ?? environment["RINGSEARCH_PEER"] else {
            print(
                "conformance: skipped, there is no peer: set RINGSEARCH_PEER=host:port to a server with RediSearch 2.10"
            )
            return
        }
        let peerAddress = try Self.address(peerText)
        var started: ServerProcess?
        defer { started?.stop() }
        let ourAddress: ServerAddress
        if let text = target ?? environment["RINGSEARCH_CONFORMANCE_TARGET"] {
            ourAddress = try Self.address(text)
        } else {
            started = try ServerProcess(binary: server)
            ourAddress = started!.address
        }
        if pipelines { return try runPipelines(ours: ourAddress, peer: peerAddress) }
        guard let ties = TieRule(rawValue: ties) else { throw ValidationError("--ties is strict or sets") }
        let profiles: [CorpusProfile]
        if let profile {
            guard let only = CorpusProfile(rawValue: profile) else { throw ValidationError("no profile \(profile)") }
            profiles = Array(repeating: only, count: corpora)
        } else {
            // Plain ones first; each kind at least once when there are enough.
            let order: [CorpusProfile] = [.plain, .churned, .options, .exotic, .large, .reduced]
            profiles = (0..<corpora).map { order[$0 % order.count] }
        }
        let seed = seed ?? UInt64.random(in: 1...999_999)
        print("conformance: seed \(seed), ours \(ourAddress), peer \(peerAddress)")
        let constructs = Construct.all.filter {
            construct == nil || $0.name.localizedCaseInsensitiveContains(construct!)
        }
        guard !constructs.isEmpty else { throw ValidationError("no construct is called \(construct ?? "so")") }
        var runner = Runner(
            ours: try Side(name: "ours", address: ourAddress), peer: try Side(name: "peer", address: peerAddress),
            seed: seed,
            count: count, scale: scale, profiles: profiles, constructs: constructs, comparison: Comparison(ties: ties),
            examples: examples, replay: replay, keepsData: keep)
        try runner.ours.configure()
        try runner.peer.configure()
        let start = Date()
        try runner.run()
        print(runner.tally.report())
        print(
            "seed \(seed), \(runner.tally.asked) questions in \(Int(Date().timeIntervalSince(start))) s; again: make conformance SEED=\(seed)\(construct.map { " CONSTRUCT='\($0)'" } ?? "")"
        )
        // The form that test runners are read by.
        print("\(runner.tally.asked - runner.tally.different) passed, \(runner.tally.different) failed")
        if runner.tally.different > 0 { throw ExitCode.failure }
    }

    private func runPipelines(ours: ServerAddress, peer: ServerAddress) throws {
        let seed = seed ?? UInt64.random(in: 1...999_999)
        print("conformance: seed \(seed), ours \(ours), peer \(peer)")
        var runner = try PipelineRunner(
            ours: ours, peer: peer, seed: seed, count: count, construct: construct, replay: replay, examples: examples)
        let (asked, different) = try runner.run()
        print("seed \(seed); again: make conformance PIPELINES=1 SEED=\(seed)")
        print("\(asked - different) passed, \(different) failed")
        if different > 0 { throw ExitCode.failure }
    }

    private static func address(_ text: String) throws -> ServerAddress {
        guard let address = ServerAddress(text) else { throw ValidationError("not host:port: \(text)") }
        return address
    }
}
