// A rack's tokens in order, each with its node.
//
//      tokens   0    1431655765    2863311530
//      members  A    B             C
//
//   ──┤A├──────────────┤B├──────────────┤C├──────── and on to A
//      token 5 is B's, 1431655765 is B's, 1431655766 is C's, 4000000000 and 0 are A's

/// The ring of one rack, which owns every token once.
package struct Continuum: Sendable {
    /// Ascending, without repetition, never empty.
    private let tokens: [UInt32]
    private let members: [UInt16]

    /// - Precondition: as many members as tokens, at least one, tokens strictly ascending.
    init(tokens: [UInt32], members: [UInt16]) {
        precondition(!tokens.isEmpty && tokens.count == members.count, "a continuum of \(tokens.count) tokens")
        self.tokens = tokens
        self.members = members
    }

    package var count: Int { tokens.count }
    package subscript(i: Int) -> (token: Token, member: MemberIndex) {
        (Token(tokens[i]), MemberIndex(Int(members[i])))
    }

    /// Dynomite's rule: the node of the smallest token that is not below; beyond the largest token the first node.
    /// O(log tokens).
    package func owner(of token: Token) -> MemberIndex {
        MemberIndex(Int(members[firstIndex(in: tokens, notBelow: token.value)]))
    }
}

/// Position of the smallest value not below `token`, 0 when there is none: a ring ends where it begins.
///
/// - Precondition: `values` is ascending and not empty.
func firstIndex(in values: [UInt32], notBelow token: UInt32) -> Int {
    values.withUnsafeBufferPointer { values in
        // Halves without branching on what is found: every lookup takes the same number of steps.
        var base = 0
        var count = values.count
        while count > 1 {
            let half = count &>> 1
            base = values[base &+ half &- 1] < token ? base &+ half : base
            count &-= half
        }
        if values[base] < token { base &+= 1 }
        return base == values.count ? 0 : base
    }
}
