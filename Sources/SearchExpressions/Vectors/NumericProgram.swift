// An expression over numbers alone, computed for many rows at once.
//
//   floor(log(@size + 1) * 10)    @size ──► + 1 ──► log ──► * 10 ──► floor        one loop over the rows a step
//
// A row whose value is missing where it is read has failed; what `&&`, `||` and exists() do not look at does not
// fail. Whoever wants the text of a failure computes that row by the tree.

import SearchModel

/// Numbers of the rows in one slot.
package struct NumberLanes {
    package var values: UnsafePointer<Double>
    /// Whether nan stands for a row without a value.
    package var hasGaps: Bool

    package init(values: UnsafePointer<Double>, hasGaps: Bool) {
        self.values = values
        self.hasGaps = hasGaps
    }
}

/// Belongs to one thread at a time: it computes in memory of its own.
package final class NumericProgram {
    package enum Outcome: Equatable {
        case computed
        /// The first row that cannot be computed; the rows before it are.
        case failed(row: Int)
        /// Some result is no number: only the tree can compute these rows.
        case notNumbers
    }

    private indirect enum Node {
        case constant(UnsafeMutablePointer<Double>)
        case slot(Int)
        case arithmetic(ArithmeticOperator, Node, Node, Memory)
        case comparison(ComparisonOperator, Node, Node, Memory)
        case and(Node, Node, Memory)
        case or(Node, Node, Memory)
        case not(Node, Memory)
        case exists(Int, Memory)
        case call(FunctionID, Node, Memory)
    }

    /// What a step writes.
    private struct Memory {
        let values: UnsafeMutablePointer<Double>
        let failed: UnsafeMutablePointer<UInt8>
    }

    private struct Lanes {
        var values: UnsafePointer<Double>
        /// `nil`: no row has failed.
        var failed: UnsafePointer<UInt8>?
    }

    private let capacity: Int
    private let root: Node
    private let blocks: Blocks
    private let gaps: [Int: UnsafeMutablePointer<UInt8>]
    /// nan all over.
    private let nothing: UnsafeMutablePointer<Double>
    private var inputs: (Int) -> NumberLanes? = { _ in nil }
    private var count = 0
    private var sawNoNumber = false

    /// Memory of the steps, freed with the program.
    private final class Blocks {
        let capacity: Int
        private var numbers: [UnsafeMutablePointer<Double>] = []
        private var flags: [UnsafeMutablePointer<UInt8>] = []

        init(capacity: Int) { self.capacity = capacity }

        deinit {
            for block in numbers { block.deallocate() }
            for block in flags { block.deallocate() }
        }

        func take() -> Memory {
            let values = UnsafeMutablePointer<Double>.allocate(capacity: capacity)
            values.initialize(repeating: 0, count: capacity)
            numbers.append(values)
            let failed = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
            failed.initialize(repeating: 0, count: capacity)
            flags.append(failed)
            return Memory(values: values, failed: failed)
        }

        func constant(_ value: Double) -> UnsafeMutablePointer<Double> {
            let memory = UnsafeMutablePointer<Double>.allocate(capacity: capacity)
            memory.initialize(repeating: value, count: capacity)
            numbers.append(memory)
            return memory
        }
    }

    /// `nil`: the expression is about more than numbers.
    ///
    /// - Parameters:
    ///   - isNumber: whether all values in a slot are numbers.
    ///   - capacity: rows of a run at most.
    package init?(_ expression: Expression, capacity: Int, isNumber: (Int) -> Bool) {
        guard NumericProgram.fits(expression, isNumber, depth: 0) else { return nil }
        self.capacity = capacity
        blocks = Blocks(capacity: capacity)
        nothing = blocks.constant(.nan)
        var gaps: [Int: UnsafeMutablePointer<UInt8>] = [:]
        for slot in expression.slots { gaps[slot] = blocks.take().failed }
        self.gaps = gaps
        root = NumericProgram.node(expression, blocks)
    }

    private static func fits(_ expression: Expression, _ isNumber: (Int) -> Bool, depth: Int) -> Bool {
        // Each level costs memory for a batch of rows.
        guard depth < 24 else { return false }
        switch expression {
        case .literal(.number): return true
        case .literal: return false
        case .property(let slot, _): return isNumber(slot)
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right), .and(let left, let right),
            .or(let left, let right):
            return fits(left, isNumber, depth: depth + 1) && fits(right, isNumber, depth: depth + 1)
        case .not(let operand): return fits(operand, isNumber, depth: depth + 1)
        case .call(let function, let arguments):
            guard arguments.count == 1 else { return false }
            if function == .exists {
                guard case .property(let slot, _) = arguments[0] else { return false }
                return isNumber(slot)
            }
            return function.isNumeric && fits(arguments[0], isNumber, depth: depth + 1)
        }
    }

    private static func node(_ expression: Expression, _ blocks: Blocks) -> Node {
        switch expression {
        case .literal(let value): .constant(blocks.constant(value.numeric ?? .nan))
        case .property(let slot, _): .slot(slot)
        case .arithmetic(let operation, let left, let right):
            .arithmetic(operation, node(left, blocks), node(right, blocks), blocks.take())
        case .comparison(let operation, let left, let right):
            .comparison(operation, node(left, blocks), node(right, blocks), blocks.take())
        case .and(let left, let right): .and(node(left, blocks), node(right, blocks), blocks.take())
        case .or(let left, let right): .or(node(left, blocks), node(right, blocks), blocks.take())
        case .not(let operand): .not(node(operand, blocks), blocks.take())
        case .call(let function, let arguments):
            if function == .exists, case .property(let slot, _) = arguments[0] {
                .exists(slot, blocks.take())
            } else {
                .call(function, node(arguments[0], blocks), blocks.take())
            }
        }
    }

    // MARK: running

    /// Computes `count` rows.
    ///
    /// - Parameter inputs: the numbers of a slot; `nil`: no row has a value.
    package func run(
        count: Int, inputs: @escaping (Int) -> NumberLanes?, into out: UnsafeMutablePointer<Double>
    ) -> Outcome {
        precondition(count <= capacity, "more rows than the program has room for")
        self.count = count
        self.inputs = inputs
        sawNoNumber = false
        let result = compute(root)
        self.inputs = { _ in nil }
        if let failed = result.failed {
            for row in 0..<count where failed[row] != 0 {
                // Rows before the failure count, and only they: what is no number in a later one does not matter.
                if sawNoNumber { return .notNumbers }
                out.update(from: result.values, count: row)
                return .failed(row: row)
            }
        }
        if sawNoNumber { return .notNumbers }
        out.update(from: result.values, count: count)
        return .computed
    }

    private func compute(_ node: Node) -> Lanes {
        switch node {
        case .constant(let values): return Lanes(values: values, failed: nil)
        case .slot(let slot): return read(slot)
        case .arithmetic(let operation, let left, let right, let memory):
            let a = compute(left)
            let b = compute(right)
            NumericLoops.arithmetic(operation, a.values, b.values, count, memory.values)
            return Lanes(values: memory.values, failed: union(a.failed, b.failed, memory.failed))
        case .comparison(let operation, let left, let right, let memory):
            let a = compute(left)
            let b = compute(right)
            NumericLoops.comparison(operation, a.values, b.values, count, memory.values)
            return Lanes(values: memory.values, failed: union(a.failed, b.failed, memory.failed))
        case .and(let left, let right, let memory): return connect(left, right, memory, stopsAt: false)
        case .or(let left, let right, let memory): return connect(left, right, memory, stopsAt: true)
        case .not(let operand, let memory):
            let a = compute(operand)
            for row in 0..<count { memory.values[row] = a.values[row] != 0 ? 0 : 1 }
            return Lanes(values: memory.values, failed: a.failed)
        case .exists(let slot, let memory):
            if let lanes = inputs(slot) {
                for row in 0..<count { memory.values[row] = lanes.hasGaps && lanes.values[row].isNaN ? 0 : 1 }
            } else {
                memory.values.update(repeating: 0, count: count)
            }
            return Lanes(values: memory.values, failed: nil)
        case .call(let function, let operand, let memory):
            let a = compute(operand)
            if !NumericLoops.call(function, a.values, count, memory.values) { sawNoNumber = true }
            return Lanes(values: memory.values, failed: a.failed)
        }
    }

    /// The right side counts, and may fail, only where the left one does not decide.
    private func connect(_ left: Node, _ right: Node, _ memory: Memory, stopsAt decided: Bool) -> Lanes {
        let a = compute(left)
        let b = compute(right)
        var anyFailed = false
        for row in 0..<count {
            let isLeft = a.values[row] != 0
            let failed = (a.failed?[row] ?? 0) | (isLeft == decided ? 0 : (b.failed?[row] ?? 0))
            memory.failed[row] = failed
            anyFailed = anyFailed || failed != 0
            memory.values[row] = (isLeft == decided ? decided : b.values[row] != 0) ? 1 : 0
        }
        return Lanes(values: memory.values, failed: anyFailed ? UnsafePointer(memory.failed) : nil)
    }

    private func read(_ slot: Int) -> Lanes {
        guard let flags = gaps[slot] else { preconditionFailure("a slot that the expression does not read") }
        guard let lanes = inputs(slot) else {
            flags.update(repeating: 1, count: count)
            return Lanes(values: nothing, failed: flags)
        }
        guard lanes.hasGaps else { return Lanes(values: lanes.values, failed: nil) }
        var any: UInt8 = 0
        for row in 0..<count {
            let isMissing: UInt8 = lanes.values[row].isNaN ? 1 : 0
            flags[row] = isMissing
            any |= isMissing
        }
        return Lanes(values: lanes.values, failed: any == 0 ? nil : UnsafePointer(flags))
    }

    private func union(
        _ a: UnsafePointer<UInt8>?, _ b: UnsafePointer<UInt8>?, _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        guard let a else { return b }
        guard let b else { return a }
        for row in 0..<count { out[row] = a[row] | b[row] }
        return UnsafePointer(out)
    }
}

extension FunctionID {
    /// A number gives a number, or null where it is no point in time.
    var isNumeric: Bool {
        switch self {
        case .log, .log2, .exp, .sqrt, .abs, .floor, .ceil: true
        case .day, .hour, .minute, .month, .dayofweek, .dayofmonth, .dayofyear, .monthofyear, .year: true
        case .upper, .lower, .substr, .format, .split, .startswith, .contains, .strlen, .toNumber, .toStr,
            .matchedTerms, .exists, .timefmt, .parsetime, .geodistance, .case:
            false
        }
    }
}
