// Answers of one accepted link, put in the order of its requests.

/// Where answers wait for the answers before them. Pure.
///
/// A node of Dynomite takes the answers of a link for those of its oldest requests, one after the other; an answer out of
/// turn fails every request it overtakes.
package struct AnswerQueue: Sendable {
    /// Names a request of the link; given once, used once.
    package struct Place: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private var slots: [[Frame]?] = []
    /// The slots before this index are gone.
    private var head = 0
    /// The number of the slot at index 0.
    private var base: UInt64 = 0
    /// Payload bytes of answers that wait.
    package private(set) var waitingBytes = 0

    package init() {}

    /// Requests without answer, and answers that wait for others.
    package var count: Int { slots.count - head }

    /// A request came in.
    package mutating func open() -> Place {
        slots.append(nil)
        return Place(number: base + UInt64(slots.count - 1))
    }

    /// Its answer is there, as the frames it is made of; none for a request that is not answered at all.
    ///
    /// - Returns: the frames that may be sent now, in order. Nothing for a place that has its answer already.
    package mutating func fill(_ place: Place, with frames: [Frame]) -> [Frame] {
        guard place.number >= base + UInt64(head) else { return [] }
        let index = Int(place.number - base)
        guard index < slots.count, slots[index] == nil else { return [] }
        slots[index] = frames
        waitingBytes += Self.size(of: frames)
        var ready: [Frame] = []
        while head < slots.count, let next = slots[head] {
            ready += next
            waitingBytes -= Self.size(of: next)
            slots[head] = []
            head += 1
        }
        if head == slots.count || head > 256 {
            slots.removeFirst(head)
            base += UInt64(head)
            head = 0
        }
        return ready
    }

    private static func size(of frames: [Frame]) -> Int {
        frames.reduce(0) { $0 + $1.payload.count }
    }
}
