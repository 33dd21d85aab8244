// Texts of a document on their way into the index: tokens with positions, synonym groups, phonetic codes, tags.

import RESP
import SearchAnalysis
import SearchIndex
import SearchModel

/// What a TEXT field's options mean to a token.
struct TextTarget: BitwiseCopyable {
    let bit: Int
    let weight: UInt32
    let isStemmed: Bool
    let isPhonetic: Bool
    let indexesEmpty: Bool

    init(_ options: TextOptions) {
        bit = options.bit
        weight = options.integerWeight
        isStemmed = !options.noStem
        isPhonetic = options.phonetic != nil
        indexesEmpty = options.indexEmpty
    }
}

/// Scratch and analysis of one index. Used on the lane's thread only.
final class DocumentAnalyzer {
    private let tokenizer: Tokenizer
    private let synonyms: SynonymTable
    private let language: Language
    private let phoneticMinimum: Int
    private let stemmers: StemProviders
    private let tokens = TokenBuffer()
    @exclusivity(unchecked) private var indexTokens = UnsafeMutablePointer<IndexToken>.allocate(capacity: 256)
    @exclusivity(unchecked) private var indexTokenCapacity = 256
    @exclusivity(unchecked) private var tagScratch = Bytes()

    init(_ configuration: IndexConfiguration) {
        tokenizer = Tokenizer(stopWords: configuration.stopWords)
        synonyms = configuration.synonyms
        language = configuration.language
        phoneticMinimum = configuration.analysis.minPhoneticLength
        stemmers = StemProviders(minimumLength: configuration.analysis.minStemLength)
    }

    deinit { indexTokens.deallocate() }

    /// The stemmer of a document that names its language; `nil`: the index's.
    func stemmer(of name: ByteSlice?) -> (any StemProvider)? {
        guard let name, let own = Language(name: name), own.isSupported, own != language else { return nil }
        return stemmers.provider(for: own)
    }

    /// A new document: positions start again.
    func begin() { tokens.removeAll() }

    func write(_ value: ByteSlice, _ target: TextTarget, to writer: IndexWriter) {
        let first = tokens.count
        if value.isEmpty {
            guard target.indexesEmpty else { return }
            tokens.appendEmptyToken()
        } else {
            tokenizer.append(value, to: tokens)
        }
        let count = tokens.count - first
        guard count > 0 else { return }
        if count > indexTokenCapacity {
            indexTokens.deallocate()
            indexTokenCapacity = max(count, 2 * indexTokenCapacity)
            indexTokens = .allocate(capacity: indexTokenCapacity)
        }
        let (source, arena, out) = (tokens.tokens + first, tokens.arenaStart, indexTokens)
        for i in 0..<count {
            let token = source[i]
            let bytes = ByteSlice(start: arena + Int(token.offset), count: Int(token.length))
            (out + i).initialize(to: IndexToken(bytes, position: token.position))
        }
        writer.addTokens(
            UnsafeBufferPointer(start: out, count: count), bit: target.bit, weight: target.weight,
            stems: target.isStemmed)
        if !synonyms.isEmpty { writeSynonyms(from: first, target, to: writer) }
        if target.isPhonetic { writePhonetics(from: first, target, to: writer) }
    }

    /// A token that is in a group stands for the group, too.
    private func writeSynonyms(from first: Int, _ target: TextTarget, to writer: IndexWriter) {
        for i in first..<tokens.count {
            let token = tokens[i]
            for group in synonyms.groups(of: Bytes(tokens.text(of: token))) {
                let term = [UInt8(ascii: "~")] + group
                term.withUnsafeBufferPointer {
                    writer.addToken(
                        $0, position: token.position, bit: target.bit, weight: target.weight, stems: false,
                        isDerived: true)
                }
            }
        }
    }

    /// Tokens of a PHONETIC field are found by their sound, too. A token that is too short for a sound of its own
    /// counts as one more of the token before it: that is what RediSearch does, and scores show it.
    private func writePhonetics(from first: Int, _ target: TextTarget, to writer: IndexWriter) {
        var last: Bytes?
        for i in first..<tokens.count {
            let token = tokens[i]
            if Int(token.length) >= phoneticMinimum {
                last = DoubleMetaphone.primaryCode(of: Bytes(tokens.text(of: token)))
            }
            guard let code = last else { continue }
            let term = [UInt8(ascii: "<")] + code
            term.withUnsafeBufferPointer {
                writer.addToken(
                    $0, position: token.position, bit: target.bit, weight: target.weight, stems: false,
                    isDerived: true)
            }
        }
    }

    /// The tags of a value; one without bytes for an empty value of an INDEXEMPTY field.
    func writeTags(_ value: ByteSlice, _ options: TagOptions, field: Int, to writer: IndexWriter) {
        writer.setTags(field: field, raw: value) { take in
            if value.isEmpty {
                if options.indexEmpty { take(value) }
            } else {
                TagSplitter(options).forEachTag(of: value, scratch: &tagScratch, take)
            }
        }
    }
}

/// Stemmers as the index asks for them, one per language.
final class StemProviders {
    private var providers: [Language: LanguageStemmer] = [:]
    private let minimumLength: Int

    init(minimumLength: Int) { self.minimumLength = minimumLength }

    func provider(for language: Language) -> (any StemProvider)? {
        if let known = providers[language] { return known }
        guard let made = LanguageStemmer(language, minimumLength: minimumLength) else { return nil }
        providers[language] = made
        return made
    }
}

/// `@unchecked Sendable`: used on the lane's thread only.
final class LanguageStemmer: StemProvider, @unchecked Sendable {
    private let stemmer: Stemmer
    /// Shorter words are their own stems.
    private let minimumLength: Int

    init?(_ language: Language, minimumLength: Int) {
        guard let stemmer = Stemmer(language) else { return nil }
        self.stemmer = stemmer
        self.minimumLength = minimumLength
    }

    func stem(of word: ByteSlice, into stem: inout [UInt8]) -> Bool {
        guard word.count >= minimumLength else { return false }
        let result = stemmer.stem(word)
        guard !result.elementsEqual(word) else { return false }
        stem.removeAll(keepingCapacity: true)
        stem.append(contentsOf: result)
        return true
    }
}
