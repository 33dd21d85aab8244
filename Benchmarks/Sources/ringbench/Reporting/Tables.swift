// Figures as text: for a terminal, and as Markdown.

import Foundation

enum Figures {
    /// Three significant digits.
    static func text(_ value: Double) -> String {
        switch abs(value) {
        case 0: "0"
        case ..<1: String(format: "%.2f", value)
        case ..<10: String(format: "%.2f", value)
        case ..<100: String(format: "%.1f", value)
        case ..<100_000: String(format: "%.0f", value)
        default: String(format: "%.0fk", value / 1000)
        }
    }

    static func ratio(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "" }
}

struct Table {
    let head: [String]
    var rows: [[String]] = []

    var plain: String {
        let widths = head.indices.map { i in ([head] + rows).map { $0[i].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            row.indices.map { i in
                let pad = String(repeating: " ", count: widths[i] - row[i].count)
                return i == 0 ? row[i] + pad : pad + row[i]
            }.joined(separator: "  ")
        }.joined(separator: "\n") + "\n"
    }

    var markdown: String {
        let rule = head.indices.map { $0 == 0 ? "---" : "---:" }
        return ([head, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n") + "\n"
    }
}

extension CorpusResult {
    private func plainTable(_ title: String, _ comparisons: [Comparison], hasPeer: Bool) -> Table {
        var table = Table(head: [title, "ours"] + (hasPeer ? ["peer", "ratio"] : []))
        for one in comparisons {
            table.rows.append(
                ["\(one.name), \(one.unit)", Figures.text(one.ours)]
                    + (hasPeer ? [one.peer.map(Figures.text) ?? "", Figures.ratio(one.ratio)] : []))
        }
        return table
    }

    /// Everything about the corpus, in the order in which it was measured.
    func tables(hasPeer: Bool) -> [Table] {
        var tables = [plainTable("loading", ingest, hasPeer: hasPeer)]
        if let first = classes.first {
            let figures = first.comparisons.map(\.name)
            var head = ["query"] + (hasPeer ? ["agree"] : []) + ["found"]
            for figure in figures { head += hasPeer ? [figure, "peer", "ratio"] : [figure] }
            var table = Table(head: head)
            for one in classes {
                var row = [one.name + (one.errors > 0 ? " (\(one.errors) errors)" : "")]
                if hasPeer { row.append("\(one.agreeing ?? 0)/\(one.compared ?? 0)") }
                row.append(Figures.text(one.meanTotal))
                for figure in one.comparisons {
                    row.append(Figures.text(figure.ours))
                    if hasPeer { row += [figure.peer.map(Figures.text) ?? "", Figures.ratio(figure.ratio)] }
                }
                table.rows.append(row)
            }
            tables.append(table)
        }
        if !mixed.isEmpty { tables.append(plainTable("reading while writing", mixed, hasPeer: hasPeer)) }
        if !heavy.isEmpty { tables.append(plainTable("cheap queries behind heavy ones", heavy, hasPeer: hasPeer)) }
        return tables
    }
}
