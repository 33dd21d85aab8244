// HIGHLIGHT and SUMMARIZE: the text of a field with the words that matched, or the best parts of it.

import SearchModel

/// What stands around a word that matched.
package struct HighlightTags: Equatable, Sendable {
    package var open = Array("<b>".utf8)
    package var close = Array("</b>".utf8)

    package init() {}
}

package struct SummaryOptions: Equatable, Sendable {
    /// FRAGS: how many parts at most.
    package var fragments = 3
    /// LEN: words of a part, roughly.
    package var words = 20
    package var separator = Array("... ".utf8)

    package init() {}
}

package enum Highlighter {
    /// Appends the whole text, every found word between tags.
    package static func highlight(
        _ text: ByteSlice, _ found: ArraySlice<FoundTerm>, tags: HighlightTags, to result: inout Bytes
    ) {
        result.reserveCapacity(result.count + text.count + found.count * (tags.open.count + tags.close.count))
        forEachPiece(of: text, 0..<text.count, found) { piece, isFound in
            if isFound { result += tags.open }
            result.append(contentsOf: text[piece])
            if isFound { result += tags.close }
        }
    }

    /// Cuts a part of the text into found words and what stands between them.
    static func forEachPiece(
        of text: ByteSlice, _ range: Range<Int>, _ found: ArraySlice<FoundTerm>, _ body: (Range<Int>, Bool) -> Void
    ) {
        var written = range.lowerBound
        for term in found where term.offset >= written && term.offset < range.upperBound {
            let end = endOfWord(text, term.offset)
            if written < term.offset { body(written..<term.offset, false) }
            body(term.offset..<end, true)
            written = end
        }
        if written < range.upperBound { body(written..<range.upperBound, false) }
    }

    /// Where a shown word ends: at the next separator, whether or not a backslash stands before it.
    static func endOfWord(_ text: ByteSlice, _ start: Int) -> Int {
        let classes = ByteClass.table
        var i = start
        while i < text.count && !classes[Int(text[i])].has(.separator) { i += 1 }
        return i
    }
}
