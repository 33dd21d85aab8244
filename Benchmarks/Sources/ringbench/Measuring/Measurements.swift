// What is measured, and how two servers' figures are compared.

import Foundation

func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// Figures of one server from several rounds of one load.
struct Series: Codable, Sendable {
    var perSecond: [Double] = []
    var p50: [Double] = []
    var p99: [Double] = []
    /// CPU microseconds of the server per reply.
    var serverCPU: [Double] = []
    /// The client's own.
    var clientCPU: [Double] = []
    var errors = 0

    mutating func add(_ result: LoadResult, serverSeconds: Double) {
        perSecond.append(result.perSecond)
        p50.append(result.quantile(0.5))
        p99.append(result.quantile(0.99))
        serverCPU.append(serverSeconds / Double(max(1, result.replies)) * 1e6)
        clientCPU.append(result.clientSeconds / Double(max(1, result.replies)) * 1e6)
        errors += result.errors
    }
}

/// A figure of both servers; `ratio` above 1 means that ours is better.
struct Comparison: Codable, Sendable {
    let name: String
    let unit: String
    let ours: Double
    let peer: Double?
    let ratio: Double?

    /// From rounds: the ratio is the median of the rounds' ratios, which a busy machine leaves alone.
    init(_ name: String, unit: String, ours: [Double], peer: [Double]?, higherIsBetter: Bool) {
        self.name = name
        self.unit = unit
        self.ours = median(ours)
        self.peer = peer.map(median)
        ratio = peer.flatMap { peer in
            let ratios = zip(ours, peer).compactMap { a, b in a > 0 && b > 0 ? (higherIsBetter ? a / b : b / a) : nil }
            return ratios.isEmpty ? nil : median(ratios)
        }
    }
}

struct ClassResult: Codable, Sendable {
    let name: String
    var comparisons: [Comparison] = []
    /// Queries whose totals were equal, of those looked at.
    var agreeing: Int?
    var compared: Int?
    var meanTotal = 0.0
    var errors = 0
}

struct CorpusResult: Codable, Sendable {
    let name: String
    let documents: Int
    var ingest: [Comparison] = []
    var classes: [ClassResult] = []
    var mixed: [Comparison] = []
    var heavy: [Comparison] = []
}

struct BenchmarkResult: Codable, Sendable {
    var machine: String
    var command: String
    var corpora: [CorpusResult] = []
}
