// Stemmers for queries. One belongs to one thread at a time, and queries are expanded on many threads.

import Platform
import SearchAnalysis

final class StemmerPool: Sendable {
    /// `@unchecked Sendable`: held by the pool or by one borrower.
    private struct Held: @unchecked Sendable {
        let stemmer: Stemmer
    }

    private let idle = Monitor<[Language: [Held]]>([:])

    /// Lends a stemmer for the call; `nil` for languages that have none.
    func withStemmer<Result, Failure>(
        _ language: Language, _ body: (Stemmer?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let stemmer = take(language)
        defer { if let stemmer { giveBack(stemmer) } }
        return try body(stemmer)
    }

    /// One to keep until it is given back.
    func take(_ language: Language) -> Stemmer? {
        idle.withLock { $0[language]?.popLast() }?.stemmer ?? Stemmer(language)
    }

    func giveBack(_ stemmer: Stemmer) {
        let held = Held(stemmer: stemmer)
        idle.withLock { $0[stemmer.language, default: []].append(held) }
    }
}
