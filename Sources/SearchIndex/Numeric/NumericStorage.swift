// The values of one NUMERIC field in one segment: the column is the index.
//
//   values        one per document, 4 or 8 bytes by exact fit; a marker where the document has none
//   permutation   docIDs by (value, docID), documents without a value left out
//   samples       every 64th value of the permutation: ranks by two short binary searches
//   bounds        least and largest value of each 128 documents, and whether all of them have one
//
// The unsealed segment has the first part only, as doubles.

import CKernels
import SearchModel

/// How values are stored. All forms hold every value of the segment exactly.
enum NumericForm: UInt8, Sendable {
    /// Absent: `Int32.min`.
    case int32
    /// Absent: `UInt32.max`.
    case uint32
    /// Absent: NaN.
    case float32
    /// Absent: NaN.
    case float64

    var stride: Int { self == .float64 ? 8 : 4 }

    /// The kernels' name of it.
    var kernel: Int32 {
        switch self {
        case .int32, .uint32: Int32(rk_column_kind_integer)
        case .float32: Int32(rk_column_kind_float)
        case .float64: Int32(rk_column_kind_double)
        }
    }
}

/// `@unchecked Sendable`: immutable once made, except for the unsealed form, whose one writer stores only at
/// docIDs that no published document count covers yet.
final class NumericStorage: @unchecked Sendable {
    static let sampleInterval = 64

    let form: NumericForm
    let values: UnsafeRawPointer
    /// Documents that `values` has room for.
    let capacity: Int
    /// Values that the kernels may read: `capacity` rounded up to whole blocks.
    let paddedCapacity: Int
    /// Documents with a value; 0 in the unsealed form.
    let valueCount: Int
    let permutation: UnsafePointer<DocID>?
    private let samples: UnsafePointer<Double>?
    private let minimums: UnsafePointer<Double>?
    private let maximums: UnsafePointer<Double>?
    private let fullBlocks: UnsafePointer<UInt32>?
    private let memories: [ColumnMemory]

    /// The unsealed form, all absent. Returns the place where its writer stores values as well.
    static func open(capacity: Int) -> (storage: NumericStorage, values: UnsafeMutablePointer<Double>) {
        let memory = ColumnMemory.array(of: Double.self, count: capacity, repeating: .nan)
        let storage = NumericStorage(openIn: memory, capacity: capacity)
        return (storage, memory.bound(to: Double.self))
    }

    private init(openIn memory: ColumnMemory, capacity: Int) {
        form = .float64
        values = UnsafeRawPointer(memory.start)
        self.capacity = capacity
        // A block that readers share with the writer is tested value by value, below the document count.
        paddedCapacity = capacity
        valueCount = 0
        permutation = nil
        samples = nil
        minimums = nil
        maximums = nil
        fullBlocks = nil
        memories = [memory]
    }

    /// The sealed form of `count` values, NaN for absent ones.
    init(_ source: UnsafePointer<Double>, count: Int) {
        let form = NumericStorage.smallestForm(source, count: count)
        let padded = (count + blockSize - 1) / blockSize * blockSize
        let column = NumericStorage.encode(source, count: count, padded: padded, as: form)
        let order = NumericStorage.sortedOrder(source, count: count)
        let bounds = NumericStorage.blockBounds(source, count: count)
        self.form = form
        values = UnsafeRawPointer(column.start)
        capacity = count
        paddedCapacity = padded
        valueCount = order.count
        permutation = UnsafePointer(order.permutation.bound(to: DocID.self))
        samples = UnsafePointer(order.samples.bound(to: Double.self))
        minimums = UnsafePointer(bounds.minimums.bound(to: Double.self))
        maximums = UnsafePointer(bounds.maximums.bound(to: Double.self))
        fullBlocks = UnsafePointer(bounds.full.bound(to: UInt32.self))
        memories = [column, order.permutation, order.samples, bounds.minimums, bounds.maximums, bounds.full]
    }

    var byteCount: Int { memories.reduce(0) { $0 + $1.byteCount } }

    // MARK: values

    /// NaN when absent.
    @inline(__always)
    func raw(_ docID: DocID) -> Double {
        let i = Int(docID)
        switch form {
        case .int32:
            let value = values.load(fromByteOffset: i &* 4, as: Int32.self)
            return value == .min ? .nan : Double(value)
        case .uint32:
            let value = values.load(fromByteOffset: i &* 4, as: UInt32.self)
            return value == .max ? .nan : Double(value)
        case .float32: return Double(values.load(fromByteOffset: i &* 4, as: Float.self))
        case .float64: return values.load(fromByteOffset: i &* 8, as: Double.self)
        }
    }

    // MARK: windows

    /// The kernels' form of a closed range; `nil` when no value of this form can be in it.
    func kernelRange(_ range: (lower: Double, upper: Double)) -> rk_column_range? {
        var result = rk_column_range()
        result.lower_double = range.lower
        result.upper_double = range.upper
        switch form {
        case .int32:
            // The least value is the marker, so it is never in the range.
            let lower = max(range.lower.rounded(.up), Double(Int32.min) + 1)
            let upper = min(range.upper.rounded(.down), Double(Int32.max))
            guard lower <= upper else { return nil }
            result.lower = UInt32(bitPattern: Int32(lower))
            result.span = UInt32(upper - lower)
        case .uint32:
            let lower = max(range.lower.rounded(.up), 0)
            let upper = min(range.upper.rounded(.down), Double(UInt32.max) - 1)
            guard lower <= upper else { return nil }
            result.lower = UInt32(lower)
            result.span = UInt32(upper - lower)
        case .float32:
            let lower = Float(range.lower)
            let upper = Float(range.upper)
            result.lower_float = Double(lower) < range.lower ? lower.nextUp : lower
            result.upper_float = Double(upper) > range.upper ? upper.nextDown : upper
            guard result.lower_float <= result.upper_float else { return nil }
        case .float64: break
        }
        return result
    }

    private func bounds(_ window: Int) -> rk_column_bounds {
        guard let minimums, let maximums, let fullBlocks else { return rk_column_bounds() }
        let block = window * (windowSize / blockSize)
        return rk_column_bounds(
            minimums: minimums + block, maximums: maximums + block, full: fullBlocks[window])
    }

    /// How many documents of the window the kernels may look at.
    private func readable(_ window: Int, _ documentCount: Int) -> Int {
        documents(in: window, of: permutation == nil ? documentCount : paddedCapacity)
    }

    func fill(_ window: Int, _ range: rk_column_range, documentCount: Int, words: WindowWords) {
        let count = readable(window, documentCount)
        guard count > 0 else { return }
        withUnsafePointer(to: range) {
            rk_column_fill(
                form.kernel, values + window * windowSize * form.stride, bounds(window), $0, count, words)
        }
    }

    func restrict(_ window: Int, _ range: rk_column_range, documentCount: Int, words: WindowWords) {
        let count = readable(window, documentCount)
        guard count > 0 else { return clearWindow(words) }
        withUnsafePointer(to: range) {
            rk_column_restrict(
                form.kernel, values + window * windowSize * form.stride, bounds(window), $0, count, words)
        }
    }

    // MARK: ranks

    /// Positions of the permutation whose values lie in the closed range.
    func ranks(_ range: (lower: Double, upper: Double)) -> Range<Int> {
        let first = rank { $0 < range.lower }
        let end = rank { $0 <= range.upper }
        return first..<max(first, end)
    }

    /// How many values fulfil a predicate that is true up to some value and false from there.
    @inline(__always)
    private func rank(_ isBefore: (Double) -> Bool) -> Int {
        guard let permutation, let samples, valueCount > 0 else { return 0 }
        let interval = NumericStorage.sampleInterval
        var low = 0
        var high = (valueCount &+ interval &- 1) / interval
        while low < high {
            let middle = (low &+ high) &>> 1
            if isBefore(samples[middle]) { low = middle &+ 1 } else { high = middle }
        }
        // The answer lies in the interval that begins with the last sample before the bound.
        if low == 0 { return 0 }
        var first = (low &- 1) &* interval &+ 1
        var end = min(low &* interval, valueCount)
        while first < end {
            let middle = (first &+ end) &>> 1
            if isBefore(raw(permutation[middle])) { first = middle &+ 1 } else { end = middle }
        }
        return first
    }

    /// Bounds of all values; `nil` when there is none, or in the unsealed form.
    var extremes: NumericBounds? {
        guard let permutation, valueCount > 0 else { return nil }
        return NumericBounds(minimum: raw(permutation[0]), maximum: raw(permutation[valueCount - 1]))
    }
}

// MARK: sealing

extension NumericStorage {
    private static func smallestForm(_ source: UnsafePointer<Double>, count: Int) -> NumericForm {
        var fitsInt32 = true
        var fitsUInt32 = true
        var fitsFloat = true
        for i in 0..<count {
            let value = source[i]
            if value.isNaN { continue }
            let isWhole = value == value.rounded(.towardZero)
            fitsInt32 = fitsInt32 && isWhole && value > Double(Int32.min) && value <= Double(Int32.max)
            fitsUInt32 = fitsUInt32 && isWhole && value >= 0 && value < Double(UInt32.max)
            fitsFloat = fitsFloat && Double(Float(value)) == value
        }
        return fitsInt32 ? .int32 : fitsUInt32 ? .uint32 : fitsFloat ? .float32 : .float64
    }

    private static func encode(
        _ source: UnsafePointer<Double>, count: Int, padded: Int, as form: NumericForm
    ) -> ColumnMemory {
        switch form {
        case .int32:
            let memory = ColumnMemory.array(of: Int32.self, count: padded, repeating: .min)
            let target = memory.bound(to: Int32.self)
            for i in 0..<count where !source[i].isNaN { target[i] = Int32(source[i]) }
            return memory
        case .uint32:
            let memory = ColumnMemory.array(of: UInt32.self, count: padded, repeating: .max)
            let target = memory.bound(to: UInt32.self)
            for i in 0..<count where !source[i].isNaN { target[i] = UInt32(source[i]) }
            return memory
        case .float32:
            let memory = ColumnMemory.array(of: Float.self, count: padded, repeating: .nan)
            let target = memory.bound(to: Float.self)
            for i in 0..<count { target[i] = Float(source[i]) }
            return memory
        case .float64:
            let memory = ColumnMemory.array(of: Double.self, count: padded, repeating: .nan)
            memory.bound(to: Double.self).update(from: source, count: count)
            return memory
        }
    }

    private static func sortedOrder(
        _ source: UnsafePointer<Double>, count: Int
    ) -> (permutation: ColumnMemory, samples: ColumnMemory, count: Int) {
        let order = NumericOrder(count: count) { source[Int($0)] }
        let permutation = ColumnMemory(byteCount: order.docIDs.count * 4)
        let target = permutation.bound(to: DocID.self)
        for (i, docID) in order.docIDs.enumerated() { target[i] = docID }
        let sampleCount = (order.docIDs.count + sampleInterval - 1) / sampleInterval
        let samples = ColumnMemory(byteCount: sampleCount * 8)
        for s in 0..<sampleCount {
            samples.bound(to: Double.self)[s] = source[Int(order.docIDs[s * sampleInterval])]
        }
        return (permutation, samples, order.docIDs.count)
    }

    private static func blockBounds(
        _ source: UnsafePointer<Double>, count: Int
    ) -> (minimums: ColumnMemory, maximums: ColumnMemory, full: ColumnMemory) {
        // Whole windows, so that the kernels find an entry for every block they may ask about.
        let blocks = windowCount(count) * (windowSize / blockSize)
        let minimums = ColumnMemory.array(of: Double.self, count: blocks, repeating: .infinity)
        let maximums = ColumnMemory.array(of: Double.self, count: blocks, repeating: -.infinity)
        let full = ColumnMemory(byteCount: windowCount(count) * 4)
        for block in 0..<blocks {
            let begin = block * blockSize
            let end = min(begin + blockSize, count)
            guard begin < end else { break }
            var least = Double.infinity
            var most = -Double.infinity
            var present = 0
            for i in begin..<end where !source[i].isNaN {
                least = min(least, source[i])
                most = max(most, source[i])
                present += 1
            }
            minimums.bound(to: Double.self)[block] = least
            maximums.bound(to: Double.self)[block] = most
            if present == blockSize { full.bound(to: UInt32.self)[block / 32] |= 1 << UInt32(block % 32) }
        }
        return (minimums, maximums, full)
    }
}

/// DocIDs 0 ..< count by (value, docID); NaN values are left out.
struct NumericOrder {
    let docIDs: [DocID]

    init(count: Int, value: (DocID) -> Double) {
        var keys: [UInt64] = []
        var ids: [DocID] = []
        keys.reserveCapacity(count)
        ids.reserveCapacity(count)
        for docID in 0..<DocID(count) {
            let value = value(docID)
            if value.isNaN { continue }
            keys.append(sortableBits(value))
            ids.append(docID)
        }
        sortPairs(&keys, &ids)
        docIDs = ids
    }
}

/// Bits whose unsigned order is the numbers' order. Small integers get small differences, so that sorting
/// them takes few passes.
func sortableBits(_ value: Double) -> UInt64 {
    let bits = value.bitPattern
    return bits >> 63 == 1 ? ~bits : bits | 1 << 63
}

/// Sorts pairs by key, keeping the order of equal keys.
func sortPairs(_ keys: inout [UInt64], _ ids: inout [UInt32]) {
    let count = keys.count
    guard count > 1 else { return }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { spareKeys in
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { spareIDs in
            keys.withUnsafeMutableBufferPointer { keys in
                ids.withUnsafeMutableBufferPointer { ids in
                    rk_column_sort_pairs(
                        keys.baseAddress, ids.baseAddress, spareKeys.baseAddress, spareIDs.baseAddress, count)
                }
            }
        }
    }
}
