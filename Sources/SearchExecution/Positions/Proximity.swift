// Distances between matched words: does a document keep to slop and order, and how far apart are
// the words that a score is divided by.
//
// Position lists ascend. A match that counts as having positions and has none (a union of tag
// values) has the one position -1 where distances are measured, and lies after everything else
// where a window of positions is looked for: so RediSearch behaves.

/// Ascending positions in memory that grows as needed.
struct PositionList: BitwiseCopyable {
    var start: UnsafeMutablePointer<UInt32>
    var count: Int
    var capacity: Int

    var first: UInt32? { count > 0 ? start[0] : nil }

    @inline(__always) subscript(index: Int) -> UInt32 { start[index] }

    /// Makes room for `more` positions behind those there are.
    @inline(__always)
    mutating func reserve(_ more: Int) {
        if count &+ more > capacity { grow(more) }
    }

    private mutating func grow(_ more: Int) {
        capacity = max(2 * capacity, count + more)
        let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
        larger.update(from: start, count: count)
        start.deallocate()
        start = larger
    }

    /// Sorts the positions from `from` on, where runs that ascend are long and few.
    mutating func sort(from: Int) {
        var index = from &+ 1
        while index < count {
            let value = start[index]
            var place = index
            while place > from, start[place &- 1] > value {
                start[place] = start[place &- 1]
                place &-= 1
            }
            start[place] = value
            index &+= 1
            // A long list is left to an algorithm that does not degrade.
            if index &- from == 64, count &- from > 128 {
                var rest = UnsafeMutableBufferPointer(start: start + from, count: count &- from)
                rest.sort()
                return
            }
        }
    }
}

/// Position lists of one document, one per child, reused from document to document.
final class PositionScratch {
    @exclusivity(unchecked) private(set) var lists: UnsafeMutablePointer<PositionList>
    @exclusivity(unchecked) private var count = 0
    private var capacity = 16
    /// Lists that are in use by callers further up.
    @exclusivity(unchecked) var depth = 0

    init() { lists = .allocate(capacity: capacity) }

    deinit {
        for index in 0..<count { lists[index].start.deallocate() }
        lists.deallocate()
    }

    /// Makes lists up to `depth + needed` usable.
    func prepare(_ needed: Int) {
        while count < depth + needed {
            if count == capacity {
                let larger = UnsafeMutablePointer<PositionList>.allocate(capacity: 2 * capacity)
                larger.update(from: lists, count: count)
                lists.deallocate()
                lists = larger
                capacity *= 2
            }
            (lists + count).initialize(
                to: PositionList(start: .allocate(capacity: 64), count: 0, capacity: 64))
            count += 1
        }
    }
}

enum Proximity {
    private static let none = UInt32.max

    /// Whether some choice of one position per list spans at most `slop` positions that belong to no list. Where all
    /// lists stand at one position, as two words with one stem may, there is no span.
    ///
    /// - Parameter lists: those of children that have positions, at least 1.
    static func isWithinUnordered(_ lists: UnsafePointer<PositionList>, _ count: Int, slop: Int) -> Bool {
        if count == 2 { return isPairWithin(lists[0], lists[1], slop: slop) }
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * count) { places in
            // places[i]: index of the next position; places[count + i]: the current one.
            var latestPosition = 0
            for index in 0..<count {
                places[index] = 1
                places[count + index] = Int(lists[index].first ?? none)
                latestPosition = max(latestPosition, places[count + index])
            }
            while true {
                var earliest = 0
                for index in 1..<count where places[count + index] < places[count + earliest] { earliest = index }
                let position = places[count + earliest]
                if position != latestPosition, signed(latestPosition) - signed(position) - (count - 1) <= slop {
                    return true
                }
                let list = lists[earliest]
                guard places[earliest] < list.count else { return false }
                let next = Int(list[places[earliest]])
                places[earliest] += 1
                places[count + earliest] = next
                latestPosition = max(latestPosition, next)
            }
        }
    }

    /// The same for two lists, which is most of them.
    private static func isPairWithin(_ a: PositionList, _ b: PositionList, slop: Int) -> Bool {
        var (i, j) = (0, 0)
        var x = Int(a.first ?? none)
        var y = Int(b.first ?? none)
        var latest = max(x, y)
        while true {
            let firstIsEarliest = x <= y
            let earliest = firstIsEarliest ? x : y
            if earliest != latest, signed(latest) &- signed(earliest) &- 1 <= slop { return true }
            if firstIsEarliest {
                i &+= 1
                guard i < a.count else { return false }
                x = Int(a[i])
                latest = max(latest, x)
            } else {
                j &+= 1
                guard j < b.count else { return false }
                y = Int(b[j])
                latest = max(latest, y)
            }
        }
    }

    /// As ``isWithinUnordered(_:_:slop:)``, with the positions ascending in the order of the lists.
    ///
    /// Equal positions count as ascending: a phrase that repeats a word is found where the word is.
    static func isWithinOrdered(_ lists: UnsafePointer<PositionList>, _ count: Int, slop: Int) -> Bool {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * count) { places in
            for index in 0..<(2 * count) { places[index] = 0 }
            while true {
                var span = 0
                for index in 0..<count {
                    let list = lists[index]
                    var position = places[count + index]
                    let previous = index == 0 ? 0 : places[count + index - 1]
                    if index == 0 || position < previous {
                        repeat {
                            guard places[index] < list.count else { return false }
                            position = Int(list[places[index]])
                            places[index] += 1
                        } while position < previous
                    }
                    places[count + index] = position
                    if index > 0 {
                        span += position - previous - 1
                        if span > slop { break }
                    }
                }
                if span <= slop { return true }
            }
        }
    }

    /// Smallest distance found by walking two lists side by side; the walk ends at the first that is at most 1.
    static func distance(_ a: PositionList, _ b: PositionList) -> Int {
        var (i, j) = (0, 0)
        var x = a.count == 0 ? -1 : Int(a[0])
        var y = b.count == 0 ? -1 : Int(b[0])
        var least = abs(x - y)
        while least > 1, x != -1, y != -1 {
            least = min(least, abs(x - y))
            if y > x {
                i += 1
                x = i < a.count ? Int(a[i]) : -1
            } else {
                j += 1
                y = j < b.count ? Int(b[j]) : -1
            }
        }
        return least
    }

    /// Where there is no position, arithmetic sees -1.
    @inline(__always) private static func signed(_ position: Int) -> Int {
        position == Int(none) ? -1 : position
    }
}
