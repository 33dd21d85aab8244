// What FT.PROFILE tells of an aggregation's steps.

import SearchAggregation
import SearchExpressions
import SearchModel

extension AggregateRun {
    func profileSteps(_ outcome: AggregateOutcome) -> [SearchProfile.Step] {
        // Counting alone asks no step.
        let figures = search.isPlainCount ? [] : figures
        var steps: [SearchProfile.Step] = []
        var before: UInt64 = 0
        func add(_ type: String, _ i: Int, otherwise: Int) {
            guard i < figures.count else {
                steps.append(SearchProfile.Step(type: type, nanoseconds: 0, count: otherwise))
                return
            }
            let own = figures[i].nanoseconds &- min(before, figures[i].nanoseconds)
            before = max(before, figures[i].nanoseconds)
            steps.append(SearchProfile.Step(type: type, nanoseconds: own, count: figures[i].rows))
        }
        add("Index", 0, otherwise: outcome.total)
        if search.parameters.needsScores { add("Scorer", 0, otherwise: outcome.total) }
        for (i, step) in plan.steps.enumerated() {
            let isCount = if case .count = step { true } else { false }
            if isCount || !search.isPlainCount { add(Self.name(of: step), i + 1, otherwise: 1) }
        }
        return steps
    }

    private static func name(of step: AggregatePlan.Step) -> String {
        switch step {
        case .load: "Loader"
        case .apply(let expression, _): "Projector - \(expression.profileName)"
        case .filter(let expression): "Filter - \(expression.profileName)"
        case .group: "Grouper"
        case .sort: "Sorter"
        case .limit: "Pager/Limiter"
        case .count: "Counter"
        }
    }
}

extension Expression {
    /// What its outermost part is.
    fileprivate var profileName: String {
        switch self {
        case .literal: "Literal"
        case .property(_, let name): "Property \(String(decoding: name, as: UTF8.self))"
        case .arithmetic(let operation, _, _): "Operator \(Self.sign(operation))"
        case .comparison(let operation, _, _): "Predicate \(Self.sign(operation))"
        case .and: "Predicate &&"
        case .or: "Predicate ||"
        case .not: "Inverted"
        case .call(let function, _): "Function \(function.rawValue)"
        }
    }

    private static func sign(_ operation: ArithmeticOperator) -> String {
        switch operation {
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .remainder: "%"
        case .power: "^"
        }
    }

    private static func sign(_ operation: ComparisonOperator) -> String {
        switch operation {
        case .equal: "=="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        }
    }
}
