// The dictionaries of suggestions that this node knows of, by key.

import Containers
import Platform
import RESP
import SearchModel
import SearchSuggest
import Storage
import Synchronization

/// One dictionary. Changed on the lane, searched anywhere.
package final class SuggestionDictionary: Sendable {
    private struct State {
        /// `nil`: in the store alone, to be read when it is used.
        var trie: SuggestionTrie?
        /// Only the store knows whether the key is still there.
        var mayExpire: Bool
    }

    let key: Bytes
    private let state: Monitor<State>

    init(key: Bytes, trie: SuggestionTrie?, mayExpire: Bool) {
        self.key = key
        state = Monitor(State(trie: trie, mayExpire: mayExpire))
    }

    package var count: Int { state.withLock { $0.trie?.count ?? 0 } }

    /// - Parameter text: folded code points.
    package func suggestions(
        for text: [UInt32], limit: Int, isFuzzy: Bool, trimming: Bool
    ) -> [Suggestion] {
        state.withLock {
            $0.trie?.suggestions(for: text, limit: limit, isFuzzy: isFuzzy, trimming: trimming) ?? []
        }
    }

    /// Whether memory tells all there is to know.
    var isReady: Bool { state.withLock { $0.trie != nil && !$0.mayExpire } }
    var isLoaded: Bool { state.withLock { $0.trie != nil } }
    var mayExpire: Bool { state.withLock { $0.mayExpire } }

    func noteMayExpire() { state.withLock { $0.mayExpire = true } }

    func load(_ trie: SuggestionTrie, mayExpire: Bool) {
        state.withLock { $0 = State(trie: trie, mayExpire: mayExpire) }
    }

    /// What memory says is not what the store has.
    func unload() { state.withLock { $0.trie = nil } }

    func change<Result>(_ body: (inout SuggestionTrie) -> Result) -> Result? {
        state.withLock { state in
            guard state.trie != nil else { return nil }
            return body(&state.trie!)  // looked at above; a copy would double the dictionary
        }
    }
}

package final class SuggestionCatalog: Sendable {
    /// By hash of the key.
    private let state = Monitor<[UInt64: [SuggestionDictionary]]>([:])
    private let keyCount = Atomic<Int>(0)
    private let inUse = Atomic<Bool>(false)

    /// Whether there may be dictionaries in the store.
    var isInUse: Bool { inUse.load(ordering: .relaxed) }
    var hasKeys: Bool { keyCount.load(ordering: .relaxed) > 0 }

    func noteInUse() { inUse.store(true, ordering: .relaxed) }

    /// A dictionary that can be searched without asking the store.
    package func ready(_ key: ByteSlice) -> SuggestionDictionary? {
        guard hasKeys, let known = find(key), known.isReady else { return nil }
        return known
    }

    func holds(_ key: ByteSlice) -> Bool { find(key) != nil }

    func find(_ key: ByteSlice) -> SuggestionDictionary? {
        let hash = hashBytes(key)
        return state.withLock { $0[hash]?.first { $0.key.count == key.count && $0.key.elementsEqual(key) } }
    }

    func find(_ key: Bytes) -> SuggestionDictionary? { key.withUnsafeBufferPointer { find($0) } }

    // MARK: lane only

    /// Adds a dictionary under a key that has none.
    func add(_ key: Bytes, _ trie: SuggestionTrie?, mayExpire: Bool) -> SuggestionDictionary {
        let dictionary = SuggestionDictionary(key: key, trie: trie, mayExpire: mayExpire)
        let hash = key.withUnsafeBufferPointer { hashBytes($0) }
        state.withLock { $0[hash, default: []].append(dictionary) }
        keyCount.add(1, ordering: .relaxed)
        return dictionary
    }

    func remove(_ key: ByteSlice) {
        let hash = hashBytes(key)
        let isRemoved = state.withLock { state in
            guard let i = state[hash]?.firstIndex(where: { $0.key.elementsEqual(key) }) else { return false }
            state[hash]?.remove(at: i)
            if state[hash]?.isEmpty ?? false { state[hash] = nil }
            return true
        }
        if isRemoved { keyCount.subtract(1, ordering: .relaxed) }
    }

    func removeAll() {
        state.withLock { $0 = [:] }
        keyCount.store(0, ordering: .relaxed)
    }

    func unloadAll() {
        for dictionary in state.withLock({ Array($0.values.joined()) }) { dictionary.unload() }
    }

    /// A hash as the store has it now; `true`: it is a dictionary, and no document.
    func take(_ key: ByteSlice, _ fields: FieldSlices) -> Bool {
        guard SuggestionCoding.isDictionary(fields) else {
            if hasKeys { remove(key) }
            return false
        }
        let trie = SuggestionCoding.trie(fields)
        // How it came here is not known: it may bring an expiry along.
        if let known = find(key) {
            known.load(trie, mayExpire: true)
        } else {
            _ = add(Bytes(key), trie, mayExpire: true)
        }
        return true
    }

    // MARK: opening

    enum Opening {
        case dictionary(SuggestionDictionary)
        case absent
        case wrongType
        case failed(String)
    }

    /// Finds out, with the store where that is needed, what is under a key.
    func open(_ key: Bytes, _ link: any LaneLink) -> Opening {
        let known = find(key)
        if let known {
            if known.mayExpire, case .integer(0) = link.ask([Bytes("EXISTS".utf8), key]) {
                key.withUnsafeBufferPointer { remove($0) }
                return .absent
            }
            if known.isLoaded { return .dictionary(known) }
        }
        switch link.ask([Bytes("HGET".utf8), key, SuggestionCoding.mark]) {
        case .text: return load(key, known, link)
        case .null:
            key.withUnsafeBufferPointer { remove($0) }
            switch link.ask([Bytes("EXISTS".utf8), key]) {
            case .integer(0): return .absent
            case .error(let message): return .failed(message)
            default: return .wrongType
            }
        case .error(let message):
            return message.hasPrefix("WRONGTYPE") ? .wrongType : .failed(message)
        default: return .failed("ERR the store answered something else")
        }
    }

    private func load(_ key: Bytes, _ known: SuggestionDictionary?, _ link: any LaneLink) -> Opening {
        let row = link.ask([Bytes("HGETALL".utf8), key])
        let life = link.ask([Bytes("PTTL".utf8), key])
        guard case .array(let texts) = row else {
            if case .error(let message) = row { return .failed(message) }
            return .failed("ERR the store answered something else")
        }
        var fields: [(name: Bytes, value: Bytes)] = []
        fields.reserveCapacity(texts.count / 2)
        for i in stride(from: 0, to: texts.count - 1, by: 2) {
            if case .text(let name) = texts[i], case .text(let value) = texts[i + 1] { fields.append((name, value)) }
        }
        let trie = SuggestionCoding.trie(fields)
        let mayExpire = life != .integer(-1)
        noteInUse()
        guard let known else { return .dictionary(add(key, trie, mayExpire: mayExpire)) }
        known.load(trie, mayExpire: mayExpire)
        return .dictionary(known)
    }
}

extension SearchEngine {
    /// Walks over the store for dictionaries that this process does not know yet. What is asked for meanwhile is found
    /// by its key.
    func findSuggestions() {
        guard suggestions.isInUse, let store else { return }
        _ = store.scan(
            prefixes: [[]],
            visit: { [suggestions] key, fields in
                guard SuggestionCoding.isDictionary(fields) else { return }
                if let known = suggestions.find(key), known.isLoaded { return }
                _ = suggestions.take(key, fields)
            }, progress: { _, _ in }, completion: { _ in })
    }
}
