// Values of a group key as small numbers.
//
//   "net" ─► 0    nan ─► 1    "libs" ─► 2    17.0 ─► 3         first come, first numbered
//   (0, 3) ─► 0   (2, 3) ─► 1                                  several keys: pairs of numbers, again and again

import SearchExpressions
import SearchModel

/// 64-bit keys to numbers in order of appearance: open addressing over flat memory.
struct NumberInterner: ~Copyable {
    private var keys: UnsafeMutablePointer<UInt64>
    /// 1 + number; 0 is a free place.
    private var numbers: UnsafeMutablePointer<UInt32>
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 64
        keys = .allocate(capacity: capacity)
        numbers = .allocate(capacity: capacity)
        keys.initialize(repeating: 0, count: capacity)
        numbers.initialize(repeating: 0, count: capacity)
    }

    deinit {
        keys.deallocate()
        numbers.deallocate()
    }

    @inline(__always)
    private func place(_ key: UInt64) -> Int {
        let mixed = ((key ^ (key &>> 29)) &* 0x9E37_79B9_7F4A_7C15) &>> 32
        var place = Int(truncatingIfNeeded: mixed) & (capacity &- 1)
        while numbers[place] != 0, keys[place] != key { place = (place &+ 1) & (capacity &- 1) }
        return place
    }

    /// The key's number, or the one that it gets now: `count` before the call.
    @inline(__always)
    mutating func intern(_ key: UInt64) -> UInt32 {
        let found = place(key)
        if numbers[found] != 0 { return numbers[found] &- 1 }
        return add(key, found)
    }

    private mutating func add(_ key: UInt64, _ found: Int) -> UInt32 {
        keys[found] = key
        numbers[found] = UInt32(count + 1)
        count += 1
        if count * 2 > capacity { grow() }
        return UInt32(count - 1)
    }

    private mutating func grow() {
        let (oldKeys, oldNumbers, oldCapacity) = (keys, numbers, capacity)
        capacity *= 2
        keys = .allocate(capacity: capacity)
        numbers = .allocate(capacity: capacity)
        keys.initialize(repeating: 0, count: capacity)
        numbers.initialize(repeating: 0, count: capacity)
        for old in 0..<oldCapacity where oldNumbers[old] != 0 {
            let fresh = place(oldKeys[old])
            keys[fresh] = oldKeys[old]
            numbers[fresh] = oldNumbers[old]
        }
        oldKeys.deallocate()
        oldNumbers.deallocate()
    }
}

/// The values of one group key.
final class KeyInterner {
    private(set) var values: [ExpressionValue] = []
    private var numbers = NumberInterner()
    /// By place in `numbers`: the place in `values`.
    private var numberPlaces: [UInt32] = []
    private var others: [DistinctKey: UInt32] = [:]
    /// Of the column whose ordinals came last: by ordinal, 1 + place in `values`.
    private var ordinalPlaces: [UInt32] = []
    private weak var ordinalTexts: (any OrdinalTexts)?
    /// Bytes of texts and arrays.
    private(set) var byteCount = 0

    func intern(_ number: Double) -> UInt32 {
        let known = numbers.count
        let place = numbers.intern(number.bitPattern)
        if place < known { return numberPlaces[Int(place)] }
        numberPlaces.append(UInt32(values.count))
        values.append(.number(number))
        return UInt32(values.count - 1)
    }

    /// - Parameter value: a missing one is null.
    func intern(_ value: ExpressionValue?) -> UInt32 {
        if case .number(let number)? = value { return intern(number) }
        let key = DistinctKey(value)
        if let known = others[key] { return known }
        let place = UInt32(values.count)
        others[key] = place
        values.append(value ?? .null)
        byteCount += 96
        if case .string(let text)? = value { byteCount += text.count }
        return place
    }

    /// Numbers of a column's rows.
    func intern(
        _ ordinals: UnsafePointer<UInt32>, _ texts: any OrdinalTexts, count: Int, into out: UnsafeMutablePointer<UInt32>
    ) {
        if ordinalTexts !== texts {
            ordinalTexts = texts
            ordinalPlaces.removeAll(keepingCapacity: true)
        }
        var row = 0
        while row < count {
            let known = ordinalPlaces.count
            // All ordinals that are known: no call, no check but one.
            let stop = ordinalPlaces.withUnsafeBufferPointer { places -> Int in
                var row = row
                while row < count {
                    let ordinal = Int(ordinals[row])
                    guard ordinal < known, places[ordinal] != 0 else { break }
                    out[row] = places[ordinal] &- 1
                    row &+= 1
                }
                return row
            }
            row = stop
            guard row < count else { return }
            let ordinal = Int(ordinals[row])
            if ordinal >= ordinalPlaces.count {
                ordinalPlaces += repeatElement(0, count: ordinal + 1 - ordinalPlaces.count)
            }
            ordinalPlaces[ordinal] = 1 + intern(ordinal == 0 ? nil : .string(texts.text(UInt32(ordinal))))
        }
    }

    /// Numbers of a batch's rows; the column must hold no array.
    func intern(_ batch: RowBatch, _ slot: Int, into out: UnsafeMutablePointer<UInt32>) {
        switch batch.column(slot) {
        case .absent: out.update(repeating: intern(nil), count: batch.count)
        case .numbers(let buffer, let hasGaps):
            for row in 0..<batch.count {
                let number = buffer.start[row]
                out[row] = hasGaps && number.isNaN ? intern(nil) : intern(number)
            }
        case .ordinals(let buffer, let texts):
            intern(UnsafePointer(buffer.start), texts, count: batch.count, into: out)
        case .values(let values):
            for row in 0..<batch.count { out[row] = intern(values[row]) }
        }
    }
}
