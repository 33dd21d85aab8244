// Memory of one running query: a bump allocator that keeps its chunks for the next one.

import Synchronization

final class ScratchArena {
    @exclusivity(unchecked) private var chunks: [UnsafeMutableRawBufferPointer] = []
    @exclusivity(unchecked) private var chunk = 0
    @exclusivity(unchecked) private var offset = 0

    static let chunkSize = 1 << 20
    /// What a pooled arena may hold on to.
    static let retainedLimit = 16 << 20

    deinit {
        for chunk in chunks { chunk.deallocate() }
    }

    /// Uninitialized room for `count` values, aligned to a cache line. Valid until ``reset()``.
    func allocate<T: BitwiseCopyable>(_ type: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
        let bytes = (max(1, count) * MemoryLayout<T>.stride + 63) & ~63
        while chunk < chunks.count {
            if chunks[chunk].count - offset >= bytes {
                let start = chunks[chunk].baseAddress! + offset
                offset += bytes
                return start.bindMemory(to: T.self, capacity: max(1, count))
            }
            chunk += 1
            offset = 0
        }
        let fresh = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(bytes, ScratchArena.chunkSize), alignment: 64)
        chunks.append(fresh)
        offset = bytes
        return fresh.baseAddress!.bindMemory(to: T.self, capacity: max(1, count))
    }

    func allocate<T: BitwiseCopyable>(_ type: T.Type, _ count: Int, filledWith value: T) -> UnsafeMutablePointer<T> {
        let pointer = allocate(type, count)
        pointer.initialize(repeating: value, count: count)
        return pointer
    }

    struct Mark {
        fileprivate let chunk: Int
        fileprivate let offset: Int
    }

    /// Everything allocated after a mark is given back by ``release(to:)``.
    func mark() -> Mark { Mark(chunk: chunk, offset: offset) }

    func release(to mark: Mark) {
        chunk = mark.chunk
        offset = mark.offset
    }

    func reset() {
        chunk = 0
        offset = 0
        var held = 0
        for index in chunks.indices {
            held += chunks[index].count
            if held > ScratchArena.retainedLimit {
                for extra in chunks[index...] { extra.deallocate() }
                chunks.removeLast(chunks.count - index)
                return
            }
        }
    }
}

// MARK: pool

/// Arenas that no query uses at the moment. As many exist as queries ever ran at once.
enum ScratchPool {
    /// The arena is only touched by whoever took it out of the pool, and handed over under the lock.
    private struct Free: @unchecked Sendable { var arenas: [ScratchArena] = [] }

    private static let free = Mutex(Free())

    static func take() -> ScratchArena {
        free.withLock { $0.arenas.popLast().map { Handed(arena: $0) } }?.arena ?? ScratchArena()
    }

    static func give(_ arena: ScratchArena) {
        arena.reset()
        let handed = Handed(arena: arena)
        free.withLock { free in
            if free.arenas.count < 64 { free.arenas.append(handed.arena) }
        }
    }

    /// Carries an arena over the lock's boundary; its one owner changes there.
    private struct Handed: @unchecked Sendable { let arena: ScratchArena }
}
