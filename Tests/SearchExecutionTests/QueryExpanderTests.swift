// Expanded trees and the texts of FT.EXPLAIN, as RediSearch 2.10 gives them.

import SearchAnalysis
import SearchExecution
import SearchModel
import SearchQuery
import Testing

private let noEmptyValues = "Use `INDEXEMPTY` in field creation in order to index and query for empty strings"

@Suite struct QueryExpanderTests {
    private func bytes(_ text: String) -> Bytes { Array(text.utf8) }

    private func field(_ name: String, _ kind: FieldKind) -> FieldSpec {
        FieldSpec(identifier: bytes(name), attribute: bytes(name), kind: kind)
    }

    /// Fields t u (TEXT), p (PHONETIC), e (INDEXEMPTY), m (INDEXMISSING), tags tg tc (CASESENSITIVE) te (INDEXEMPTY).
    private var schema: Schema {
        var schema = Schema()
        var phonetic = TextOptions()
        phonetic.phonetic = bytes("dm:en")
        var empty = TextOptions()
        empty.indexEmpty = true
        var cased = TagOptions()
        cased.caseSensitive = true
        var emptyTag = TagOptions()
        emptyTag.indexEmpty = true
        schema.append(field("t", .text(TextOptions())))
        schema.append(field("u", .text(TextOptions())))
        schema.append(field("p", .text(phonetic)))
        schema.append(field("e", .text(empty)))
        var missing = field("m", .text(TextOptions()))
        missing.indexMissing = true
        schema.append(missing)
        schema.append(field("tg", .tag(TagOptions())))
        schema.append(field("tc", .tag(cased)))
        schema.append(field("te", .tag(emptyTag)))
        schema.append(field("n", .numeric))
        return schema
    }

    private func expander(_ kinds: ExpansionKinds = .standard) -> QueryExpander {
        var synonyms = SynonymTable()
        synonyms.add([bytes("boy"), bytes("running")], to: bytes("g1"))
        synonyms.add([bytes("Boy")], to: bytes("g2"))
        return QueryExpander(schema: schema, stemmer: Stemmer(.english), synonyms: synonyms, kinds: kinds)
    }

    private func parse(_ query: String, _ dialect: Int) throws(QuerySyntaxError) -> QueryNode {
        try QueryParser.parse(bytes(query), options: QueryParserOptions(dialect: dialect))
    }

    /// FT.EXPLAIN with all white space run together.
    private func explained(_ query: String, dialect: Int = 2, kinds: ExpansionKinds = .standard) -> String {
        do throws(QuerySyntaxError) {
            let tree = try expander(kinds).expand(try parse(query, dialect), for: .explanation(tagFieldsWithValues: []))
            let text = String(decoding: QueryExplanation.text(of: tree, schema: schema), as: UTF8.self)
            return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        } catch {
            return "! " + String(decoding: error.message, as: UTF8.self)
        }
    }

    @Test(
        arguments: [
            ("foxes", "UNION { foxes <FKSS(expanded) +fox(expanded) fox(expanded) }"),
            ("@t:fox", "@t:UNION { @t:fox @t:+fox(expanded) }"),
            ("@u|t:fox", "@t|u:UNION { @t|u:fox @t|u:+fox(expanded) }"),
            ("boy", "UNION { boy ~g1(expanded) ~g2(expanded) <P(expanded) +boy(expanded) }"),
            ("@p|t:ox", "@t|p:UNION { @t|p:ox @t|p:<AKS(expanded) @t|p:+ox(expanded) }"),
            ("@t:Running", "@t:UNION { @t:running @t:~g1(expanded) @t:+run(expanded) @t:run(expanded) }"),
            ("@zz:ox", "@NULL:UNION { @NULL:ox @NULL:<AKS(expanded) @NULL:+ox(expanded) }"),
            ("@t:fox=>{$weight:2}", "@t:UNION { @t:fox => {$weight: 2;} @t:+fox(expanded) }"),
            ("@p:ox=>{$phonetic:false}", "@p:UNION { @p:ox @p:+ox(expanded) }"),
            ("12", "12"), ("-5", "-5"), ("\"foxes\"", "EXACT { foxes }"), ("\" \"", "EXACT { }"), ("\"\"", "\"\""),
            ("-foxes", "NOT{ foxes }"), ("~(foxes runs)", "OPTIONAL{ INTERSECT { foxes runs } }"),
            ("Fo*", "PREFIX{Fo*}"), ("*Fo", "SUFFIX{*Fo}"), ("*fo*", "INFIX{*fo*}"), ("w'F?'", "WILDCARD{F?}"),
            ("%%Fox%%", "FUZZY{fox}"), ("*", "<WILDCARD>"), ("the", "<empty>"),
            ("@n:[(1.5 inf]", "NUMERIC {1.500000 < @n <= inf}"),
            ("@g:[2.35 48.85 10 km]", "GEO g:{2.350000,48.850000 --> 10.000000 km}"),
            ("@tg:{Foo\\-Bar|a B|he*}", "TAG:@tg { Foo\\-Bar INTERSECT { a b } PREFIX{he*} }"),
            ("ismissing(@m)", "ISMISSING{m}"),
            (
                "(\"a\" \"b\")=>{$weight:1e10;$slop:2;$inorder:true}",
                "INTERSECT { EXACT { a } EXACT { b } } => { $weight: 1e+10; $slop: 2; $inorder: true; }"
            ),
            ("he*=>{$slop:1}", "PREFIX{he*} => { $slop: 1; $inorder: false; }"),
            ("he*=>{$slop:-1;$inorder:true}", "PREFIX{he*} => { $inorder: true; }"),
        ] as [(String, String)])
    func `a query is explained as the peer does`(query: String, text: String) {
        #expect(explained(query) == text)
    }

    @Test func `dialect 1 expands numbers and shows field masks of tags`() {
        #expect(explained("@t:12", dialect: 1) == "@t:UNION { @t:12 @t:+12(expanded) }")
        #expect(explained("@t:(@tg:{z})", dialect: 1) == "@t:TAG:@tg { @t:z }")
        #expect(explained("@zz:(@n:[1 2])", dialect: 1) == "@NULL:NUMERIC {1.000000 <= @n <= 2.000000}")
    }

    @Test(
        arguments: [
            ("DEFAULT", "@t:UNION { @t:running @t:~g1(expanded) @t:+run(expanded) @t:run(expanded) }"),
            ("SBSTEM", "@t:UNION { @t:running @t:+run(expanded) @t:run(expanded) }"),
            ("SYNONYM", "@t:UNION { @t:running @t:~g1(expanded) }"),
            ("PHONETIC", "@t:UNION { @t:running @t:<RNNK(expanded) }"),
            ("sbstem", "@t:running"),
        ] as [(String, String)])
    func `an expander makes what its name says`(name: String, text: String) {
        #expect(explained("@t:running", kinds: ExpansionKinds(expander: bytes(name))) == text)
    }

    @Test(
        arguments: [
            ("@t:\"\"", noEmptyValues), ("@tg:{\"\"}", noEmptyValues), ("@zz:{\"\"}", noEmptyValues),
            ("ismissing(@t)", "'ismissing' requires field 't' to be defined with 'INDEXMISSING'"),
            ("@t:fox=>{$phonetic:true}", "field does not support phonetics"),
            ("@t:fox=>{$phonetic:false}", "field does not support phonetics"),
        ] as [(String, String)])
    func `what a field does not offer is an error`(query: String, message: String) {
        #expect(explained(query) == "! " + message)
    }

    @Test(
        arguments: [
            "@e:\"\"", "@t|e:\"\"", "@zz:\"\"", "\"\"", "@te:{\"\"}", "ismissing(@zz)", "-@t:fox=>{$phonetic:true}",
        ])
    func `what only one of the fields offers is none`(query: String) {
        #expect(!explained(query).hasPrefix("!"))
    }

    // MARK: for execution

    private func executed(_ query: String) throws -> QueryNode {
        try expander([]).expand(try parse(query, 2))
    }

    @Test func `patterns are folded before they run`() throws {
        #expect(try executed("FO*").kind == .prefix(bytes("fo")))
        #expect(try executed("w'F?O'").kind == .wildcard(bytes("f?o")))
    }

    @Test(
        arguments: [
            ("@tg:{Foo\\-Bar}", "foo-bar"), ("@tg:{Foo   BAR}", "foo bar"), ("@tg:{\"A \\\"b\\\"\"}", "a \"b\""),
            ("@tc:{Foo}", "Foo"), ("@tc:{Foo Bar}", "foo bar"),
        ] as [(String, String)])
    func `a tag is one folded value when it runs`(query: String, tag: String) throws {
        guard case .tag(_, let tags) = try executed(query).kind else {
            Issue.record("no tag")
            return
        }
        #expect(tags.map(\.kind) == [.word(bytes(tag), isExpandable: false)])
    }

    @Test func `restrictions become masks, on every node below`() throws {
        guard case .intersection(let children) = try executed("@t|zz:(fox \"a b\") cow").kind else {
            Issue.record("no intersection")
            return
        }

        #expect(children.map(\.fieldMask) == [1, nil])
        guard case .intersection(let inner) = children[0].kind, case .phrase(let words) = inner[1].kind else {
            Issue.record("no phrase")
            return
        }
        #expect(words.map(\.fieldMask) == [1, 1])
    }

    @Test func `the lines of FT.EXPLAINCLI end with an empty one`() throws {
        let tree = try expander([]).expand(try parse("a1 b1", 2), for: .explanation(tagFieldsWithValues: []))

        let lines = QueryExplanation.lines(of: tree, schema: schema).map { String(decoding: $0, as: UTF8.self) }

        #expect(lines == ["INTERSECT {", "  a1", "  b1", "}", ""])
    }
}
