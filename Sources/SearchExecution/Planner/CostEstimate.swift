// What a plan will cost, before a segment is touched: from document frequencies alone.

import SearchIndex
import SearchModel

enum CostEstimate {
    /// Planning, reply and the first segment.
    private static let base = 1_500.0
    /// Binding a clause in one more segment.
    private static let perClause = 60.0

    static func nanoseconds(_ plan: Plan) -> Int {
        guard let root = plan.root else { return Int(base) }
        let documents = Double(max(1, plan.documentCount))
        let segments = Double(max(1, plan.segmentCount))
        var costs = [Double](repeating: 0, count: plan.clauses.count)
        for (index, clause) in plan.clauses.enumerated() {
            costs[index] = cost(clause, costs, plan, documents)
        }
        var total = base + segments * Double(plan.clauses.count) * perClause + costs[root]
        total += resultCost(plan, root, documents)
        return Int(min(total, 1e15))
    }

    private static func cost(_ clause: Clause, _ costs: [Double], _ plan: Plan, _ documents: Double) -> Double {
        let estimate = Double(clause.estimate)
        let scan = documents * 0.01
        switch clause.source {
        case .all, .keys, .missing:
            return scan
        case .term, .tag:
            return estimate > documents / 16 ? scan : estimate
        case .geo:
            return 2_000 + estimate * 3
        case .numeric:
            return documents * 0.3
        case .or, .expansion, .not, .optional:
            return clause.children.reduce(scan) { $0 + costs[$1] }
        case .and:
            guard let lead = clause.children.min(by: { plan.clauses[$0].estimate < plan.clauses[$1].estimate })
            else { return 0 }
            let candidates = Double(plan.clauses[lead].estimate)
            var sum = costs[lead]
            for child in clause.children where child != lead { sum += min(costs[child], candidates * 50) }
            return clause.maxSlop == nil ? sum : sum + candidates * 50
        }
    }

    /// Scores, sort keys or rows.
    private static func resultCost(_ plan: Plan, _ root: Int, _ documents: Double) -> Double {
        let parameters = plan.parameters
        let matches = min(Double(plan.clauses[root].estimate), documents)
        let leaves = Double(max(1, plan.termCount))
        if parameters.collectAll { return matches * (parameters.needsScores ? 5 * leaves : 5) }
        let rows = Double(parameters.offset) + Double(parameters.limit)
        if rows == 0 { return 0 }
        if parameters.sort != nil { return min(matches * 2, documents * rows / max(1, matches) * 4 + rows * 50) }
        // Pruning leaves a share of the matches, and all of few.
        let scored = min(matches, 1_000 + matches * 0.1 + rows * 8)
        return scored * 3 * min(leaves, 8) + rows * 40
    }
}
