// What one trip to the store does.

/// Units that are done together, with what they sent and what the records predict.
struct Batch {
    struct ItemStep {
        var work: UInt64
        /// The place in its work.
        var place: Int
        var isLastOfUnit: Bool
        var item: Item
        var outcome: ItemOutcome
        /// The record afterwards, if the store does all of the batch.
        var after: KeyState
        /// Whether record and feed change.
        var hasChanged: Bool
        var needsFetch: Bool
        /// Whether it can have brought what was missing.
        var bringsState: Bool
        var commands: Range<Int>
        var expected: [StoreRequest.Expected]
        /// The place among the items of the log record.
        var logPlace: Int?
    }

    struct ExecutionStep {
        var work: UInt64
        var execution: Execution
        var states: [Bytes: KeyState]
        var isAdoption: Bool
        var before: Range<Int>
        var run: Range<Int>
        var after: Range<Int>
        /// Places in the batch's intents.
        var intent: Int
        /// For ``before`` and ``after``, by key.
        var beforeImages: [Execution.Image]
        var afterImages: [Execution.Image]
    }

    struct ReadStep {
        var work: UInt64
        var place: Int
        var want: Read.Want
        var command: [Bytes]
        var keys: [Bytes]
        var at: Int
    }

    struct StateStep {
        var work: UInt64
        var place: Int
        var key: Bytes
        var kind: ValueKind
        /// `nil`: there are no values to read.
        var at: Int?
    }

    enum Step {
        case item(ItemStep)
        case execution(ExecutionStep)
        case read(ReadStep)
        case state(StateStep)
        /// The work's execution is answered so, without having run.
        case refused(work: UInt64, ExecutionOutcome)
    }

    var number: UInt64
    var wall: UInt64
    var lsn: UInt64?
    var units: [Unit] = []
    var steps: [Step] = []
    var commands: [[Bytes]] = []
    var items: [Item] = []
    var intents: [Intent] = []
    var isAtomic = false
    var setsMarker = false
    var marker: UInt64 = 0
    /// The states of keys after the steps so far.
    var states: [Bytes: KeyState] = [:]

    init(number: UInt64, wall: UInt64) {
        self.number = number
        self.wall = wall
    }

    var needsLog: Bool { !items.isEmpty || !intents.isEmpty }

    mutating func add(_ more: [[Bytes]]) -> Range<Int> {
        let start = commands.count
        commands += more
        return start..<commands.count
    }
}
