// Writes the posting lists of a sealed segment, one term after the other in id order.
//
//   lists      short list: varint (df << 2), varint default mask, postings as varints with positions in between
//              packed list: PackedHeader, directory, bitmap?, block data
//   positions  of full blocks only, in list order
//
// The lowest two bits of a list's first byte tell the kinds apart.

import CKernels
import Containers
import SearchModel

#if canImport(Glibc)
import Glibc
#endif

/// What the encoder must know of each document.
struct DocumentNumbers {
    let count: Int
    let lengths: UnsafePointer<UInt32>
    let maxFrequencies: UnsafePointer<UInt32>
    let scores: UnsafePointer<Float>
    let hasScores: Bool
    let bounds: SegmentBounds
}

struct SegmentBuilder: ~Copyable {
    private let documents: DocumentNumbers
    private let hasPositions: Bool
    var lists = Growable<UInt8>(capacity: 1 << 16)
    var positions = Growable<UInt8>(capacity: 1 << 12)
    var terms = Growable<UInt32>(capacity: 1024)
    var offsets = Growable<UInt32>(capacity: 1024)
    private(set) var postingCount = 0
    private(set) var blockCount = 0
    private let n0: (constant: Float, perLength: Float)
    private var directory = Growable<BlockEntry>(capacity: 64)
    private var data = Growable<UInt8>(capacity: 4096)

    /// From this many documents on, lists denser than 1/16 are bitmaps.
    static let bitmapMinimum = 4096
    static let bitmapDensity = 16

    init(documents: DocumentNumbers, hasPositions: Bool) {
        self.documents = documents
        self.hasPositions = hasPositions
        let bounds = documents.bounds
        n0 = (Float(1 - bounds.b0), Float(bounds.b0 / bounds.averageLength0))
        // Offset 0 means "no list".
        for _ in 0..<8 { lists.append(0) }
    }

    /// - Precondition: terms come in ascending order, each once, with at least one posting.
    mutating func add(_ term: TermID, _ list: GatheredList) {
        postingCount += list.count
        if list.count < blockSize {
            terms.append(term)
            offsets.append(UInt32(lists.count))
            addShort(list)
        } else {
            lists.align(to: 8)
            terms.append(term)
            offsets.append(UInt32(lists.count))
            addPacked(list)
        }
    }

    // MARK: Short lists

    private mutating func addShort(_ list: GatheredList) {
        blockCount += 1
        let mask = majorityMask(list)
        lists.append(varint: UInt64(list.count << 2))
        lists.append(varint: mask)
        Self.appendPostings(list, 0..<list.count, before: .max, mask, hasPositions, to: &lists)
    }

    private static func appendPostings(
        _ list: GatheredList, _ range: Range<Int>, before: UInt32, _ defaultMask: FieldMask, _ hasPositions: Bool,
        to out: inout Growable<UInt8>
    ) {
        let positions = hasPositions ? list.positions + range.lowerBound : nil
        let size = positions.map { rk_positions_size($0, range.count) } ?? 0
        out.reserve(out.count + size + range.count * Int(RK_POSTING_HEAD_BOUND))
        withUnsafePointer(to: (defaultMask, list.mask)) { pointer in
            let words = UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt64.self)
            let end = rk_encode_postings(
                out.base + out.count, Int32(range.count), before, list.docs + range.lowerBound,
                list.frequencies + range.lowerBound, list.masks.map { $0 + 2 * range.lowerBound }, words + 2, words,
                positions)!
            out.count = end - out.base
        }
    }

    /// The mask of more than half of the postings if there is such a one, else some posting's.
    private func majorityMask(_ list: GatheredList) -> FieldMask {
        guard let masks = list.masks else { return list.mask }
        var candidate: (UInt64, UInt64) = (masks[0], masks[1])
        var lead = 0
        for i in 0..<list.count {
            if masks[2 &* i] == candidate.0 && masks[2 &* i &+ 1] == candidate.1 {
                lead &+= 1
            } else if lead == 0 {
                candidate = (masks[2 &* i], masks[2 &* i &+ 1])
                lead = 1
            } else {
                lead &-= 1
            }
        }
        return FieldMask(candidate.0) | FieldMask(candidate.1) << 64
    }

    // MARK: Packed lists

    private mutating func addPacked(_ list: GatheredList) {
        let isBitmap =
            documents.count >= Self.bitmapMinimum && list.count > documents.count / Self.bitmapDensity
        let mask = majorityMask(list)
        var maxFrequency: UInt32 = 1
        for i in 0..<list.count { maxFrequency = max(maxFrequency, list.frequencies[i]) }

        directory.removeAll()
        data.removeAll()
        let positionStart = positions.count
        var from = 0
        var before = UInt32.max
        while from < list.count {
            let to = min(from + blockSize, list.count)
            var entry = BlockEntry()
            entry.lastDocID = list.docs[to - 1]
            entry.dataOffset = UInt32(data.count)
            entry.positionOffset = UInt32(positions.count - positionStart)
            setBounds(&entry, list, from..<to)
            if to - from == blockSize {
                if !isBitmap { appendGaps(list.docs + from, before, &entry) }
                appendFrequencies(list.frequencies + from, &entry)
                if list.masks != nil { appendMasks(list, from, &entry) }
                if hasPositions {
                    positions.reserve(positions.count + rk_positions_size(list.positions + from, blockSize))
                    positions.count =
                        rk_copy_positions(list.positions + from, blockSize, positions.base + positions.count)!
                        - positions.base
                }
            } else {
                Self.appendPostings(list, from..<to, before: before, mask, hasPositions, to: &data)
            }
            before = entry.lastDocID
            directory.append(entry)
            from = to
        }
        blockCount += directory.count

        let words = isBitmap ? (documents.count + windowSize - 1) / windowSize * wordsPerWindow : 0
        let directorySize = directory.count * MemoryLayout<BlockEntry>.stride
        let header = PackedHeader(
            tag: isBitmap ? PackedHeader.bitmapTag : PackedHeader.packedTag,
            isSingleMask: list.masks == nil ? 1 : 0, documentFrequency: UInt32(list.count),
            maxFrequency: maxFrequency,
            dataOffset: UInt32(MemoryLayout<PackedHeader>.stride + directorySize + words * 8),
            positionOffset: UInt64(positionStart), maskLow: UInt64(truncatingIfNeeded: mask),
            maskHigh: UInt64(truncatingIfNeeded: mask >> 64))
        lists.append(raw: header)
        lists.append(
            from: UnsafeRawPointer(directory.base).assumingMemoryBound(to: UInt8.self), count: directorySize)
        if isBitmap { appendBitmap(list, words) }
        lists.append(from: data.base, count: data.count)
    }

    private mutating func appendBitmap(_ list: GatheredList, _ words: Int) {
        lists.reserve(lists.count + words * 8)
        let start = UnsafeMutableRawPointer(lists.base + lists.count)
        memset(start, 0, words * 8)
        rk_set_bits(start.assumingMemoryBound(to: UInt64.self), list.docs, list.count, 0)
        lists.count += words * 8
    }

    private mutating func appendGaps(_ docs: UnsafePointer<UInt32>, _ before: UInt32, _ entry: inout BlockEntry) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockSize) { buffer in
            let gaps = buffer.baseAddress!
            var last = before
            for i in 0..<blockSize {
                gaps[i] = docs[i] &- last &- 1
                last = docs[i]
            }
            let packing = choosePacking(gaps)
            entry.docBits = UInt8(packing.bits)
            entry.patches = packing.patches
            appendPatched(gaps, packing)
        }
    }

    private mutating func appendFrequencies(_ frequencies: UnsafePointer<UInt32>, _ entry: inout BlockEntry) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockSize) { buffer in
            let less = buffer.baseAddress!
            for i in 0..<blockSize { less[i] = frequencies[i] &- 1 }
            let packing = choosePacking(less)
            entry.frequencyBits = UInt8(packing.bits)
            if packing.patches != 0 {
                entry.frequencyBits |= BlockEntry.hasFrequencyPatches
                data.append(packing.patches)
            }
            appendPatched(less, packing)
        }
    }

    /// How 128 values are stored: a width for all, and patches for the few that need more.
    private struct Packing {
        var bits: Int
        /// As in ``BlockEntry/patches``.
        var patches: UInt8
    }

    /// Chooses the width at which bits and patches take the least room.
    private func choosePacking(_ values: UnsafePointer<UInt32>) -> Packing {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 33) { widths in
            widths.initialize(repeating: 0)
            var widest = 0
            for i in 0..<blockSize {
                let width = 32 - values[i].leadingZeroBitCount
                widths[width] &+= 1
                if width > widest { widest = width }
            }
            var best = widest
            var bestSize = 16 * widest
            var bestExceptions = 0
            var exceptions = 0
            var width = widest
            while width > 0 {
                exceptions += Int(widths[width])
                width -= 1
                if exceptions > 24 { break }
                let size = 16 * width + exceptions * (1 + (widest - width + 7) / 8)
                if size < bestSize {
                    bestSize = size
                    best = width
                    bestExceptions = exceptions
                }
            }
            return Packing(bits: best, patches: UInt8(bestExceptions) | UInt8((widest - best + 7) / 8) << 5)
        }
    }

    /// Appends values in a chosen packing; spoils `values`.
    private mutating func appendPatched(_ values: UnsafeMutablePointer<UInt32>, _ packing: Packing) {
        let patchCount = Int(packing.patches & 31)
        let patchBytes = Int(packing.patches >> 5)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 48) { patches in
            if patchCount > 0 {
                let limit: UInt32 = (1 << UInt32(packing.bits)) - 1
                var next = 0
                for i in 0..<blockSize where values[i] > limit {
                    patches[next] = UInt32(i)
                    patches[next + 1] = values[i] >> UInt32(packing.bits)
                    values[i] &= limit
                    next += 2
                }
            }
            data.reserve(data.count + 16 * packing.bits)
            rk_pack(values, data.base + data.count, Int32(packing.bits))
            data.count += 16 * packing.bits
            for i in 0..<patchCount {
                data.append(UInt8(patches[2 * i]))
                for byte in 0..<patchBytes {
                    data.append(UInt8(truncatingIfNeeded: patches[2 * i + 1] >> UInt32(8 * byte)))
                }
            }
        }
    }

    private mutating func appendMasks(_ list: GatheredList, _ from: Int, _ entry: inout BlockEntry) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * blockSize) { distinctBuffer in
            let distinct = distinctBuffer.baseAddress!
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: blockSize) { ordinals in
                var count = 0
                for i in 0..<blockSize {
                    let mask = (list.masks![2 &* (from &+ i)], list.masks![2 &* (from &+ i) &+ 1])
                    var ordinal = 0
                    while ordinal < count
                        && (distinct[2 &* ordinal] != mask.0 || distinct[2 &* ordinal &+ 1] != mask.1)
                    { ordinal &+= 1 }
                    if ordinal == count {
                        distinct[2 &* count] = mask.0
                        distinct[2 &* count &+ 1] = mask.1
                        count &+= 1
                    }
                    ordinals[i] = UInt8(ordinal)
                }
                let planes = count == 1 ? 0 : 64 - UInt64(count - 1).leadingZeroBitCount
                entry.maskPlanes = UInt8(planes)
                data.append(UInt8(count - 1))
                for i in 0..<count {
                    data.append(varint: FieldMask(distinct[2 * i]) | FieldMask(distinct[2 * i + 1]) << 64)
                }
                for plane in 0..<planes {
                    for byte in 0..<16 {
                        var bits: UInt8 = 0
                        for bit in 0..<8 { bits |= (ordinals[8 * byte + bit] >> UInt8(plane) & 1) << UInt8(bit) }
                        data.append(bits)
                    }
                }
            }
        }
    }

    private func setBounds(_ entry: inout BlockEntry, _ list: GatheredList, _ range: Range<Int>) {
        let lengths = documents.lengths
        let maxFrequencies = documents.maxFrequencies
        var maxF: UInt32 = 1
        var tfF: UInt64 = 0
        var tfMaxf: UInt64 = 1
        var bmF: UInt32 = 0
        var bmLength: UInt32 = 0
        var bmFloat: Float = 0
        var bmN: Float = 1
        var maxScore = -Float.infinity
        for i in range {
            let doc = Int(list.docs[i])
            let f = list.frequencies[i]
            if f > maxF { maxF = f }
            let largest = UInt64(maxFrequencies[doc])
            if UInt64(f) &* tfMaxf > tfF &* largest {
                tfF = UInt64(f)
                tfMaxf = largest
            }
            let length = lengths[doc]
            let n = n0.constant + n0.perLength * Float(length)
            if Float(f) * bmN > bmFloat * n || bmF == 0 {
                bmF = f
                bmFloat = Float(f)
                bmN = n
                bmLength = length
            }
            if documents.hasScores {
                let score = documents.scores[doc]
                maxScore = score.isNaN ? .infinity : max(maxScore, score)
            }
        }
        entry.maxF = UInt8(min(maxF, 255))
        if tfMaxf <= 255 {
            entry.tfF = UInt8(min(tfF, 255))
            entry.tfMaxf = UInt8(tfMaxf)
        } else {
            // Rounded up: still no less than the true quotient.
            entry.tfF = UInt8(min(255, (tfF * 255 + tfMaxf - 1) / tfMaxf))
            entry.tfMaxf = 255
        }
        // A shorter length only raises the bound.
        entry.bmF = UInt8(min(bmF, 255))
        entry.bmLength = UInt16(min(bmLength, 65_535))
        entry.maxScore = documents.hasScores ? roundedUpFloat(maxScore) : 0
    }
}
