// Tokens of one document, grouped by term: each list is touched once a document.

import CKernels
import Containers
import SearchModel

/// A term of the document that is being added.
struct GatheredTerm: BitwiseCopyable {
    var list: UnsafeMutablePointer<ListHead>
    var frequency: UInt32
    var first: UInt32
    var last: UInt32
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
        _ list: UnsafeMutablePointer<ListHead>, position: UInt32, weight: UInt32, _ field: FieldOfTokens
    ) {
        let occurrence = UInt32(occurrences.count)
        occurrences.append(GatheredOccurrence(position: position, next: .max))
        if list.pointee.pendingSerial == serial {
            let term = terms.base + Int(list.pointee.pendingSlot)
            occurrences.base[Int(term.pointee.last)].next = occurrence
            term.pointee.last = occurrence
            term.pointee.maskLow |= field.maskLow
            term.pointee.maskHigh |= field.maskHigh
            let sum = term.pointee.frequency.addingReportingOverflow(weight)
            term.pointee.frequency = sum.overflow ? .max : sum.partialValue
        } else {
            list.pointee.pendingSerial = serial
            list.pointee.pendingSlot = UInt32(terms.count)
            terms.append(
                GatheredTerm(
                    list: list, frequency: weight, first: occurrence, last: occurrence,
                    maskLow: field.maskLow, maskHigh: field.maskHigh))
        }
    }

    /// Appends everything to the segment's lists; returns the largest frequency.
    mutating func append(to segment: MutableSegment, keepsFrequencies: Bool, keepsFields: Bool) -> UInt32 {
        let docID = DocID(segment.documentCount)
        let hasPositions = segment.hasPositions
        let occurrences = occurrences.base
        var largest: UInt32 = 0
        let count = terms.count
        for i in 0..<count {
            let term = terms.base + i
            // The heads are at hand; where their chains end is not.
            if i &+ 8 < count { rk_prefetch(terms[i &+ 8].list.pointee.cursor) }
            let frequency = term.pointee.frequency
            if frequency > largest { largest = frequency }
            var positionCount = 0
            var start = UnsafePointer(positions.base)
            if hasPositions {
                if term.pointee.first == term.pointee.last {
                    // The position is the occurrence's first member.
                    start = UnsafeRawPointer(occurrences + Int(term.pointee.first))
                        .assumingMemoryBound(to: UInt32.self)
                    positionCount = 1
                } else {
                    gatherPositions(term.pointee)
                    start = UnsafePointer(positions.base)
                    positionCount = positions.count
                }
            }
            segment.append(
                to: term.pointee.list, docID, frequency: keepsFrequencies ? frequency : 1,
                // An index without fields stores no mask; such lists answer for all fields.
                maskLow: keepsFields ? term.pointee.maskLow : 0, maskHigh: keepsFields ? term.pointee.maskHigh : 0,
                positions: start, positionCount: positionCount)
        }
        return largest
    }

    private mutating func gatherPositions(_ term: GatheredTerm) {
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
    }
}
