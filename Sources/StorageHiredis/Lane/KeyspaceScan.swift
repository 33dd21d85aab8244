// A walk over the keyspace, slice by slice.

import Platform
import RESP
import Storage

final class KeyspaceScan: Sendable {
    private static let tickets = Monitor(0)

    let ticket: Int
    let prefixes: [[UInt8]]
    let visit: @Sendable (ByteSlice, FieldSlices) -> Void
    let progress: @Sendable (Int, Int) -> Void
    let completion: @Sendable (StoreFailure?) -> Void

    init(
        prefixes: [[UInt8]], visit: @escaping @Sendable (ByteSlice, FieldSlices) -> Void,
        progress: @escaping @Sendable (Int, Int) -> Void, completion: @escaping @Sendable (StoreFailure?) -> Void
    ) {
        ticket = Self.tickets.withLock { next in
            next += 1
            return next
        }
        self.prefixes = prefixes
        self.visit = visit
        self.progress = progress
        self.completion = completion
    }
}
