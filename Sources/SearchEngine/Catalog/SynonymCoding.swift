// Synonym groups as bytes.

import SearchModel

enum SynonymCoding {
    static func encode(_ synonyms: SynonymTable) -> Bytes {
        var encoder = ByteEncoder()
        encoder.number(1)
        encoder.list(synonyms.entries) { encoder, entry in
            encoder.text(entry.term)
            encoder.list(entry.groups) { $0.text($1) }
        }
        return encoder.bytes
    }

    static func decode(_ bytes: Bytes) throws(ByteDecodingError) -> SynonymTable {
        var decoder = ByteDecoder(bytes)
        guard try decoder.number() == 1 else { throw ByteDecodingError() }
        var synonyms = SynonymTable()
        let entries = try decoder.list { decoder throws(ByteDecodingError) -> (Bytes, [Bytes]) in
            let term = try decoder.text()
            return (term, try decoder.list { decoder throws(ByteDecodingError) in try decoder.text() })
        }
        for (term, groups) in entries {
            for group in groups { synonyms.add([term], to: group) }
        }
        return synonyms
    }
}
