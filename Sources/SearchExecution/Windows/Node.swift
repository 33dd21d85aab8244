// A clause as one segment sees it: plain memory, one node per clause of the plan.

import SearchIndex
import SearchModel

struct Node: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        /// Matches no document of this segment.
        case nothing
        case all
        case postings
        case documents
        case numeric
        case geo
        case missing
        case keys
        case and
        case or
        /// An `or` of which the first matching child counts.
        case expansion
        case not
        case optional
    }

    var kind: Kind
    var isImplied: Bool
    /// AND: the matches' positions decide.
    var hasProximity: Bool
    var inOrder: Bool
    /// See ``Clause/isRangeUnion``.
    var isRangeUnion: Bool
    /// A tag value: a term without positions, of frequency 1.
    var isTag: Bool
    var maxSlop: Int
    /// Index into the evaluator's cursors, lists or columns, by kind.
    var slot: Int
    var weight: Double
    var idf: Double
    var idfStd: Double
    var unmatchedWeight: Double
    var virtualFrequency: Double
    /// Matching documents of this segment, at most or roughly.
    var estimate: Int
    /// In scoring order; those that match nothing here are left out.
    var children: UnsafeMutablePointer<Int32>
    var childCount: Int
    /// The same children, those that narrow most for least work first; without OPTIONALs.
    var fillOrder: UnsafeMutablePointer<Int32>
    var fillCount: Int
    /// 64 words that only this node's evaluation uses; `nil` for leaves without need.
    var scratch: UnsafeMutablePointer<UInt64>?
    /// Documents of a value: the window that `words` tells of, or -1.
    var window = -1
    var words: UnsafePointer<UInt64>?
    /// Wide unions: their documents in the current slice, worked out at once.
    var sliceWords: UnsafeMutablePointer<UInt64>?
    /// Expansions: 1 + place of the child that counts, by document of the slice; 0 is none.
    var owners: UnsafeMutablePointer<UInt16>?
    /// Leaves whose words tell which documents can win: upper bound of what membership adds to the whole
    /// score, per unit of the current slice.
    var bounds: UnsafeMutablePointer<Double>?
}

/// Where a posting list is being read.
struct PostingCursor: BitwiseCopyable {
    /// A list of the plan's ``PostingTable``.
    let list: UnsafeMutablePointer<PostingReader>
    let hasMask: Bool
    let mask: FieldMask
    let blockCount: Int

    // A decoded block.

    /// -1: none yet.
    var block = -1
    var count = 0
    var hasMatching = false
    /// 128, padded with the largest number.
    let docs: UnsafeMutablePointer<UInt32>
    /// Two words: the postings of the block whose field mask fits.
    let matching: UnsafeMutablePointer<UInt64>
    /// The block whose frequencies are decoded.
    var frequencyBlock = -1
    let frequencies: UnsafeMutablePointer<UInt32>

    // A window.

    /// The window that `words` tells of, or -1.
    var window = -1
    /// The documents of the window, with fitting masks; dead ones may be among them.
    var words: UnsafePointer<UInt64>
    /// Number of the window's first posting in the list; -1: not known yet, -2: masks hide postings, so that
    /// places in the window say nothing about places in the list.
    var firstPosting = -1
    let ownWords: UnsafeMutablePointer<UInt64>
    /// The window holds no document.
    var isEmptyWindow = false
    /// The window that `documentsBefore` tells of, or -1.
    var countedWindow = -1
    /// Documents of the window before each of its 64 words.
    let documentsBefore: UnsafeMutablePointer<UInt16>

    /// The whole list, where a query with few candidates has read it.
    var whole: WholeList?

    // Positions.

    /// The block whose positions were read last.
    var positionBlock = -1
    /// Where they start, once more than one posting of the block was asked for.
    var positionBase: UnsafePointer<UInt8>?
    let positionStarts: UnsafeMutablePointer<UInt32>
}

/// Documents per unit of pruning.
let unitSize = 256
let unitsPerWindow = windowSize / unitSize
let wordsPerUnit = unitSize / 64
/// Documents per slice: what is worked out ahead is worked out for so many.
let sliceSize = 65_536
let windowsPerSlice = sliceSize / windowSize
let unitsPerSlice = sliceSize / unitSize
