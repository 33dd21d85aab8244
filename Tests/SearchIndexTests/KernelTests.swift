// The C kernels against the obvious loops.

import CKernels
import SearchIndex
import Testing

@Suite struct KernelTests {
    @Test func `packing and unpacking are inverse at every width`() {
        var random = SplitMix(5)
        for bits in 0...32 {
            let mask: UInt32 = bits == 32 ? .max : (1 << UInt32(bits)) - 1
            let values = (0..<128).map { _ in UInt32(truncatingIfNeeded: random.next()) & mask }
            var packed = [UInt8](repeating: 0xAA, count: 16 * bits + 1)
            rk_pack(values, &packed, Int32(bits))
            #expect(packed.last == 0xAA)
            var unpacked = [UInt32](repeating: 7, count: 128)
            rk_unpack(packed, &unpacked, Int32(bits))
            #expect(unpacked == values)

            var sums: [UInt32] = []
            var sum = UInt32.max
            for value in values {
                sum = sum &+ value &+ 1
                sums.append(sum)
            }
            rk_unpack_gaps(packed, &unpacked, Int32(bits), .max)
            #expect(unpacked == sums)
            var inPlace = values
            rk_sum_gaps(&inPlace, .max)
            #expect(inPlace == sums)
        }
    }

    @Test func `bitmap kernels agree with bit by bit loops`() {
        var random = SplitMix(6)
        for _ in 0..<50 {
            let a = (0..<64).map { _ in random.next() & random.next() }
            let b = (0..<64).map { _ in random.next() | random.next() }
            var c = a
            rk_window_or(&c, b)
            #expect(c == zip(a, b).map { $0 | $1 })
            c = a
            rk_window_and(&c, b)
            #expect(c == zip(a, b).map { $0 & $1 })
            c = a
            rk_window_and_not(&c, b)
            #expect(c == zip(a, b).map { $0 & ~$1 })
            #expect(rk_popcount(a, 64) == a.reduce(0) { $0 + $1.nonzeroBitCount })
            #expect(rk_and_popcount(a, b, 64) == zip(a, b).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount })
            #expect(rk_and_not_popcount(a, b, 64) == zip(a, b).reduce(0) { $0 + ($1.0 & ~$1.1).nonzeroBitCount })

            let set = (0..<4096).filter { a[$0 >> 6] >> UInt64($0 & 63) & 1 != 0 }.map { UInt32($0) }
            var listed = [UInt32](repeating: 0, count: 4096)
            #expect(rk_list_bits(a, 64, 100, &listed) == set.count)
            #expect(listed[..<set.count].elementsEqual(set.map { $0 + 100 }))
            let from = random.below(4096)
            let to = from + random.below(4097 - from)
            #expect(rk_rank(a, from, to) == set.count { $0 >= from && $0 < to })
            let next = set.filter { $0 >= from }.prefix(128)
            if next.count > 0 {
                rk_extract_bits(a, from, Int32(next.count), &listed)
                #expect(listed[..<next.count].elementsEqual(next))
            }
            c = [UInt64](repeating: 0, count: 64)
            rk_set_bits(&c, set.map { $0 + 8192 }, set.count, 8192)
            #expect(c == a)
            #expect(rk_count_members(a, set, set.count) == set.count)
        }
    }

    @Test func `a search in sorted values finds the first that is not below`() {
        var random = SplitMix(7)
        for count in [1, 2, 31, 32, 33, 64, 65, 100, 127, 128] {
            let values = Set((0..<count).map { _ in UInt32(random.below(500)) }).sorted()
            for target in 0..<502 {
                #expect(
                    Int(rk_lower_bound(values, Int32(values.count), UInt32(target))) == values.count { $0 < target })
            }
        }
    }

    @Test func `position streams return what was put in`() {
        var random = SplitMix(8)
        var all: [[UInt32]] = []
        var bytes: [UInt8] = []
        for _ in 0..<300 {
            var positions: [UInt32] = []
            var position: UInt32 = 0
            for _ in 0..<1 + random.below(5) {
                position += UInt32(random.below(8) == 0 ? random.below(3_000_000) : random.below(90))
                positions.append(position)
            }
            all.append(positions)
            var buffer = [UInt8](repeating: 0, count: 40)
            let size = buffer.withUnsafeMutableBufferPointer {
                rk_encode_positions($0.baseAddress!, positions, positions.count)! - $0.baseAddress!
            }
            bytes += buffer[..<size]
        }
        bytes += [UInt8](repeating: 0, count: 32)
        bytes.withUnsafeBufferPointer { bytes in
            let start = bytes.baseAddress!
            var starts = [UInt32](repeating: 0, count: 301)
            rk_position_starts(start, 300, &starts)
            for i in 0..<300 {
                let at = rk_skip_positions(start, i)!
                #expect(at - start == Int(starts[i]))
                #expect(rk_count_positions(at) == all[i].count)
                var decoded = [UInt32](repeating: 0, count: 8)
                #expect(rk_decode_positions(at, &decoded)! - start == Int(starts[i + 1]))
                #expect(decoded[..<all[i].count].elementsEqual(all[i]))
            }
        }
    }

    @Test func `substring search finds the first place`() {
        var random = SplitMix(9)
        for _ in 0..<300 {
            let text = (0..<random.below(80)).map { _ in UInt8(97 + random.below(3)) }
            let needle = (0..<1 + random.below(4)).map { _ in UInt8(97 + random.below(3)) }
            let expected =
                (0..<max(0, text.count - needle.count + 1)).first { Array(text[$0..<$0 + needle.count]) == needle }
                ?? text.count
            #expect(rk_find(text, text.count, 0, needle, needle.count) == expected)
        }
    }
}
