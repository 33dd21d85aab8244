// Measures a server, and a peer beside it.
//
//   make bench                                     ours alone
//   RINGSEARCH_PEER=127.0.0.1:6379 make bench      ours and the peer's, as ratios
//
// Absolute numbers of a busy machine move by a factor of two within a minute; ratios from alternating
// rounds hold. Both servers get the same documents and the same questions.

import ArgumentParser
import Foundation

@main
struct RingBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ringbench", abstract: "Measures a search server, and a peer beside it.",
        discussion: """
            Every ratio is written so that more than 1 means ours is better. Loads: lat is one request at a time, sat is 16 \
            connections with one request each, pip is 4 connections with 16 requests in flight each.
            """)

    @Option(help: "Our server, host:port; without it one is started.")
    var ours: String?

    @Option(help: "The server to start.")
    var server = ".build/release/ringsearchd"

    @Option(help: "The peer, host:port (RINGSEARCH_PEER).")
    var peer: String?

    @Option(help: "Corpora: debian, synthetic, or both with a comma.")
    var corpora = "debian"

    @Option(help: "At most so many documents of a corpus.")
    var documents = 20_000

    @Option(help: "Seconds of each load in each round.")
    var seconds = 0.3

    @Option(help: "Rounds; each goes over both servers.")
    var rounds = 3

    @Option(help: "Only query classes whose name contains this.")
    var only: String?

    @Option(help: "Loads: lat, sat, pip.")
    var loads = "lat,pip"

    @Option(help: "Phases after loading: queries, mixed, heavy.")
    var phases = "queries,mixed,heavy"

    @Option(help: "Scorer of the queries.")
    var scorer = "BM25STD"

    @Option(help: "Seed of synthetic documents and of all questions.")
    var seed: UInt64 = 1

    @Option(help: "Folder for results.json, results.md and charts.")
    var output: String?

    @Option(help: "README whose figures are replaced; the charts are those of --output.")
    var readme: String?

    func run() throws {
        // A server that goes away is reported, not died of.
        signal(SIGPIPE, SIG_IGN)
        let shapes = LoadShape.all.filter { loads.split(separator: ",").contains(Substring($0.name)) }
        guard !shapes.isEmpty else { throw ValidationError("--loads names none of lat, sat, pip") }
        let progress = Progress()
        let peerText = peer ?? ProcessInfo.processInfo.environment["RINGSEARCH_PEER"]
        let other = try peerText.map { try Side(name: "peer", address: try Address($0)) }
        let own =
            try ours.map { try Side(name: "ours", address: try Address($0)) } ?? Side(name: "ours", binary: server)
        defer { own.stop() }
        if peerText == nil { print("No peer: set RINGSEARCH_PEER=host:port for ratios.") }
        let benchmark = Benchmark(
            ours: own, peer: other, seconds: seconds, rounds: rounds, shapes: shapes, progress: progress)
        var result = BenchmarkResult(
            machine: Self.machine, command: CommandLine.arguments.dropFirst().joined(separator: " "))
        for name in corpora.split(separator: ",") {
            let prefix = "rb\(getpid()):"
            let corpus: Corpus
            switch name {
            case "debian": corpus = try .debian(limit: documents, prefix: prefix)
            case "synthetic": corpus = .synthetic(count: documents, seed: seed, prefix: prefix)
            default: throw ValidationError("no corpus \(name)")
            }
            let classes = corpus.queryClasses(seed: seed, perClass: 200, scorer: scorer).filter {
                only == nil || $0.name.contains(only!)
            }
            let measured = try benchmark.run(
                corpus, classes: classes, phases: Set(phases.split(separator: ",").map(String.init)))
            result.corpora.append(measured)
            print("\n== \(corpus.name): \(corpus.documents.count) documents\n")
            for table in measured.tables(hasPeer: other != nil) { print(table.plain) }
        }
        if let output { try write(result, hasPeer: other != nil, to: URL(fileURLWithPath: output)) }
        if let readme {
            try ReadmePart(result: result, folder: output ?? ".").write(to: URL(fileURLWithPath: readme))
            print("Figures put into \(readme)")
        }
    }

    private func write(_ result: BenchmarkResult, hasPeer: Bool, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(result).write(to: folder.appendingPathComponent("results.json"))
        var markdown = "\(result.machine); `ringbench \(result.command)`\n"
        for corpus in result.corpora {
            markdown += "\n### \(corpus.name), \(corpus.documents) documents\n"
            for table in corpus.tables(hasPeer: hasPeer) { markdown += "\n" + table.markdown }
            guard hasPeer else { continue }
            // One chart per figure, a bar per class.
            for figure in corpus.classes.first?.comparisons.map(\.name) ?? [] {
                let bars = corpus.classes.compactMap { one in
                    one.comparisons.first { $0.name == figure }?.ratio.map { (name: one.name, ratio: $0) }
                }
                let chart = Chart(
                    title: "\(corpus.name), \(figure): ours against the peer (longer to the right is better)",
                    bars: bars)
                let name = "\(corpus.name)-\(figure.replacing(" ", with: "-")).svg"
                try Data(chart.svg.utf8).write(to: folder.appendingPathComponent(name))
            }
        }
        try Data(markdown.utf8).write(to: folder.appendingPathComponent("results.md"))
        print("Written to \(folder.path)")
    }

    private static var machine: String {
        let cpu =
            (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n")
            .first { $0.hasPrefix("model name") }?.split(separator: ":").last.map { $0.drop { $0 == " " } }
            ?? "unknown CPU"
        return "\(ProcessInfo.processInfo.activeProcessorCount) cores of \(cpu)"
    }
}
