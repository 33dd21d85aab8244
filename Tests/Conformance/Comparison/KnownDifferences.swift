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

    /// Checked by asking again, see `Runner.reason`.
    static let skippedBranches = KnownDifference(name: "Branches that a skip loses") { _, _, _, _ in false }
    static let manyBranches = KnownDifference(name: "Which of many branches counts") { _, _, _, _ in false }
    static let rangeLeaves = KnownDifference(name: "Distances to a range") { _, _, _, _ in false }
    static let afterNot = KnownDifference(name: "Documents behind a NOT") { _, _, _, _ in false }
    static let neighbors = KnownDifference(name: "Scores that depend on other documents") { _, _, _, _ in false }

    static let all: [KnownDifference] = [
        KnownDifference(name: "Scores that sorting cuts to 0") { question, difference, ours, peer in
            guard difference == .scores || difference == .explanation, question.has("SORTBY"),
                case .rows(_, let a) = SearchReply(ours, to: question),
                case .rows(_, let b) = SearchReply(peer, to: question)
            else { return false }
            return zip(a, b).allSatisfy { x, y in
                x.id == y.id && (x.score == y.score || y.score?.number == 0 || y.score?.elements?.first?.number == 0)
            }
        },
        KnownDifference(name: "Steps of an aggregation in FT.SEARCH") { question, difference, ours, _ in
            (difference == .errorOnOneSide || difference == .errorText)
                && (question.has("APPLY") || question.has("LOAD"))
                && ours.errorText?.hasPrefix("Unknown argument `") == true
        },
    ]
}
