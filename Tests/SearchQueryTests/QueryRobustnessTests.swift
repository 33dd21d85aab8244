// Queries that mean harm.

import SearchModel
import SearchQuery
import Testing

@Suite struct QueryRobustnessTests {
    private static let tooDeep = "! Parser stack overflow. Try moving nested parentheses more to the left"

    /// Tokens that end in an error soon, and tokens of which all are read.
    @Test(
        arguments: [
            ("(", 1 << 20), ("-", 1 << 20), ("~", 1 << 20), ("@t:(", 1 << 20), ("foo|(", 1 << 20), ("@n:[- ", 1 << 20),
            ("%", 1 << 20), ("foo=>{", 1 << 20), ("*", 1 << 20), ("@a|", 1 << 20), ("foo he* ", 1 << 16),
            ("\"", 1 << 16), ("'", 1 << 16), ("w'", 1 << 16),
        ] as [(String, Int)])
    func `a long text of one token neither crashes nor takes long`(token: String, length: Int) {
        let query = bytes(String(repeating: token, count: length / token.utf8.count))

        for dialect in 1...2 {
            // Either way is fine, as long as it ends.
            _ = try? QueryParser.parse(query, options: QueryParserOptions(dialect: dialect))
        }
    }

    @Test func `a long query of plain words is read in one pass`() throws {
        let query = String(repeating: "foo bar|", count: 10_000) + "x"

        let node = try QueryParser.parse(bytes(query), options: QueryParserOptions(dialect: 2))

        guard case .union(let children, isExpansion: false) = node.kind else {
            Issue.record("no union")
            return
        }
        #expect(children.count == 10_001)
    }

    /// `opening` as often as it goes, `core`, and a `)` for each opening that has a parenthesis.
    struct Nesting: Sendable {
        let limit: Int
        let opening: String
        let core: String

        func query(_ count: Int) -> String {
            String(repeating: opening, count: count) + core
                + String(repeating: ")", count: opening.hasSuffix("(") ? count : 0)
        }
    }

    @Test(
        arguments: [
            Nesting(limit: 254, opening: "(", core: "x"),
            Nesting(limit: 255, opening: "-", core: " x"),
            Nesting(limit: 255, opening: "he* ", core: "x*"),
            Nesting(limit: 85, opening: "x|(", core: "y"),
            Nesting(limit: 250, opening: "(", core: "@n:[1 2]"),
            Nesting(limit: 248, opening: "(", core: "@g:[1 2 3 km]"),
            Nesting(limit: 250, opening: "(", core: "@tg:{x y|z}"),
            Nesting(limit: 248, opening: "(", core: "x=>{$weight:2;$slop:3}"),
            Nesting(limit: 253, opening: "(", core: "@n>5"),
        ])
    func `nesting is limited where the peer limits it`(nesting: Nesting) {
        #expect(parsed(nesting.query(nesting.limit), dialect: 2) == Self.tooDeep)
        #expect(parsed(nesting.query(nesting.limit - 1), dialect: 2) != Self.tooDeep)
    }

    @Test(arguments: 1...40)
    func `bytes without sense end in a tree or in an error`(seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        let pieces = [
            "foo", "the", "(", ")", "[", "]", "{", "}", "|", "-", "~", "*", "%", "\"", "'", "@t", "@", ":", ";", "=>",
            "$w", "$", "12", "-5", "inf", "w'", "\\", " ", "\n", "ismissing", "{$weight:", ">", "=", "!=", "km", ",",
            "_",
        ]
        for _ in 0..<200 {
            var query = Bytes()
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                if Int.random(in: 0..<20, using: &random) == 0 {
                    query.append(UInt8.random(in: 0...255, using: &random))
                } else if let piece = pieces.randomElement(using: &random) {
                    query += bytes(piece)
                }
            }
            for dialect in 1...4 {
                let options = QueryParserOptions(dialect: dialect, parameters: [bytes("w"): bytes("7")])
                if let tree = try? QueryParser.parse(query, options: options) {  // refused queries are fine
                    #expect(!tree.sketch.isEmpty)
                }
            }
        }
    }
}

/// SplitMix64: the same numbers everywhere.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
