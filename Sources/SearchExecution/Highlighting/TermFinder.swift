// Which words of a document a query found.
//
// The index knows where terms stand, but byte offsets are not kept: the few documents that are shown are
// split again, and each token is held against the leaves of the query's tree. The tree is then asked which
// of its branches the document really took, so that in `(fox cat)|dog` a document without cat shows dog
// alone.

import SearchAnalysis
import SearchIndex
import SearchModel
import SearchQuery

/// A word that matched, in one text.
package struct FoundTerm: Equatable, Sendable {
    /// Where the token starts in the text.
    package var offset: Int
    /// The token's position, for distances between matches.
    package var position: Int
    /// Which leaf of the query found it.
    package var leaf: Int
}

/// Finds the terms of one query in documents. Not thread-safe; made once per query, used for each hit.
package final class TermFinder {
    /// One TEXT field of a document: the field's bit and the stored text, which need not outlive the call.
    package struct FieldText {
        package var bit: Int
        package var text: ByteSlice

        package init(bit: Int, text: ByteSlice) {
            self.bit = bit
            self.text = text
        }
    }

    /// What a leaf of the tree looks for.
    private enum Leaf {
        case word(Bytes)
        /// Tokens that stem to this and are not it.
        case stem(Bytes)
        case group(Bytes)
        case code(Bytes)
        case pattern(TermPattern)
    }

    /// The tree, reduced to what decides which leaves count.
    private indirect enum Plan {
        case leaf(Int, FieldMask)
        case phrase([Int], FieldMask)
        case all([Plan])
        case any([Plan])
        case optional(Plan)
        case not(Plan)
        /// Says nothing about words: taken as true.
        case other
        case nothing
    }

    private let tokenizer: Tokenizer
    private let stemmer: Stemmer?
    private let synonyms: SynonymTable
    private let minStemLength: Int
    private let minPrefix: Int
    private let minPhoneticLength: Int
    private let phoneticFields: FieldMask
    private let stemmedFields: FieldMask
    private let textFields: FieldMask
    @exclusivity(unchecked) private var leaves: [Leaf] = []
    @exclusivity(unchecked) private var hasPatterns = false
    @exclusivity(unchecked) private var plan = Plan.nothing
    /// By first byte of a token: the leaves that it may belong to, a bit each; the last bit stands for all further ones.
    private let starts: UnsafeMutablePointer<UInt64>
    private static let lastStart = 63

    // The document at hand.
    private let buffer = TokenBuffer()
    /// Tokens ascending.
    @exclusivity(unchecked) private var hits: [Hit] = []
    /// Fields that a leaf was found in.
    @exclusivity(unchecked) private var masks: [FieldMask] = []
    /// Leaves in branches that matched.
    @exclusivity(unchecked) private var active: [Bool] = []
    @exclusivity(unchecked) private var patternTerms: [Bytes?] = []
    @exclusivity(unchecked) private var hasCodes = false
    /// The phonetic code of the token at hand.
    @exclusivity(unchecked) private var sound: Bytes?
    @exclusivity(unchecked) private var found: [FoundTerm] = []
    /// Where the found terms of each field end.
    @exclusivity(unchecked) private var ends: [Int] = []

    private struct Hit {
        var token: Int
        var leaf: Int
    }

    /// - Parameters:
    ///   - tree: from ``QueryExpander``, expanded for execution.
    ///   - stemmer: of the documents' language.
    package init(
        tree: QueryNode, schema: Schema, tokenizer: Tokenizer, stemmer: Stemmer?,
        synonyms: SynonymTable = SynonymTable(), minStemLength: Int = 4, minPrefix: Int = 2,
        minPhoneticLength: Int = 3
    ) {
        self.tokenizer = tokenizer
        self.stemmer = stemmer
        self.synonyms = synonyms
        self.minStemLength = minStemLength
        self.minPrefix = minPrefix
        self.minPhoneticLength = minPhoneticLength
        var phoneticFields: FieldMask = 0
        var stemmedFields: FieldMask = 0
        var textFields: FieldMask = 0
        for field in schema.fields {
            guard case .text(let options) = field.kind else { continue }
            textFields |= 1 << options.bit
            if options.phonetic != nil { phoneticFields |= 1 << options.bit }
            if !options.noStem { stemmedFields |= 1 << options.bit }
        }
        self.phoneticFields = phoneticFields
        self.stemmedFields = stemmedFields
        self.textFields = textFields
        starts = .allocate(capacity: 256)
        starts.initialize(repeating: 0, count: 256)
        plan = compile(tree)
        hasCodes = leaves.contains { if case .code = $0 { true } else { false } }
        dependsOnAllFields = hasPatterns || !isIndependent(plan)
        for leaf in leaves.indices { noteStarts(of: leaf) }
        masks = Array(repeating: 0, count: leaves.count)
        active = Array(repeating: false, count: leaves.count)
        patternTerms = Array(repeating: nil, count: leaves.count)
    }

    deinit { starts.deallocate() }

    /// The term that a leaf of ``FoundTerm`` stands for, as the index names it; patterns have the one they found.
    package func term(ofLeaf leaf: Int) -> Bytes {
        switch leaves[leaf] {
        case .word(let word): word
        case .stem(let stem): [UInt8(ascii: "+")] + stem
        case .group(let group): [UInt8(ascii: "~")] + group
        case .code(let code): [UInt8(ascii: "<")] + code
        case .pattern: patternTerms[leaf] ?? []
        }
    }

    package var leafCount: Int { leaves.count }

    /// What is found in a field may depend on the document's other fields; without that, those that are not shown need
    /// not be searched.
    package private(set) var dependsOnAllFields = false

    /// Whether the leaf stands for another term in each document.
    package func isPattern(leaf: Int) -> Bool {
        if case .pattern = leaves[leaf] { true } else { false }
    }

    // MARK: Compiling

    private func compile(_ node: QueryNode) -> Plan {
        let mask = node.fieldMask ?? ~0
        switch node.kind {
        case .empty:
            return .nothing
        case .word(let word, _):
            return .leaf(addLeaf(.word(word)), mask)
        case .phrase(let words):
            let leaves = words.compactMap { word -> Int? in
                if case .word(let text, _) = word.kind { addLeaf(.word(text)) } else { nil }
            }
            return .phrase(leaves, mask)
        case .intersection(let children):
            return .all(children.map(compile))
        case .union(let children, isExpansion: false):
            return .any(children.map(compile))
        case .union(let children, isExpansion: true):
            return .any(
                children.enumerated().map { index, child in
                    guard index > 0, case .word(let term, _) = child.kind else { return compile(child) }
                    return .leaf(addLeaf(expansion(term)), child.fieldMask ?? ~0)
                })
        case .optional(let child):
            return .optional(compile(child))
        case .prefix(let text):
            return text.count < minPrefix ? .nothing : .leaf(addLeaf(.pattern(.prefix(text))), mask)
        case .suffix(let text):
            return text.count < minPrefix ? .nothing : .leaf(addLeaf(.pattern(.suffix(text))), mask)
        case .infix(let text):
            return text.count < minPrefix ? .nothing : .leaf(addLeaf(.pattern(.infix(text))), mask)
        case .wildcard(let text):
            return .leaf(addLeaf(.pattern(.wildcard(text))), mask)
        case .fuzzy(let word, let distance):
            let near = word.withUnsafeBufferPointer { FuzzyWord($0, distance: distance) }
            return .leaf(addLeaf(.pattern(.fuzzy(near))), mask)
        case .not(let child):
            let plan = compile(child)
            if case .other = plan { return .other }
            return .not(plan)
        case .all, .numeric, .geo, .tag, .missing, .keys:
            return .other
        }
    }

    private func addLeaf(_ leaf: Leaf) -> Int {
        leaves.append(leaf)
        if case .pattern = leaf { hasPatterns = true }
        return leaves.count - 1
    }

    /// Whether every leaf that is found in some field belongs to a branch that matched, wherever that field lies.
    /// Whether the words that a query found in some fields of a document can only be told with all its texts at hand.
    package static func dependsOnMore(than shown: FieldMask, _ node: QueryNode, isOption: Bool = false) -> Bool {
        switch node.kind {
        case .prefix, .suffix, .infix, .wildcard, .fuzzy:
            true
        case .word:
            (node.fieldMask ?? shown) & ~shown != 0
        case .phrase:
            isOption || (node.fieldMask ?? shown) & ~shown != 0
        case .intersection(let children):
            isOption || children.contains { dependsOnMore(than: shown, $0) }
        case .union(let children, _):
            children.contains { dependsOnMore(than: shown, $0, isOption: true) }
        case .optional(let child):
            dependsOnMore(than: shown, child, isOption: true)
        case .empty, .all, .not, .numeric, .geo, .tag, .missing, .keys:
            false
        }
    }

    private func isIndependent(_ plan: Plan) -> Bool {
        func isPlain(_ plan: Plan) -> Bool {
            if case .leaf(_, let mask) = plan { mask & textFields == textFields } else { false }
        }
        return switch plan {
        case .leaf, .phrase, .not, .other, .nothing: true
        case .all(let children): children.allSatisfy(isIndependent)
        case .any(let children): children.allSatisfy(isPlain)
        case .optional(let child): isPlain(child)
        }
    }

    private func noteStarts(of leaf: Int) {
        let bit: UInt64 = 1 << UInt64(min(leaf, Self.lastStart))
        switch leaves[leaf] {
        case .word(let word):
            if let first = word.first { starts[Int(first)] |= bit }
        case .stem(let stem) where stemmer?.language == .english:
            // English stems keep the first letter, but for an apostrophe.
            if let first = stem.first { starts[Int(first)] |= bit }
            starts[Int(UInt8(ascii: "'"))] |= bit
        case .pattern(let pattern):
            if let first = pattern.firstByte, first != UInt8(ascii: "+") {
                starts[Int(first)] |= bit
            } else {
                for byte in 0..<256 { starts[byte] |= bit }
            }
        case .stem, .group, .code:
            for byte in 0..<256 { starts[byte] |= bit }
        }
    }

    private func expansion(_ term: Bytes) -> Leaf {
        let rest = Bytes(term.dropFirst())
        return switch term.first {
        case UInt8(ascii: "+"): .stem(rest)
        case UInt8(ascii: "~"): .group(rest)
        case UInt8(ascii: "<"): .code(rest)
        default: .word(term)
        }
    }

    // MARK: Finding

    /// Looks for the words that matched. A word that several leaves found is there several times.
    ///
    /// - Parameter fields: all TEXT fields of the document that are at hand. What a field that is left out
    ///   contributed to the match is not seen.
    package func find(in fields: [FieldText]) {
        buffer.removeAll()
        hits.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        for leaf in leaves.indices {
            masks[leaf] = 0
            active[leaf] = false
            patternTerms[leaf] = nil
        }
        for field in fields {
            let start = buffer.count
            tokenizer.append(field.text, to: buffer)
            collectHits(from: start, bit: field.bit)
            ends.append(buffer.count)
        }
        if hasPatterns { keepOnePatternTerm(fields) }
        activate(plan)

        found.removeAll(keepingCapacity: true)
        var hit = 0
        for field in ends.indices {
            let end = ends[field]
            while hit < hits.count && hits[hit].token < end {
                let (token, leaf) = (hits[hit].token, hits[hit].leaf)
                if active[leaf] {
                    let token = buffer.tokens[token]
                    found.append(
                        FoundTerm(offset: Int(token.sourceOffset), position: Int(token.position), leaf: leaf))
                }
                hit += 1
            }
            ends[field] = found.count
        }
    }

    /// The words that matched in one of the fields of the last ``find(in:)``, in text order.
    package func found(inField field: Int) -> ArraySlice<FoundTerm> {
        found[(field == 0 ? 0 : ends[field - 1])..<ends[field]]
    }

    private func collectHits(from start: Int, bit: Int) {
        let (tokens, arena, end) = (buffer.tokens, buffer.arenaStart, buffer.count)
        let (starts, hasCodes) = (starts, hasCodes)
        for index in start..<end {
            let token = tokens[index]
            let text = UnsafeBufferPointer(start: arena + Int(token.offset), count: Int(token.length))
            if hasCodes { hear(text, isFirst: index == start) }
            var candidates = starts[Int(arena[Int(token.offset)])]
            while candidates != 0 {
                let first = candidates.trailingZeroBitCount
                candidates &= candidates &- 1
                for leaf in first..<(first == Self.lastStart ? leaves.count : first + 1)
                where isFound(leaves[leaf], text, bit) {
                    hits.append(Hit(token: index, leaf: leaf))
                    masks[leaf] |= 1 << bit
                }
            }
        }
    }

    /// Notes the phonetic code that the index has for a token: a short one has that of the token before.
    private func hear(_ token: UnsafeBufferPointer<UInt8>, isFirst: Bool) {
        if isFirst { sound = nil }
        if token.count >= minPhoneticLength { sound = DoubleMetaphone.primaryCode(of: Bytes(token)) }
    }

    private func isFound(_ leaf: Leaf, _ token: UnsafeBufferPointer<UInt8>, _ bit: Int) -> Bool {
        switch leaf {
        case .word(let word):
            return token.isEqual(to: word)
        case .stem(let stem):
            return stemmedFields & (1 << bit) != 0 && stems(token, to: stem)
        case .group(let group):
            return synonyms.groups(of: Bytes(token)).contains(group)
        case .code(let code):
            return phoneticFields & (1 << bit) != 0 && sound == code
        case .pattern(let pattern):
            if pattern.matches(token) { return true }
            return stemTerm(of: token, for: pattern, bit).map { $0.withUnsafeBufferPointer(pattern.matches) } ?? false
        }
    }

    private func stems(_ token: UnsafeBufferPointer<UInt8>, to stem: Bytes) -> Bool {
        guard token.count >= minStemLength, let stemmer else { return false }
        // English stems of more than three letters keep the second one, too: looking first saves nearly all the stemming.
        if stemmer.language == .english, stem.count > 3, token[0] == stem[0], token[1] != stem[1] { return false }
        let found = stemmer.stem(token)
        return found.isEqual(to: stem) && !token.isEqual(to: stem)
    }

    /// The term under which the index also has the token, if the pattern can match such terms.
    private func stemTerm(
        of token: UnsafeBufferPointer<UInt8>, for pattern: TermPattern, _ bit: Int
    ) -> Bytes? {
        guard token.count >= minStemLength, let stemmer, stemmedFields & (1 << bit) != 0,
            pattern.firstByte ?? UInt8(ascii: "+") == UInt8(ascii: "+")
        else { return nil }
        let stem = stemmer.stem(token)
        return stem.elementsEqual(token) ? nil : [UInt8(ascii: "+")] + stem
    }

    /// Of all terms that match a pattern a document counts one, the first in the dictionary: RediSearch stops
    /// looking there.
    private func keepOnePatternTerm(_ fields: [FieldText]) {
        for leaf in leaves.indices {
            guard case .pattern(let pattern) = leaves[leaf], masks[leaf] != 0 else { continue }
            var first: Bytes?
            func consider(_ term: Bytes) {
                if first.map({ term.lexicographicallyPrecedes($0) }) ?? true { first = term }
            }
            for hit in hits where hit.leaf == leaf {
                let token = buffer.text(of: buffer[hit.token])
                if pattern.matches(token) { consider(Bytes(token)) }
                if let stem = stemTerm(of: token, for: pattern, bit(ofToken: hit.token, fields)),
                    stem.withUnsafeBufferPointer(pattern.matches)
                {
                    consider(stem)
                }
            }
            patternTerms[leaf] = first
            hits.removeAll { hit in
                guard hit.leaf == leaf else { return false }
                let token = buffer.text(of: buffer[hit.token])
                let bit = bit(ofToken: hit.token, fields)
                return first.map { !token.isEqual(to: $0) && stemTerm(of: token, for: pattern, bit) != $0 } ?? true
            }
        }
    }

    /// - Precondition: ``ends`` counts tokens.
    private func bit(ofToken token: Int, _ fields: [FieldText]) -> Int {
        fields[ends.firstIndex { token < $0 }!].bit
    }

    // MARK: Which branches matched

    /// Marks the leaves below a node that is known to match.
    private func activate(_ plan: Plan) {
        switch plan {
        case .leaf(let leaf, _):
            active[leaf] = true
        case .phrase(let leaves, _):
            for leaf in leaves { active[leaf] = true }
        case .all(let children):
            for child in children { activate(child) }
        case .any(let children):
            var some = false
            for child in children where isMatch(child) {
                some = true
                activate(child)
            }
            // None of them: what matched stands in a field that is not at hand, so all may have.
            if !some { for child in children { activate(child) } }
        case .optional(let child):
            if isMatch(child) { activate(child) }
        case .not, .other, .nothing:
            break
        }
    }

    private func isMatch(_ plan: Plan) -> Bool {
        switch plan {
        case .leaf(let leaf, let mask): masks[leaf] & mask != 0
        case .phrase(let leaves, let mask): isMatch(phrase: leaves, mask)
        case .all(let children): children.allSatisfy(isMatch)
        case .any(let children): children.contains(where: isMatch)
        case .not(let child): !isMatch(child)
        case .optional, .other: true
        case .nothing: false
        }
    }

    private func isMatch(phrase leaves: [Int], _ mask: FieldMask) -> Bool {
        guard let first = leaves.first, leaves.allSatisfy({ masks[$0] & mask != 0 }) else { return false }
        let positions = leaves.map { leaf in
            Set(hits.lazy.filter { $0.leaf == leaf }.map { self.buffer[$0.token].position })
        }
        return hits.contains { hit in
            guard hit.leaf == first else { return false }
            let start = buffer[hit.token].position
            return positions.indices.allSatisfy { positions[$0].contains(start &+ UInt32($0)) }
        }
    }
}
