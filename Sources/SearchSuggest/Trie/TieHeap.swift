// The best hits so far, worst on top.
//
// The standard library's order of equal elements would do for correctness. This one does what RediSearch's heap does with
// them, so that entries with equal scores come in the same order: a new element rises past equal ones, one that sinks
// stops at them.

struct TieHeap {
    struct Element {
        let score: Float
        let node: Int
        let text: [UInt8]
    }

    private(set) var elements: [Element] = []
    let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    var isFull: Bool { elements.count >= capacity }

    /// What a new hit has to exceed.
    var bar: Float { isFull ? (elements.first?.score ?? .infinity) : -.infinity }

    /// To be called when there is room, or with a score above the bar.
    mutating func offer(_ element: Element) {
        if isFull { _ = popWorst() }
        elements.append(element)
        var i = elements.count - 1
        while i > 0 {
            let parent = (i - 1) / 2
            if elements[i].score > elements[parent].score { break }
            elements.swapAt(i, parent)
            i = parent
        }
    }

    private mutating func popWorst() -> Element? {
        guard let worst = elements.first, let last = elements.popLast() else { return nil }
        if elements.isEmpty { return worst }
        elements[0] = last
        var i = 0
        while 2 * i + 1 < elements.count {
            var child = 2 * i + 1
            if child + 1 < elements.count, elements[child].score > elements[child + 1].score { child += 1 }
            guard elements[i].score > elements[child].score else { break }
            elements.swapAt(i, child)
            i = child
        }
        return worst
    }

    /// Takes all, best first.
    mutating func takeAll() -> [Element] {
        var result: [Element] = []
        while let worst = popWorst() { result.append(worst) }
        return result.reversed()
    }
}
