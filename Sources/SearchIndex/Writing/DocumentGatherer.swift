// Tokens of one document, grouped by term: each list is touched once a document.

import Containers
import SearchModel

/// A term of the document that is being added.
struct GatheredTerm: BitwiseCopyable {
    var list: UnsafeMutablePointer<ListHead>
    var frequency: UInt32
    var first: UInt32
    var last: UInt32
    var occurrences: UInt32
    var maskLow: UInt64
    var maskHigh: UInt64
}

/// One occurrence, and the next one of the same term.
struct GatheredOccurrence: BitwiseCopyable {
    var position: UInt32
    var next: UInt32
}

struct DocumentGatherer: ~Copyable {
    private(set) var terms = Growable<GatheredTerm>(capacity: 256)
    private var occurrences = Growable<GatheredOccurrence>(capacity: 1024)
    private var positions = Growable<UInt32>(capacity: 256)
    /// Differs for every document of a segment, and is never 0.
    private var serial: UInt32 = 0
    private(set) var length: UInt32 = 0

    mutating func begin() {
        serial = serial == .max ? 1 : serial + 1
        terms.removeAll()
        occurrences.removeAll()
        length = 0
    }

    @inline(__always) mutating func addLength(_ weight: UInt32) {
        let sum = length.addingReportingOverflow(weight)
        length = sum.overflow ? .max : sum.partialValue
    }

    @inline(__always) mutating func add(
        _ list: UnsafeMutablePointer<ListHead>, position: UInt32, weight: UInt32, maskLow: UInt64, maskHigh: UInt64
    ) {
        let occurrence = UInt32(occurrences.count)
        occurrences.append(GatheredOccurrence(position: position, next: .max))
        if list.pointee.pendingSerial == serial {
            let term = terms.base + Int(list.pointee.pendingSlot)
            occurrences.base[Int(term.pointee.last)].next = occurrence
            term.pointee.last = occurrence
            term.pointee.occurrences &+= 1
            term.pointee.maskLow |= maskLow
            term.pointee.maskHigh |= maskHigh
            let sum = term.pointee.frequency.addingReportingOverflow(weight)
            term.pointee.frequency = sum.overflow ? .max : sum.partialValue
        } else {
            list.pointee.pendingSerial = serial
            list.pointee.pendingSlot = UInt32(terms.count)
            terms.append(
                GatheredTerm(
                    list: list, frequency: weight, first: occurrence, last: occurrence, occurrences: 1,
                    maskLow: maskLow, maskHigh: maskHigh))
        }
    }

    /// Appends everything to the segment's lists; returns the largest frequency.
    mutating func append(to segment: MutableSegment, keepsFrequencies: Bool, keepsFields: Bool) -> UInt32 {
        var largest: UInt32 = 0
        for i in 0..<terms.count {
            let term = terms[i]
            if term.frequency > largest { largest = term.frequency }
            positions.removeAll()
            var isAscending = true
            var last: UInt32 = 0
            var next = term.first
            while next != .max {
                let occurrence = occurrences[Int(next)]
                if occurrence.position < last { isAscending = false }
                last = occurrence.position
                positions.append(last)
                next = occurrence.next
            }
            if !isAscending {
                var unsorted = UnsafeMutableBufferPointer(start: positions.base, count: positions.count)
                unsorted.sort()
            }
            segment.append(
                to: term.list, frequency: keepsFrequencies ? term.frequency : 1,
                // An index without fields stores no mask; such lists answer for all fields.
                mask: keepsFields ? FieldMask(term.maskLow) | FieldMask(term.maskHigh) << 64 : 0,
                positions: positions.base, positionCount: positions.count)
        }
        return largest
    }
}
