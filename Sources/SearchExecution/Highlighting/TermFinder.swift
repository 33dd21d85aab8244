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
    /// One TEXT field of a document: the field's bit and the stored text.
    package struct FieldText {
        package var bit: Int
        package var text: Bytes

        package init(bit: Int, text: Bytes) {
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
    private let phoneticFields: FieldMask
    private var leaves: [Leaf] = []
    private var plan = Plan.nothing

    private let buffer = TokenBuffer()
    /// (token, leaf), tokens ascending.
    private var hits: [(token: Int, leaf: Int)] = []
    /// Fields that a leaf was found in.
    private var masks: [FieldMask] = []
    private var patternTerms: [Bytes?] = []

    /// - Parameters:
    ///   - tree: from ``QueryExpander``, expanded for execution.
    ///   - stemmer: of the documents' language.
    package init(
        tree: QueryNode, schema: Schema, tokenizer: Tokenizer, stemmer: Stemmer?,
        synonyms: SynonymTable = SynonymTable(), minStemLength: Int = 4, minPrefix: Int = 2
    ) {
        self.tokenizer = tokenizer
        self.stemmer = stemmer
        self.synonyms = synonyms
        self.minStemLength = minStemLength
        self.minPrefix = minPrefix
        var phoneticFields: FieldMask = 0
        for field in schema.fields {
            if case .text(let options) = field.kind, options.phonetic != nil { phoneticFields |= 1 << options.bit }
        }
        self.phoneticFields = phoneticFields
        plan = compile(tree)
    }

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
        return leaves.count - 1
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

    /// The words that matched, per text, in text order. A word that several leaves found is there several times.
    ///
    /// - Parameter fields: all TEXT fields of the document that are at hand. What a field that is left out
    ///   contributed to the match is not seen.
    package func find(in fields: [FieldText]) -> [[FoundTerm]] {
        buffer.removeAll()
        hits.removeAll(keepingCapacity: true)
        masks = [FieldMask](repeating: 0, count: leaves.count)
        patternTerms = [Bytes?](repeating: nil, count: leaves.count)
        var ends: [Int] = []
        for field in fields {
            let start = buffer.count
            field.text.withUnsafeBufferPointer { tokenizer.append($0, to: buffer) }
            collectHits(from: start, bit: field.bit)
            ends.append(buffer.count)
        }
        keepOnePatternTerm()

        var active = [Bool](repeating: false, count: leaves.count)
        activate(plan, &active)
        var result: [[FoundTerm]] = []
        var hit = 0
        for end in ends {
            var found: [FoundTerm] = []
            while hit < hits.count && hits[hit].token < end {
                let (token, leaf) = hits[hit]
                if active[leaf] {
                    found.append(
                        FoundTerm(
                            offset: Int(buffer[token].sourceOffset), position: Int(buffer[token].position),
                            leaf: leaf))
                }
                hit += 1
            }
            result.append(found)
        }
        return result
    }

    private func collectHits(from start: Int, bit: Int) {
        for token in start..<buffer.count {
            let text = buffer.text(of: buffer[token])
            for leaf in leaves.indices where isFound(leaves[leaf], text, bit) {
                hits.append((token, leaf))
                masks[leaf] |= 1 << bit
            }
        }
    }

    private func isFound(_ leaf: Leaf, _ token: UnsafeBufferPointer<UInt8>, _ bit: Int) -> Bool {
        switch leaf {
        case .word(let word):
            return token.count == word.count && token.elementsEqual(word)
        case .stem(let stem):
            return stems(token, to: stem)
        case .group(let group):
            return synonyms.groups(of: Bytes(token)).contains(group)
        case .code(let code):
            return phoneticFields & (1 << bit) != 0 && DoubleMetaphone.primaryCode(of: Bytes(token)) == code
        case .pattern(let pattern):
            if pattern.matches(token) { return true }
            return stemTerm(of: token).map { $0.withUnsafeBufferPointer(pattern.matches) } ?? false
        }
    }

    private func stems(_ token: UnsafeBufferPointer<UInt8>, to stem: Bytes) -> Bool {
        guard token.count >= minStemLength, let stemmer else { return false }
        // English stems keep the first letter; looking at it first saves nearly all the stemming.
        if stemmer.language == .english && token.first != stem.first { return false }
        let found = stemmer.stem(token)
        return found.count == stem.count && found.elementsEqual(stem) && !found.elementsEqual(token)
    }

    /// The term under which the index also has the token.
    private func stemTerm(of token: UnsafeBufferPointer<UInt8>) -> Bytes? {
        guard token.count >= minStemLength, let stemmer else { return nil }
        let stem = stemmer.stem(token)
        return stem.elementsEqual(token) ? nil : [UInt8(ascii: "+")] + stem
    }

    /// Of all terms that match a pattern a document counts one, the first in the dictionary: RediSearch stops
    /// looking there.
    private func keepOnePatternTerm() {
        for leaf in leaves.indices {
            guard case .pattern(let pattern) = leaves[leaf], masks[leaf] != 0 else { continue }
            var first: Bytes?
            func consider(_ term: Bytes) {
                if first.map({ term.lexicographicallyPrecedes($0) }) ?? true { first = term }
            }
            for hit in hits where hit.leaf == leaf {
                let token = buffer.text(of: buffer[hit.token])
                if pattern.matches(token) { consider(Bytes(token)) }
                if let stem = stemTerm(of: token), stem.withUnsafeBufferPointer(pattern.matches) { consider(stem) }
            }
            patternTerms[leaf] = first
            hits.removeAll { hit in
                guard hit.leaf == leaf else { return false }
                let token = buffer.text(of: buffer[hit.token])
                return first.map { !token.elementsEqual($0) && stemTerm(of: token) != $0 } ?? true
            }
        }
    }

    // MARK: Which branches matched

    /// Marks the leaves below a node that is known to match.
    private func activate(_ plan: Plan, _ active: inout [Bool]) {
        switch plan {
        case .leaf(let leaf, _):
            active[leaf] = true
        case .phrase(let leaves, _):
            for leaf in leaves { active[leaf] = true }
        case .all(let children):
            for child in children { activate(child, &active) }
        case .any(let children):
            // None of them: what matched stands in a field that is not at hand, so all may have.
            let matched = children.filter(isMatch)
            for child in matched.isEmpty ? children : matched { activate(child, &active) }
        case .optional(let child):
            if isMatch(child) { activate(child, &active) }
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
