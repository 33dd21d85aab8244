// Builds a sealed segment from others: live documents in stamp order, lists term by term.

import CKernels
import Containers
import SearchModel

struct SegmentMerger {
    struct Result {
        /// `nil`: no document was alive.
        var segment: SealedSegment?
        var columns = FieldColumns(fieldCount: 0)
        var stamps: StampColumn?
        /// Per input: the new id of each document, `.max` for dead ones. Empty for an identity.
        var places: [[DocID]]
        /// All documents of the one input, dead ones too, have kept their ids.
        var isIdentity: Bool
    }

    private let inputs: [SegmentView]
    private let b: Double
    private let defaultScore: Float
    private let hasPositions: Bool
    /// Per input: new ids. Empty: same as the old ones.
    private var places: [[DocID]] = []
    /// Per new id: where it comes from.
    private var sources: [(input: Int, docID: DocID)] = []
    private var isIdentity = false
    /// Whether new ids ascend with (input, old id).
    private var isMonotone = true

    init(inputs: [SegmentView], b: Double, defaultScore: Float, hasPositions: Bool) {
        self.inputs = inputs
        self.b = b
        self.defaultScore = defaultScore
        self.hasPositions = hasPositions
    }

    /// `nil` when it was cancelled.
    mutating func run(isCancelled: () -> Bool) -> Result? {
        placeDocuments()
        guard !sources.isEmpty else {
            return Result(segment: nil, places: places, isIdentity: false)
        }
        guard let (segment, stamps) = build(isCancelled), !isCancelled() else { return nil }
        let columns = FieldColumns.merge(
            zip(inputs, places).map { input, places in
                (input.columns, isIdentity ? .identity(input.documentCount) : DocIDMapping(places))
            }, documentCount: sources.count)
        return Result(segment: segment, columns: columns, stamps: stamps, places: places, isIdentity: isIdentity)
    }

    // MARK: Documents

    private mutating func placeDocuments() {
        if inputs.count == 1, !inputs[0].isSealed, inputs[0].isStampOrdered,
            inputs[0].deaths.count * 8 <= inputs[0].documentCount
        {
            // Sealing as it is: its few dead documents go with the first merge.
            isIdentity = true
            places = [[]]
            sources = (0..<inputs[0].documentCount).map { (0, DocID($0)) }
            return
        }
        var order: [(stamp: UInt64, input: Int, docID: DocID)] = []
        order.reserveCapacity(inputs.reduce(0) { $0 + $1.liveCount })
        var isOrdered = true
        for (index, input) in inputs.enumerated() {
            for docID in 0..<DocID(input.documentCount) where input.isLive(docID) {
                let stamp = input.stamp(docID)
                if let last = order.last, last.stamp > stamp { isOrdered = false }
                order.append((stamp, index, docID))
            }
        }
        if !isOrdered {
            // Equal stamps stay in their order: the sort is by all three.
            order.sort { ($0.stamp, $0.input, $0.docID) < ($1.stamp, $1.input, $1.docID) }
            isMonotone = false
        }
        places = inputs.map { Array(repeating: .max, count: $0.documentCount) }
        for (place, document) in order.enumerated() {
            places[document.input][Int(document.docID)] = DocID(place)
        }
        sources = order.map { ($0.input, $0.docID) }
    }

    private func build(_ isCancelled: () -> Bool) -> (SealedSegment, StampColumn)? {
        let count = sources.count
        let stampBlock = RawBlock(zeroed: 8 * count)
        let normBlock = RawBlock(zeroed: 4 * count)
        // Exact lengths, largest frequencies and scores: needed while bounds are computed.
        let scratch = RawBlock(zeroed: 12 * count)
        let stamps: UnsafeMutablePointer<UInt64> = stampBlock.pointer()
        let norms: UnsafeMutablePointer<UInt32> = normBlock.pointer()
        let lengths: UnsafeMutablePointer<UInt32> = scratch.pointer()
        let maxFrequencies = lengths + count
        let scores = UnsafeMutableRawPointer(maxFrequencies + count).assumingMemoryBound(to: Float.self)
        var bounds = SegmentBounds()
        var hasScores = false
        var totalLength = 0
        var saturated: [(docID: DocID, length: UInt32, maxFrequency: UInt32)] = []
        for i in 0..<count {
            let input = inputs[sources[i].input]
            let docID = sources[i].docID
            let length = input.length(docID)
            let largest = input.maxFrequency(docID)
            let score = input.documentScores.map { $0[Int(docID)] } ?? input.defaultScore
            stamps[i] = input.stamp(docID)
            norms[i] = makeNorm(length: length, maxFrequency: largest)
            if isSaturatedNorm(norms[i]) { saturated.append((DocID(i), length, largest)) }
            lengths[i] = length
            maxFrequencies[i] = largest
            scores[i] = score
            if score != defaultScore { hasScores = true }
            bounds.include(length: length, maxFrequency: largest, score: score)
            totalLength += Int(length)
        }
        bounds.b0 = b
        bounds.averageLength0 = max(1, Double(totalLength) / Double(count))

        let numbers = DocumentNumbers(
            count: count, lengths: lengths, maxFrequencies: maxFrequencies, scores: scores, hasScores: hasScores,
            bounds: bounds)
        var builder = SegmentBuilder(documents: numbers, hasPositions: hasPositions)
        guard mergeLists(into: &builder, isCancelled) else { return nil }

        let scoreBlock = hasScores ? RawBlock(zeroed: 4 * count) : nil
        scoreBlock?.pointer(to: Float.self).update(from: scores, count: count)
        let inputs = inputs
        let sources = sources
        let keys = SealedKeys(count: count) { i, body in
            inputs[sources[i].input].withKey(sources[i].docID, body)
        }
        let payloads = SealedPayloads(count: count) { inputs[sources[$0].input].payload(sources[$0].docID) }
        let segment = SealedSegment(
            SealedParts(
                documentCount: count, hasPositions: hasPositions, bounds: bounds, defaultScore: defaultScore,
                postingCount: builder.postingCount,
                postingBlockCount: builder.blockCount, norms: normBlock, scores: scoreBlock,
                blockBounds: blockBounds(numbers, stamps), saturated: saturated, keys: keys, payloads: payloads,
                finishing: &builder))
        return (segment, StampColumn(base: stampBlock, isOrdered: true))
    }

    private func blockBounds(_ numbers: DocumentNumbers, _ stamps: UnsafePointer<UInt64>) -> RawBlock {
        let blocks = (numbers.count + blockSize - 1) / blockSize
        let block = RawBlock(zeroed: blocks * MemoryLayout<DocumentBlockBounds>.stride)
        let result: UnsafeMutablePointer<DocumentBlockBounds> = block.pointer()
        for i in 0..<blocks {
            var one = SegmentBounds()
            var floor = UInt64.max
            for doc in i * blockSize..<min(numbers.count, (i + 1) * blockSize) {
                one.include(
                    length: numbers.lengths[doc], maxFrequency: numbers.maxFrequencies[doc],
                    score: numbers.scores[doc])
                floor = min(floor, stamps[doc])
            }
            result[i] = DocumentBlockBounds(
                minLength: one.minLength, minMaxFrequency: one.minMaxFrequency, maxScore: one.maxScore,
                stampFloor: floor)
        }
        return block
    }

    // MARK: Lists

    private func mergeLists(into builder: inout SegmentBuilder, _ isCancelled: () -> Bool) -> Bool {
        // The places of all inputs in one block, so that the loops below have plain addresses.
        var allPlaces = Growable<DocID>(capacity: inputs.reduce(1) { $0 + $1.documentCount })
        for places in places where !places.isEmpty {
            places.withUnsafeBufferPointer { allPlaces.append(from: $0.baseAddress!, count: $0.count) }
        }
        var sources: [MergeSource] = []
        var start = 0
        for (index, input) in inputs.enumerated() {
            if isIdentity {
                sources.append(MergeSource(input, Placement(places: nil, shift: 0)))
                continue
            }
            // Nobody died and nobody overtook: old ids are only moved up.
            let isShift = isMonotone && !input.hasDeletions
            sources.append(
                MergeSource(
                    input,
                    Placement(
                        places: isShift ? nil : UnsafePointer(allPlaces.base + start),
                        shift: isShift ? places[index][0] : 0)))
            start += input.documentCount
        }

        var gathering = ListGathering(hasPositions: hasPositions)
        return sources.withUnsafeMutableBufferPointer { sources in
            while true {
                var next = TermID.max
                for i in 0..<sources.count { next = min(next, sources[i].term) }
                if next == .max { return true }
                if isCancelled() { return false }
                gathering.begin()
                for i in 0..<sources.count where sources[i].term == next { sources[i].take(into: &gathering) }
                if let list = gathering.finish(isMonotone: isMonotone) { builder.add(next, list) }
            }
        }
    }
}
