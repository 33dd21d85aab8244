// FT.SUGADD and FT.SUGDEL, and reads that need the store: on the lane, between two bursts.

import RESP
import SearchModel
import SearchSuggest
import Storage

/// What became of a change or a question.
package enum SuggestionOutcome: Sendable {
    /// Entries of the dictionary (FT.SUGADD), or 1 and 0 for whether there was one (FT.SUGDEL).
    case number(Int)
    case dictionary(SuggestionDictionary)
    case absent
    case wrongType
    case invalidScore
    case failed(String)
}

/// A change of one dictionary: memory first, then the store in the same turn of the lane. When the store refuses, what
/// memory holds is forgotten and read again by whoever comes next.
package final class SuggestionChange: LaneExchange, @unchecked Sendable {
    // Sendable: fixed when made, but for what `begin` leaves to `end`, both on the lane's thread.
    package enum Change: Sendable {
        /// `score`: `nil` when it was no number, which matters only after what is under the key.
        case add(text: Bytes, score: Float?, adding: Bool, payload: Bytes?)
        case remove(text: Bytes)
    }

    private unowned let engine: SearchEngine
    private let key: Bytes
    private let change: Change
    private let write: @Sendable (SuggestionOutcome, ReplyWriter) -> Void
    private var outcome = SuggestionOutcome.absent
    private var changed: SuggestionDictionary?

    package init(
        _ change: Change, of key: Bytes, engine: SearchEngine,
        write: @escaping @Sendable (SuggestionOutcome, ReplyWriter) -> Void
    ) {
        self.engine = engine
        self.key = key
        self.change = change
        self.write = write
    }

    package func begin(_ link: any LaneLink) {
        let catalog = engine.suggestions
        let opening = catalog.open(key, link)
        switch (opening, change) {
        case (.wrongType, _): outcome = .wrongType
        case (.failed(let message), _): outcome = .failed(message)
        case (_, .add(_, nil, _, _)): outcome = .invalidScore
        case (.absent, .remove): outcome = .number(0)
        case (.dictionary(let dictionary), .remove(let text)): remove(text, from: dictionary, link)
        case (.dictionary(let dictionary), .add(let text, let score?, let adding, let payload)):
            add(text, score, adding, payload, to: dictionary, link)
        case (.absent, .add(let text, let score?, let adding, let payload)):
            do {
                try engine.noteSuggestionsInUse()
            } catch {
                outcome = .failed("ERR the definition could not be saved on this node's disk")
                return
            }
            let dictionary = catalog.add(key, SuggestionTrie(), mayExpire: false)
            link.queue([Bytes("HSET".utf8), key, SuggestionCoding.mark, SuggestionCoding.markValue])
            add(text, score, adding, payload, to: dictionary, link)
        }
    }

    private func add(
        _ text: Bytes, _ score: Float, _ adding: Bool, _ payload: Bytes?, to dictionary: SuggestionDictionary,
        _ link: any LaneLink
    ) {
        changed = dictionary
        dictionary.change { trie in
            if trie.insert(text, score: score, adding: adding, payload: payload) != nil, let entry = trie.entry(text) {
                link.queue([
                    Bytes("HSET".utf8), key, SuggestionCoding.mark, SuggestionCoding.markValue,
                    SuggestionCoding.field(text),
                    SuggestionCoding.value(score: entry.score, payload: entry.payload),
                ])
            }
            outcome = .number(trie.count)
        }
    }

    private func remove(_ text: Bytes, from dictionary: SuggestionDictionary, _ link: any LaneLink) {
        let isRemoved = dictionary.change { $0.remove(text) } ?? false
        outcome = .number(isRemoved ? 1 : 0)
        guard isRemoved else { return }
        changed = dictionary
        link.queue([Bytes("HDEL".utf8), key, SuggestionCoding.field(text)])
    }

    package func end(_ answers: [StoreAnswer], _ reply: ReplyWriter) {
        for case .error(let message) in answers {
            changed?.unload()
            return write(.failed(message), reply)
        }
        write(outcome, reply)
    }
}

/// Looks a dictionary up that is not known, not loaded, or may have expired.
package final class SuggestionReading: LaneExchange, @unchecked Sendable {
    // Sendable: as `SuggestionChange`.
    private let catalog: SuggestionCatalog
    private let key: Bytes
    private let write: @Sendable (SuggestionOutcome, ReplyWriter) -> Void
    private var outcome = SuggestionOutcome.absent

    package init(
        _ catalog: SuggestionCatalog, _ key: Bytes, write: @escaping @Sendable (SuggestionOutcome, ReplyWriter) -> Void
    ) {
        self.catalog = catalog
        self.key = key
        self.write = write
    }

    package func begin(_ link: any LaneLink) {
        switch catalog.open(key, link) {
        case .dictionary(let dictionary): outcome = .dictionary(dictionary)
        case .absent: outcome = .absent
        case .wrongType: outcome = .wrongType
        case .failed(let message): outcome = .failed(message)
        }
    }

    package func end(_ answers: [StoreAnswer], _ reply: ReplyWriter) { write(outcome, reply) }
}
