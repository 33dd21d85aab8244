// Snowball stemmers of the system's library.

import CStemmer
import SearchModel

/// Reduces words of one language to their stems.
///
/// Not thread-safe: the library keeps the word it works on inside the stemmer. One per thread and language, see
/// ``StemmerCache``.
package final class Stemmer {
    package let language: Language
    private let handle: OpaquePointer

    /// `nil` for languages without a stemmer.
    package init?(_ language: Language) {
        guard language.isSupported, let handle = sb_stemmer_new(language.rawValue, "UTF_8") else { return nil }
        self.language = language
        self.handle = handle
    }

    deinit { sb_stemmer_delete(handle) }

    /// The stem of a lower-case word; valid until the next call.
    ///
    /// The word itself when the library runs out of memory.
    package func stem(_ word: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        guard let start = word.baseAddress, word.count < Int(Int32.max),
            let stem = sb_stemmer_stem(handle, start, Int32(word.count))
        else { return word }
        return UnsafeBufferPointer(start: stem, count: Int(sb_stemmer_length(handle)))
    }

    /// The stem when it differs from the word, as owned bytes.
    package func differingStem(of word: Bytes) -> Bytes? {
        word.withUnsafeBufferPointer { word in
            let stem = stem(word)
            return stem.elementsEqual(word) ? nil : Bytes(stem)
        }
    }

    package func stem(_ word: Bytes) -> Bytes {
        word.withUnsafeBufferPointer { Bytes(stem($0)) }
    }
}

/// The stemmers of one thread, made when first asked for. Not thread-safe.
package final class StemmerCache {
    private var stemmers = [Stemmer?](repeating: nil, count: Language.allCases.count)

    package init() {}

    package func stemmer(for language: Language) -> Stemmer? {
        guard let index = Language.allCases.firstIndex(of: language) else { return nil }
        if let known = stemmers[index] { return known }
        stemmers[index] = Stemmer(language)
        return stemmers[index]
    }
}
