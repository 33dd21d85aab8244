// One piece of background work: some segments in, one sealed segment out.

import SearchModel
import Synchronization

/// Made by ``IndexWriter/planMerge(isQuiet:)``, run anywhere, handed back to ``IndexWriter/install(_:)``.
///
/// `@unchecked Sendable`: `inputs` are immutable views; `segments` are only touched on the writer's lane; `result` is
/// written by `run`, which the caller orders before `install`.
package final class MergeTask: @unchecked Sendable {
    let inputs: [SegmentView]
    let segments: [WriterSegment]
    private let b: Double
    private let defaultScore: Float
    private let hasPositions: Bool
    private let missingFields: [Int]
    /// Patches of each input that the task knows of.
    private let restampedCounts: [Int]
    /// The task only folds patches into the columns of its one input.
    let rebuildsFields: Bool
    private(set) var rebuiltFields: FieldColumns?
    private(set) var result: SegmentMerger.Result?

    init(
        inputs: [SegmentView], segments: [WriterSegment], b: Double, defaultScore: Float, hasPositions: Bool,
        missingFields: [Int], rebuildsFields: Bool = false
    ) {
        restampedCounts = segments.map(\.restamped.count)
        self.rebuildsFields = rebuildsFields
        self.inputs = inputs
        self.segments = segments
        self.b = b
        self.defaultScore = defaultScore
        self.hasPositions = hasPositions
        self.missingFields = missingFields
    }

    /// Documents it has to go through.
    package var documentCount: Int { inputs.reduce(0) { $0 + $1.documentCount } }

    /// Whether it only packs a closed segment.
    package var isSeal: Bool { inputs.count == 1 && !inputs[0].isSealed }

    /// Does the work. `isCancelled` is asked once per posting list; a cancelled task installs as nothing.
    package func run(isCancelled: () -> Bool = { false }) {
        if rebuildsFields {
            rebuiltFields = inputs[0].fields.rebuilt()
            return
        }
        var merger = SegmentMerger(
            inputs: inputs, b: b, defaultScore: defaultScore, hasPositions: hasPositions,
            missingFields: missingFields)
        result = merger.run(isCancelled: isCancelled)
    }

    /// What an input's documents were patched with since the task was made.
    func restampedSince(_ input: Int) -> ArraySlice<(docID: DocID, stamp: ArrivalStamp)> {
        segments[input].restamped[restampedCounts[input]...]
    }

    /// Deaths of an input that the task knew of.
    func deathCount(of segment: WriterSegment) -> Int {
        inputs[segments.firstIndex { $0 === segment }!].deaths.count
    }
}
