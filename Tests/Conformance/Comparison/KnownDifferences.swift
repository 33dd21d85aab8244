// Differences that are meant, or that are not worth having otherwise.
//
// Each has its paragraph with an example in KNOWN_DIFFERENCES.md; at most 25 may exist.

import TestKit

struct KnownDifference: Sendable {
    /// The heading in KNOWN_DIFFERENCES.md.
    let name: String
    let matches:
        @Sendable (_ question: QueryCase, _ difference: Difference, _ ours: RESPValue, _ peer: RESPValue) -> Bool

    static let limit = 25

    static let all: [KnownDifference] = []
}
