// Upper bounds of scores, for units of 256 documents of a slice.
//
// A posting list keeps, for each block of 128 postings, the pair that gives the largest score. A
// block's bound holds for all units that its range of docIDs touches; an AND's bound is the sum of
// its children's, minus infinity where one of them has no block at all; an OR's and an OPTIONAL's
// adds what is positive. The root's bound decides which units are worth scoring: the rest of the
// segment is only counted.
//
//   docID      0        256       512       768
//   hello     ├──block 0, 2.1──────┼──block 1, 0.9──┤
//   world     ├─block 0, 1.0─┼─block 1, 3.0─────────┤
//   sum        3.1       5.1       5.1       3.9      and 5.1 does not beat a threshold of 5.2
//
// Bounds are rounded up a little: the order in which floating-point sums are made must not cut off
// a real hit. Where all numbers are small whole ones they are exact instead, since TFIDF gives
// hundreds of documents the same best score, and only an exact bound lets arrival order prune them.

import CKernels
import SearchIndex
import SearchModel

final class ScoreBounds {
    private let evaluator: SegmentEvaluator
    private let context: ScoringContext
    private let segment: SegmentView
    /// Per unit of the slice.
    let units: UnsafeMutablePointer<Double>
    private var unitCount = 0
    private var firstUnit = 0
    private let arena: ScratchArena
    private let hasDocumentScores: Bool
    /// n0(len) = base + slope * len, the divisor that blocks' pairs were chosen for.
    private let n0Base: Double
    private let n0Slope: Double
    /// How much larger a score can be under this query's average length than under n0.
    private let rho: Double

    /// Bounds of blocks are fetched this many at a time.
    private static let blocksAtOnce = 128
    private let blockBounds: UnsafeMutablePointer<BlockBounds>
    private let lastDocIDs: UnsafeMutablePointer<DocID>

    private static let margin = 1 + 1.0 / Double(1 << 36)
    private static let impossible = -Double.infinity

    init(_ evaluator: SegmentEvaluator, _ context: ScoringContext) {
        self.evaluator = evaluator
        self.context = context
        segment = evaluator.segment
        arena = evaluator.arena
        // A window reads the bounds of 16 units, be there documents or not.
        units = arena.allocate(Double.self, unitsPerSlice, filledWith: ScoreBounds.impossible)
        factors = arena.allocate(Double.self, ScoreBounds.leafLimit)
        memberWords = arena.allocate(UnsafePointer<UInt64>?.self, ScoreBounds.leafLimit)
        memberBounds = arena.allocate(UnsafePointer<Double>?.self, ScoreBounds.leafLimit)
        blockBounds = arena.allocate(BlockBounds.self, ScoreBounds.blocksAtOnce)
        lastDocIDs = arena.allocate(DocID.self, ScoreBounds.blocksAtOnce)
        hasDocumentScores = segment.documentScores != nil || segment.defaultScore != 1
        let bounds = segment.bounds
        let base = 1 - bounds.b0
        let slope = bounds.averageLength0 > 0 ? bounds.b0 / bounds.averageLength0 : 0
        n0Base = base
        n0Slope = slope
        // n0 / n is monotone in the length, so its extremes are those of the lengths.
        func ratio(_ length: UInt32) -> Double {
            let n = context.stdDivisor(length: length) / ScoringContext.k1
            return n > 0 ? (base + slope * Double(length)) / n : .infinity
        }
        rho = max(1, ratio(bounds.minLength), ratio(bounds.maxLength)) * ScoreBounds.margin
        if context.scorer.usesTree { findLeaves(evaluator.root, 1) }
        if leaves.count < 2 || leaves.count > ScoreBounds.leafLimit { forgetLeaves() }
        for (place, leaf) in leaves.enumerated() { factors[place] = leaf.factor }
    }

    private func forgetLeaves() {
        for leaf in leaves { evaluator.nodes[leaf.node].bounds = nil }
        leaves.removeAll()
    }

    // MARK: members

    /// A leaf of the tree that brings a bound to the documents it holds.
    private struct Leaf {
        let node: Int
        /// Product of the weights above it.
        let factor: Double
    }

    /// More leaves than this cost more than they prune.
    private static let leafLimit = 32
    private var leaves: [Leaf] = []
    private let factors: UnsafeMutablePointer<Double>
    private let memberWords: UnsafeMutablePointer<UnsafePointer<UInt64>?>
    private let memberBounds: UnsafeMutablePointer<UnsafePointer<Double>?>
    private var memberWindow = -1

    /// Finds the leaves by which documents can be told apart; with fewer than two there is nothing to tell.
    private func findLeaves(_ index: Int, _ factor: Double) {
        let node = evaluator.nodes + index
        switch node.pointee.kind {
        case .postings, .documents, .expansion:
            node.pointee.bounds = arena.allocate(Double.self, unitsPerSlice, filledWith: ScoreBounds.impossible)
            leaves.append(Leaf(node: index, factor: factor))
        case .and, .or:
            for place in 0..<node.pointee.childCount {
                findLeaves(Int(node.pointee.children[place]), factor * node.pointee.weight)
            }
        case .optional:
            if node.pointee.childCount > 0 { findLeaves(Int(node.pointee.children[0]), factor) }
        case .nothing, .all, .numeric, .geo, .missing, .keys, .not:
            break
        }
    }

    /// Whether ``keepPromising(_:of:threshold:_:)`` can do anything.
    var tellsDocumentsApart: Bool { leaves.count > 1 }

    /// Clears the documents of some units of a window whose leaves' bounds cannot add up to a threshold.
    ///
    /// - Parameter units: one bit per unit of the window.
    func keepPromising(_ units: UInt32, of window: Int, threshold: Double, _ words: UnsafeMutablePointer<UInt64>) {
        if memberWindow != window {
            memberWindow = window
            let first = window * unitsPerWindow - firstUnit
            for (place, leaf) in leaves.enumerated() {
                memberWords[place] = self.words(of: leaf.node, window)
                memberBounds[place] = UnsafePointer(evaluator.nodes[leaf.node].bounds! + first)
            }
        }
        rs_exec_keep_promising(
            words, units, memberWords, memberBounds, factors, leaves.count,
            self.units + (window * unitsPerWindow - firstUnit), threshold)
    }

    private func words(of index: Int, _ window: Int) -> UnsafePointer<UInt64> {
        let node = evaluator.nodes + index
        switch node.pointee.kind {
        case .postings: return evaluator.windowWords(evaluator.cursors + node.pointee.slot, window)
        case .documents: return evaluator.documentWords(node, window)
        default: return evaluator.unionWords(node, window)
        }
    }

    /// Whether bounds say anything about this query in this segment.
    static func apply(to plan: Plan, _ segment: SegmentView) -> Bool {
        switch plan.parameters.scorer {
        case .hamming: return false
        case .tfidf, .tfidfDocNorm, .bm25, .bm25Std, .bm25StdNorm, .bm25StdTanh, .disMax, .docScore: break
        }
        if plan.needsTreeWalk { return false }
        if !(segment.bounds.minScore >= 0 && segment.bounds.maxScore.isFinite) { return false }
        return plan.clauses.allSatisfy { $0.weight >= 0 && $0.weight.isFinite }
    }

    /// Computes the bounds of a slice's units.
    func compute(slice: Int) {
        firstUnit = slice * unitsPerSlice
        memberWindow = -1
        let documents = min(sliceSize, segment.documentCount - slice * sliceSize)
        unitCount = (documents + unitSize - 1) / unitSize
        if context.scorer == .docScore {
            for unit in 0..<unitCount { units[unit] = maxScore(unit) }
            return
        }
        let mark = arena.mark()
        compute(evaluator.root, units)
        arena.release(to: mark)
    }

    /// The largest bound of a window's units.
    func window(_ window: Int) -> Double {
        let first = window * unitsPerWindow - firstUnit
        var best = ScoreBounds.impossible
        for unit in first..<min(first + unitsPerWindow, unitCount) { best = max(best, units[unit]) }
        return best
    }

    /// The bound of a unit, counted from the segment's start.
    func unit(_ unit: Int) -> Double { units[unit - firstUnit] }

    /// No document of the unit arrived before this.
    func stampFloor(_ unit: Int) -> ArrivalStamp {
        let first = unit * unitSize
        if segment.isStampOrdered { return segment.stamps[first] }
        var floor = segment.blockBounds(first / blockSize).stampFloor
        if first + blockSize < segment.documentCount {
            floor = min(floor, segment.blockBounds(first / blockSize + 1).stampFloor)
        }
        return floor
    }

    // MARK: nodes

    private func compute(_ index: Int, _ out: UnsafeMutablePointer<Double>) {
        computeNode(index, out)
        if let own = evaluator.nodes[index].bounds { own.update(from: out, count: unitCount) }
    }

    private func computeNode(_ index: Int, _ out: UnsafeMutablePointer<Double>) {
        let node = evaluator.nodes + index
        switch node.pointee.kind {
        case .nothing:
            out.update(repeating: ScoreBounds.impossible, count: unitCount)
        case .postings:
            computePostings(node, out)
        case .documents:
            computeDocuments(node, out)
        case .all, .numeric, .geo, .missing:
            for unit in 0..<unitCount { out[unit] = virtualBound(node, unit) }
        case .keys, .not:
            out.update(repeating: 0, count: unitCount)
        case .optional:
            if node.pointee.childCount == 0 {
                out.update(repeating: 0, count: unitCount)
            } else {
                compute(Int(node.pointee.children[0]), out)
                for unit in 0..<unitCount { out[unit] = max(0, out[unit]) }
            }
        case .and:
            computeChildren(node, out) { rs_exec_add_bounds($0, $1, self.unitCount) }
        case .or:
            let takesMaximum = context.scorer == .disMax
            computeUnion(node, out, takesMaximum: takesMaximum)
        case .expansion:
            computeUnion(node, out, takesMaximum: true)
        }
    }

    private func computeChildren(
        _ node: UnsafeMutablePointer<Node>, _ out: UnsafeMutablePointer<Double>,
        _ combine: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Void
    ) {
        compute(Int(node.pointee.children[0]), out)
        let mark = arena.mark()
        let other = arena.allocate(Double.self, unitCount)
        for place in 1..<max(1, node.pointee.childCount) {
            compute(Int(node.pointee.children[place]), other)
            combine(out, other)
        }
        scale(node.pointee.weight, out)
        arena.release(to: mark)
    }

    /// Sums what is positive; impossible only where all children are.
    private func computeUnion(
        _ node: UnsafeMutablePointer<Node>, _ out: UnsafeMutablePointer<Double>, takesMaximum: Bool
    ) {
        computeChildren(node, out) { sums, other in
            if takesMaximum {
                rs_exec_max_bounds(sums, other, self.unitCount)
            } else {
                for unit in 0..<self.unitCount {
                    if sums[unit] == ScoreBounds.impossible {
                        sums[unit] = other[unit]
                    } else if other[unit] > 0 {
                        sums[unit] += other[unit]
                    }
                }
            }
        }
    }

    private func scale(_ weight: Double, _ out: UnsafeMutablePointer<Double>) {
        if weight == 1 { return }
        let factor = weight == weight.rounded() && weight < 1024 ? weight : weight * ScoreBounds.margin
        for unit in 0..<unitCount where out[unit] > 0 { out[unit] *= factor }
    }

    // MARK: leaves

    private func computePostings(_ node: UnsafeMutablePointer<Node>, _ out: UnsafeMutablePointer<Double>) {
        out.update(repeating: ScoreBounds.impossible, count: unitCount)
        let cursor = evaluator.cursors + node.pointee.slot
        let list = cursor.pointee.list
        let start = firstUnit * unitSize
        let end = start + unitCount * unitSize
        var block = list.pointee.firstBlock(endingAtOrAfter: DocID(start), from: 0)
        let blockCount = cursor.pointee.blockCount
        if blockCount == 1 {
            if block == 0 { boundOnlyBlock(node, out, start, end) }
            return
        }
        if block >= blockCount { return }
        var first = max(start, Int(list.pointee.firstPossibleDocID(block)))
        while block < blockCount, first < end {
            let count = min(ScoreBounds.blocksAtOnce, blockCount - block)
            list.pointee.copyBounds(block, count, into: blockBounds, lastDocIDs: lastDocIDs)
            for place in 0..<count {
                if first >= end { return }
                let bound = self.bound(node, blockBounds[place])
                let last = min(end &- 1, Int(lastDocIDs[place]))
                var unit = (first &- start) / unitSize
                let lastUnit = (last &- start) / unitSize
                while unit <= lastUnit {
                    if bound > out[unit] { out[unit] = bound }
                    unit &+= 1
                }
                first = Int(lastDocIDs[place]) &+ 1
            }
            block += count
        }
    }

    /// A short list is decoded anyway: its bound goes only where its documents are.
    private func boundOnlyBlock(
        _ node: UnsafeMutablePointer<Node>, _ out: UnsafeMutablePointer<Double>, _ start: Int, _ end: Int
    ) {
        let cursor = evaluator.cursors + node.pointee.slot
        evaluator.load(0, cursor)
        let bound = self.bound(node, cursor.pointee.list.pointee.bounds(0))
        for index in 0..<cursor.pointee.count {
            let docID = Int(cursor.pointee.docs[index])
            if docID < start { continue }
            if docID >= end { return }
            out[(docID - start) / unitSize] = bound
        }
    }

    private func bound(_ node: UnsafeMutablePointer<Node>, _ block: BlockBounds) -> Double {
        let weight = node.pointee.weight
        let ds = hasDocumentScores ? Double(block.maxScore) * ScoreBounds.margin : 1
        switch context.scorer {
        case .tfidf:
            let best = weight * node.pointee.idf
            if block.tfF >= block.tfMaxf, weight == weight.rounded(), weight < 1024 { return ds * best }
            return ds * best * Double(block.tfF) / Double(max(1, block.tfMaxf)) * ScoreBounds.margin
        case .tfidfDocNorm:
            // A token adds one to a term at most, so f is never above the length.
            let length = Double(max(1, min(block.minLength, segment.bounds.minLength)))
            let share = min(1, Double(block.maxFrequency) / length)
            return ds * weight * node.pointee.idf * share * ScoreBounds.margin
        case .bm25:
            let f = Double(block.maxFrequency)
            return ds * node.pointee.idf * f / (f + context.bm25Divisor) * ScoreBounds.margin
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            let f = Double(block.bmF)
            let n0 = n0Base + n0Slope * Double(block.bmLen)
            let share = min(1, f / (f + ScoringContext.k1 * n0) * rho)
            return ds * context.stdCoefficient(node.pointee) * ScoringContext.k1PlusOne * share * ScoreBounds.margin
        case .disMax:
            return weight * Double(block.maxFrequency)
        case .docScore, .hamming:
            return .infinity
        }
    }

    /// A tag value has frequency 1 wherever it is; the bound goes only where its documents can be.
    private func computeDocuments(_ node: UnsafeMutablePointer<Node>, _ out: UnsafeMutablePointer<Double>) {
        for unit in 0..<unitCount { out[unit] = tagBound(node, unit) }
    }

    private func tagBound(_ node: UnsafeMutablePointer<Node>, _ unit: Int) -> Double {
        let ds = hasDocumentScores ? maxScore(unit) * ScoreBounds.margin : 1
        let weight = node.pointee.weight
        switch context.scorer {
        case .tfidf:
            return ds * weight * node.pointee.idf / Double(max(1, minMaxFrequency(unit))) * ScoreBounds.margin
        case .tfidfDocNorm:
            return ds * weight * node.pointee.idf / Double(max(1, minLength(unit))) * ScoreBounds.margin
        case .bm25:
            return ds * node.pointee.idf / (1 + context.bm25Divisor) * ScoreBounds.margin
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            return ds * context.stdCoefficient(node.pointee) * ScoringContext.k1PlusOne
                / (1 + context.stdDivisor(length: minLength(unit))) * ScoreBounds.margin
        case .disMax:
            return weight
        case .docScore, .hamming:
            return .infinity
        }
    }

    private func virtualBound(_ node: UnsafeMutablePointer<Node>, _ unit: Int) -> Double {
        let ds = hasDocumentScores ? maxScore(unit) * ScoreBounds.margin : 1
        let weight = node.pointee.weight
        switch context.scorer {
        case .tfidf:
            let maxf = minMaxFrequency(unit)
            if maxf <= 1, weight == weight.rounded(), weight < 1024 { return ds * weight }
            return ds * weight / Double(max(1, maxf)) * ScoreBounds.margin
        case .tfidfDocNorm:
            return ds * weight / Double(max(1, minLength(unit))) * ScoreBounds.margin
        case .bm25:
            return ds * weight / (1 + context.bm25Divisor) * ScoreBounds.margin
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            return ds
                * context.virtualScore(
                    frequency: 1, weight: weight, length: minLength(unit), isAll: node.pointee.kind == .all)
                * ScoreBounds.margin
        case .disMax:
            return weight
        case .docScore, .hamming:
            return .infinity
        }
    }

    // MARK: documents of a unit

    private func blocks(_ unit: Int) -> Range<Int> {
        let first = (firstUnit + unit) * (unitSize / blockSize)
        let count = (segment.documentCount + blockSize - 1) / blockSize
        return first..<min(first + unitSize / blockSize, count)
    }

    private func minLength(_ unit: Int) -> UInt32 {
        blocks(unit).reduce(UInt32.max) { min($0, segment.blockBounds($1).minLength) }
    }

    private func minMaxFrequency(_ unit: Int) -> UInt32 {
        blocks(unit).reduce(UInt32.max) { min($0, segment.blockBounds($1).minMaxFrequency) }
    }

    private func maxScore(_ unit: Int) -> Double {
        blocks(unit).reduce(0) { max($0, Double(segment.blockBounds($1).maxScore)) }
    }
}
