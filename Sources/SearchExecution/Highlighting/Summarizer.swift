// SUMMARIZE: the parts of a text around what matched.
//
//   ... w w [fox w w fox] w w ...  w w [dog] w w ...
//           └ fragment ─┘ └ context
//
// Matches up to eight positions apart make one fragment. The best fragments, by the sum of idf over their
// distinct terms, are kept and shown in text order. Words between the matches of a fragment count towards the
// wanted length; what is left of it is context, half before and half behind, six characters a word.

import SearchModel

package struct Summarizer {
    /// Characters that a word and its space are taken to have.
    private static let charactersPerWord = 6
    /// Positions between neighboring matches of one fragment, at most.
    private static let matchDistance = 8

    private struct Fragment {
        var range: Range<Int>
        var lastPosition: Int
        /// Positions between matches.
        var gaps = 0
        var score = 0.0
        var leaves: [Int] = []
    }

    package let options: SummaryOptions
    /// Also wrap the words that matched.
    package let tags: HighlightTags?

    package init(options: SummaryOptions, tags: HighlightTags? = nil) {
        self.options = options
        self.tags = tags
    }

    /// - Parameters:
    ///   - found: from ``TermFinder``, for this text.
    ///   - idf: of a leaf of the query.
    package func summarize(_ text: Bytes, _ found: [FoundTerm], idf: (Int) -> Double) -> Bytes {
        if found.isEmpty { return tags == nil ? head(of: text) : text }
        let fragments = best(fragments(of: text, found, idf))
        var result = Bytes()
        for index in fragments.indices {
            let before = index > 0 ? fragments[index - 1].range.upperBound : 0
            let after = index + 1 < fragments.count ? fragments[index + 1].range.lowerBound : text.count
            append(fragments[index], of: text, found, within: before..<after, to: &result)
            result += options.separator
        }
        return result
    }

    private func fragments(of text: Bytes, _ found: [FoundTerm], _ idf: (Int) -> Double) -> [Fragment] {
        var fragments: [Fragment] = []
        var lastOffset = -1
        // A word that several leaves found counts for the first of them.
        for term in found where term.offset != lastOffset {
            lastOffset = term.offset
            let end = Highlighter.endOfWord(text, term.offset)
            if fragments.isEmpty
                || term.position - fragments[fragments.count - 1].lastPosition > Self.matchDistance
            {
                fragments.append(Fragment(range: term.offset..<end, lastPosition: term.position))
            }
            let last = fragments.count - 1
            fragments[last].range = fragments[last].range.lowerBound..<end
            fragments[last].gaps += max(0, term.position - fragments[last].lastPosition - 1)
            fragments[last].lastPosition = term.position
            if !fragments[last].leaves.contains(term.leaf) {
                fragments[last].leaves.append(term.leaf)
                fragments[last].score += idf(term.leaf)
            }
        }
        return fragments
    }

    /// The best fragments, earlier ones first among equals, in text order.
    private func best(_ fragments: [Fragment]) -> [Fragment] {
        guard fragments.count > options.fragments else { return fragments }
        let order = fragments.indices.sorted {
            (fragments[$1].score, $0) < (fragments[$0].score, $1)
        }
        return order.prefix(options.fragments).sorted().map { fragments[$0] }
    }

    /// A fragment with its context. Words that are cut are left out, even those that end with the text.
    private func append(
        _ fragment: Fragment, of text: Bytes, _ found: [FoundTerm], within limits: Range<Int>,
        to result: inout Bytes
    ) {
        let range = fragment.range
        let room = options.words - fragment.gaps
        var start = range.lowerBound
        var end = range.upperBound
        if room > 0 {
            let half = room / 2 * Self.charactersPerWord
            start = max(start - half, limits.lowerBound)
            while start < range.lowerBound && !Highlighter.isSeparator(text[start]) { start += 1 }
            while start < range.lowerBound && Highlighter.isSeparator(text[start]) { start += 1 }
            end = min(end + half + 1, limits.upperBound)
            while end > range.upperBound && !Highlighter.isSeparator(text[end - 1]) { end -= 1 }
            while end > range.upperBound + 1 && Highlighter.isSeparator(text[end - 1]) { end -= 1 }
        }
        guard let tags else {
            result += withSingleSpaces(text[start..<end])
            return
        }
        result += withSingleSpaces(text[start..<range.lowerBound])
        Highlighter.forEachPiece(of: text, range, found) { piece, isFound in
            if isFound { result += tags.open }
            result += withSingleSpaces(text[piece])
            if isFound { result += tags.close }
        }
        result += withSingleSpaces(text[range.upperBound..<end])
    }

    /// A text in which nothing matched is cut after about as many words as the summary would have.
    private func head(of text: Bytes) -> Bytes {
        let limit = (options.fragments * options.words + 1) * Self.charactersPerWord
        var head = withSingleSpaces(text.prefix(limit))
        while head.count > 1, let last = head.last, !Highlighter.isSeparator(last) { head.removeLast() }
        if let last = head.last, last.byteClass.contains(.space) { head.removeLast() }
        return head
    }

    /// Each run of white space becomes one space.
    private func withSingleSpaces(_ text: ArraySlice<UInt8>) -> Bytes {
        var result = Bytes()
        result.reserveCapacity(text.count)
        var isBehindSpace = false
        for byte in text {
            let isSpace = byte.byteClass.contains(.space)
            if !isSpace { result.append(byte) } else if !isBehindSpace { result.append(UInt8(ascii: " ")) }
            isBehindSpace = isSpace
        }
        return result
    }
}
