// Whatever words a client sends, each command gives one well-formed reply.

import Commands
import EngineTestKit
import RESP
import Settings
import Testing

@Suite struct HostileArgumentsTests {
    /// Small and replayable.
    private struct Dice {
        var state: UInt64

        mutating func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(sides))
        }
    }

    private static let words: [String] = [
        "SCHEMA", "ON", "HASH", "JSON", "PREFIX", "FILTER", "LANGUAGE", "LANGUAGE_FIELD", "SCORE", "SCORE_FIELD",
        "PAYLOAD_FIELD", "MAXTEXTFIELDS", "TEMPORARY", "NOOFFSETS", "NOHL", "NOFIELDS", "NOFREQS", "STOPWORDS",
        "SKIPINITIALSCAN", "INDEXALL", "ENABLE", "TEXT", "TAG", "NUMERIC", "GEO", "VECTOR", "GEOSHAPE", "AS", "NOSTEM",
        "WEIGHT", "PHONETIC", "dm:en", "WITHSUFFIXTRIE", "INDEXEMPTY", "INDEXMISSING", "SEPARATOR", "CASESENSITIVE",
        "SORTABLE", "UNF", "NOINDEX", "ADD", "DD", "KEEPDOCS", "NOCONTENT", "VERBATIM", "NOSTOPWORDS", "WITHSCORES",
        "WITHPAYLOADS", "WITHSORTKEYS", "WITHRAWIDS", "GEOFILTER", "INKEYS", "INFIELDS", "RETURN", "SUMMARIZE",
        "FIELDS",
        "FRAGS", "LEN", "HIGHLIGHT", "TAGS", "SLOP", "INORDER", "EXPANDER", "SCORER", "TFIDF", "BM25", "HAMMING",
        "DOCSCORE", "EXPLAINSCORE", "PAYLOAD", "SORTBY", "ASC", "DESC", "LIMIT", "TIMEOUT", "PARAMS", "DIALECT",
        "FORMAT", "STRING", "EXPAND", "WITHCOUNT", "WITHOUTCOUNT", "WITHCURSOR", "COUNT", "SEARCH", "LIMITED", "QUERY",
        "DISTANCE", "TERMS", "INCLUDE", "EXCLUDE", "FULLSCOREINFO", "english", "german", "chinese",
        "0", "1", "2", "3", "4", "10", "-1", "1.5", "1e9", "99999999999999999999", "-9223372036854775808", "inf",
        "-inf",
        "nan", "(", "(1", "0x10", "", " ", ",", "km", "m", "i", "j", "al", "t", "u", "g", "n", "geo", "s", "d", "d:1",
        "d:2", "hello", "hello|world", "@t:hello", "@g:{a}", "@n:[1 5]", "@geo:[1 2 3 km]", "*", "he*", "*ll*",
        "%hallo%",
        "-hello", "~hello", "\"hello world\"", "(hello", "w'h?llo'", "$x", "x", "ismissing(@u)", "@n>=2",
        "hello=>{$weight:2}", "\u{0}", "\u{7f}\u{1}", "é", "日本",
    ]

    @Test(arguments: 0..<16)
    func `random words are answered`(seed: Int) throws {
        var dice = Dice(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        let node = try TestNode()
        let names = SearchCommands.all.map(\.name)
        node.run("FT.CREATE i PREFIX 1 d: SCHEMA t TEXT SORTABLE u TEXT INDEXMISSING g TAG n NUMERIC geo GEO")
        for step in 0..<600 {
            if step % 50 == 0 {
                node.run("HSET d:\(step % 7) t hello\(step) u world g a,b n \(step) geo 1,2 s 0.5")
            }
            var line: [[UInt8]] = [Array(names[dice.roll(names.count)].utf8)]
            if dice.roll(4) > 0 { line.append(Array(["i", "j", "al", ""][dice.roll(4)].utf8)) }
            for _ in 0..<dice.roll(14) {
                if dice.roll(40) == 0 {
                    line.append((0..<dice.roll(20)).map { _ in UInt8(dice.roll(256)) })
                } else {
                    line.append(Array(Self.words[dice.roll(Self.words.count)].utf8))
                }
            }
            let version: RESPVersion = dice.roll(2) == 0 ? .resp2 : .resp3

            let reply = node.run(line, version: version, inTransaction: dice.roll(10) == 0)

            let text = ReplyTokens.text(of: reply.bytes)
            let isWhole = !text.isEmpty && !text.contains("<end>") && !text.contains("bytes more>")
            #expect(isWhole, "seed \(seed), step \(step): \(line.map { String(decoding: $0, as: UTF8.self) }): \(text)")
        }
    }
}
