// Chance that can be replayed: the same seed gives the same numbers with every compiler.

/// SplitMix64, with the few draws that generators of test data need.
///
/// The standard library's `random(in:using:)` and `shuffled(using:)` may consume other numbers in another
/// Swift version, so a printed seed would stop meaning what it meant: draws are spelled out here.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// An independent stream of `seed`: the same name gives the same stream, whatever was drawn elsewhere.
    package init(seed: UInt64, stream: String) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        state = seed ^ hash
        state = next()
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// - Precondition: `count > 0`.
    package mutating func below(_ count: Int) -> Int {
        precondition(count > 0, "no number is below \(count)")
        return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(count)).high)
    }

    package mutating func integer(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// In 0..<1.
    package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    package mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    package mutating func shuffle<Element>(_ elements: inout [Element]) {
        var i = elements.count - 1
        while i > 0 {
            elements.swapAt(i, below(i + 1))
            i -= 1
        }
    }

    /// `count` different elements, fewer when there are not so many, in random order.
    package mutating func sample<Element>(_ elements: [Element], _ count: Int) -> [Element] {
        var elements = elements
        shuffle(&elements)
        return Array(elements.prefix(count))
    }

    /// An index below `count` where small ones come often: word frequencies of natural text, roughly.
    package mutating func skewed(_ count: Int) -> Int {
        let u = unit()
        return min(count - 1, Int(Double(count) * u * u * u))
    }
}
