// Text: tokens become terms, and terms the lists of the open segment.

import CKernels
import Containers
import SearchModel

extension IndexWriter {
    /// Adds the tokens of one field, in ascending positions. Positions run on over the fields of a document.
    ///
    /// - Parameters:
    ///   - bit: the field's bit in masks.
    ///   - weight: what an occurrence adds to frequency and length.
    ///   - stems: false for NOSTEM fields.
    package func addTokens(_ tokens: UnsafeBufferPointer<IndexToken>, bit: Int, weight: UInt32, stems: Bool) {
        precondition(isInDocument, "tokens outside a document")
        let field = FieldOfTokens(
            maskLow: bit < 64 ? 1 << UInt64(bit) : 0, maskHigh: bit < 64 ? 0 : 1 << UInt64(bit - 64), weight: weight,
            // The stemmer itself is only touched off the common path: a copy of it here would be counted per token.
            isStemmed: stems && pendingStemmer != nil, isForeign: stems && pendingStemmer !== stemmer)
        var start = 0
        while start < tokens.count {
            let count = min(TokenWork.batch, tokens.count &- start)
            addBatch(tokens.baseAddress! + start, count, field)
            start &+= count
        }
    }

    /// Four passes over a few tokens, each fetching what the next one needs: most of the time would go into waiting for
    /// dictionary lines and list heads, one after the other.
    private func addBatch(_ tokens: UnsafePointer<IndexToken>, _ count: Int, _ field: FieldOfTokens) {
        let dictionary = dictionary
        let gatherer = gatherer
        let cache = tokenCache
        let work = tokenWork
        let epoch = openEpoch
        for i in 0..<count {
            let key = TokenCache.key(of: tokens[i].bytes)
            let entry = key.length == 0 ? longTokenEntry : cache.pointee.place(of: key)
            rk_prefetch(entry)
            work[i].key = key
            work[i].entry = entry
        }
        for i in 0..<count {
            let entry = work[i].entry
            work[i].list = nil
            guard entry.pointee.holds(work[i].key) else {
                work[i].hash = hashBytes(tokens[i].bytes)
                dictionary.prefetch(work[i].hash)
                continue
            }
            let needsStem = field.isStemmed && !tokens[i].isDerived
            let knowsStem = entry.pointee.stemList != nil || entry.pointee.stem == TermDictionaryBuilder.noStem
            guard entry.pointee.epoch == epoch, !needsStem || knowsStem && !field.isForeign else { continue }
            work[i].list = entry.pointee.list
            work[i].stemList = needsStem ? entry.pointee.stemList : nil
            rk_prefetch(entry.pointee.list)
            if let list = work[i].stemList { rk_prefetch(list) }
        }
        for i in 0..<count where work[i].list == nil { findLists(tokens[i], field, work + i) }
        for i in 0..<count {
            let position = tokens[i].position
            gatherer.pointee.add(work[i].list!, position: position, weight: field.weight, field)
            if tokens[i].isDerived { continue }
            gatherer.pointee.addLength(field.weight)
            if let list = work[i].stemList {
                gatherer.pointee.add(list, position: position, weight: field.stemWeight, field)
            }
        }
    }

    /// Finds or makes the lists of a token whose cache entry does not know them all.
    @inline(never) private func findLists(
        _ token: IndexToken, _ field: FieldOfTokens, _ work: UnsafeMutablePointer<TokenWork>
    ) {
        let entry = work.pointee.entry
        // Asked again: an earlier token may have brought the word, or taken its place.
        if !entry.pointee.holds(work.pointee.key) {
            entry.pointee = TokenCache.Entry(work.pointee.key)
            intern(token, learnsStem: field.isStemmed && !field.isForeign, entry)
        }
        if entry.pointee.epoch != openEpoch {
            entry.pointee.epoch = openEpoch
            entry.pointee.list = open!.list(for: entry.pointee.term, mask: firstMask(field))
            entry.pointee.stemList = nil
        }
        work.pointee.list = entry.pointee.list
        work.pointee.stemList = nil
        guard field.isStemmed, !token.isDerived else { return }
        if !field.isForeign { work.pointee.stemList = entry.pointee.stemList }
        if work.pointee.stemList == nil { findStemList(token.bytes, field, work) }
    }

    private func firstMask(_ field: FieldOfTokens) -> FieldMask {
        options.keepsFields ? FieldMask(field.maskLow) | FieldMask(field.maskHigh) << 64 : 0
    }

    /// The list of a token's stem, if it has one.
    private func findStemList(_ word: ByteSlice, _ field: FieldOfTokens, _ work: UnsafeMutablePointer<TokenWork>) {
        let entry = work.pointee.entry
        var stem = field.isForeign ? TermDictionaryBuilder.unknownStem : entry.pointee.stem
        if stem == TermDictionaryBuilder.unknownStem {
            stem = findStem(of: entry.pointee.term, word, isForeign: field.isForeign)
            if !field.isForeign { entry.pointee.stem = stem }
        }
        if stem == TermDictionaryBuilder.noStem { return }
        work.pointee.stemList = open!.list(for: stem, mask: firstMask(field))
        if !field.isForeign { entry.pointee.stemList = work.pointee.stemList }
    }

    /// Adds one token; see ``addTokens(_:bit:weight:stems:)``.
    package func addToken(
        _ bytes: ByteSlice, position: UInt32, bit: Int, weight: UInt32, stems: Bool, isDerived: Bool = false
    ) {
        withUnsafePointer(to: IndexToken(bytes, position: position, isDerived: isDerived)) { token in
            addTokens(UnsafeBufferPointer(start: token, count: 1), bit: bit, weight: weight, stems: stems)
        }
    }

    // MARK: Stems

    /// Finds or makes the term of a token, with its stem if the token asks for one.
    @inline(never) private func intern(
        _ token: IndexToken, learnsStem: Bool, _ entry: UnsafeMutablePointer<TokenCache.Entry>
    ) {
        guard learnsStem, !token.isDerived, let stemmer else {
            entry.pointee.term = dictionary.intern(token.bytes)
            return
        }
        (entry.pointee.term, entry.pointee.stem) = dictionary.intern(token.bytes) { internStem(of: $0, by: stemmer) }
    }

    /// The id of the word's `+stem`, or ``TermDictionaryBuilder/noStem``.
    private func internStem(of word: ByteSlice, by stemmer: any StemProvider) -> UInt32 {
        guard stemmer.stem(of: word, into: &stemScratch) else { return TermDictionaryBuilder.noStem }
        stemScratch.insert(UInt8(ascii: "+"), at: 0)
        return stemScratch.withUnsafeBufferPointer { dictionary.intern($0) }
    }

    /// The stem of a known term by the document's stemmer, learnt if need be.
    @inline(never) private func findStem(of term: TermID, _ word: ByteSlice, isForeign: Bool) -> UInt32 {
        guard let stemmer = pendingStemmer else { return TermDictionaryBuilder.noStem }
        let id = ObjectIdentifier(stemmer)
        let known = isForeign ? foreignStems[id]?[term] : dictionary.stem(term)
        if let known, known != TermDictionaryBuilder.unknownStem { return known }
        let stem = internStem(of: word, by: stemmer)
        if isForeign {
            if foreignStems[id, default: [:]].count >= Self.foreignStemLimit { foreignStems[id] = [:] }
            foreignStems[id, default: [:]][term] = stem
        } else {
            dictionary.setStem(term, stem)
        }
        return stem
    }
}
