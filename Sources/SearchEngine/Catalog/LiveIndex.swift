// One index as the node keeps it: what it was defined to be, what it holds, and what happened to it.
//
//              lane thread                        any thread
//   writes ──► IndexWriter ── publish ──► IndexSnapshot ──► queries
//   FT.ALTER ► IndexConfiguration (immutable, swapped whole) ──► parsing, expansion, FT.INFO

import Platform
import SearchIndex
import SearchModel
import Synchronization

/// How far the background scan of the store has come.
package struct ScanProgress: Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        /// FT.CREATE, FT.ALTER, FT.SYNUPDATE: the index answers meanwhile with what it has.
        case indexing
        /// After a start of the node: until the end the index would lie, so it does not answer.
        case rebuilding
    }

    package var reason: Reason
    package var seen: Int
    package var total: Int

    /// 0 to 1; never quite 1 before the end.
    package var fraction: Double { total > 0 ? min(Double(seen) / Double(total), 0.999) : 0 }
}

package final class LiveIndex: Sendable {
    package let name: Bytes
    /// Used on the lane's thread only, but for its snapshot.
    let writer: IndexWriter
    let failures = IndexingFailures()
    /// Lane only.
    let ingest: IndexIngest

    private let configurationState: Monitor<IndexConfiguration>
    private let scan = Monitor<(progress: ScanProgress, start: ArrivalStamp)?>(nil)
    private let usesCount = Atomic<Int>(0)
    private let dialects = Atomic<Int>(0)
    private let indexingNanoseconds = Atomic<Int>(0)
    private let lastUse: Atomic<UInt64>
    private let lastPublication = Atomic<UInt64>(0)
    private let isSettled = Atomic<Bool>(true)
    private let dropped = Atomic<Bool>(false)

    init(_ configuration: IndexConfiguration) {
        name = configuration.definition.name
        writer = IndexWriter(
            schema: configuration.definition.schema, options: IndexOptions(configuration.definition),
            stemmer: LanguageStemmer(configuration.language, minimumLength: configuration.analysis.minStemLength))
        ingest = IndexIngest(writer, failures, configuration)
        configurationState = Monitor(configuration)
        lastUse = Atomic(MonotonicClock.nanoseconds)
    }

    /// Everything but the documents, as of now.
    package var configuration: IndexConfiguration { configurationState.withLock { $0 } }
    package var definition: IndexDefinition { configuration.definition }

    /// What a query sees.
    package var snapshot: IndexSnapshot { writer.snapshot }

    /// Lane only.
    func replaceConfiguration(_ configuration: IndexConfiguration) {
        configurationState.withLock { $0 = configuration }
        ingest.configure(configuration)
    }

    // MARK: synonyms

    /// Terms in byte order, each with its groups.
    package var synonymTerms: [(term: Bytes, groups: [Bytes])] { configuration.synonyms.entries }

    // MARK: use

    /// A command resolved the index: counts for FT.INFO and restarts the clock of a TEMPORARY index.
    func noteUse() {
        usesCount.add(1, ordering: .relaxed)
        if configuration.definition.temporarySeconds != nil { touch() }
    }

    private func touch() { lastUse.store(MonotonicClock.nanoseconds, ordering: .relaxed) }

    package var uses: Int { usesCount.load(ordering: .relaxed) }

    package func noteDialect(_ dialect: Int) {
        let bit = 1 << dialect
        if dialects.load(ordering: .relaxed) & bit == 0 { dialects.bitwiseOr(bit, ordering: .relaxed) }
    }

    package func hasUsedDialect(_ dialect: Int) -> Bool { dialects.load(ordering: .relaxed) & (1 << dialect) != 0 }

    /// Whether a TEMPORARY index has been idle for its whole life.
    func isExpired(at now: UInt64) -> Bool {
        guard let seconds = configuration.definition.temporarySeconds else { return false }
        let last = lastUse.load(ordering: .relaxed)
        return now > last && now - last >= UInt64(max(seconds, 0)) * 1_000_000_000
    }

    // MARK: indexing

    /// Lane: something was published just now.
    func notePublication(indexingNanoseconds: UInt64) {
        let now = MonotonicClock.nanoseconds
        self.indexingNanoseconds.store(Int(clamping: indexingNanoseconds), ordering: .relaxed)
        lastPublication.store(now, ordering: .relaxed)
        isSettled.store(false, ordering: .relaxed)
        lastUse.store(now, ordering: .relaxed)
    }

    /// Whether writes have stopped for so long.
    func isQuiet(at now: UInt64, after pause: UInt64) -> Bool {
        let last = lastPublication.load(ordering: .relaxed)
        return now > last && now - last >= pause
    }

    /// ``isQuiet(at:after:)``, true once per such pause.
    func takeQuiet(at now: UInt64, after pause: UInt64) -> Bool {
        guard !isSettled.load(ordering: .relaxed), isQuiet(at: now, after: pause) else { return false }
        isSettled.store(true, ordering: .relaxed)
        return true
    }

    package var indexingMilliseconds: Double { Double(indexingNanoseconds.load(ordering: .relaxed)) / 1e6 }

    package var failureRecord: FailureRecord { failures.index }
    package func failureRecord(field: Int) -> FailureRecord { failures.field(field) }

    /// `nil`: no scan runs.
    package var scanProgress: ScanProgress? { scan.withLock { $0?.progress } }

    /// - Parameter start: tells this scan from others.
    func beginScan(_ reason: ScanProgress.Reason, start: ArrivalStamp) {
        scan.withLock { $0 = (ScanProgress(reason: reason, seen: 0, total: 0), start) }
    }

    /// Any thread. A scan that has been overtaken by another has nothing to say any more.
    func noteScan(start: ArrivalStamp, seen: Int, total: Int) {
        scan.withLock { scan in
            guard scan?.start == start else { return }
            scan?.progress.seen = seen
            scan?.progress.total = total
        }
    }

    func endScan() { scan.withLock { $0 = nil } }

    /// Percent of the rebuild after a start, while it goes on.
    package var rebuildPercent: Int? {
        guard let progress = scanProgress, progress.reason == .rebuilding else { return nil }
        return Int(progress.fraction * 100)
    }

    // MARK: the end

    /// Set on the lane when the index has left the catalog: whoever still holds it indexes nothing more.
    var isDropped: Bool { dropped.load(ordering: .acquiring) }
    func markDropped() { dropped.store(true, ordering: .releasing) }
}

extension IndexOptions {
    init(_ definition: IndexDefinition) {
        self.init()
        keepsOffsets = !definition.noOffsets
        keepsFrequencies = !definition.noFrequencies
        keepsFields = !definition.noFields
        defaultScore = Float(definition.score)
    }
}
