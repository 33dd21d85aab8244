// What the writer asks of analysis.

import SearchModel

/// A language's stemmer as the index sees it.
package protocol StemProvider: AnyObject, Sendable {
    /// Replaces the contents of `stem` by the stem of `word`; false when there is none or it equals the word.
    ///
    /// Asked once per new word, not per token.
    func stem(of word: ByteSlice, into stem: inout [UInt8]) -> Bool
}

/// One occurrence of a term in a field.
@usableFromInline package struct IndexToken: BitwiseCopyable {
    @usableFromInline package var bytes: ByteSlice
    @usableFromInline package var position: UInt32
    /// A synonym group or phonetic code: indexed, but no part of the document's length, and never stemmed.
    @usableFromInline package var isDerived: Bool

    @inlinable package init(_ bytes: ByteSlice, position: UInt32, isDerived: Bool = false) {
        self.bytes = bytes
        self.position = position
        self.isDerived = isDerived
    }
}
