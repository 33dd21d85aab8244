// Queries that are refused, with the words of RediSearch 2.10.

import SearchModel
import SearchQuery
import Testing

@Suite struct QuerySyntaxErrorTests {
    @Test(
        arguments: [
            ("(", "Syntax error at offset 0 near "),
            (")", "Syntax error at offset 0 near "),
            ("foo)", "Syntax error at offset 3 near foo"),
            ("(foo", "Syntax error at offset 1 near foo"),
            ("foo |", "Syntax error at offset 4 near foo"),
            ("| foo", "Syntax error at offset 0 near "),
            ("foo || bar", "Syntax error at offset 5 near foo"),
            ("foo:bar", "Syntax error at offset 3 near foo"),
            ("foo@bar.com", "Syntax error at offset 8 near com"),
            ("@t foo", "Syntax error at offset 3 near foo"),
            ("@t:", "Syntax error at offset 2 near t"),
            ("@t:()", "Syntax error at offset 4 near t"),
            ("@t:(@u:foo)", "Syntax error at offset 4 near u"),
            ("@t:(foo @n:[1 2])", "Syntax error at offset 8 near n"),
            ("foo|bar|@n:[1 2]", "Syntax error at offset 8 near n"),
            ("foo *", "Syntax error at offset 4 near foo"),
            ("* foo", "Syntax error at offset 2 near foo"),
            ("(*) foo", "Syntax error at offset 4 near foo"),
            ("%foo", "Syntax error at offset 1 near foo"),
            ("%foo%%", "Syntax error at offset 5 near foo"),
            ("%%%%foo%%%%", "Syntax error at offset 3 near "),
            ("%%", "Syntax error at offset 1 near "),
            (#""foo"#, "Syntax error at offset 1 near foo"),
            ("'foo bar'", "Syntax error at offset 0 near foo bar"),
            ("foo=>", "Syntax error at offset 3 near >"),
            ("foo=>{$weight}", "Syntax error at offset 13 near weight"),
            ("foo=>{$weight:}", "Syntax error at offset 14 near weight"),
            ("foo=>{$weight:-1}", "Invalid value (-1) for `weight`"),
            ("foo=>{$weight:x}", "Invalid value (x) for `weight`"),
            ("foo=>{$slop:1.5}", "Invalid value (1.5) for `slop`"),
            ("foo=>{$inorder:maybe}", "Invalid value (maybe) for `inorder`"),
            ("foo=>{$foo:1}", "Invalid attribute foo"),
            ("foo=>{$yield_distance_as:d}", "Invalid attribute yield_distance_as"),
            ("foo=>{weight:1}", "Syntax error at offset 6 near weight"),
            ("$x", "No such parameter `x`"),
            ("@n:[$x 1]", "No such parameter `x`"),
            ("@n:[$w 1]", "Bad lower range: word"),
            ("@n:[1 $w]", "Bad upper range: word"),
            ("@n>$w", "Invalid numeric value (word) for parameter `w`"),
            ("@n>", "Syntax error at offset 0 near n"),
            ("@n > foo", "Syntax error at offset 5 near foo"),
            ("@n:[1 2", "Syntax error at offset 6 near 2"),
            ("@n:[foo bar]", "Syntax error at offset 8 near bar"),
            ("@n:[1 2 3]", "Syntax error at offset 9 near 3"),
            ("@n:[(1]", "Syntax error at offset 6 near 1"),
            ("@g:[1 2 3 furlong]", "Invalid GeoFilter unit"),
            ("@g:[200 2 3 km]", "Invalid GeoFilter lat/lon"),
            ("@g:[1 2 0 km]", "Invalid GeoFilter radius"),
            ("@tg:{}", "Syntax error at offset 5 near tg"),
            ("@tg:{foo", "Syntax error at offset 5 near foo"),
            ("@tg:{foo-bar}", "Syntax error at offset 8 near foo"),
            ("@tg:{a b*}", "Syntax error at offset 7 near b"),
            ("@a|b:{foo}", "Syntax error at offset 5 near b"),
            ("ismissing", "Syntax error at offset 0 near ismissing"),
            ("ismissing(foo)", "Syntax error at offset 10 near foo"),
            ("*=>[KNN 3 @v $b]", "Vector similarity queries are not supported yet"),
            ("foo=>[FOO 3 @v $b]", "Syntax error: Expecting Vector Similarity command at offset 6 near FOO"),
            ("@v:[VECTOR_RANGE 2 $b]", "Vector similarity queries are not supported yet"),
            ("@s:[WITHIN $b]", "Geoshape queries are not supported yet"),
            ("@s:[AROUND $b]", "Syntax error: Expecting a geoshape predicate at offset 11"),
        ] as [(String, String)])
    func `a wrong query of dialect 2 is refused with the peer's words`(query: String, message: String) {
        #expect(parsed(query, dialect: 2, parameters: ["w": "word", "b": "blob"]) == "! " + message)
    }

    @Test(
        arguments: [
            ("@n:[2]", "Syntax error at offset 5 near 2"),
            ("@n>5", "Syntax error at offset 3 near 5"),
            ("$x", "Syntax error at offset 0 near x"),
            (#""""#, "Syntax error at offset 1 near "),
            (#""the foo""#, "Syntax error at offset 1 near the"),
            (#""foo the""#, "Syntax error at offset 5 near the"),
            ("@tg:{the foo}", "Syntax error at offset 12 near foo"),
            ("ismissing(@m)", "Syntax error at offset 12 near m"),
            ("(*)", "Syntax error at offset 1 near "),
            ("@g:[1 2 3 furlong] )", "Invalid GeoFilter unit"),
        ] as [(String, String)])
    func `a wrong query of dialect 1 is refused with the peer's words`(query: String, message: String) {
        #expect(parsed(query, dialect: 1) == "! " + message)
    }

    @Test func `a syntax error is reported before a missing parameter, wherever it stands`() {
        #expect(parsed("$x )", dialect: 2) == "! Syntax error at offset 3 near x")
        #expect(parsed("foo=>{$foo:1} )", dialect: 2) == "! Invalid attribute foo")
    }

    @Test func `an error quotes bytes that are not text as they are`() {
        let query = [UInt8(ascii: "a"), 0xff, UInt8(ascii: ")")]

        do {
            _ = try QueryParser.parse(query, options: QueryParserOptions(dialect: 2))
            Issue.record("the query was taken")
        } catch {
            #expect(error.message == bytes("Syntax error at offset 2 near a") + [0xff])
        }
    }
}
