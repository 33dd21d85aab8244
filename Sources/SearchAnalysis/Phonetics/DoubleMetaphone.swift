// Double Metaphone, the primary code: words that sound alike in English get the same few letters.
//
// From the description in Lawrence Philips, "The Double Metaphone Search Algorithm", C/C++ Users Journal,
// June 2000. Only A-Z have a sound; the article's two accented letters are left out, as they are in RediSearch.

import SearchModel

package enum DoubleMetaphone {
    /// Length of a code at most.
    private static let codeLength = 4

    /// The primary code of a word in any case, such as `RNNK` for `running`; `nil` when it has no sound.
    package static func primaryCode(of word: Bytes) -> Bytes? {
        var encoder = Encoder(word)
        while encoder.code.count < codeLength && encoder.current < encoder.word.count { encoder.step() }
        return encoder.code.isEmpty ? nil : Bytes(encoder.code.prefix(codeLength))
    }
}

private struct Encoder {
    /// Upper case.
    let word: Bytes
    var current = 0
    var code = Bytes()
    private let isSlavoGermanic: Bool

    private var last: Int { word.count - 1 }

    init(_ text: Bytes) {
        word = text.map { $0 &- 97 < 26 ? $0 & ~0x20 : $0 }
        let isSlavoGermanic = word.contains(UInt8(ascii: "W")) || word.contains(UInt8(ascii: "K"))
        var hasCluster = false
        for i in word.indices where word[i] == UInt8(ascii: "C") && i + 1 < word.count {
            if word[i + 1] == UInt8(ascii: "Z") { hasCluster = true }
        }
        self.isSlavoGermanic = isSlavoGermanic || hasCluster
        // The first letter of these pairs is silent.
        if has(0, "GN", "KN", "PN", "WR", "PS") { current = 1 }
        if letter(0) == "X" {
            add("S")
            current = 1
        }
    }

    // MARK: Looking

    /// A letter by position; a space behind the word, NUL before it.
    private func letter(_ i: Int) -> Unicode.Scalar {
        i < 0 ? "\0" : i < word.count ? Unicode.Scalar(word[i]) : " "
    }

    private func isVowel(_ i: Int) -> Bool {
        switch letter(i) {
        case "A", "E", "I", "O", "U", "Y": true
        default: false
        }
    }

    private func has(_ start: Int, _ choices: StaticString...) -> Bool {
        guard start >= 0 else { return false }
        return choices.contains { choice in
            for i in 0..<choice.utf8CodeUnitCount
            where letter(start + i) != Unicode.Scalar(choice.utf8Start[i]) {
                return false
            }
            return true
        }
    }

    private func isOne(_ i: Int, of letters: StaticString) -> Bool {
        let wanted = letter(i).value
        for k in 0..<letters.utf8CodeUnitCount where UInt32(letters.utf8Start[k]) == wanted { return true }
        return false
    }

    /// Words of Dutch or German look.
    private var startsGermanic: Bool { has(0, "VAN ", "VON ", "SCH") }

    // MARK: Writing

    private mutating func add(_ letters: StaticString) {
        for i in 0..<letters.utf8CodeUnitCount { code.append(letters.utf8Start[i]) }
    }

    private mutating func add(_ letters: StaticString, advancing steps: Int) {
        add(letters)
        current += steps
    }

    /// Adds a sound, and skips the next letter when it is the same or one of `others`.
    private mutating func addOnce(_ letters: StaticString, skipping others: StaticString) {
        add(letters)
        current += isOne(current + 1, of: others) ? 2 : 1
    }

    // MARK: One letter after the other

    mutating func step() {
        switch letter(current) {
        case "A", "E", "I", "O", "U", "Y":
            if current == 0 { add("A") }
            current += 1
        case "B": addOnce("P", skipping: "B")
        case "C": encodeC()
        case "D": encodeD()
        case "F": addOnce("F", skipping: "F")
        case "G": encodeG()
        case "H":
            // Heard only at the start or between vowels.
            if (current == 0 || isVowel(current - 1)) && isVowel(current + 1) {
                add("H", advancing: 2)
            } else {
                current += 1
            }
        case "J": encodeJ()
        case "K": addOnce("K", skipping: "K")
        case "L": addOnce("L", skipping: "L")
        case "M":
            let isSilentB = has(current - 1, "UMB") && (current + 1 == last || has(current + 2, "ER"))
            add("M", advancing: isSilentB || letter(current + 1) == "M" ? 2 : 1)
        case "N": addOnce("N", skipping: "N")
        case "P":
            if letter(current + 1) == "H" { add("F", advancing: 2) } else { addOnce("P", skipping: "PB") }
        case "Q": addOnce("K", skipping: "Q")
        case "R":
            // French endings as in "Rogier", "Hochmeier".
            let isSilent =
                current == last && !isSlavoGermanic && has(current - 2, "IE") && !has(current - 4, "ME", "MA")
            addOnce(isSilent ? "" : "R", skipping: "R")
        case "S": encodeS()
        case "T": encodeT()
        case "V": addOnce("F", skipping: "V")
        case "W": encodeW()
        case "X":
            // Silent in French "breaux".
            let isSilent = current == last && (has(current - 3, "IAU", "EAU") || has(current - 2, "AU", "OU"))
            addOnce(isSilent ? "" : "KS", skipping: "CX")
        case "Z":
            if letter(current + 1) == "H" { add("J", advancing: 2) } else { addOnce("S", skipping: "Z") }
        default:
            current += 1
        }
    }

    private mutating func encodeC() {
        // Germanic "Bacher", "Macher".
        if current > 1 && !isVowel(current - 2) && has(current - 1, "ACH") && letter(current + 2) != "I"
            && (letter(current + 2) != "E" || has(current - 2, "BACHER", "MACHER"))
        {
            add("K", advancing: 2)
        } else if current == 0 && has(current, "CAESAR") {
            add("S", advancing: 2)
        } else if has(current, "CHIA") {
            // Italian "chianti".
            add("K", advancing: 2)
        } else if has(current, "CH") {
            add(soundOfCH, advancing: 2)
        } else if has(current, "CZ") && !has(current - 2, "WICZ") {
            add("S", advancing: 2)
        } else if has(current + 1, "CIA") {
            // "focaccia"
            add("X", advancing: 3)
        } else if has(current, "CC") && !(current == 1 && letter(0) == "M") {
            if isOne(current + 2, of: "IEH") && !has(current + 2, "HU") {
                // "accident", "succeed"; else "bacci", "bertucci"
                let isHard = (current == 1 && letter(current - 1) == "A") || has(current - 1, "UCCEE", "UCCES")
                add(isHard ? "KS" : "X", advancing: 3)
            } else {
                add("K", advancing: 2)
            }
        } else if has(current, "CK", "CG", "CQ") {
            add("K", advancing: 2)
        } else if has(current, "CI", "CE", "CY") {
            add("S", advancing: 2)
        } else {
            add("K")
            // "Mac Caffrey", "Mac Gregor"
            if has(current + 1, " C", " Q", " G") {
                current += 3
            } else if isOne(current + 1, of: "CKQ") && !has(current + 1, "CE", "CI") {
                current += 2
            } else {
                current += 1
            }
        }
    }

    private var soundOfCH: StaticString {
        // "Michael"
        if current > 0 && has(current, "CHAE") { return "K" }
        // Greek roots: "chemistry", "chorus".
        if current == 0 && has(1, "HARAC", "HARIS", "HOR", "HYM", "HIA", "HEM") && !has(0, "CHORE") { return "K" }
        // Germanic and Greek: "architect" but not "arch", "orchestra", "wechsler".
        let isBeforeConsonant =
            (isOne(current - 1, of: "AOUE") || current == 0) && isOne(current + 2, of: "LRNMBHFVW ")
        if startsGermanic || has(current - 2, "ORCHES", "ARCHIT", "ORCHID") || isOne(current + 2, of: "TS")
            || isBeforeConsonant
        {
            return "K"
        }
        // "McHugh"
        return current > 0 && has(0, "MC") ? "K" : "X"
    }

    private mutating func encodeD() {
        if has(current, "DG") {
            // "edge", else "Edgar"
            if isOne(current + 2, of: "IEY") { add("J", advancing: 3) } else { add("TK", advancing: 2) }
        } else {
            addOnce("T", skipping: "TD")
        }
    }

    private mutating func encodeG() {
        switch letter(current + 1) {
        case "H":
            encodeGH()
            return
        case "N":
            let isAfterInitialVowel = current == 1 && isVowel(0) && !isSlavoGermanic
            let isNasal = !has(current + 2, "EY") && !isSlavoGermanic
            add(!isAfterInitialVowel && isNasal ? "N" : "KN", advancing: 2)
            return
        default:
            break
        }
        if has(current + 1, "LI") && !isSlavoGermanic {
            // "Tagliaro"
            add("KL", advancing: 2)
        } else if current == 0
            && (letter(1) == "Y" || has(1, "ES", "EP", "EB", "EL", "EY", "IB", "IL", "IN", "IE", "EI", "ER"))
        {
            add("K", advancing: 2)
        } else if (has(current + 1, "ER") || letter(current + 1) == "Y") && !has(0, "DANGER", "RANGER", "MANGER")
            && !isOne(current - 1, of: "EI") && !has(current - 1, "RGY", "OGY")
        {
            add("K", advancing: 2)
        } else if isOne(current + 1, of: "EIY") || has(current - 1, "AGGI", "OGGI") {
            // Germanic, as "get"; else Italian "biaggi".
            add(startsGermanic || has(current + 1, "ET") ? "K" : "J", advancing: 2)
        } else {
            addOnce("K", skipping: "G")
        }
    }

    private mutating func encodeGH() {
        if current > 0 && !isVowel(current - 1) {
            add("K", advancing: 2)
        } else if current == 0 {
            // "ghislane", "ghiradelli"; else "ghoul"
            add(letter(current + 2) == "I" ? "J" : "K", advancing: 2)
        } else if (current > 1 && isOne(current - 2, of: "BHD")) || (current > 2 && isOne(current - 3, of: "BHD"))
            || (current > 3 && isOne(current - 4, of: "BH"))
        {
            // Parker's rule: "hugh", "bough", "broughton".
            current += 2
        } else {
            if current > 2 && letter(current - 1) == "U" && isOne(current - 3, of: "CGLRT") {
                // "laugh", "cough", "rough", "tough"
                add("F")
            } else if letter(current - 1) != "I" {
                add("K")
            }
            current += 2
        }
    }

    private mutating func encodeJ() {
        if has(current, "JOSE") || has(0, "SAN ") {
            // "Jose", "San Jacinto"
            let isSpanish = (current == 0 && letter(current + 4) == " ") || has(0, "SAN ")
            add(isSpanish ? "H" : "J", advancing: 1)
            return
        }
        let isSpanish = isVowel(current - 1) && !isSlavoGermanic && isOne(current + 1, of: "AO")
        let isHeard =
            current == 0 || isSpanish || current == last
            || (!isOne(current + 1, of: "LTKSNMBZ") && !isOne(current - 1, of: "SKL"))
        addOnce(isHeard ? "J" : "", skipping: "J")
    }

    private mutating func encodeS() {
        if has(current - 1, "ISL", "YSL") {
            // Silent in "island", "isle", "carlysle".
            current += 1
        } else if current == 0 && has(current, "SUGAR") {
            add("X", advancing: 1)
        } else if has(current, "SH") {
            add(has(current + 1, "HEIM", "HOEK", "HOLM", "HOLZ") ? "S" : "X", advancing: 2)
        } else if has(current, "SIO", "SIA") {
            add("S", advancing: 3)
        } else if (current == 0 && isOne(1, of: "MNLW")) || letter(current + 1) == "Z" {
            addOnce("S", skipping: "Z")
        } else if has(current, "SC") {
            add(soundOfSC, advancing: 3)
        } else {
            // Silent at the end of French words: "resnais", "artois".
            let isSilent = current == last && has(current - 2, "AI", "OI")
            addOnce(isSilent ? "" : "S", skipping: "SZ")
        }
    }

    private var soundOfSC: StaticString {
        if letter(current + 2) == "H" {
            // Dutch origin: "school", "schooner"; but "schermerhorn", "schenker".
            if has(current + 3, "ER", "EN") { return "X" }
            if has(current + 3, "OO", "UY", "ED", "EM") { return "SK" }
            return "X"
        }
        return isOne(current + 2, of: "IEY") ? "S" : "SK"
    }

    private mutating func encodeT() {
        if has(current, "TION", "TIA", "TCH") {
            add("X", advancing: 3)
        } else if has(current, "TH", "TTH") {
            // "Thomas", "Thames" and Germanic words; 0 stands for theta.
            add(has(current + 2, "OM", "AM") || startsGermanic ? "T" : "0", advancing: 2)
        } else {
            addOnce("T", skipping: "TD")
        }
    }

    private mutating func encodeW() {
        if has(current, "WR") {
            add("R", advancing: 2)
            return
        }
        if current == 0 && (isVowel(current + 1) || has(current, "WH")) { add("A") }
        let isPolish = has(current - 1, "EWSKI", "EWSKY", "OWSKI", "OWSKY")
        if (current == last && isVowel(current - 1)) || isPolish || has(0, "SCH") {
            current += 1
        } else if has(current, "WICZ", "WITZ") {
            add("TS", advancing: 4)
        } else {
            current += 1
        }
    }
}
