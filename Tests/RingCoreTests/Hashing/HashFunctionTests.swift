import RingCore
import Testing

@Suite struct HashFunctionTests {
    private func word(_ function: HashFunction, _ key: [UInt8]) -> UInt32 {
        key.withUnsafeBytes { function.words(of: $0)[0] }
    }

    private func words(_ function: HashFunction, _ key: String) -> [UInt32] {
        Array(key.utf8).withUnsafeBytes { function.words(of: $0) }
    }

    /// Tokens of Dynomite's own library.
    @Test(
        arguments: [
            ("foo", 3_303_027_599), ("bar", 516_654_467), ("a", 1_262_581_116), ("b", 1_647_211_699),
            ("c", 651_168_840),
            ("ab", 3_820_310_011), ("abc", 2_064_434_216), ("abcd", 4_016_735_919), ("hello", 1_377_504_255),
            ("user1", 766_992_236), ("user:1000", 2_384_768_711), ("key:000000000001", 481_916_606),
            ("idx:doc:42", 2_520_329_360), ("the quick brown fox jumps over the lazy dog", 1_709_529_794),
            ("abcde", 2_586_197_722), ("{user1}.name", 691_962_290), ("0", 2_680_312_085), ("idx:1", 3_938_859_797),
            ("product:9999", 2_443_570_631), ("caf\u{e9}", 3_658_586_143), ("", 0), ("doc:1", 3_938_254_106),
            ("doc:2", 3_662_469_727), ("doc:3", 1_875_461_866), ("netflix:dynomite:rs", 3_686_288_446),
            ("123456789", 3_077_965_456),
        ] as [(String, UInt32)])
    func `murmur gives Dynomite's tokens`(key: String, token: UInt32) {
        #expect(words(.murmur, key) == [token])
        #expect(KeyHash.standard.token(of: key) == Token(token))
    }

    @Test func `murmur takes bytes that are no text, and long keys`() {
        #expect(word(.murmur, [0xff, 0xfe, 0xfd]) == 3_269_769_215)
        #expect(word(.murmur, Array(repeating: UInt8(ascii: "x"), count: 1000)) == 1_185_167_751)
    }

    @Test(
        arguments: [
            (.oneAtATime, 596_015_325, 3_043_211_087, 3_448_463_878), (.md5, 3_675_831_724, 781_738_503, 1_282_538_722),
            (.crc16, 205_303_702, 3_781_445_233, 1_956_489_270), (.crc32, 3187, 8052, 28034),
            (.crc32a, 2_356_372_769, 2_675_185_635, 3_984_772_369),
            (.fnv1x64, 1_805_727_027, 3_550_362_913, 4_219_752_341),
            (.fnv1ax64, 4_275_688_823, 2_927_313_545, 3_993_445_597),
            (.fnv1x32, 1_083_137_555, 2_796_551_329, 3_118_363_509),
            (.fnv1ax32, 2_851_307_223, 1_350_311_305, 3_459_545_533),
            (.hsieh, 1_993_659_431, 3_723_237_737, 984_896_216),
            (.jenkins, 2_583_187_353, 76_303_748, 3_574_732_058),
        ] as [(HashFunction, UInt32, UInt32, UInt32)])
    func `the other functions give Dynomite's tokens`(function: HashFunction, foo: UInt32, user: UInt32, abcd: UInt32) {
        #expect(words(function, "foo") == [foo])
        #expect(words(function, "user:1000") == [user])
        #expect(words(function, "abcd") == [abcd])
    }

    private static let keys = [
        "", "a", "abc", "123456789", "foo", "doc:1", "netflix:dynomite:rs",
        "the quick brown fox jumps over the lazy dog",
    ]

    @Test(
        arguments: [
            (
                .oneAtATime,
                [0, 0xca2e_9442, 0xed13_1f5b, 0xc66b_58c5, 0x2386_78dd, 0x0125_b783, 0xad01_2934, 0x2d16_43ce]
            ),
            (
                .crc32a,
                [0, 0xe8b7_be43, 0x3524_41c2, 0xcbf4_3926, 0x8c73_6521, 0xf733_6aff, 0x2fff_c6bb, 0xce0c_5114]
            ),
            (.crc32, [0, 0x68b7, 0x3524, 0x4bf4, 0x0c73, 0x7733, 0x2fff, 0x4e0c]),
            (
                .md5,
                [
                    0xd98c_1dd4, 0xb975_c10c, 0x9850_0190, 0x94e7_f925, 0xdb18_bdac, 0x19f8_e848, 0x1b67_4aad,
                    0xd5d1_ad77,
                ]
            ),
            (
                .fnv1x32,
                [
                    0x811c_9dc5, 0x050c_5d7e, 0x439c_2f4b, 0x2414_8816, 0x408f_5e13, 0x3033_7292, 0xd064_5bb3,
                    0xdc3f_548e,
                ]
            ),
            (
                .fnv1ax32,
                [
                    0x811c_9dc5, 0xe40c_292c, 0x1a47_e90b, 0xbb86_b11c, 0xa9f3_7ed7, 0xe1f8_c164, 0x76b1_fb33,
                    0xef69_3ff0,
                ]
            ),
        ] as [(HashFunction, [UInt32])])
    func `words of many lengths`(function: HashFunction, expected: [UInt32]) {
        #expect(Self.keys.map { words(function, $0)[0] } == expected)
    }

    @Test(
        arguments: [
            (.crc16, [0x7c87, 0x7c74_9dd6, 0x8690_31c3, 0x0d52_4c43]),
            (.fnv1x64, [0x8601_b7be, 0x6baf_adcb, 0x2bf9_16d6, 0xb570_a473]),
            (.fnv1ax64, [0x8601_ec8c, 0x0541_574b, 0x23c6_cdfc, 0x3d5d_7133]),
            (.hsieh, [0x9364_2e87, 0xe518_6b3a, 0xe4fc_1670, 0xfe34_5b48]),
            (.jenkins, [0xe0a3_8690, 0x8f41_5600, 0x1977_7af6, 0x89c8_7652]),
        ] as [(HashFunction, [UInt32])])
    func `words of four keys`(function: HashFunction, expected: [UInt32]) {
        #expect(["a", "abc", "123456789", "netflix:dynomite:rs"].map { words(function, $0)[0] } == expected)
    }

    @Test(
        arguments: [
            ("a", [0x07dd_e0a4, 0x2b35_89aa, 0x2b35_89aa, 0x2b35_89aa], [0xc244_d5de, 0xac55_917a]),
            ("abc", [0x5d67_01e8, 0x19ac_dbd3, 0x19ac_dbd3, 0x19ac_dbd3], [0xa186_6195, 0xc85d_20e7]),
            ("123456789", [0xcd6c_b766, 0x7559_a6b4, 0x29c8_e584, 0x8a22_04c8], [0x6321_e0ad, 0x57da_e20e]),
            ("netflix:dynomite:rs", [0xdf73_ecd9, 0x6631_29e4, 0x49cd_ef96, 0x54b4_8c5f], [0x6ddd_02f9, 0xc9b8_559f]),
        ] as [(String, [UInt32], [UInt32])])
    func `wide functions give several words`(key: String, murmur3: [UInt32], murmur3x64: [UInt32]) {
        #expect(words(.murmur3, key) == murmur3)
        #expect(words(.murmur3x64, key) == murmur3x64)
    }

    @Test func `a ring does not take wide functions`() {
        #expect(HashFunction.allCases.filter { KeyHash($0) == nil } == [.murmur3, .murmur3x64])
    }

    @Test func `every function ends on keys of every length`() {
        for function in HashFunction.allCases {
            var seen: Set<[UInt32]> = []
            for length in 0...130 {
                let key = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
                seen.insert(key.withUnsafeBytes { function.words(of: $0) })
            }
            #expect(seen.count > 100, "\(function)")
        }
    }

    @Test func `names are those of the configuration file`() {
        #expect(
            HashFunction.allCases.map(\.rawValue) == [
                "murmur", "one_at_a_time", "md5", "crc16", "crc32", "crc32a", "fnv1_64", "fnv1a_64", "fnv1_32",
                "fnv1a_32", "hsieh", "jenkins", "murmur3", "murmur3_x64_64",
            ])
    }
}

@Suite struct HashTagTests {
    private let hash = KeyHash(.murmur, tag: HashTag("{}"))!

    @Test(arguments: [
        ("x{foo}y", "foo"), ("{b}z", "b"), ("foo{b}", "b"), ("a{b}{c}", "b"), ("{a{b}c}", "a{b"), ("}x{y}", "y"),
        ("{}foo", "{}foo"), ("{}{a}", "{}{a}"), ("{foo", "{foo"), ("foo}", "foo}"), ("", ""), ("{", "{"), ("{}", "{}"),
        ("}{", "}{"), ("plain", "plain"),
    ])
    func `only what stands between the first pair is hashed`(key: String, part: String) {
        #expect(hash.token(of: key) == KeyHash.standard.token(of: part))
    }

    @Test func `without a tag the whole key is hashed`() {
        #expect(KeyHash.standard.token(of: "{user1}.name") == Token(691_962_290))
        #expect(hash.token(of: "{user1}.name") == KeyHash.standard.token(of: "user1"))
    }

    @Test func `both characters of a tag may be the same`() {
        let quoted = KeyHash(.murmur, tag: HashTag("##"))!
        #expect(quoted.token(of: "a#b#c") == KeyHash.standard.token(of: "b"))
        #expect(quoted.token(of: "a##c") == KeyHash.standard.token(of: "a##c"))
    }

    @Test(arguments: ["", "{", "{}}", "\u{e9}\u{e9}"])
    func `a tag is exactly two bytes`(text: String) {
        #expect(HashTag(text) == nil)
    }
}

@Suite struct TokenTests {
    @Test(
        arguments: [("0", 0), ("4294967295", 4_294_967_295), ("007", 7), ("1431655765", 1_431_655_765)]
            as [(String, UInt32)])
    func `a token is a decimal number of the ring`(text: String, value: UInt32) throws {
        #expect(try Token(text) == Token(value))
        #expect(try Token(text, reading: .asDynomite) == Token(value))
    }

    @Test(arguments: [
        ("", TokenError.empty), ("-1", .negative("-1")), ("+1", .notDecimal("+1")), ("1.5", .notDecimal("1.5")),
        ("abc", .notDecimal("abc")), ("-", .notDecimal("-")), ("4294967296", .tooLarge("4294967296")),
        ("99999999999999999999999999", .tooLarge("99999999999999999999999999")), ("\u{661}", .notDecimal("\u{661}")),
    ])
    func `anything else is refused with a reason`(text: String, error: TokenError) {
        #expect(throws: error) { try Token(text) }
    }

    @Test(
        arguments: [
            ("4294967296", 0), ("12345678901", 2_733_099_390),
            ("170141183460469231731687303715884105728", 2_230_239_535),
        ] as [(String, UInt32)])
    func `tokens beyond the ring may be read as Dynomite does`(text: String, value: UInt32) throws {
        #expect(try Token(text, reading: .asDynomite) == Token(value))
    }

    @Test func `lists are sorted and may have blanks`() throws {
        #expect(try Token.list("7, 3 ,5") == [Token(3), Token(5), Token(7)])
        #expect(throws: TokenError.empty) { try Token.list("7,,5") }
        #expect(throws: TokenError.empty) { try Token.list("") }
        #expect(throws: TokenError.notDecimal("1 2")) { try Token.list("1 2") }
    }
}
