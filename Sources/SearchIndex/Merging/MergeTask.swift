// One piece of background work: some segments in, one sealed segment out.

import SearchModel

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
    /// Only folds the patches of one segment into new columns.
    let rebuildsColumns: Bool
    private(set) var result: SegmentMerger.Result?
    private(set) var columns: (FieldColumns, StampColumn)?

    init(
        inputs: [SegmentView], segments: [WriterSegment], b: Double, defaultScore: Float, hasPositions: Bool,
        rebuildsColumns: Bool
    ) {
        self.inputs = inputs
        self.segments = segments
        self.b = b
        self.defaultScore = defaultScore
        self.hasPositions = hasPositions
        self.rebuildsColumns = rebuildsColumns
    }

    /// Documents it has to go through.
    package var documentCount: Int { inputs.reduce(0) { $0 + $1.documentCount } }

    /// Whether it only packs a closed segment.
    package var isSeal: Bool { inputs.count == 1 && !inputs[0].isSealed }

    /// Does the work. `isCancelled` is asked once per posting list; a cancelled task installs as nothing.
    package func run(isCancelled: () -> Bool = { false }) {
        if rebuildsColumns {
            columns = (
                inputs[0].columns.rebuilt(), inputs[0].stampColumn.rebuilt(documentCount: inputs[0].documentCount)
            )
            return
        }
        var merger = SegmentMerger(inputs: inputs, b: b, defaultScore: defaultScore, hasPositions: hasPositions)
        result = merger.run(isCancelled: isCancelled)
    }

    /// Deaths of an input that the task knew of.
    func deathCount(of segment: WriterSegment) -> Int {
        inputs[segments.firstIndex { $0 === segment }!].deaths.count
    }
}
