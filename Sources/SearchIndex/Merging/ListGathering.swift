// The postings of one term from several segments, under their new document ids.

import CKernels
import Containers
import SearchModel

/// Where a document of an input goes.
struct Placement {
    /// The new id of each document, `.max` for dead ones; `nil`: the old id plus ``shift``.
    let places: UnsafePointer<DocID>?
    let shift: DocID
}

/// One term's postings, gathered, ascending by document.
struct GatheredList {
    let count: Int
    let docs: UnsafePointer<UInt32>
    let frequencies: UnsafePointer<UInt32>
    /// Two words a posting; `nil` when all have `mask`.
    let masks: UnsafePointer<UInt64>?
    let mask: FieldMask
    /// Where each posting's position bytes are.
    let positions: UnsafePointer<UnsafePointer<UInt8>?>
}

/// Reused from term to term.
struct ListGathering: ~Copyable {
    private let hasPositions: Bool
    private var docs = Growable<UInt32>(capacity: 1024)
    private var frequencies = Growable<UInt32>(capacity: 1024)
    private var positions = Growable<UnsafePointer<UInt8>?>(capacity: 1024)
    /// Filled from the first list on whose mask differs.
    private var masks = Growable<UInt64>(capacity: 1024)
    private var mask: FieldMask = 0
    private var isMixed = false

    init(hasPositions: Bool) { self.hasPositions = hasPositions }

    mutating func begin() {
        docs.removeAll()
        frequencies.removeAll()
        positions.removeAll()
        masks.removeAll()
        isMixed = false
    }

    // MARK: Reading

    /// Adds a list of an unsealed segment that is no longer written.
    mutating func add(_ head: UnsafePointer<ListHead>, pool: ChunkDirectory, _ placement: Placement) {
        let count = Int(head.pointee.count)
        guard count > 0 else { return }
        let start = prepare(
            count, FieldMask(head.pointee.maskLow) | FieldMask(head.pointee.maskHigh) << 64,
            isMixed: head.pointee.isMixed != 0)
        let defaultMask = (UnsafeRawPointer(head) + 16).assumingMemoryBound(to: UInt64.self)
        var run = rk_run(cursor: ChunkStore.pointer(at: head.pointee.first, in: pool), last: .max)
        var done = 0
        while true {
            done += gather(&run, count - done, defaultMask, at: start + done)
            if done == count { break }
            let next = UnsafeRawPointer(run.cursor + 1).loadUnaligned(as: UInt32.self)
            run.cursor = UnsafePointer(ChunkStore.pointer(at: next, in: pool))
        }
        place(start, count, placement)
    }

    /// Adds a short list of a sealed segment: `cursor` is after its header.
    mutating func add(shortList cursor: UnsafePointer<UInt8>, count: Int, mask: FieldMask, _ placement: Placement) {
        // Whether its masks differ shows only in the postings: take them all and compare.
        let start = prepare(count, mask, isMixed: true)
        var run = rk_run(cursor: cursor, last: .max)
        withUnsafePointer(to: mask) { pointer in
            let words = UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt64.self)
            _ = gather(&run, count, words, at: start)
        }
        place(start, count, placement)
    }

    /// Adds a packed list.
    mutating func add(_ held: PostingList, _ placement: Placement) {
        let list = held.reader
        defer { withExtendedLifetime(held.owner) {} }
        let isListMixed = list.isSingleMask == nil
        for block in 0..<list.blockCount {
            let count = list.count(block)
            let start = prepare(count, storedMask(list.isSingleMask ?? 0), isMixed: isListMixed, room: blockSize)
            list.decodeDocIDs(block, into: docs.base + start)
            list.decodeFrequencies(block, into: frequencies.base + start)
            if isListMixed { list.decodeMasks(block, into: masks.base + 2 * start) }
            if hasPositions { list.positionAddresses(block, into: positions.base + start) }
            place(start, count, placement)
        }
    }

    private mutating func gather(
        _ run: inout rk_run, _ count: Int, _ mask: UnsafePointer<UInt64>, at start: Int
    ) -> Int {
        Int(
            rk_gather_postings(
                &run, Int32(count), hasPositions ? 1 : 0, mask, docs.base + start, frequencies.base + start,
                isMixed ? masks.base + 2 * start : nil, positions.base + start))
    }

    /// Makes room, and masks if they begin to differ; returns where the new postings begin.
    private mutating func prepare(_ count: Int, _ mask: FieldMask, isMixed isListMixed: Bool, room: Int = 0) -> Int {
        let start = docs.count
        let wanted = start + max(count, room)
        docs.reserve(wanted)
        frequencies.reserve(wanted)
        positions.reserve(wanted)
        if start == 0 && !isListMixed { self.mask = mask }
        if !isMixed && (isListMixed || mask != self.mask) {
            isMixed = true
            masks.reserve(2 * wanted)
            fillMasks(0, start, self.mask)
        }
        if isMixed {
            masks.reserve(2 * wanted)
            if !isListMixed { fillMasks(start, count, mask) }
        }
        return start
    }

    private func fillMasks(_ start: Int, _ count: Int, _ mask: FieldMask) {
        let low = UInt64(truncatingIfNeeded: mask)
        let high = UInt64(truncatingIfNeeded: mask >> 64)
        for i in start..<start + count {
            masks[2 &* i] = low
            masks[2 &* i &+ 1] = high
        }
    }

    /// Gives `count` new postings their new ids, and drops those of dead documents.
    private mutating func place(_ start: Int, _ count: Int, _ placement: Placement) {
        guard let places = placement.places else {
            let shift = placement.shift
            let added = docs.base + start
            for i in 0..<count { added[i] &+= shift }
            docs.count = start + count
            return
        }
        var kept = start
        for i in start..<start + count {
            let place = places[Int(docs[i])]
            if place == .max { continue }
            docs[kept] = place
            frequencies[kept] = frequencies[i]
            positions[kept] = positions[i]
            if isMixed {
                masks[2 &* kept] = masks[2 &* i]
                masks[2 &* kept &+ 1] = masks[2 &* i &+ 1]
            }
            kept &+= 1
        }
        docs.count = kept
    }

    // MARK: The result

    /// The list under its new ids; `nil` when no posting is left.
    mutating func finish(isMonotone: Bool) -> GatheredList? {
        guard docs.count > 0 else { return nil }
        if !isMonotone { sort() }
        var isSingle = !isMixed
        if isMixed {
            isSingle = true
            for i in 1..<max(1, docs.count)
            where masks[2 &* i] != masks[0] || masks[2 &* i &+ 1] != masks[1] {
                isSingle = false
                break
            }
            if isSingle { mask = FieldMask(masks[0]) | FieldMask(masks[1]) << 64 }
        }
        return GatheredList(
            count: docs.count, docs: docs.base, frequencies: frequencies.base,
            masks: isSingle ? nil : UnsafePointer(masks.base), mask: mask, positions: positions.base)
    }

    private mutating func sort() {
        let count = docs.count
        var isAscending = true
        for i in 1..<max(1, count) where docs[i - 1] > docs[i] {
            isAscending = false
            break
        }
        if isAscending { return }
        let docs = docs.base
        let order = (0..<count).sorted { docs[$0] < docs[$1] }
        var sortedDocs = Growable<UInt32>(capacity: count)
        var sortedFrequencies = Growable<UInt32>(capacity: count)
        var sortedMasks = Growable<UInt64>(capacity: 2 * count)
        var sortedPositions = Growable<UnsafePointer<UInt8>?>(capacity: count)
        for i in order {
            sortedDocs.append(docs[i])
            sortedFrequencies.append(frequencies[i])
            sortedPositions.append(positions[i])
            if isMixed { sortedMasks.append(from: masks.base + 2 * i, count: 2) }
        }
        self.docs = sortedDocs
        frequencies = sortedFrequencies
        masks = sortedMasks
        positions = sortedPositions
    }
}

/// Masks of an index without fields: stored as 0, read as all fields.
func storedMask(_ mask: FieldMask) -> FieldMask { mask == .max ? 0 : mask }
func readMask(_ mask: FieldMask) -> FieldMask { mask == 0 ? .max : mask }
