// The words that documents are made of.
//
// English stems and their inflections, so that stemming has something to do; a few words whose letters,
// lengths or sounds are awkward on purpose.

import TestKit

struct Vocabulary {
    /// Families of words with a common stem.
    private(set) var families: [[String]]
    /// The words of all families.
    let words: [String]

    private static let stems = """
        connect compute relate nation happy run search index query fast river mountain stone light dark water fire
        house garden music dance teach learn write read speak listen travel drive sail market trade price value count
        measure build design paint color green yellow silver golden winter summer autumn spring morning evening friend
        family child people village city castle bridge road forest flower tree animal horse bird fish dragon tiger
        engine machine network server client memory storage vector graph table column record number letter paper book
        story poem song theater museum science history nature energy power force speed motion field wave particle
        argument promise control process signal filter buffer stream packet socket thread kernel module package
        general organize realize operate create active native culture society economy politic decide discuss agree
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    private static let endings = ["", "s", "ed", "ing", "er", "ers", "ly", "ness", "ation", "al", "ful", "less"]

    /// Kept as they are: short, long, with digits, with letters outside ASCII, sounding alike.
    private static let odd = [
        "x", "go", "ox", "abc", "42", "2024", "007", "3d", "mp3", "snake_case", "naïve", "école", "straße", "übergröße",
        "日本語", "привет", "smith", "smyth", "john", "jon", "knight", "night", "philip", "filip", "aaaa", "aaab", "aabb",
        "pneumonoultramicroscopicsilicovolcanoconiosis", "running", "runner", "ran", "flies", "fly", "dying", "died",
    ]

    static let stopWords: Set<String> = Set(
        """
        a is the an and are as at be but by for if in into it no not of on or such that their then there these they this
        to was will with
        """.split(whereSeparator: \.isWhitespace).map(String.init))

    init(families count: Int, random: inout SeededRandom) {
        let stems = random.sample(Self.stems, count)
        var families = stems.map { stem in
            let base = stem.hasSuffix("e") ? String(stem.dropLast()) : stem
            let endings = [""] + random.sample(Array(Self.endings.dropFirst()), random.integer(1...5))
            return endings.map { $0.isEmpty ? stem : base + $0 }
        }
        families.append(contentsOf: Self.odd.map { [$0] })
        random.shuffle(&families)
        self.families = families
        words = families.flatMap { $0 }
    }

    /// A word; those of the first families come often.
    func draw(_ random: inout SeededRandom) -> String {
        random.pick(families[random.skewed(families.count)])
    }

    /// Another word of the same family where there is one.
    func relative(of word: String, _ random: inout SeededRandom) -> String {
        guard let family = families.first(where: { $0.contains(word) }) else { return word }
        return random.pick(family)
    }
}
