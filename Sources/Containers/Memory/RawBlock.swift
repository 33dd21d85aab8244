// Memory with one owner: what arenas and columns are made of. Public for the reason given in Growable.swift.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A block of plain memory, freed with its last reference.
///
/// `@unchecked Sendable`: the address and the length never change. What the bytes are, and who may still write
/// which of them, is the business of the type that holds the block and says so there.
public final class RawBlock: @unchecked Sendable {
    public let base: UnsafeMutableRawPointer
    public let byteCount: Int

    /// Zeroed memory; large blocks cost nothing until they are touched.
    public init(zeroed byteCount: Int) {
        self.byteCount = byteCount
        base = calloc(max(1, byteCount), 1)!
    }

    /// Takes over memory that came from `malloc`.
    public init(adopting base: UnsafeMutableRawPointer, byteCount: Int) {
        self.base = base
        self.byteCount = byteCount
    }

    deinit { free(base) }

    @inlinable public func pointer<T: BitwiseCopyable>(
        to type: T.Type = T.self, atByte offset: Int = 0
    ) -> UnsafeMutablePointer<T> {
        (base + offset).assumingMemoryBound(to: T.self)
    }
}
