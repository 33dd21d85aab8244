// How a dictionary of suggestions lies in the store: a hash under the user's own key.
//
//   FT.SUGADD cities Oslo 2.5 PAYLOAD no        field                     value
//
//                                               \0ringsearch:suggestions  1
//                                               >Oslo                     score (f32, little-endian) no
//
// So one FT.SUGADD is one HSET, in proportion to the entry, and whatever keeps the store's keys (its append-only file,
// RENAME, EXPIRE, DUMP ...) keeps dictionaries. The first field is the mark that tells a dictionary from a document; it is
// written with every entry, so that a key which has just expired cannot come back without. A dictionary without entries
// keeps its mark: as in RediSearch, the key goes only when it is deleted.
//
// In memory there is a trie for each (`SuggestionTrie`), changed on the lane only, together with the HSET that says the
// same; see `SuggestionChange`. What changes the hash in other ways (a script, another client of the store) is told to the
// lane like any change, and the trie is built anew.

import RESP
import SearchModel
import SearchSuggest
import Storage

enum SuggestionCoding {
    static let mark = Bytes("\0ringsearch:suggestions".utf8)
    static let markValue = Bytes("1".utf8)
    private static let entryPrefix = UInt8(ascii: ">")

    static func field(_ text: Bytes) -> Bytes { [entryPrefix] + text }

    static func value(score: Float, payload: Bytes?) -> Bytes {
        let bits = score.bitPattern
        var value: Bytes = []
        for shift in stride(from: UInt32(0), to: 32, by: 8) { value.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        return value + (payload ?? [])
    }

    static func isDictionary(_ fields: FieldSlices) -> Bool {
        for i in 0..<fields.count where fields.name(i).first == 0 && fields.name(i).elementsEqual(mark) { return true }
        return false
    }

    /// The trie of a hash. In the order of the texts, so that equal scores are ordered alike after each start.
    static func trie(_ fields: [(name: Bytes, value: Bytes)]) -> SuggestionTrie {
        var trie = SuggestionTrie()
        let entries = fields.filter { $0.name.first == entryPrefix && $0.value.count >= 4 }
        for (name, value) in entries.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
            var bits: UInt32 = 0
            for (i, byte) in value.prefix(4).enumerated() { bits |= UInt32(byte) << UInt32(8 * i) }
            let payload = value.count > 4 ? Bytes(value[4...]) : nil
            trie.restore(Bytes(name.dropFirst()), score: Float(bitPattern: bits), payload: payload)
        }
        return trie
    }

    static func trie(_ fields: FieldSlices) -> SuggestionTrie {
        trie((0..<fields.count).map { (name: Bytes(fields.name($0)), value: Bytes(fields.value($0))) })
    }
}
