// Memory that grows in place, and what is found in it.

import Containers
import Testing

@Suite struct GrowableTests {
    @Test func `values stay in order while it grows`() {
        var values = Growable<UInt32>(capacity: 1)
        for i in 0..<1000 { values.append(UInt32(i * 3)) }
        var more: [UInt32] = [7, 8, 9]
        more.withUnsafeMutableBufferPointer { values.append(from: $0.baseAddress!, count: 3) }
        #expect(values.count == 1003)
        #expect((0..<1000).allSatisfy { values[$0] == UInt32($0 * 3) })
        #expect(values[1002] == 9)
        values[5] = 1
        let copy = values.copy(padding: 16)
        #expect(copy.byteCount == 1003 * 4 + 16)
        #expect(copy.pointer(to: UInt32.self)[5] == 1)
        #expect(copy.pointer(to: UInt8.self)[1003 * 4 + 15] == 0)
    }

    @Test func `varints of all sizes come back`() {
        var bytes = Growable<UInt8>(capacity: 1)
        let narrow: [UInt64] = [0, 1, 127, 128, 300, 1 << 32, .max]
        let wide: [UInt128] = [0, 127, 128, 1 << 64, 1 << 127, .max]
        for value in narrow { bytes.append(varint: value) }
        for value in wide { bytes.append(varint: value) }
        var cursor = UnsafePointer(bytes.base)
        for value in narrow { #expect(cursor.takeVarint() == value) }
        for value in wide { #expect(cursor.takeWideVarint() == value) }
        #expect(cursor == UnsafePointer(bytes.base) + bytes.count)
    }

    @Test func `raw values lie at the alignment that was asked for`() {
        var bytes = Growable<UInt8>(capacity: 1)
        bytes.append(1)
        bytes.align(to: 8)
        bytes.append(raw: UInt64(0x0102_0304))
        #expect(bytes.count == 16)
        #expect(UnsafeRawPointer(bytes.base).load(fromByteOffset: 8, as: UInt64.self) == 0x0102_0304)
    }
}

@Suite struct ChunkStoreTests {
    @Test func `pieces keep their addresses, also those larger than a chunk`() {
        let store = ChunkStore()
        var pieces: [(offset: UInt32, address: UnsafeMutablePointer<UInt8>, size: Int)] = []
        for i in 0..<600 {
            let size = i % 50 == 49 ? 200_000 : 16 * (1 + i % 40)
            let offset = store.allocate(size)
            let address = store.pointer(at: offset)
            address[0] = UInt8(i & 255)
            address[size - 1] = UInt8(i & 255)
            pieces.append((offset, address, size))
        }
        for (i, piece) in pieces.enumerated() {
            #expect(piece.offset != 0)
            #expect(store.pointer(at: piece.offset) == piece.address)
            #expect(ChunkStore.pointer(at: piece.offset, in: store.sharedDirectory) == piece.address)
            #expect(piece.address[piece.size - 1] == UInt8(i & 255))
        }
        #expect(zip(pieces, pieces.dropFirst()).allSatisfy { $0.offset < $1.offset })
        #expect(store.usedByteCount <= store.byteCount)
    }

    @Test func `an old directory still leads to what was there`() {
        let store = ChunkStore()
        let first = store.allocate(16)
        store.pointer(at: first)[0] = 42
        let directory = store.directory
        for _ in 0..<40 { _ = store.allocate(60_000) }
        #expect(store.directory != directory)
        #expect(ChunkStore.pointer(at: first, in: directory)[0] == 42)
    }

    @Test func `numbers are found by index`() {
        let numbers = ChunkedNumbers()
        for i in 0..<100_000 { numbers.append(UInt32(i ^ 0x55)) }
        #expect(numbers.count == 100_000)
        #expect(
            (0..<100_000).allSatisfy {
                ChunkedNumbers.pointer(to: $0, in: numbers.directory).pointee == UInt32($0 ^ 0x55)
            })
    }
}

@Suite struct HashTests {
    @Test func `every byte and the length count`() {
        var seen: Set<UInt64> = []
        var inputs = 0
        for length in 0...40 {
            let zeros = [UInt8](repeating: 0, count: length)
            zeros.withUnsafeBufferPointer { _ = seen.insert(hashBytes($0)) }
            inputs += 1
            for i in 0..<length {
                var bytes = zeros
                bytes[i] = 1
                bytes.withUnsafeBufferPointer { _ = seen.insert(hashBytes($0)) }
                inputs += 1
            }
        }
        #expect(seen.count == inputs)
    }
}

@Suite struct LockedTests {
    @Test func `no increment is lost`() async {
        let counter = Locked(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<2000 { counter.withLock { $0 += 1 } } }
            }
        }
        #expect(counter.withLock { $0 } == 8000)
    }
}
