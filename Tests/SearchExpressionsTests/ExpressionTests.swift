import SearchModel
import Testing

@testable import SearchExpressions

/// The row that the reference's examples are about.
private struct ExampleRow: ExpressionRow {
    static let names = ["s", "n", "z", "g", "a", "neg"]

    func value(slot: Int) -> ExpressionValue? {
        switch Self.names[slot] {
        case "s": .string(Array("Hello, World  x".utf8))
        case "n": .string(Array("1614603365.5".utf8))
        case "g": .string(Array("2.35,48.85".utf8))
        case "a": .string(Array("  x,y ;z ".utf8))
        case "neg": .number(-7.5)
        default: nil
        }
    }
}

private func show(_ value: ExpressionValue) -> String {
    switch value {
    case .number(let number): NumberText.row(number)
    case .string(let bytes): String(decoding: bytes, as: UTF8.self)
    case .array(let elements): "[" + elements.map(show).joined(separator: "; ") + "]"
    case .null: "nil"
    }
}

private func compute(_ text: String) -> String {
    do {
        let expression = try ExpressionParser.parse(Array(text.utf8)) { name in
            ExampleRow.names.firstIndex(of: String(decoding: name, as: UTF8.self))
        }
        return show(try expression.evaluate(ExampleRow()))
    } catch let error as ExpressionSyntaxError {
        return "ERR " + error.text
    } catch let error as ExpressionEvaluationError {
        return "ERR " + error.text
    } catch {
        return "ERR \(error)"
    }
}

@Suite struct ExpressionTests {
    static let examples: [(String, String)] = [
        ("upper(@s)", "HELLO, WORLD  X"),
        ("substr(@s,0,5)", "Hello"), ("substr(@s,-5,3)", "ld "), ("substr(@s,2,-2)", "llo, World "),
        ("substr(@s,100,5)", ""), ("substr('abc',1.9,1)", "b"),
        (
            "substr(@s,0,'x')",
            "ERR Invalid type (3) for argument 2 in function 'substr'. VALIDATE_ARG__TYPE(v, RSValue_Number) was false."
        ),
        ("format('%s|%s',@s,@n)", "Hello, World  x|1614603365.5"), ("format('100%%')", "100%"),
        ("format('%s')", "ERR Not enough arguments for format"), ("format('%')", "ERR Bad format string!"),
        ("format('%d',@n)", "ERR Unknown format specifier passed"),
        ("format('%s',@z)", "ERR z: has no value, consider using EXISTS if applicable"),
        ("split(@a)", "[x; y ;z]"), ("split(@a,',;',' ')", "[x; y; z]"), ("split('a,,b')", "[a; b]"),
        ("matched_terms()", "nil"), ("to_number('12.5')", "12.5"),
        ("to_number('abc')", "ERR to_number: cannot convert string 'abc'"), ("to_str(1/3)", "0.333333333333"),
        ("exists(@z)", "0"), ("exists(@s)", "1"), ("exists(@nope)", "ERR Property `nope` not loaded nor in pipeline"),
        ("startswith(@s,'Hel')", "1"), ("contains(@s,'o')", "2"), ("contains(@s,'')", "16"),
        ("contains('aaa','aa')", "2"),
        ("strlen('é')", "2"), ("upper(3)", "nil"), ("log(0)", "-inf"), ("log2(8)", "3"), ("floor(@neg)", "-8"),
        ("abs(@neg)", "7.5"), ("sqrt(2)", "1.41421356237"), ("sqrt('x')", "nan"), ("@neg % 4", "-3"),
        ("2^0.5", "1.41421356237"),
        ("1/0", "nan"), ("0.1+0.2", "0.3"), ("1e20", "1e+20"), ("1e15+0.5", "1e+15"),
        ("123456789012345678", "123456789012345680"),
        ("2+3*4", "14"), ("2*3^2", "36"), ("2^3^2", "64"), ("-2^2", "4"),
        ("10-4-3", "ERR Syntax error at offset 2 near '-4'"),
        ("1+-2", "-1"), ("1 - -2", "3"), ("@n+1", "1614603366.5"), ("'a'+1", "ERR Could not convert value to a number"),
        ("'5'+1", "6"), ("'1'==1", "1"), ("'a'==1", "0"), ("'a'<'b'", "1"), ("!(1==2)", "1"), ("!'a'", "0"),
        ("1==1 && 2==2 || 1==3", "1"), ("0||''", "0"),
        ("@z==1", "ERR z: has no value, consider using EXISTS if applicable"),
        ("7.9 % 2.5", "1"), ("1e20 % 7", "-1"), ("1 % 0.5", "nan"), ("- 5", "-5"), ("--5", "5"), (".5", "5"),
        ("!1==2", "1"),
        ("1 +", "ERR Syntax error at offset 2 near '1'"), ("1 == == 2", "ERR Syntax error at offset 5 near '1'"),
        ("foo bar", "ERR Syntax error at offset 4 near 'bar': Unknown symbol 'foo'"),
        ("'abc", "ERR Unknown symbol 'abc'"),
        ("upper(,)", "ERR Syntax error at offset 7 near 'upper'"), ("-@n", "ERR Syntax error at offset 1 near 'n'"),
        ("1)", "ERR Syntax error at offset 1 near '1'"), ("", "ERR Syntax error at offset 0 near ''"),
        ("split('a,b')==split('a,c')", "1"), ("split('5,b')+1", "ERR Could not convert value to a number"),
        ("timefmt(@n)", "2021-03-01T12:56:05Z"), ("timefmt(@n,'%Y-%m-%d %H:%M')", "2021-03-01 12:56"),
        ("timefmt('abc')", "nil"),
        ("parsetime('2021-03-01','%Y-%m-%d')", "1614556800"), ("parsetime('bad','%Y-%m-%d')", "nil"),
        ("hour(@n)", "1614600000"), ("day(@n)", "1614556800"), ("month(@n)", "1614556800"), ("dayofyear(@n)", "59"),
        ("year(@n)", "2021"), ("year(-5)", "nil"), ("geodistance(@g,'2.29,48.86')", "4529.67"),
        ("geodistance(2.35,48.85,2.29,48.86)", "4529.67"), ("geodistance('x','y')", "ERR Invalid geo string"),
        ("geodistance('2.35,48.85')", "ERR Invalid arguments for function 'geodistance'"),
        ("upper()", "ERR Invalid arguments for function 'upper'"), ("foo(1)", "ERR Unknown function name 'foo'"),
        ("foo", "ERR Unknown symbol 'foo'"), ("'it\\'s'", "it's"), ("-inf", "-inf"), ("NULL", "nil"), ("1E-7", "1e-07"),
        ("-0", "0"), ("@n / 3", "538201121.833"), ("case(1==1,'a',@z)", "a"),
        ("1 || 0 && 0", "0"), ("0 && 0 || 1", "1"), ("1 || 1 > 'x'", "1"), ("18/3^2", "36"), ("(0/0) == 1", "1"),
        ("(0/0) < 1", "0"), ("'' + 1", "1"), ("'1e400' == 16", "0"), ("' 2' == 2", "1"), ("'2 ' == 2", "0"),
        ("1 < '2 '", "ERR Error converting string '2 ' to number"), ("split('1,2') == 1", "0"),
        ("split('a,b') < 'b'", "1"),
        ("split('1,2') < 3", "ERR Error converting string '(null)' to number"), ("substr('abc',-4,2)", ""),
        ("substr('abc',-3,2)", "ab"), ("substr(1,2,3)", "ERR Invalid type for substr. Expected string"),
        ("sqrt(1,2)", "ERR Invalid number of arguments for sqrt"),
        ("abs()", "ERR Invalid number of arguments for fabs"),
        ("format()", "ERR Need at least one argument for format"),
        ("timefmt()", "ERR Invalid arguments for function 'time'"),
        ("exists(upper(@z))", "ERR z: has no value, consider using EXISTS if applicable"), ("exists(NULL)", "1"),
        ("geodistance(NULL,'1,2')", "nan"), ("1e400", "inf"), ("matched_terms(1,2,3)", "nil"),
    ]

    @Test(arguments: examples) func `an expression gives what the reference server gives`(
        text: String, expected: String
    ) {
        #expect(compute(text) == expected)
    }

    @Test func `nesting beyond the limit is refused, not followed`() {
        let deep = String(repeating: "(", count: 100_000) + "1" + String(repeating: ")", count: 100_000)
        #expect(compute(deep).hasPrefix("ERR SEARCH_LIMIT"))
        #expect(compute(String(repeating: "!", count: 100_000) + "1").hasPrefix("ERR SEARCH_LIMIT"))
        #expect(compute(String(repeating: "1||", count: 100_000) + "1").hasPrefix("ERR SEARCH_LIMIT"))
    }

    @Test func `any bytes are an expression or an error`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("@s n'\"\\()+-*/%^!=<>&|,.0123456789eE_ü\u{0}upper".utf8)
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0..<24, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator)!
            }
            _ = compute(String(decoding: text, as: UTF8.self))
        }
    }
}
