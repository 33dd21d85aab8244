// Random expressions of APPLY and FILTER, by the type they have.

import TestKit

enum PropertyKind {
    case number, text, list
}

struct PipelineProperty {
    let name: String
    let kind: PropertyKind
}

struct ExpressionGenerator {
    let properties: [PipelineProperty]

    private func property(_ kind: PropertyKind, _ random: inout SeededRandom) -> String? {
        let fitting = properties.filter { $0.kind == kind }
        return fitting.isEmpty ? nil : "@" + random.pick(fitting).name
    }

    func number(_ depth: Int, _ random: inout SeededRandom) -> String {
        if depth == 0 || random.chance(0.25) {
            if random.chance(0.7), let property = property(.number, &random) { return property }
            return random.pick(["0", "1", "2", "3.5", "10", "0.25", "100", "7"])
        }
        switch random.below(9) {
        case 0...3:
            let sign = random.pick([" + ", " - ", " * ", "+", "*"])
            return "\(wrapped(depth - 1, &random))\(sign)\(wrapped(depth - 1, &random))"
        // A divisor of at least 2: the peer does not survive a remainder by less than 1.
        case 4: return "floor(\(number(depth - 1, &random))) % \(random.integer(2...9))"
        case 5: return "\(wrapped(depth - 1, &random)) / \(random.integer(1...9))"
        case 6:
            let function = random.pick(["floor", "ceil", "abs", "sqrt", "log", "log2", "exp"])
            return "\(function)(\(number(depth - 1, &random)))"
        case 7: return "strlen(\(text(depth - 1, &random)))"
        default:
            let function = random.pick([
                "day", "hour", "minute", "month", "year", "dayofweek", "dayofmonth", "dayofyear", "monthofyear",
            ])
            return "\(function)(\(property(.number, &random) ?? "1614603365"))"
        }
    }

    private func wrapped(_ depth: Int, _ random: inout SeededRandom) -> String {
        depth == 0 ? number(0, &random) : "(\(number(depth, &random)))"
    }

    func text(_ depth: Int, _ random: inout SeededRandom) -> String {
        if depth == 0 || random.chance(0.3) {
            if random.chance(0.8), let property = property(.text, &random) { return property }
            return "'\(random.pick(PipelineCorpus.words))'"
        }
        switch random.below(5) {
        case 0: return "upper(\(text(depth - 1, &random)))"
        case 1: return "lower(\(text(depth - 1, &random)))"
        case 2:
            return "substr(\(text(depth - 1, &random)), \(random.integer(-3...4)), \(random.integer(-2...5)))"
        case 3: return "format('%s-%s', \(text(depth - 1, &random)), \(number(depth - 1, &random)))"
        default: return "timefmt(\(property(.number, &random) ?? "0"))"
        }
    }

    func truth(_ depth: Int, _ random: inout SeededRandom) -> String {
        switch random.below(depth == 0 ? 4 : 7) {
        case 0, 1:
            let sign = random.pick(["==", "!=", "<", "<=", ">", ">="])
            return "\(number(max(0, depth - 1), &random)) \(sign) \(number(0, &random))"
        case 2:
            return "\(text(0, &random)) \(random.pick(["==", "!=", "<", ">="])) \(text(0, &random))"
        case 3:
            let function = random.pick(["startswith", "contains"])
            return "\(function)(\(text(0, &random)), '\(random.pick(["a", "b", "an", "e", "R", ""]))')"
        case 4: return "!(\(truth(depth - 1, &random)))"
        default:
            let sign = random.pick(["&&", "||"])
            return "(\(truth(depth - 1, &random))) \(sign) (\(truth(depth - 1, &random)))"
        }
    }
}
