// What queries mean, in both grammars. The trees are those of RediSearch 2.10.

import SearchModel
import SearchQuery
import Testing

@Suite struct QueryParserTests {
    @Test(
        arguments: [
            ("", "<empty>"),
            ("*", "<all>"),
            ("(*)", "<all>"),
            ("hello", "hello"),
            ("Hello WORLD", "(hello world)"),
            ("a b c d", "(b c d)"),
            ("hello|world foo", "(hello|(world foo))"),
            ("(hello|world) foo", "((hello|world) foo)"),
            ("(hello world) foo", "(hello world foo)"),
            ("hello (world foo)", "(hello (world foo))"),
            ("a1|b1|c1", "(a1|b1|c1)"),
            ("(a1|b1)|c1", "(a1|b1|c1)"),
            ("a1|(b1|c1)", "(a1|(b1|c1))"),
            ("-foo bar", "(-foo bar)"),
            ("-(foo bar) baz", "(-(foo bar) baz)"),
            ("--foo", "--foo"),
            ("-~foo", "-~foo"),
            ("foo -bar|baz", "((foo -bar)|baz)"),
            ("~foo bar", "(~foo bar)"),
            ("foo bar he*", "(foo (bar he*))"),
            ("-foo he*", "-(foo he*)"),
            ("-foo 12", "-(foo 12)"),
            ("-foo bar*", "-(foo bar*)"),
            ("foo %bar% baz", "(foo %bar%1 baz)"),
            ("he* he* he*", "(he* (he* he*))"),
            ("@t:foo bar", "(@t:foo bar)"),
            ("@t:(foo bar) baz", "(@t:(foo bar) baz)"),
            ("@t:foo he*", "@t:(foo he*)"),
            ("@t|u:foo", "@t|u:foo"),
            ("@t:-foo bar", "(@t:-foo bar)"),
            ("-@t:foo bar", "(-@t:foo bar)"),
            (#"@t:(foo|bar "x y" he* %z%)"#, #"@t:(foo|(bar (["x y"] (he* %z%1))))"#),
            ("foo|bar|baz @n:[1 2]", "((foo|bar|baz) n[1.0 2.0])"),
            ("@n:[1 2]|foo|bar|baz", "(n[1.0 2.0]|foo|(bar|baz))"),
            ("foo|@n:[1 2]|bar|baz", "(foo|n[1.0 2.0]|(bar|baz))"),
            ("foo|bar @n:[1 2]", "(foo|(bar n[1.0 2.0]))"),
            ("the foo", "foo"),
            ("the", "<empty>"),
            ("foo|the", "foo"),
            ("foo the bar", "(foo bar)"),
            (#""hello world""#, #"["hello world"]"#),
            (#""the quick, brown""#, #"["the quick brown"]"#),
            (#""don't""#, #"["don t"]"#),
            (#""a\"b""#, #"["a"b"]"#),
            (#""""#, "''"),
            ("''", "''"),
            (#""foo"*"#, "foo*"),
            (#"*"foo bar"*"#, "*foo bar*"),
            ("he*llo", "(he* llo)"),
            ("*llo", "*llo"),
            ("*ll*", "*ll*"),
            ("FOO*", "FOO*"),
            ("w'h?l*o'", "w'h?l*o'"),
            (#"w'it\'s'"#, "w'it's'"),
            ("%foo%", "%foo%1"),
            ("%%foo%%", "%foo%2"),
            ("%%%foo%%%", "%foo%3"),
            ("%foo%%bar%", "(%foo%1 %bar%1)"),
            ("12 -5 1.5e3", "(12 (-5 1.5e3))"),
            (#"foo\-bar"#, "foo-bar"),
            ("foo-bar", "(foo -bar)"),
            ("foo.bar", "(foo bar)"),
            ("école ÉCOLE", "(école École)"),
            ("@n:[1 2]", "n[1.0 2.0]"),
            ("@n:[(1 (2]", "n(1.0 2.0)"),
            ("@n:[-inf +inf]", "n[-inf inf]"),
            ("@n:[5]", "n[5.0 5.0]"),
            ("@n:[- 5 6]", "n[-5.0 6.0]"),
            ("@n==5", "n[5.0 5.0]"),
            ("@n != 5", "-n[5.0 5.0]"),
            ("@n>=-5 foo", "(n[-5.0 inf] foo)"),
            ("@n<5", "n[-inf 5.0)"),
            ("@g:[1.5 -2 3 km]", "g[1.5 -2.0 3.0 km]"),
            ("@tg:{foo}", "tg{foo}"),
            ("@tg:{foo bar|baz}", "tg{(foo bar)|baz}"),
            (#"@tg:{Foo\-Bar}"#, #"tg{Foo\-Bar}"#),
            (#"@tg:{"x-y"|he*|*he|*he*|w'a*'}"#, "tg{x-y|he*|*he|*he*|w'a*'}"),
            ("@tg:{the}", "tg{the}"),
            ("@tg:{foo bar the baz}", "tg{(foo bar baz)}"),
            ("ismissing(@m)", "missing(m)"),
            ("@t:(ismissing)", "@t:ismissing"),
            ("foo=>{$weight:2}", "foo^2.0"),
            ("foo bar=>{$weight:2}", "(foo bar^2.0)"),
            ("(foo bar)=>{$slop:3; $inorder:true; $weight:0.5}", "(foo bar)^0.5~3!ordered"),
            ("@t:foo=>{$phonetic:false}", "@t:foo!unphonetic"),
            ("-foo=>{$weight:2}", "-foo^2.0"),
            ("foo=>{;}", "foo"),
        ] as [(String, String)])
    func `a query of dialect 2 has the tree that the peer explains`(query: String, tree: String) {
        #expect(parsed(query, dialect: 2) == tree)
    }

    @Test(
        arguments: [
            ("foo bar|baz", "((foo bar)|baz)"),
            ("foo|bar -baz", "((foo|bar) -baz)"),
            ("-foo bar", "-(foo bar)"),
            (#"-foo (bar) "baz""#, "(-(foo bar) baz)"),
            ("~foo -bar ~baz", "(~(foo -bar) ~baz)"),
            ("@t:foo bar", "@t:(foo bar)"),
            ("@t:foo he*", "(@t:foo he*)"),
            ("@t:foo|bar", "@t:(foo|bar)"),
            ("he* foo bar", "(he* (foo bar))"),
            ("he* he*|foo", "(he* (he*|foo))"),
            ("1 2 3 4", "(1 2 (3 4))"),
            ("foo the bar baz", "(foo (bar baz))"),
            (#""foo bar""#, #"["foo bar"]"#),
            (#""foo""#, "foo"),
            (#""foo bar the baz""#, #"["foo bar baz"]"#),
            ("@tg:{foo bar|baz}", "tg{(foo bar)|baz}"),
            ("@tg:{foo|bar", "tg{foo|bar}"),
            ("@tg:{foo}|bar", "tg{foo|bar}"),
            ("@n:[1 (2]", "n[1.0 2.0)"),
            ("@n:[-(1 2]", "n(-1.0 2.0]"),
            ("@g:[(1 2 3 mi]", "g[1.0 2.0 3.0 mi]"),
            ("@t:(@u:foo)", "@:foo"),
            ("don't", "(don t)"),
            ("w'foo'", "(w foo)"),
            ("ismissing", "ismissing"),
            ("foo bar=>{$slop:2}", "(foo bar)~2"),
            ("%foo%", "%foo%1"),
        ] as [(String, String)])
    func `a query of dialect 1 has the tree that the peer explains`(query: String, tree: String) {
        #expect(parsed(query, dialect: 1) == tree)
    }

    @Test(arguments: [3, 4])
    func `dialects 3 and 4 read queries as dialect 2 does`(dialect: Int) {
        for query in ["-foo bar*", "@n>5 foo", "foo|bar|baz @n:[1 2]", "w'a*'", "@t:(@u:x)"] {
            #expect(parsed(query, dialect: dialect) == parsed(query, dialect: 2))
        }
    }

    // MARK: parameters

    @Test(
        arguments: [
            ("$w", "two words"),
            ("@t:$w foo", "(@t:two words foo)"),
            ("$w*", "two words*"),
            ("*$w", "*two words"),
            ("%$w%", "%two words%1"),
            ("w'$p'", "w'A*b'"),
            ("@tg:{$w}", "tg{Two Words}"),
            ("@tg:{$w x}", "tg{(two words x)}"),
            ("@n:[$n 9]", "n[5.0 9.0]"),
            ("@n:[-$n ($n]", "n[-5.0 5.0)"),
            ("@n:[$n]", "n[5.0 5.0]"),
            ("@n<=$n", "n[-inf 5.0]"),
            ("@n:[$min $max]", "n[-inf inf]"),
            ("@g:[1 2 $n $u]", "g[1.0 2.0 5.0 km]"),
            ("foo=>{$weight:$n}", "foo^5.0"),
            (#""$w""#, #"["$w"]"#),
        ] as [(String, String)])
    func `a parameter stands for one value and is never parsed`(query: String, tree: String) {
        let parameters = ["w": "Two Words", "p": #"A*\b"#, "n": "5", "u": "km", "min": "-inf", "max": "+inf"]

        #expect(parsed(query, dialect: 2, parameters: parameters) == tree)
    }

    @Test func `stop words are ordinary words when the query says so`() {
        #expect(parsed("the foo", dialect: 2, noStopWords: true) == "(the foo)")
    }

    @Test func `a query ends at its first NUL`() {
        #expect(parsed("foo\0)", dialect: 2) == "foo")
    }

    @Test func `stop words in a union leave the other branches alone`() {
        // The peer loses the branch behind the stop word, or crashes.
        #expect(parsed("foo|the|bar", dialect: 2) == "(foo|bar)")
        #expect(parsed("the|the|bar", dialect: 2) == "bar")
    }
}
