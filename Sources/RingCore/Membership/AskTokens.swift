// Whose question an answer belongs to.

/// Numbers of questions: the upper four bits say which part of the node asked.
package struct AskTokens: Sendable {
    package enum Owner: UInt64, Sendable, CaseIterable {
        case membership = 1
        case agreement = 2
    }

    private let owner: Owner
    private var count: UInt64 = 0

    package init(_ owner: Owner) { self.owner = owner }

    package mutating func next() -> UInt64 {
        count += 1
        return owner.rawValue << 60 | count
    }

    /// `nil` for questions of other parts.
    package static func owner(of token: UInt64) -> Owner? { Owner(rawValue: token >> 60) }
}

/// SplitMix64: the same seed gives the same choices everywhere.
struct MembershipChance: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// - Precondition: `bound` is not 0.
    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }
}
