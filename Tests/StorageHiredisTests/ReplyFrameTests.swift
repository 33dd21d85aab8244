// Finding the end of a reply that is passed on as it came.

import RESP
import TestKit
import Testing

@testable import StorageHiredis

@Suite struct ReplyFrameTests {
    private func measure(_ bytes: [UInt8]) -> ReplyFrame { bytes.withUnsafeBufferPointer { ReplyFrame.measure($0) } }

    @Test func `a reply ends where its last value ends, and no earlier part of it is a reply`() {
        for seed in UInt64(1)...300 {
            var random = SeededRandom(seed: seed)
            let reply = Self.reply(&random, depth: 0)
            #expect(measure(reply + Array("$3\r\nabc\r\n".utf8)) == .complete(reply.count), "seed \(seed)")
            for end in 0..<reply.count {
                #expect(measure(Array(reply[..<end])) == .incomplete, "seed \(seed), \(end) bytes")
            }
        }
    }

    @Test(arguments: ["?", "$x\r\n", "$-2\r\n", "*-7\r\n", "$9999999999999\r\n", "$\r\n", "$12x\r\n", "_\r\n"])
    func `what is not RESP2 is left to the reader`(text: String) {
        #expect(measure(Array(text.utf8)) == .unknown)
    }

    private static func reply(_ random: inout SeededRandom, depth: Int) -> [UInt8] {
        switch random.below(depth < 4 ? 8 : 6) {
        case 0: return Array(":\(random.integer(-5_000_000...5_000_000))\r\n".utf8)
        case 1: return Array("+OK\r\n".utf8)
        case 2: return Array("-ERR no \(random.below(100))\r\n".utf8)
        case 3: return Array(random.chance(0.5) ? "$-1\r\n".utf8 : "*-1\r\n".utf8)
        case 4, 5:
            let bytes = (0..<random.below(30)).map { _ in random.chance(0.2) ? 10 : UInt8(random.below(256)) }
            return Array("$\(bytes.count)\r\n".utf8) + bytes + [13, 10]
        default:
            let count = random.below(5)
            var all = Array("*\(count)\r\n".utf8)
            for _ in 0..<count { all += reply(&random, depth: depth + 1) }
            return all
        }
    }
}
