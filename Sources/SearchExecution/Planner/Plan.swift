// A query bound to a snapshot: clauses, statistics and the posting lists of its terms.

import SearchIndex
import SearchModel

package struct Plan {
    package static let termLimit = 32_768
    package static let clauseLimit = 100_000

    let snapshot: IndexSnapshot
    let parameters: SearchParameters
    var clauses: [Clause] = []
    /// `nil`: nothing can match.
    var root: Int?
    let postings: PostingTable
    var termCount = 0
    var expansionsTruncated = false
    /// N, as a scorer sees it.
    var documentCount: Int
    /// Mean length of a document; 0 of an empty index.
    var averageLength: Double

    var segmentCount: Int { snapshot.segments.count }

    package init(_ parameters: SearchParameters, on snapshot: IndexSnapshot) throws(ExecutionError) {
        self.snapshot = snapshot
        self.parameters = parameters
        postings = PostingTable(segmentCount: snapshot.segments.count)
        documentCount = snapshot.documentCount
        averageLength = documentCount == 0 ? 0 : Double(snapshot.totalLength) / Double(documentCount)
        var builder = PlanBuilder(plan: self)
        root = try builder.build()
        let built = builder.plan
        clauses = built.clauses
        termCount = built.termCount
        expansionsTruncated = built.expansionsTruncated
        if let root { markImplied(from: root) }
    }

    /// The root's match implies that of an AND's children, and so on down; an alternative's or an
    /// optional's match has to be looked at.
    private mutating func markImplied(from root: Int) {
        var pending = [root]
        while let index = pending.popLast() {
            clauses[index].isImplied = true
            if case .and = clauses[index].source { pending += clauses[index].children }
        }
    }
}

// MARK: idf

extension Plan {
    /// `floor(log2(1 + (N + 1) / df))`: TFIDF's and BM25's.
    static func idf(documents: Int, frequency: Int) -> Double {
        let ratio = 1 + Double(documents + 1) / Double(max(1, frequency))
        return Double(ratio.exponent)
    }

    /// `ln(1 + (N - df + 0.5) / (df + 0.5))`, its argument in single precision as RediSearch has it.
    static func idfStd(documents: Int, frequency: Int) -> Double {
        let count = Double(max(documents, frequency))
        let argument = Float(1 + (count - Double(frequency) + 0.5) / (Double(frequency) + 0.5))
        return naturalLogarithm(Double(argument))
    }
}

// MARK: shapes

extension Plan {
    /// The tree holds something that only the walk of one document's match tree scores: an OPTIONAL
    /// whose virtual match weighs something.
    var needsTreeWalk: Bool {
        clauses.contains { $0.unmatchedWeight != 0 } && parameters.scorer.usesTree
    }
}
