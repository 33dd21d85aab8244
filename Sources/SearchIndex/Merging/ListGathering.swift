// The postings of one term from several segments, under their new document ids.

import CKernels
import Containers
import SearchModel

#if canImport(Glibc)
import Glibc
#endif

/// Reused from term to term.
struct ListGathering: ~Copyable {
    private var lists: [(list: PostingList, input: Int)] = []
    private var docs = Growable<UInt32>(capacity: 1024)
    private var frequencies = Growable<UInt32>(capacity: 1024)
    private var masks = Growable<UInt64>(capacity: 1024)
    private var positions = Growable<UInt8>(capacity: 4096)
    private var limits = Growable<Int>(capacity: 1024)
    private var singleMask: FieldMask?

    mutating func begin() {
        lists.removeAll(keepingCapacity: true)
        docs.removeAll()
        frequencies.removeAll()
        masks.removeAll()
        positions.removeAll()
        limits.removeAll()
        limits.append(0)
    }

    mutating func announce(_ list: PostingList, input: Int) { lists.append((list, input)) }

    /// Reads all announced lists.
    mutating func gather(places: [[DocID]], hasPositions: Bool) {
        singleMask = lists.first?.list.isSingleMask
        for entry in lists where entry.list.isSingleMask != singleMask { singleMask = nil }
        for index in lists.indices {
            let (list, input) = lists[index]
            places[input].withUnsafeBufferPointer { places in
                append(list, places: places.isEmpty ? nil : places.baseAddress!, hasPositions)
            }
        }
    }

    private mutating func append(_ list: PostingList, places: UnsafePointer<DocID>?, _ hasPositions: Bool) {
        let needsMasks = singleMask == nil
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 5 * blockSize) { buffer in
            let blockMasks = buffer.baseAddress!
            let addresses = UnsafeMutableRawPointer(blockMasks + 2 * blockSize)
                .assumingMemoryBound(to: UnsafePointer<UInt8>.self)
            let blockDocs = UnsafeMutableRawPointer(blockMasks + 3 * blockSize)
                .assumingMemoryBound(to: UInt32.self)
            let blockFrequencies = UnsafeMutableRawPointer(blockMasks + 4 * blockSize)
                .assumingMemoryBound(to: UInt32.self)
            for block in 0..<list.blockCount {
                let count = list.decodeDocIDs(block, into: blockDocs)
                list.decodeFrequencies(block, into: blockFrequencies)
                if needsMasks { list.decodeMasks(block, into: blockMasks) }
                if hasPositions { list.positionAddresses(block, into: addresses) }
                for i in 0..<count {
                    var place = blockDocs[i]
                    if let places {
                        place = places[Int(place)]
                        if place == .max { continue }
                    }
                    docs.append(place)
                    frequencies.append(blockFrequencies[i])
                    if needsMasks {
                        masks.append(blockMasks[2 &* i])
                        masks.append(blockMasks[2 &* i &+ 1])
                    }
                    if hasPositions {
                        var source = addresses[i]
                        while true {
                            let byte = source.pointee
                            positions.append(byte)
                            if byte >= 128 { break }
                            source += 1
                        }
                    }
                    limits.append(positions.count)
                }
            }
        }
    }

    /// Hands the list to `body`, ascending by document, unless no posting is left.
    mutating func finish(isMonotone: Bool, hasPositions: Bool, _ body: (GatheredList) -> Void) {
        guard docs.count > 0 else { return }
        if !isMonotone { sort(hasPositions) }
        body(
            GatheredList(
                count: docs.count, docs: docs.base, frequencies: frequencies.base,
                masks: singleMask == nil ? UnsafePointer(masks.base) : nil,
                mask: storedMask(singleMask ?? 0), positions: positions.base, positionLimits: limits.base))
    }

    private mutating func sort(_ hasPositions: Bool) {
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
        var sortedPositions = Growable<UInt8>(capacity: positions.count)
        var sortedLimits = Growable<Int>(capacity: count + 1)
        sortedLimits.append(0)
        for i in order {
            sortedDocs.append(docs[i])
            sortedFrequencies.append(frequencies[i])
            if singleMask == nil { sortedMasks.append(from: masks.base + 2 * i, count: 2) }
            sortedPositions.append(from: positions.base + limits[i], count: limits[i + 1] - limits[i])
            sortedLimits.append(sortedPositions.count)
        }
        self.docs = sortedDocs
        frequencies = sortedFrequencies
        masks = sortedMasks
        positions = sortedPositions
        limits = sortedLimits
    }
}

/// Masks of an index without fields: stored as 0, read as all fields.
func storedMask(_ mask: FieldMask) -> FieldMask { mask == .max ? 0 : mask }
func readMask(_ mask: FieldMask) -> FieldMask { mask == 0 ? .max : mask }
