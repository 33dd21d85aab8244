// The phases: load, questions by class, reading while writing, cheap questions behind heavy ones.
//
// Rounds alternate between the servers (A B, B A, A B ...): what disturbs the machine for a second
// disturbs both.

import Foundation

struct Benchmark {
    let ours: Side
    let peer: Side?
    let seconds: Double
    let rounds: Int
    let shapes: [LoadShape]
    let progress: Progress

    private var sides: [Side] { [ours] + (peer.map { [$0] } ?? []) }

    func run(_ corpus: Corpus, classes: [QueryClass], phases: Set<String>) throws -> CorpusResult {
        var result = CorpusResult(name: corpus.name, documents: corpus.documents.count)
        defer { for side in sides { side.remove(corpus) } }
        result.ingest = try load(corpus)
        if phases.contains("queries") {
            for (i, one) in classes.enumerated() {
                progress.show("\(corpus.name): \(one.name)", Double(i) / Double(classes.count))
                result.classes.append(try measure(one, corpus))
            }
        }
        if phases.contains("mixed") { result.mixed = try mixed(corpus, classes) }
        if phases.contains("heavy") { result.heavy = try heavy(corpus, classes) }
        progress.clear()
        return result
    }

    // MARK: loading

    private func load(_ corpus: Corpus) throws -> [Comparison] {
        var rates: [[Double]] = []
        var cpu: [[Double]] = []
        var memory: [[Double]] = []
        for side in sides {
            side.remove(corpus)
            let client = try Client(side.address)
            let created = String(decoding: try client.send(corpus.creation), as: UTF8.self)
            guard created.hasPrefix("+OK") else { throw BenchmarkFailure("\(side.name): FT.CREATE: \(created)") }
            // The scan that FT.CREATE starts is over in a moment when no document is there.
            Thread.sleep(forTimeInterval: 0.5)
            let before = side.tree.residentBytes
            let used = side.tree.cpuSeconds
            var driver = LoadDriver(
                address: side.address, commands: corpus.documents,
                shape: LoadShape(name: "load", connections: 4, inFlight: 32))
            let count = corpus.documents.count
            driver.progress = { progress.show("\(corpus.name): loading \(side.name)", Double($0) / Double(count)) }
            let loaded = try driver.run(.once)
            guard loaded.errors == 0 else {
                throw BenchmarkFailure("\(side.name): \(loaded.errors) writes were refused")
            }
            // A write that is answered must be found: this is checked, not waited for, but for a peer that indexes later.
            let began = now()
            while try client.total(["FT.SEARCH", corpus.index, "*", "LIMIT", "0", "0"]) != count {
                guard now() - began < 60_000_000_000 else {
                    throw BenchmarkFailure("\(side.name) does not find all \(count) documents")
                }
                Thread.sleep(forTimeInterval: 0.02)
            }
            let extra = Double(now() - began) / 1e9
            rates.append([Double(count) / (loaded.seconds + (extra > 0.01 ? extra : 0))])
            cpu.append([(side.tree.cpuSeconds - used) / Double(count) * 1e6])
            memory.append([Double(side.tree.residentBytes - before) / Double(count)])
        }
        func compare(_ name: String, _ unit: String, _ values: [[Double]], _ higher: Bool) -> Comparison {
            Comparison(
                name, unit: unit, ours: values[0], peer: values.count > 1 ? values[1] : nil, higherIsBetter: higher)
        }
        return [
            compare("documents loaded and found", "/s", rates, true), compare("CPU per document", "µs", cpu, false),
            compare("memory per document", "bytes", memory, false),
        ]
    }

    // MARK: questions

    private func measure(_ one: QueryClass, _ corpus: Corpus) throws -> ClassResult {
        let commands = CommandList(one.queries.map { ["FT.SEARCH", corpus.index] + $0 })
        var result = ClassResult(name: one.name)
        try compareTotals(one, corpus, &result)
        for shape in shapes {
            var series = [Series](repeating: Series(), count: sides.count)
            for round in 0..<rounds {
                for i in round % 2 == 0 ? Array(sides.indices) : sides.indices.reversed() {
                    let side = sides[i]
                    let driver = LoadDriver(address: side.address, commands: commands, shape: shape)
                    if round == 0 { _ = try driver.run(.seconds(min(0.1, seconds / 3))) }
                    let used = side.tree.cpuSeconds
                    let load = try driver.run(.seconds(seconds), from: round * 37)
                    series[i].add(load, serverSeconds: side.tree.cpuSeconds - used)
                }
            }
            result.errors += series[0].errors
            let other = series.count > 1 ? series[1] : nil
            result.comparisons.append(
                Comparison(
                    "\(shape.name) queries", unit: "/s", ours: series[0].perSecond, peer: other?.perSecond,
                    higherIsBetter: true))
            if shape.inFlight == 1 {
                result.comparisons.append(
                    Comparison(
                        "\(shape.name) p50", unit: "µs", ours: series[0].p50, peer: other?.p50, higherIsBetter: false))
                result.comparisons.append(
                    Comparison(
                        "\(shape.name) p99", unit: "µs", ours: series[0].p99, peer: other?.p99, higherIsBetter: false))
            }
            result.comparisons.append(
                Comparison(
                    "\(shape.name) CPU", unit: "µs", ours: series[0].serverCPU, peer: other?.serverCPU,
                    higherIsBetter: false))
        }
        return result
    }

    /// Speed says little when the answers differ.
    private func compareTotals(_ one: QueryClass, _ corpus: Corpus, _ result: inout ClassResult) throws {
        let asked = one.queries.prefix(40)
        var totals: [[Int?]] = []
        for side in sides {
            let client = try Client(side.address)
            totals.append(try asked.map { try client.total(["FT.SEARCH", corpus.index] + $0) })
        }
        let known = totals[0].compactMap { $0 }
        result.meanTotal = known.isEmpty ? 0 : Double(known.reduce(0, +)) / Double(known.count)
        if totals.count > 1 {
            result.agreeing = zip(totals[0], totals[1]).count { $0 != nil && $0 == $1 }
            result.compared = asked.count
        }
    }

    // MARK: several loads at once

    /// Readers and writers at the same time.
    private func mixed(_ corpus: Corpus, _ classes: [QueryClass]) throws -> [Comparison] {
        let queries = CommandList(
            classes.filter { !["infix", "fuzzy", "sorted all"].contains($0.name) }.flatMap { one in
                one.queries.prefix(30)
            }.map { ["FT.SEARCH", corpus.index] + $0 })
        var reads = [Series](repeating: Series(), count: sides.count)
        var writes = [Series](repeating: Series(), count: sides.count)
        for round in 0..<rounds {
            for i in round % 2 == 0 ? Array(sides.indices) : sides.indices.reversed() {
                progress.show("\(corpus.name): reading while writing", Double(round) / Double(rounds))
                let address = sides[i].address
                let (read, written) = try beside(
                    LoadDriver(
                        address: address, commands: corpus.documents,
                        shape: LoadShape(name: "w", connections: 2, inFlight: 4))
                ) {
                    try LoadDriver(
                        address: address, commands: queries, shape: LoadShape(name: "r", connections: 8, inFlight: 1)
                    ).run(.seconds(max(1, seconds)))
                }
                reads[i].add(read, serverSeconds: 0)
                writes[i].add(written, serverSeconds: 0)
            }
        }
        let peerReads = reads.count > 1 ? reads[1] : nil
        let peerWrites = writes.count > 1 ? writes[1] : nil
        return [
            Comparison(
                "queries beside writes", unit: "/s", ours: reads[0].perSecond, peer: peerReads?.perSecond,
                higherIsBetter: true),
            Comparison(
                "p99 of queries beside writes", unit: "µs", ours: reads[0].p99, peer: peerReads?.p99,
                higherIsBetter: false),
            Comparison(
                "writes beside queries", unit: "/s", ours: writes[0].perSecond, peer: peerWrites?.perSecond,
                higherIsBetter: true),
        ]
    }

    /// What a cheap question waits for when others ask expensive ones.
    private func heavy(_ corpus: Corpus, _ classes: [QueryClass]) throws -> [Comparison] {
        guard let rare = classes.first(where: { $0.name == "rare word" }) else { return [] }
        let cheap = CommandList(rare.queries.map { ["FT.SEARCH", corpus.index] + $0 })
        let words = corpus.words.prefix(40).map(\.word)
        // A wide union whose winners are loaded, sorted by a field: much to do for any engine.
        let expensive = CommandList(
            (0..<20).map { i in
                [
                    "FT.SEARCH", corpus.index,
                    (0..<12).map { words[(i + $0 * 3) % words.count] }.joined(separator: "|"), "SORTBY", corpus.number,
                    "LIMIT", "0", "1000", "DIALECT", "2",
                ]
            })
        var alone = [Series](repeating: Series(), count: sides.count)
        var behind = [Series](repeating: Series(), count: sides.count)
        for round in 0..<rounds {
            for i in round % 2 == 0 ? Array(sides.indices) : sides.indices.reversed() {
                progress.show("\(corpus.name): cheap behind heavy", Double(round) / Double(rounds))
                let address = sides[i].address
                let driver = LoadDriver(address: address, commands: cheap, shape: .latency)
                alone[i].add(try driver.run(.seconds(seconds)), serverSeconds: 0)
                let (delayed, _) = try beside(
                    LoadDriver(
                        address: address, commands: expensive, shape: LoadShape(name: "h", connections: 4, inFlight: 1))
                ) { try driver.run(.seconds(max(1, seconds))) }
                behind[i].add(delayed, serverSeconds: 0)
            }
        }
        func compare(_ name: String, _ series: [Series], _ figure: KeyPath<Series, [Double]>) -> Comparison {
            Comparison(
                name, unit: "µs", ours: series[0][keyPath: figure],
                peer: series.count > 1 ? series[1][keyPath: figure] : nil, higherIsBetter: false)
        }
        return [
            compare("p50 of a cheap query, alone", alone, \.p50), compare("p99, alone", alone, \.p99),
            compare("p50 behind heavy queries", behind, \.p50), compare("p99 behind heavy queries", behind, \.p99),
        ]
    }

    /// Runs `background` on another thread while `body` runs.
    private func beside(_ background: LoadDriver, _ body: () throws -> LoadResult) throws -> (LoadResult, LoadResult) {
        let stop = StopFlag()
        let outcome = Outcome()
        let job = BackgroundLoad(driver: background, stop: stop, outcome: outcome)
        let thread = Thread { job.run() }
        thread.start()
        defer { stop.stop() }
        let foreground = try body()
        stop.stop()
        return (foreground, try outcome.wait())
    }
}

/// A load for another thread.
private struct BackgroundLoad: @unchecked Sendable {
    // Used by the one thread that it is handed to; the progress callback, its only shared part, is nil.
    let driver: LoadDriver
    let stop: StopFlag
    let outcome: Outcome

    func run() { outcome.set(Result { try driver.run(.until(stop)) }) }
}

/// A result that one thread waits for and another gives.
private final class Outcome: @unchecked Sendable {
    // Guarded by the condition's lock.
    private let condition = NSCondition()
    private var result: Result<LoadResult, any Error>?

    func set(_ value: Result<LoadResult, any Error>) {
        condition.withLock {
            result = value
            condition.signal()
        }
    }

    func wait() throws -> LoadResult {
        try condition.withLock {
            while result == nil { condition.wait() }
            return result!
        }.get()
    }
}
