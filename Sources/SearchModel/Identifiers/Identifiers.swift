// The identifiers that the index, the executor and the ring share.

/// Bytes as the client sent them: names, keys and values are binary-safe and never decoded on the way.
public typealias Bytes = [UInt8]

/// A document's number inside one segment: dense, from 0. Segments hold at most 2^24 documents.
package typealias DocID = UInt32

/// A term's number, shared by all segments of one index.
package typealias TermID = UInt32

/// When a document's last accepted write arrived, in hybrid-logical-clock ticks: the tie-breaker of
/// every result order, the same on all replicas. Larger is later; 0 is never used.
package typealias ArrivalStamp = UInt64

/// One bit per TEXT field, bit 0 for the first TEXT field of the schema (at most 128).
package typealias FieldMask = UInt128

/// A run of bytes somebody else owns; valid as long as the call it came with.
@usableFromInline package typealias ByteSlice = UnsafeBufferPointer<UInt8>
