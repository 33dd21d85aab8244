// What a fuzzy clause looks at first: the signature of every term, by length.
//
//   piece = ids base ..< base + count, at most 65,536
//   ends[length]            where the terms of so many code points end; the last length is "63 and more"
//   entries, by length      signature, 48 bits │ id - base, 16 bits
//
// A search scans the few lengths that can be near and looks at the terms whose signature allows it: about one in
// a hundred. Pieces never change. They are made on demand, of 65,536 ids at once where there are so many, the rest of
// 4,096, and the last one of what remains, so that a new term costs little.

import CKernels
import Containers
import SearchModel

final class TermSignatures: Sendable {
    static let pieceShift = 16
    static let smallPieceShift = 12
    static let longest = 63

    /// `@unchecked Sendable`: filled before anyone else sees it, only read afterwards.
    final class Piece: @unchecked Sendable {
        let ids: Range<Int>
        private let entries: UnsafeMutablePointer<UInt64>
        private let ends: UnsafeMutablePointer<UInt32>

        init(_ ids: Range<Int>, _ reader: TermRecords) {
            self.ids = ids
            entries = .allocate(capacity: ids.count)
            ends = .allocate(capacity: TermSignatures.longest + 1)
            ends.initialize(repeating: 0, count: TermSignatures.longest + 1)
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: ids.count) { signatures in
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ids.count) { lengths in
                    for place in 0..<ids.count {
                        let term = reader.bytes(TermID(ids.lowerBound + place))
                        var points = 0
                        signatures[place] = rk_signature(term.baseAddress, term.count, &points)
                        let length = min(points, TermSignatures.longest)
                        lengths[place] = UInt8(length)
                        ends[length] += 1
                    }
                    // Counts become starts, and starts ends.
                    var sum: UInt32 = 0
                    for length in 0...TermSignatures.longest {
                        sum += ends[length]
                        ends[length] = sum - ends[length]
                    }
                    for place in 0..<ids.count {
                        let length = Int(lengths[place])
                        entries[Int(ends[length])] = signatures[place] | UInt64(place)
                        ends[length] += 1
                    }
                }
            }
        }

        deinit {
            entries.deallocate()
            ends.deallocate()
        }

        var byteCount: Int { ids.count * 8 + (TermSignatures.longest + 1) * 4 }

        func entries(ofLengths lengths: ClosedRange<Int>) -> UnsafeBufferPointer<UInt64> {
            let longest = TermSignatures.longest
            let start = lengths.lowerBound == 0 ? 0 : Int(ends[min(lengths.lowerBound, longest) - 1])
            let end = Int(ends[min(lengths.upperBound, longest)])
            return UnsafeBufferPointer(start: entries + start, count: end - start)
        }
    }

    private let made = Locked<[Piece]>([])

    var byteCount: Int { made.withLock { $0.reduce(0) { $0 + $1.byteCount } } }

    /// Pieces that hold every id below `count`, and maybe younger ones.
    func pieces(covering count: Int, _ reader: TermRecords) -> [Piece] {
        made.withLock { pieces in
            if pieces.last.map({ $0.ids.upperBound >= count }) ?? (count == 0) { return pieces }
            var kept: [Piece] = []
            var start = 0
            while start < count {
                let end = Self.end(ofPieceAt: start, count)
                let known = kept.count < pieces.count ? pieces[kept.count] : nil
                kept.append(known?.ids == start..<end ? known! : Piece(start..<end, reader))
                start = end
            }
            pieces = kept
            return kept
        }
    }

    private static func end(ofPieceAt start: Int, _ count: Int) -> Int {
        for shift in [pieceShift, smallPieceShift] where start + 1 << shift <= count { return start + 1 << shift }
        return count
    }
}
