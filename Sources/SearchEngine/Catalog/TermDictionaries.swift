// The dictionaries of FT.DICTADD: sets of words for the whole node, used by FT.SPELLCHECK.

import Platform
import SearchModel

/// Changed on the lane, read anywhere.
final class TermDictionaries: Sendable {
    /// Terms in byte order, by dictionary name.
    private let state = Monitor<[Bytes: [Bytes]]>([:])

    func terms(of name: Bytes) -> [Bytes]? { state.withLock { $0[name] } }

    /// The dictionary with these terms added, and how many were new. Empty terms count for nothing.
    func adding(_ terms: [Bytes], to name: Bytes) -> (terms: [Bytes], added: Int) {
        let known = self.terms(of: name) ?? []
        var all = Set(known)
        for term in terms where !term.isEmpty { all.insert(term) }
        return (Self.sorted(all), all.count - known.count)
    }

    func removing(_ terms: [Bytes], from name: Bytes) -> (terms: [Bytes], removed: Int) {
        let known = self.terms(of: name) ?? []
        let all = Set(known).subtracting(terms)
        return (Self.sorted(all), known.count - all.count)
    }

    func replace(_ name: Bytes, with terms: [Bytes]) { state.withLock { $0[name] = terms } }

    func removeAll() { state.withLock { $0 = [:] } }

    var names: [Bytes] { state.withLock { Array($0.keys) } }

    private static func sorted(_ terms: Set<Bytes>) -> [Bytes] {
        terms.sorted { $0.lexicographicallyPrecedes($1) }
    }

    // MARK: bytes

    static func encode(_ terms: [Bytes]) -> Bytes {
        var encoder = ByteEncoder()
        encoder.number(1)
        encoder.list(terms) { $0.text($1) }
        return encoder.bytes
    }

    static func decode(_ bytes: Bytes) throws(ByteDecodingError) -> [Bytes] {
        var decoder = ByteDecoder(bytes)
        guard try decoder.number() == 1 else { throw ByteDecodingError() }
        return try decoder.list { decoder throws(ByteDecodingError) in try decoder.text() }
    }
}
