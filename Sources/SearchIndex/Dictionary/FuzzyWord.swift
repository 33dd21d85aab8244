// Whether one term is near a word.

import CKernels
import SearchModel

/// A word and a distance, ready to be compared with many terms. What is near is defined in `fuzzy.c`.
///
/// `@unchecked Sendable`: nothing changes after the initializer.
package final class FuzzyWord: @unchecked Sendable {
    private let word: UnsafeMutablePointer<rk_fuzzy_word>
    /// The code points of a word that is too long for the kernel; else empty.
    private let points: [UInt32]
    let distance: Int
    let signature: UInt64
    let length: Int

    package init(_ bytes: ByteSlice, distance: Int) {
        self.distance = max(0, min(distance, 200))
        var points = 0
        signature = rk_signature(bytes.baseAddress, bytes.count, &points)
        length = points
        word = .allocate(capacity: 1)
        let isShort = rk_fuzzy_init(word, bytes.baseAddress, bytes.count, Int32(self.distance)) != 0
        self.points = isShort ? [] : Self.points(of: bytes)
    }

    deinit { word.deallocate() }

    /// Lengths, in code points, that a term can have which is near.
    var lengths: ClosedRange<Int> { max(0, length - distance)...length + distance }

    package func matches(_ term: ByteSlice) -> Bool {
        if points.isEmpty {
            return rk_fuzzy_matches(word, term.baseAddress, term.count) != 0
        }
        return matchesLong(Self.points(of: term))
    }

    /// The distance table row by row.
    private func matchesLong(_ term: [UInt32]) -> Bool {
        guard lengths.contains(term.count) else { return false }
        var row = Array(0...points.count)
        var before = Int.max
        for (depth, point) in term.enumerated() {
            before = row[points.count]
            var diagonal = row[0]
            row[0] = depth + 1
            for j in 0..<points.count {
                let substituted = diagonal + (points[j] == point ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[points.count] <= distance || before <= distance && row.contains { $0 <= distance }
    }

    private static func points(of bytes: ByteSlice) -> [UInt32] {
        var points: [UInt32] = []
        var at = 0
        while at < bytes.count {
            var point: UInt32 = 0
            at += rk_code_point(bytes.baseAddress! + at, bytes.count - at, &point)
            points.append(point)
        }
        return points
    }
}
