// Length and largest frequency of a document in four bytes: one load for a scored document.
//
//   ┌ bits 31...20 ──────────┬ bits 19...0 ─┐
//   │ largest frequency      │ length       │      all ones in a part: look the exact value up
//   └────────────────────────┴──────────────┘

package let normLengthMask: UInt32 = 0xF_FFFF
package let normFrequencyShift: UInt32 = 20
private let normFrequencyLimit: UInt32 = 0xFFF

/// Whether a part of the norm does not hold its value.
package func isSaturatedNorm(_ norm: UInt32) -> Bool {
    norm & normLengthMask == normLengthMask || norm >> normFrequencyShift == 0xFFF
}

func makeNorm(length: UInt32, maxFrequency: UInt32) -> UInt32 {
    min(length, normLengthMask) | min(maxFrequency, normFrequencyLimit) << normFrequencyShift
}

/// The extremes over a segment's documents, dead ones included: what bounds are made of.
package struct SegmentBounds: BitwiseCopyable, Equatable, Sendable {
    package var minLength: UInt32 = .max
    package var maxLength: UInt32 = 0
    package var minMaxFrequency: UInt32 = .max
    package var minScore: Float = .infinity
    package var maxScore: Float = -.infinity
    /// The parameters for which the (bmF, bmLen) pairs of ``BlockBounds`` were chosen:
    /// `n0(length) = 1 - b0 + b0 * length / averageLength0`.
    package var b0 = 0.75
    package var averageLength0 = 1.0

    package init() {}

    mutating func include(length: UInt32, maxFrequency: UInt32, score: Float) {
        minLength = min(minLength, length)
        maxLength = max(maxLength, length)
        minMaxFrequency = min(minMaxFrequency, maxFrequency)
        // A score that is no number orders nowhere: the bounds then exclude nothing.
        minScore = score.isNaN ? -.infinity : min(minScore, score)
        maxScore = score.isNaN ? .infinity : max(maxScore, score)
    }

    /// BM25's length factor with the parameters of the seal.
    package func n0(length: UInt32) -> Double { 1 - b0 + b0 * Double(length) / averageLength0 }

    /// By how much `f / (f + k n)` may exceed its value at the stored pair under other parameters, at least 1:
    /// n0/n is monotone in the length, so its largest value is at one of the ends.
    package func rho(b: Double, averageLength: Double) -> Double {
        func ratio(_ length: UInt32) -> Double {
            let n = 1 - b + b * Double(length) / averageLength
            return n > 0 ? n0(length: length) / n : .infinity
        }
        guard minLength <= maxLength else { return 1 }
        return max(1, max(ratio(minLength), ratio(maxLength)))
    }
}

/// Extremes over 128 neighboring documents, dead ones included.
package struct DocumentBlockBounds: Equatable, Sendable, BitwiseCopyable {
    package var minLength: UInt32
    package var minMaxFrequency: UInt32
    package var maxScore: Float
    /// No document of the block has an earlier stamp.
    package var stampFloor: UInt64
}

/// Extremes over one block of a posting list: what its best posting could score.
package struct BlockBounds: Equatable, Sendable, BitwiseCopyable {
    /// Largest f.
    package var maxFrequency: UInt32
    /// Frequency and its document's largest frequency, of the posting with the largest quotient.
    package var tfF: UInt32
    package var tfMaxf: UInt32
    /// Frequency and length of the posting with the largest `f / (f + k n0)`.
    ///
    /// The bound for parameters (b, average) is `rho * f / (f + k n0(bmLen))` with ``SegmentBounds/rho(b:averageLength:)``
    /// and ``SegmentBounds/n0(length:)``, that is, at the parameters of the seal.
    package var bmF: UInt32
    package var bmLen: UInt32
    package var maxScore: Float
    package var minLength: UInt32
}
