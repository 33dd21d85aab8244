// The part of a README that shows the latest figures: between two comments, the rest stays.

import Foundation

struct ReadmePart {
    static let start = "<!-- figures: written by ringbench -->"
    static let end = "<!-- end of figures -->"

    let result: BenchmarkResult
    /// Folder of the charts and the full tables, as seen from the README.
    let folder: String

    /// Puts the figures of the first corpus into the file.
    func write(to file: URL) throws {
        let text = try String(contentsOf: file, encoding: .utf8)
        guard let first = text.range(of: Self.start),
            let last = text.range(of: Self.end, range: first.upperBound..<text.endIndex)
        else {
            throw BenchmarkFailure("\(file.path) has no \(Self.start) ... \(Self.end)")
        }
        let changed = text.replacingCharacters(in: first.upperBound..<last.lowerBound, with: "\n" + markdown)
        try Data(changed.utf8).write(to: file)
    }

    private var markdown: String {
        guard let corpus = result.corpora.first else { return "" }
        let hasPeer = corpus.classes.contains { $0.comparisons.contains { $0.peer != nil } }
        // The full list has a column for everything; here are the three that tell most.
        let figures = ["lat p50", "pip queries", "pip CPU"].filter { name in
            corpus.classes.contains { $0.comparisons.contains { $0.name == name } }
        }
        let names = ["lat p50": "p50 alone, µs", "pip queries": "queries/s", "pip CPU": "CPU, µs"]
        var table = Table(
            head: ["query"] + figures.flatMap { [names[$0] ?? $0] + (hasPeer ? ["peer", "ratio"] : []) })
        for one in corpus.classes {
            var row = [one.name]
            for figure in figures {
                let comparison = one.comparisons.first { $0.name == figure }
                row.append(comparison.map { Figures.text($0.ours) } ?? "")
                if hasPeer {
                    row.append(comparison?.peer.map(Figures.text) ?? "")
                    row.append(comparison?.ratio.map { Figures.ratio($0) } ?? "")
                }
            }
            table.rows.append(row)
        }
        var text = "\n\(corpus.documents) documents, \(result.machine). "
        text += "A ratio above 1 means that RingSearch is better.\n\n"
        if hasPeer { text += "![CPU time per query](\(folder)/\(corpus.name)-pip-CPU.svg)\n\n" }
        text += table.markdown
        let loading = corpus.ingest.map { one in
            "\(one.name), \(one.unit): \(Figures.text(one.ours))"
                + (one.peer.map { " (peer \(Figures.text($0)), ratio \(Figures.ratio(one.ratio)))" } ?? "")
        }
        text += "\nLoading: " + loading.joined(separator: "; ") + ". [Everything](\(folder)/results.md), made with\n"
        return text + "`ringbench \(result.command)`.\n\n"
    }
}
