// From the store's RESP2 to the client's protocol.

import RESP
import Storage

extension ReplyTape {
    /// Writes the value at `node` in the writer's protocol; returns the node behind it.
    @discardableResult
    func write(_ node: Int, as shape: ReplyShape, to writer: ReplyWriter) -> Int {
        writer.version == .resp3 ? shaped(node, shape, writer) : plain(node, writer)
    }

    /// The same value in both protocols, but for null. One pass, as arrays are no more than a header.
    private func plain(_ node: Int, _ writer: ReplyWriter) -> Int {
        let end = next(after: node)
        for i in node..<end { scalar(i, writer) }
        return end
    }

    private func scalar(_ node: Int, _ writer: ReplyWriter) {
        let value = self[node].value
        switch self[node].kind {
        case .string: writer.bulk(text(node))
        case .integer: writer.integer(value)
        case .array: writer.array(value)
        case .status: writer.simple(text(node))
        case .error: writer.error(text(node))
        case .null: writer.null()
        case .nullArray: writer.nullArray()
        }
    }

    // Recursion is bounded by hiredis, which refuses replies that are nested more than seven deep.
    private func shaped(_ node: Int, _ shape: ReplyShape, _ writer: ReplyWriter) -> Int {
        let count = self[node].value
        switch (shape, self[node].kind) {
        case (.double, .string):
            writer.raw(",")
            writer.append(text(node))
            writer.raw("\r\n")
            return node + 1
        case (.verbatim, .string):
            writer.header(UInt8(ascii: "="), count + 4)
            writer.raw("txt:")
            writer.append(text(node))
            writer.raw("\r\n")
            return node + 1
        case (.map(let value), .array) where count % 2 == 0:
            writer.map(count / 2)
            return alternating(node + 1, count / 2, value, writer)
        case (.record(let fields), .array) where count % 2 == 0:
            writer.map(count / 2)
            var i = node + 1
            for _ in 0..<count / 2 {
                let field =
                    self[i].kind == .string || self[i].kind == .status
                    ? fields.first { name in text(i).elementsEqual(name.name.utf8) } : nil
                i = shaped(i, .plain, writer)
                i = shaped(i, field?.shape ?? .plain, writer)
            }
            return i
        case (.mapOfPairs, .array) where arePairs(node):
            writer.map(count)
            var i = node + 1
            for _ in 0..<count {
                i = plain(i + 1, writer)
                i = plain(i, writer)
            }
            return i
        case (.set, .array):
            writer.set(count)
            return run(node + 1, count, .plain, writer)
        case (.list(let element), .array):
            writer.array(count)
            return run(node + 1, count, element, writer)
        case (.pairs(let second), .array) where count % 2 == 0:
            writer.array(count / 2)
            var i = node + 1
            for _ in 0..<count / 2 {
                writer.array(2)
                i = alternating(i, 1, second, writer)
            }
            return i
        case (.tuple(let shapes), .array):
            writer.array(count)
            var i = node + 1
            for place in 0..<count { i = shaped(i, place < shapes.count ? shapes[place] : .plain, writer) }
            return i
        default:
            return plain(node, writer)
        }
    }

    private func run(_ first: Int, _ count: Int, _ shape: ReplyShape, _ writer: ReplyWriter) -> Int {
        var i = first
        for _ in 0..<count { i = shaped(i, shape, writer) }
        return i
    }

    private func alternating(_ first: Int, _ pairs: Int, _ second: ReplyShape, _ writer: ReplyWriter) -> Int {
        var i = first
        for _ in 0..<pairs {
            i = plain(i, writer)
            i = shaped(i, second, writer)
        }
        return i
    }

    private func arePairs(_ node: Int) -> Bool {
        var i = node + 1
        for _ in 0..<self[node].value {
            guard self[i].kind == .array, self[i].value == 2 else { return false }
            i = next(after: i)
        }
        return true
    }
}
