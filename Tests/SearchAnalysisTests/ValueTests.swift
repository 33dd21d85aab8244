// Tags and sort keys.

import SearchAnalysis
import SearchModel
import Testing

@Suite struct TagSplitterTests {
    private func tags(_ value: String, _ change: (inout TagOptions) -> Void = { _ in }) -> [String] {
        var options = TagOptions()
        change(&options)
        return TagSplitter(options).tags(of: Array(value.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        arguments: [
            ("a,b c", ["a", "b c"]),
            ("  Ab  , Cd ,,", ["ab", "cd"]),
            ("A\tB\n, \n x \t,y\u{1} , \u{b} z\u{c},\r w", ["a\tb", "x", "y\u{1}", "z", "w"]),
            ("École,ÉCOLE", ["École", "École"]),
            (#"a\,b"#, [#"a\"#, "b"]),
            ("a,a,A", ["a", "a", "a"]),
            (",", []), ("", []), (" ", []),
        ] as [(String, [String])])
    func `a value is cut at commas, trimmed and lowered`(value: String, expected: [String]) {
        #expect(tags(value) == expected)
    }

    @Test func `a field may have another separator, or none, and keep case`() {
        #expect(tags("a;B,c") { $0.separator = UInt8(ascii: ";") } == ["a", "b,c"])
        #expect(tags(" a,B ") { $0.separator = nil } == ["a,b"])
        #expect(tags("Foo,foo") { $0.caseSensitive = true } == ["Foo", "foo"])
    }
}

@Suite struct CaseFoldingTests {
    @Test(
        arguments: [
            ("Zed", "zed"), ("ÉCOLE", "école"), ("straße", "strasse"), ("ẞ", "ss"), ("ΣΑΣ", "σασ"), ("ς", "σ"),
            ("ﬁn", "fin"), ("ǅ", "ǆ"), ("Ⅷ", "ⅷ"), ("ſ", "s"), ("µ", "μ"), ("ı", "ı"), ("Ꭰ", "Ꭰ"), ("ꭰ", "Ꭰ"),
            ("𐐀", "𐐨"), ("  Ab  ", "  ab  "),
        ] as [(String, String)])
    func `sort keys are folded as Unicode says`(value: String, folded: String) {
        #expect(CaseFolding.fold(Array(value.utf8)) == Array(folded.utf8))
    }

    @Test func `bytes that are not UTF-8 stay as they are`() {
        for value: Bytes in [[0xff, 0xfe, 65], [0xc3], [65, 0xe2, 0x82], [0xed, 0xa0, 0x80], [0xc0, 0xaf]] {
            #expect(CaseFolding.fold(value) == value.asciiLowercased)
        }
    }
}
