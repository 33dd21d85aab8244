// A batch on its way through the lane.

import RESP
import Storage

/// A batch, how far it has come, and its replies so far.
final class Job: @unchecked Sendable {
    // Sendable by hand-over: the lane, a script thread or the blocking thread owns it, one at a time.
    let batch: StoreBatch
    let writer: ReplyWriter
    /// The first item that is not yet answered (or, inside a burst, not yet sent).
    @exclusivity(unchecked) var next = 0
    /// Where a side connection takes over and how many items it answers.
    @exclusivity(unchecked) var sideCount = 0
    /// The client went away while the job was waiting for the store.
    @exclusivity(unchecked) var isAbandoned = false
    /// Commands of a transaction, by their offsets, that are refused for what their key holds.
    @exclusivity(unchecked) var wrongTyped: Set<Int> = []

    init(_ batch: StoreBatch) {
        self.batch = batch
        writer = ReplyWriter(version: batch.version)
    }

    var isDone: Bool { next >= batch.items.count }

    /// Answers all that is left with an error, but for what needs no store.
    func failRest(_ message: String) {
        if batch.isTransaction {
            writer.error(message)
        } else {
            while !isDone {
                if case .literal(let offset, let length) = batch.items[next] {
                    writer.append(batch.literal(offset: offset, length: length))
                } else {
                    writer.error(message)
                }
                next += 1
            }
        }
        next = batch.items.count
    }

    /// Hands the replies over; to be called once.
    func complete() {
        let completion = batch.completion
        batch.completion = nil
        completion?(writer)
    }
}
