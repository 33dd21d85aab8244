// The formulas, with the constants and the order of operations that make scores equal to the last
// digit. `f` frequency, `w` weight, `ds` document score, `avg` mean document length:
//
//   TFIDF          ds * T / maxf / slop       leaf w * f * idf        node w * sum of children
//   TFIDF.DOCNORM  ds * T / len / slop
//   BM25           ds * B / slop              leaf idf * f / (f + k1 (1 - b + b avg)), b = 0.5
//   BM25STD        ds * S                     leaf w * idf * f * (k1 + 1) / (f + k1 (1 - b + b len / avg))
//   DISMAX                                    leaf w * f              AND w * sum, OR w * maximum
//
// The constants are single precision in the reference server: 1.2f is 1.2000000476837158.

import SearchIndex
import SearchModel

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct ScoringContext {
    let scorer: ScorerKind
    let isLegacy: Bool
    let averageLength: Double
    let tanhFactor: Double
    let payload: Bytes?

    static let k1 = Double(Float(1.2))
    static let k1PlusOne = Double(Float(1.2) + 1)
    static let bm25B = 0.5

    /// BM25STD's b.
    var b: Double { isLegacy ? 0.5 : 0.75 }

    /// BM25's divisor, less f: it depends on no document.
    let bm25Divisor: Double

    init(_ plan: Plan) {
        scorer = plan.parameters.scorer
        isLegacy = plan.parameters.bm25Legacy
        // Without any text, lengths are 0 and so is their share.
        averageLength = plan.averageLength > 0 ? plan.averageLength : 1
        tanhFactor = plan.parameters.tanhFactor
        payload = plan.parameters.payload
        bm25Divisor =
            ScoringContext.k1
            * (1 - ScoringContext.bm25B + ScoringContext.bm25B * plan.averageLength)
    }

    // MARK: leaves

    /// What BM25STD's formula is multiplied by for a term.
    func stdCoefficient(_ node: borrowing Node) -> Double { isLegacy ? node.idfStd : node.weight * node.idfStd }

    func stdDivisor(length: UInt32) -> Double {
        let b = b
        return ScoringContext.k1 * (1 - b + b * Double(length) / averageLength)
    }

    /// A term's or tag value's score with a frequency above 0.
    func termScore(_ node: borrowing Node, frequency: UInt32, length: UInt32) -> Double {
        let f = Double(frequency)
        switch scorer {
        case .tfidf, .tfidfDocNorm:
            return node.weight * f * node.idf
        case .bm25:
            return node.idf * f / (f + bm25Divisor)
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            return stdCoefficient(node) * f * ScoringContext.k1PlusOne / (f + stdDivisor(length: length))
        case .disMax:
            return node.weight * f
        case .docScore, .hamming:
            return 0
        }
    }

    /// The score of a match without a term.
    ///
    /// - Parameter isAll: `*`, the only one that BM25STD gives a score.
    func virtualScore(frequency f: Double, weight: Double, length: UInt32, isAll: Bool) -> Double {
        switch scorer {
        case .tfidf, .tfidfDocNorm, .disMax:
            return weight * f
        case .bm25:
            return f == 0 ? 0 : weight * f / (f + bm25Divisor)
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            guard isAll else { return 0 }
            return (isLegacy ? 1 : weight) * f * ScoringContext.k1PlusOne / (f + stdDivisor(length: length))
        case .docScore, .hamming:
            return 0
        }
    }

    // MARK: documents

    /// The score of a document from its tree's score; the slop divisor is still to come.
    func documentScore(tree: Double, documentScore ds: Double, maxFrequency: UInt32, length: UInt32) -> Double {
        switch scorer {
        case .tfidf:
            return ScoringContext.normalized(ds * tree, by: maxFrequency)
        case .tfidfDocNorm:
            return ScoringContext.normalized(ds * tree, by: length)
        case .bm25:
            let score = ds * tree
            return score < 0 ? 0 : score
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            return ds * tree
        case .disMax:
            return tree
        case .docScore, .hamming:
            return ds
        }
    }

    /// A document without text has norm 0 and score 0 (2.10 divides and shows `inf`), one whose
    /// score would be negative has 0.
    private static func normalized(_ product: Double, by norm: UInt32) -> Double {
        if norm == 0 { return 0 }
        let score = product / Double(norm)
        return score < 0 ? 0 : score
    }

    /// HAMMING's similarity, and the number of differing bits; `nil` when the lengths differ or are 0.
    func hammingDistance(_ other: [UInt8]?) -> Int? {
        guard let payload, let other, payload.count == other.count, !payload.isEmpty else { return nil }
        var bits = 0
        for index in payload.indices { bits += (payload[index] ^ other[index]).nonzeroBitCount }
        return bits
    }

    func hammingScore(_ other: [UInt8]?) -> Double {
        hammingDistance(other).map { 1 / Double($0 + 1) } ?? 0
    }

    /// What TANH and NORM make of a winner's score.
    func finished(_ score: Double, largest: Double) -> Double {
        switch scorer {
        case .bm25StdTanh: tanh(score / tanhFactor)
        case .bm25StdNorm: largest == 0 ? 0 : score / largest
        case .tfidf, .tfidfDocNorm, .bm25, .bm25Std, .disMax, .docScore, .hamming: score
        }
    }
}
