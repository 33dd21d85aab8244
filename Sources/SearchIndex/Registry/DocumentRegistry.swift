// Which document a key is, over the whole index.
//
// Open addressing over one word an entry; keys themselves live in the segments and are compared there.
//
//   ┌ hash 28 ┬ segment slot 12 ┬ docID 24 ┐     all zero: free (slot numbers start at 1)
//
// Capacity grows by 1.25 and a hash maps to it by multiplication, so the order of entries is about the order of hashes
// at every size, and growing is one pass.

import Containers
import SearchModel

/// A segment's number in the registry, and the segment's keys.
final class SegmentSlot: Sendable {
    let number: Int
    init(number: Int) { self.number = number }
}

/// Where the keys of a slot are.
enum KeySource {
    case mutable(MutableSegment)
    case sealed(SealedKeys)

    func equals(_ docID: DocID, _ key: ByteSlice) -> Bool {
        switch self {
        case .mutable(let segment): compareBytes(segment.key(docID), key) == 0
        case .sealed(let keys): keys.equals(docID, key)
        }
    }

    func hash(_ docID: DocID) -> UInt64 {
        switch self {
        case .mutable(let segment): hashBytes(segment.key(docID))
        case .sealed(let keys): keys.withKey(docID) { hashBytes($0) }
        }
    }
}

struct DocumentLocation: Equatable, Sendable {
    var slot: Int
    var docID: DocID
}

/// Live documents by key. The writer changes it; readers look keys up under the same short lock.
///
/// `@unchecked Sendable`: everything is behind the mutex.
package final class DocumentRegistry: @unchecked Sendable {
    fileprivate struct State: ~Copyable {
        var entries = Growable<UInt64>(capacity: 64)
        var capacity = 64
        var count = 0
        var sources: [KeySource?] = [nil]
        /// Rises with every change.
        var generation: UInt64 = 0

        init() { entries.base.update(repeating: 0, count: 64) }
    }

    private let state = Locked(State())
    /// What 12 bits can number.
    static let maximumSlots = 4095
    /// Slots beyond are left for merges, which make others free.
    private let slotLimit: Int

    init(slotLimit: Int) { self.slotLimit = min(max(1, slotLimit), Self.maximumSlots - 64) }

    var count: Int { state.withLock { $0.count } }
    var generationAndByteCount: (UInt64, Int) { state.withLock { ($0.generation, $0.capacity * 8) } }
    var generation: UInt64 { state.withLock { $0.generation } }

    // MARK: Slots

    /// A free number for a segment's keys; `nil` when thousands of segments are in use.
    func takeSlot(_ source: KeySource, isForMerge: Bool = false) -> SegmentSlot? {
        let limit = isForMerge ? Self.maximumSlots : slotLimit
        return state.withLock { state in
            if let free = state.sources.indices.dropFirst().first(where: { state.sources[$0] == nil }) {
                state.sources[free] = source
                return SegmentSlot(number: free)
            }
            guard state.sources.count <= limit else { return nil }
            state.sources.append(source)
            return SegmentSlot(number: state.sources.count - 1)
        }
    }

    /// The same documents, stored elsewhere.
    func replaceSource(of slot: SegmentSlot, with source: KeySource) {
        state.withLock { $0.sources[slot.number] = source }
    }

    /// - Precondition: no entry refers to the slot any more.
    func release(_ slot: SegmentSlot) {
        state.withLock { $0.sources[slot.number] = nil }
    }

    // MARK: Entries

    func find(_ key: ByteSlice) -> DocumentLocation? {
        let hash = hashBytes(key)
        return state.withLock { state in
            state.position(of: key, hash).map { DocumentLocation(entry: state.entries[$0]) }
        }
    }

    /// Sets the key's document; returns the one it had before.
    ///
    /// - Precondition: the location's key can be read already.
    func set(_ key: ByteSlice, _ location: DocumentLocation) -> DocumentLocation? {
        let hash = hashBytes(key)
        return state.withLock { state in
            state.generation &+= 1
            if let position = state.position(of: key, hash) {
                let old = DocumentLocation(entry: state.entries[position])
                state.entries[position] = location.entry(hash)
                return old
            }
            state.insert(location.entry(hash))
            return nil
        }
    }

    /// Forgets the key; returns its document.
    func remove(_ key: ByteSlice) -> DocumentLocation? {
        let hash = hashBytes(key)
        return state.withLock { state in
            guard let position = state.position(of: key, hash) else { return nil }
            state.generation &+= 1
            let old = DocumentLocation(entry: state.entries[position])
            state.removeEntry(at: position)
            return old
        }
    }

    func removeAll() {
        state.withLock { state in
            let generation = state.generation
            state = State()
            state.generation = generation &+ 1
        }
    }

    func trim() { state.withLock { $0.trim() } }

    /// Documents of the given slots have new places; `nil` leaves out what is dead. One pass over all entries.
    func relocate(_ places: [Int: [DocID]], to slot: Int) {
        state.withLock { state in
            state.generation &+= 1
            var bySlot: [[DocID]?] = Array(repeating: nil, count: state.sources.count)
            for (number, moved) in places { bySlot[number] = moved }
            for i in 0..<state.capacity {
                let entry = state.entries[i]
                if entry == 0 { continue }
                let location = DocumentLocation(entry: entry)
                guard let places = bySlot[location.slot] else { continue }
                let moved = DocumentLocation(slot: slot, docID: places[Int(location.docID)])
                state.entries[i] = entry & ~0xF_FFFF_FFFF | moved.packed
            }
        }
    }
}

extension DocumentLocation {
    fileprivate init(entry: UInt64) {
        slot = Int(entry >> 24 & 0xFFF)
        docID = DocID(entry & 0xFF_FFFF)
    }

    fileprivate var packed: UInt64 { UInt64(slot) << 24 | UInt64(docID) }

    fileprivate func entry(_ hash: UInt64) -> UInt64 { (hash & ~0xF_FFFF_FFFF) | packed }
}

extension DocumentRegistry.State {
    /// Where the search for a hash begins.
    private func home(_ entry: UInt64) -> Int { Int(((entry &>> 36) &* UInt64(capacity)) &>> 28) }

    fileprivate func position(of key: ByteSlice, _ hash: UInt64) -> Int? {
        let wanted = hash >> 36
        var i = home(hash)
        while true {
            let entry = entries[i]
            if entry == 0 { return nil }
            if entry >> 36 == wanted {
                let location = DocumentLocation(entry: entry)
                if sources[location.slot]!.equals(location.docID, key) { return i }
            }
            i += 1
            if i == capacity { i = 0 }
        }
    }

    fileprivate mutating func insert(_ entry: UInt64) {
        if (count + 1) * 100 > capacity * 85 { grow() }
        place(entry)
        count += 1
    }

    private func place(_ entry: UInt64) {
        var i = home(entry)
        while entries[i] != 0 {
            i += 1
            if i == capacity { i = 0 }
        }
        entries[i] = entry
    }

    private mutating func grow() { resize(to: capacity + max(64, capacity / 4)) }

    /// Gives back the room that growing has left.
    fileprivate mutating func trim() {
        let needed = max(64, (count + 1) * 100 / 85 + 1)
        if needed * 21 / 20 < capacity { resize(to: needed) }
    }

    private mutating func resize(to newCapacity: Int) {
        let oldCapacity = capacity
        var old = Growable<UInt64>(capacity: newCapacity)
        old.base.update(repeating: 0, count: newCapacity)
        swap(&old, &entries)
        capacity = newCapacity
        for i in 0..<oldCapacity where old[i] != 0 { place(old[i]) }
    }

    /// Moves later entries of the run back, so that no search stops too early.
    fileprivate mutating func removeEntry(at position: Int) {
        var hole = position
        var i = position
        while true {
            i += 1
            if i == capacity { i = 0 }
            let entry = entries[i]
            if entry == 0 { break }
            // May the entry stand in the hole? Only if its home is not within (hole, i], cyclically.
            let home = home(entry)
            let isBetween = hole <= i ? hole < home && home <= i : hole < home || home <= i
            if !isBetween {
                entries[hole] = entry
                hole = i
            }
        }
        entries[hole] = 0
        count -= 1
    }
}
