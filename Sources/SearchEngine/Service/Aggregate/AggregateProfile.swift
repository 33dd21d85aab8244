// FT.PROFILE AGGREGATE: the steps of the plan as they ran, in the oracle's words.

import Platform
import SearchAggregation
import SearchExpressions
import SearchModel

extension SearchProfiler {
    /// What one aggregation did, when its rows are out.
    package func profile(_ run: AggregateRun, _ outcome: AggregateOutcome) -> SearchProfile {
        var profile = SearchProfile()
        profile.showsTimes = showsTimes
        profile.parsing = parsed &- start
        profile.planning = planned &- parsed
        profile.total = MonotonicClock.nanoseconds &- start
        if outcome.timedOut { profile.warnings.append("Timeout limit was reached") }
        if outcome.expansionsTruncated { profile.warnings.append("Max prefix expansions limit was reached") }
        profile.clauses = clause(run.search.parameters.tree, run.search.snapshot)

        let counts = run.rowCounts
        func add(_ type: String, _ count: Int) {
            profile.steps.append(SearchProfile.Step(type: type, nanoseconds: 0, count: count))
        }
        add("Index", counts[0])
        if run.search.parameters.needsScores { add("Scorer", counts[0]) }
        var isBehindSort = false
        for (step, count) in zip(run.plan.steps, counts.dropFirst()) {
            switch step {
            case .load: add("Loader", count)
            case .apply(let expression, _): add("Projector - " + Self.kind(expression), count)
            case .filter(let expression): add("Filter - " + Self.kind(expression), count)
            case .group: add("Grouper", count)
            case .sort: add("Sorter", count)
            case .limit(let offset, _):
                // The sort itself keeps no more than the first rows.
                if offset > 0 || !isBehindSort { add("Pager/Limiter", count) }
            case .count: add("Counter", 1)
            }
            if case .sort = step { isBehindSort = true } else { isBehindSort = false }
        }
        return profile
    }

    /// What the root of an expression is.
    private static func kind(_ expression: Expression) -> String {
        switch expression {
        case .literal: "Literal"
        case .property(_, let name): "Property " + String(decoding: name, as: UTF8.self)
        case .arithmetic(let operation, _, _): "Operator " + symbol(operation)
        case .comparison(let comparison, _, _): "Predicate " + symbol(comparison)
        case .and: "Predicate &&"
        case .or: "Predicate ||"
        case .not: "Inverted"
        case .call(let function, _): "Function " + function.rawValue
        }
    }

    private static func symbol(_ operation: ArithmeticOperator) -> String {
        switch operation {
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .remainder: "%"
        case .power: "^"
        }
    }

    private static func symbol(_ comparison: ComparisonOperator) -> String {
        switch comparison {
        case .equal: "=="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        }
    }
}
