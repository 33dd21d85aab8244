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
        let held = idle.withLock { $0[language]?.popLast() } ?? Stemmer(language).map(Held.init)
        defer { if let held { idle.withLock { $0[language, default: []].append(held) } } }
        return try body(held?.stemmer)
    }
}
