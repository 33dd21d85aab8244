// Positions of many postings of a block: where each one's bytes start is worked out once.

import CKernels
import SearchModel

extension PostingReader {
    /// Writes where the position bytes of each posting of a block start, relative to the address returned.
    ///
    /// - Parameter starts: room for 129 numbers.
    /// - Returns: `nil` when the list has no positions, or keeps them in several pieces of memory.
    package func openPositions(_ block: Int, _ starts: UnsafeMutablePointer<UInt32>) -> UnsafePointer<UInt8>? {
        guard hasPositions else { return nil }
        let count = count(block)
        if form == .decoded {
            guard decoded.positionChunks == nil, let base = decoded.positionBase else { return nil }
            starts.update(from: decoded.positions + block &* blockSize, count: count)
            return base
        }
        guard count == blockSize else {
            decodeTail(block, positions: starts)
            return packed.data
        }
        let base = packed.positions + Int(packed.directory[block].positionOffset)
        rk_position_starts(base, count, starts)
        return base
    }

    /// The position bytes of one posting, to be read by `rk_decode_positions`; `nil` without offsets.
    package func positionAddress(_ block: Int, _ index: Int) -> UnsafePointer<UInt8>? { positionBytes(block, index) }
}
