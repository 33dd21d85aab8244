// Distances between matched words: does a document keep to slop and order, and how far apart are
// the words that a score is divided by.
//
// Position lists ascend. A match that counts as having positions and has none (a union of tag
// values) has the one position -1 where distances are measured, and lies after everything else
// where a window of positions is looked for: so RediSearch behaves.

import SearchIndex

/// Buffers for the positions of one document, one list per child, reused from document to document.
final class PositionScratch {
    private(set) var lists: UnsafeMutablePointer<PositionBuffer>
    private var count = 0
    private var capacity = 8
    /// Lists that are in use by callers further up.
    var depth = 0

    init() { lists = .allocate(capacity: capacity) }

    deinit {
        for index in 0..<count { lists[index].deallocate() }
        lists.deallocate()
    }

    /// Makes `count` lists from `depth` on usable.
    @inline(__always) func prepare(_ count: Int) {
        if self.count < depth &+ count { add(upTo: depth + count) }
    }

    @inline(never) private func add(upTo wanted: Int) {
        if wanted > capacity {
            let larger = UnsafeMutablePointer<PositionBuffer>.allocate(capacity: 2 * wanted)
            larger.moveInitialize(from: lists, count: count)
            lists.deallocate()
            lists = larger
            capacity = 2 * wanted
        }
        while count < wanted {
            (lists + count).initialize(to: PositionBuffer())
            count += 1
        }
    }
}

enum Proximity {
    private static let none = UInt32.max

    /// Whether some choice of one position per list spans at most `slop` positions that belong to no list.
    ///
    /// - Parameter lists: children that have positions, from `first` on; `count` of them, at least 1.
    static func isWithinUnordered(_ lists: UnsafeMutablePointer<PositionBuffer>, _ first: Int, _ count: Int, slop: Int) -> Bool {
        if count == 2 { return isPairWithin(lists[first], lists[first + 1], slop: slop) }
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * count) { places in
            // places[i]: index of the next position; places[count + i]: the current one.
            var latest = 0
            for index in 0..<count {
                places[index] = 1
                places[count + index] = Int(lists[first + index].first ?? none)
                if places[count + index] > places[count + latest] { latest = index }
            }
            var latestPosition = places[count + latest]
            while true {
                var earliest = 0
                for index in 1..<count where places[count + index] < places[count + earliest] { earliest = index }
                let position = places[count + earliest]
                if earliest != latest, signed(latestPosition) - signed(position) - (count - 1) <= slop { return true }
                let list = lists[first + earliest]
                guard places[earliest] < list.count else { return false }
                let next = Int(list[places[earliest]])
                places[earliest] += 1
                places[count + earliest] = next
                if next > latestPosition {
                    latestPosition = next
                    latest = earliest
                }
            }
        }
    }

    /// The same for two lists, which is most of them.
    private static func isPairWithin(_ a: PositionBuffer, _ b: PositionBuffer, slop: Int) -> Bool {
        var (i, j) = (0, 0)
        var x = Int(a.first ?? none)
        var y = Int(b.first ?? none)
        // Which list holds the later position; the first one while they are equal.
        var secondIsLatest = y > x
        var latest = max(x, y)
        while true {
            let firstIsEarliest = x <= y
            let earliest = firstIsEarliest ? x : y
            if firstIsEarliest == secondIsLatest, signed(latest) - signed(earliest) - 1 <= slop { return true }
            if firstIsEarliest {
                i += 1
                guard i < a.count else { return false }
                x = Int(a[i])
                if x > latest {
                    latest = x
                    secondIsLatest = false
                }
            } else {
                j += 1
                guard j < b.count else { return false }
                y = Int(b[j])
                if y > latest {
                    latest = y
                    secondIsLatest = true
                }
            }
        }
    }

    /// As ``isWithinUnordered(_:_:_:slop:)``, with the positions ascending in the order of the lists.
    ///
    /// Equal positions count as ascending: a phrase that repeats a word is found where the word is.
    static func isWithinOrdered(_ lists: UnsafeMutablePointer<PositionBuffer>, _ first: Int, _ count: Int, slop: Int) -> Bool {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * count) { places in
            for index in 0..<(2 * count) { places[index] = 0 }
            while true {
                var span = 0
                for index in 0..<count {
                    let list = lists[first + index]
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
    static func distance(_ a: PositionBuffer, _ b: PositionBuffer) -> Int {
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
