// Byte memory that grows without moving: one writer appends, readers keep their addresses.
//
//   offset (u32) = chunk number << 16 | byte in chunk
//   directory[chunk number] → 64 KiB each; a larger piece takes several numbers that are one run of memory
//
// Public for the reason given in Growable.swift.

import CKernels

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where chunks are found. A value taken at some moment stays valid for everything allocated by then.
public typealias ChunkDirectory = UnsafeMutablePointer<UnsafeMutablePointer<UInt8>>

/// `@unchecked Sendable`: one writer calls the mutating functions; readers only follow offsets that the writer
/// published after filling them, through a directory that is replaced and never changed in place below its length.
public final class ChunkStore: @unchecked Sendable {
    public static let chunkShift = 16
    public static let chunkSize = 1 << chunkShift

    /// Behind a pointer, so that the writer's loops have no exclusivity checks.
    @usableFromInline struct State {
        @usableFromInline var directory: ChunkDirectory
        var directoryCapacity: Int
        var chunkCount = 0
        /// Next free byte of the last chunk, counted from offset 0.
        @usableFromInline var end = 0
        @usableFromInline var limit = 0
        var retired: [ChunkDirectory] = []
        var blocks: [UnsafeMutableRawPointer] = []
    }

    @usableFromInline let state: UnsafeMutablePointer<State>

    public init() {
        state = .allocate(capacity: 1)
        state.initialize(to: State(directory: .allocate(capacity: 16), directoryCapacity: 16))
    }

    deinit {
        for block in state.pointee.blocks { free(block) }
        for directory in state.pointee.retired { directory.deallocate() }
        state.pointee.directory.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// The writer's view of the directory.
    @inlinable public var directory: ChunkDirectory { state.pointee.directory }

    /// The directory for a reader that knows offsets from elsewhere, while the writer goes on.
    public var sharedDirectory: ChunkDirectory {
        ChunkDirectory(bitPattern: UInt(rk_load_acquire_u64(directoryAddress)))!
    }

    /// `directory` is the first member of the state.
    private var directoryAddress: UnsafeMutableRawPointer { UnsafeMutableRawPointer(state) }

    public var byteCount: Int { state.pointee.chunkCount * Self.chunkSize }
    /// Bytes handed out, with what was lost at the ends of chunks.
    public var usedByteCount: Int { state.pointee.end }

    /// `size` bytes in one run, at a multiple of 16 if all sizes are. The offset is never 0.
    @inlinable public func allocate(_ size: Int) -> UInt32 {
        if state.pointee.end + size > state.pointee.limit { addChunks(for: size) }
        let offset = state.pointee.end
        state.pointee.end = offset + size
        return UInt32(offset)
    }

    @inlinable public func pointer(at offset: UInt32) -> UnsafeMutablePointer<UInt8> {
        Self.pointer(at: offset, in: directory)
    }

    @inlinable public static func pointer(
        at offset: UInt32, in directory: ChunkDirectory
    ) -> UnsafeMutablePointer<UInt8> {
        directory[Int(offset &>> 16)] + Int(offset & 0xFFFF)
    }

    @usableFromInline func addChunks(for size: Int) {
        let first = state.pointee.chunkCount
        let reserved = first == 0 ? 16 : 0
        let added = (size + reserved + Self.chunkSize - 1) / Self.chunkSize
        precondition(first + added <= 1 << 16, "a chunk store holds at most 4 GiB")
        if first + added > state.pointee.directoryCapacity {
            let capacity = max(first + added, state.pointee.directoryCapacity * 2)
            let grown = ChunkDirectory.allocate(capacity: capacity)
            grown.update(from: state.pointee.directory, count: first)
            state.pointee.retired.append(state.pointee.directory)
            // Release: a reader that sees the new directory sees its entries.
            rk_store_release_u64(directoryAddress, UInt64(UInt(bitPattern: grown)))
            state.pointee.directoryCapacity = capacity
        }
        // Sixteen bytes more than the chunk has: kernels read a little past what they look for.
        let block = malloc(added * Self.chunkSize + 16)!
        memset(block + added * Self.chunkSize, 0, 16)
        state.pointee.blocks.append(block)
        for i in 0..<added {
            state.pointee.directory[first + i] = (block + i * Self.chunkSize).assumingMemoryBound(to: UInt8.self)
        }
        state.pointee.chunkCount += added
        state.pointee.end = first * Self.chunkSize + reserved
        state.pointee.limit = (first + added) * Self.chunkSize
    }
}

/// Numbers by dense index that grow without moving, 4,096 a chunk.
///
/// `@unchecked Sendable`: as ``ChunkStore``; an element that changes after its publication does so atomically.
public final class ChunkedNumbers: @unchecked Sendable {
    public typealias Directory = UnsafeMutablePointer<UnsafeMutablePointer<UInt32>>

    @usableFromInline struct State {
        @usableFromInline var directory: Directory
        var directoryCapacity: Int
        @usableFromInline var count = 0
        @usableFromInline var chunkCount = 0
        var retired: [Directory] = []
    }

    @usableFromInline let state: UnsafeMutablePointer<State>

    public init() {
        state = .allocate(capacity: 1)
        state.initialize(to: State(directory: .allocate(capacity: 16), directoryCapacity: 16))
    }

    deinit {
        for i in 0..<state.pointee.chunkCount { state.pointee.directory[i].deallocate() }
        for directory in state.pointee.retired { directory.deallocate() }
        state.pointee.directory.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    @inlinable public var directory: Directory { state.pointee.directory }
    @inlinable public var count: Int { state.pointee.count }
    public var byteCount: Int { state.pointee.chunkCount * 16_384 }

    @inlinable public func append(_ value: UInt32) {
        let index = state.pointee.count
        if index >> 12 == state.pointee.chunkCount { addChunk() }
        state.pointee.directory[index >> 12][index & 4095] = value
        state.pointee.count = index + 1
    }

    @inlinable public static func pointer(to index: Int, in directory: Directory) -> UnsafeMutablePointer<UInt32> {
        directory[index &>> 12] + (index & 4095)
    }

    @usableFromInline func addChunk() {
        let chunk = state.pointee.chunkCount
        if chunk == state.pointee.directoryCapacity {
            let grown = Directory.allocate(capacity: chunk * 2)
            grown.update(from: state.pointee.directory, count: chunk)
            state.pointee.retired.append(state.pointee.directory)
            state.pointee.directory = grown
            state.pointee.directoryCapacity = chunk * 2
        }
        state.pointee.directory[chunk] = .allocate(capacity: 4096)
        state.pointee.chunkCount += 1
    }
}
