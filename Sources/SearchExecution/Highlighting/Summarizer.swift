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

    /// Appends the parts of `text`.
    ///
    /// - Parameters:
    ///   - found: from ``TermFinder``, for this text.
    ///   - idf: of a leaf of the query.
    package func summarize(
        _ text: ByteSlice, _ found: ArraySlice<FoundTerm>, to result: inout Bytes, idf: (Int) -> Double
    ) {
        if found.isEmpty {
            if tags == nil { appendHead(of: text, to: &result) } else { result.append(contentsOf: text) }
            return
        }
        let fragments = best(fragments(of: text, found, idf))
        for index in fragments.indices {
            let before = index > 0 ? fragments[index - 1].range.upperBound : 0
            let after = index + 1 < fragments.count ? fragments[index + 1].range.lowerBound : text.count
            append(fragments[index], of: text, found, within: before..<after, to: &result)
            result += options.separator
        }
    }

    private func fragments(
        of text: ByteSlice, _ found: ArraySlice<FoundTerm>, _ idf: (Int) -> Double
    ) -> [Fragment] {
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
        _ fragment: Fragment, of text: ByteSlice, _ found: ArraySlice<FoundTerm>, within limits: Range<Int>,
        to result: inout Bytes
    ) {
        let range = fragment.range
        let room = options.words - fragment.gaps
        var start = range.lowerBound
        var end = range.upperBound
        if room > 0 {
            let classes = ByteClass.table
            func separates(_ place: Int) -> Bool { classes[Int(text[place])].has(.separator) }
            let half = room / 2 * Self.charactersPerWord
            start = max(start - half, limits.lowerBound)
            while start < range.lowerBound && !separates(start) { start += 1 }
            while start < range.lowerBound && separates(start) { start += 1 }
            end = min(end + half + 1, limits.upperBound)
            while end > range.upperBound && !separates(end - 1) { end -= 1 }
            while end > range.upperBound + 1 && separates(end - 1) { end -= 1 }
        }
        guard let tags else {
            appendWithSingleSpaces(text, start..<end, to: &result)
            return
        }
        appendWithSingleSpaces(text, start..<range.lowerBound, to: &result)
        Highlighter.forEachPiece(of: text, range, found) { piece, isFound in
            if isFound { result += tags.open }
            appendWithSingleSpaces(text, piece, to: &result)
            if isFound { result += tags.close }
        }
        appendWithSingleSpaces(text, range.upperBound..<end, to: &result)
    }

    /// A text in which nothing matched is cut after about as many words as the summary would have.
    private func appendHead(of text: ByteSlice, to result: inout Bytes) {
        let start = result.count
        let (limit, overflow) = options.words.multipliedReportingOverflow(by: options.fragments)
        let length =
            overflow || limit >= text.count ? text.count : min(text.count, (limit + 1) * Self.charactersPerWord)
        appendWithSingleSpaces(text, 0..<length, to: &result)
        while result.count > start + 1, let last = result.last, !last.byteClass.has(.separator) { result.removeLast() }
        if result.count > start, let last = result.last, last.byteClass.has(.space) { result.removeLast() }
    }

    /// Each run of white space becomes one space.
    private func appendWithSingleSpaces(_ text: ByteSlice, _ range: Range<Int>, to result: inout Bytes) {
        let classes = ByteClass.table
        var written = range.lowerBound
        var i = range.lowerBound
        while i < range.upperBound {
            guard classes[Int(text[i])].has(.space) else {
                i += 1
                continue
            }
            let start = i
            repeat { i += 1 } while i < range.upperBound && classes[Int(text[i])].has(.space)
            // One space, and it is a space: nothing to replace.
            if i == start + 1, text[start] == UInt8(ascii: " ") { continue }
            result.append(contentsOf: text[written..<start])
            result.append(UInt8(ascii: " "))
            written = i
        }
        result.append(contentsOf: text[written..<range.upperBound])
    }
}
