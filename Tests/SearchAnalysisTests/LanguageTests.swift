// Stems and sounds.

import SearchAnalysis
import SearchModel
import Testing

@Suite struct StemmerTests {
    private func stem(_ word: String, _ language: Language) -> String? {
        Stemmer(language).map { String(decoding: $0.stem(Array(word.utf8)), as: UTF8.self) }
    }

    @Test(
        arguments: [
            ("running", "run"), ("runs", "run"), ("run", "run"), ("foxes", "fox"), ("flies", "fli"), ("fly", "fli"),
            ("generalizations", "general"), ("lazy", "lazi"), ("ran", "ran"), ("", ""),
        ] as [(String, String)])
    func `English words lose their endings`(word: String, expected: String) {
        #expect(stem(word, .english) == expected)
    }

    @Test func `each language but Chinese has a stemmer`() {
        for language in Language.allCases {
            #expect((Stemmer(language) != nil) == language.isSupported, "\(language)")
        }
        #expect(Language.allCases.filter { !$0.isSupported } == [.chinese])
    }

    @Test func `languages stem differently`() {
        #expect(stem("chevaux", .french) == "cheval")
        #expect(stem("chevaux", .english) == "chevaux")
        #expect(stem("häusern", .german) == "haus")
    }

    @Test func `language names ignore case`() {
        #expect(Language(name: "German".utf8) == .german)
        #expect(Language(name: "klingon".utf8) == nil)
    }

    @Test func `a cache makes each stemmer once`() {
        let cache = StemmerCache()

        #expect(cache.stemmer(for: .english) === cache.stemmer(for: .english))
        #expect(cache.stemmer(for: .chinese) == nil)
    }

    @Test func `only a stem that differs is worth indexing`() throws {
        let stemmer = try #require(Stemmer(.english))

        #expect(stemmer.differingStem(of: Array("running".utf8)) == Array("run".utf8))
        #expect(stemmer.differingStem(of: Array("run".utf8)) == nil)
    }
}

@Suite struct DoubleMetaphoneTests {
    /// From the peer's FT.EXPLAIN; a random comparison of 30,000 words found no difference.
    @Test(
        arguments: [
            ("smith", "SM0"), ("smyth", "SM0"), ("schmidt", "XMT"), ("running", "RNNK"), ("boy", "P"), ("foo", "F"),
            ("child", "XLT"), ("école", "KL"), ("12ab", "P"), ("ismissing", "ASMS"), ("x", "S"), ("knight", "NT"),
            ("laugh", "LF"), ("bough", "P"), ("ghost", "KST"), ("michael", "MKL"), ("chianti", "KNT"),
            ("caesar", "SSR"), ("accident", "AKST"), ("edge", "AJ"), ("edgar", "ATKR"), ("gnome", "NM"),
            ("jose", "HS"), ("san jacinto", "SNHS"), ("island", "ALNT"), ("sugar", "XKR"), ("school", "SKL"),
            ("schenker", "XNKR"), ("thomas", "TMS"), ("nation", "NXN"), ("wright", "RT"), ("filipowicz", "FLPT"),
            ("breaux", "PR"), ("zhao", "J"), ("wachtler", "AKTL"), ("dumb", "TM"), ("rogier", "RJ"),
            ("tagliaro", "TKLR"), ("mac caffrey", "MKFR"),
        ] as [(String, String)])
    func `words have the code of their sound`(word: String, code: String) {
        #expect(DoubleMetaphone.primaryCode(of: Array(word.utf8)).map { String(decoding: $0, as: UTF8.self) } == code)
    }

    @Test(arguments: ["", "12", "é", "日本", "-"])
    func `what has no sound has no code`(word: String) {
        #expect(DoubleMetaphone.primaryCode(of: Array(word.utf8)) == nil)
    }
}
