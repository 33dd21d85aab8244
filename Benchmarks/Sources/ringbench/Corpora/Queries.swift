// What is asked, by class: each class is one kind of work for the engine.

import Foundation

extension Corpus {
    /// - Parameter scorer: named in every query, since servers differ in their default.
    func queryClasses(seed: UInt64, perClass: Int, scorer: String) -> [QueryClass] {
        var chance = Chance(seed: seed)
        let top = [["NOCONTENT"], ["LIMIT", "0", "10"], ["SCORER", scorer], ["DIALECT", "2"]]
        let frequent = words.prefix(60).map(\.word)
        let common = words.dropFirst(60).prefix(2000).map(\.word)
        let rare = words.filter { (5...50).contains($0.documents) }.map(\.word)
        let numbers = samples.map(\.number).sorted()

        func make(_ name: String, _ options: [[String]]? = nil, _ query: (inout Chance, Sample) -> String) -> QueryClass
        {
            let queries = (0..<perClass).map { _ in
                let sample = chance.pick(samples)
                return [query(&chance, sample)] + (options ?? top).flatMap { $0 }
            }
            return QueryClass(name: name, queries: queries)
        }
        func escape(_ text: String) -> String {
            text.map { $0.isLetter || $0.isNumber || $0 == "_" ? String($0) : "\\\($0)" }.joined()
        }
        /// A range of the number field that holds about `share` of all documents.
        func range(_ share: Double, _ chance: inout Chance) -> String {
            let width = max(1, Int(Double(numbers.count) * share))
            let start = chance.below(max(1, numbers.count - width))
            return "@\(number):[\(numbers[start]) \(numbers[min(numbers.count - 1, start + width)])]"
        }
        let sorted = [["NOCONTENT"], ["LIMIT", "0", "10"], ["SORTBY", number, "DESC"], ["DIALECT", "2"]]
        let counting = [["LIMIT", "0", "0"], ["DIALECT", "2"]]

        var classes = [
            make("frequent word") { c, _ in c.pick(frequent) },
            make("rare word") { c, _ in c.pick(rare) },
            make("two words, and") { c, s in "\(c.pick(s.words)) \(c.pick(s.words))" },
            make("frequent words, and") { c, _ in "\(c.pick(frequent)) \(c.pick(frequent))" },
            make("three words, or") { c, _ in "\(c.pick(frequent))|\(c.pick(common))|\(c.pick(common))" },
            make("and not") { c, _ in "\(c.pick(frequent)) -\(c.pick(frequent))" },
            make("phrase") { c, s in
                let i = c.below(s.words.count - 1)
                return "\"\(s.words[i]) \(s.words[i + 1])\""
            },
            make("prefix") { c, s in
                s.words.filter { $0.count > 4 }.first.map { $0.prefix(4) + "*" } ?? "\(c.pick(common))*"
            },
            make("infix") { c, _ in
                let word = c.pick(common)
                return "*\(word.dropFirst().prefix(4))*"
            },
            make("fuzzy") { c, _ in
                var letters = Array(c.pick(rare))
                letters[c.below(letters.count)] = "e"
                return "%\(String(letters))%"
            },
            make("tag") { _, s in "@\(tag):{\(escape(s.tag))}" },
            make("tag and word") { c, s in "@\(tag):{\(escape(s.tag))} \(c.pick(frequent))" },
            make("narrow range") { c, _ in range(0.01, &c) },
            make("wide range and word") { c, _ in "\(range(0.5, &c)) \(c.pick(frequent))" },
            make("sorted word", sorted) { c, _ in c.pick(frequent) },
            make("sorted all", sorted) { _, _ in "*" },
            make("count", counting) { c, _ in "\(c.pick(frequent))|\(c.pick(frequent))" },
            make("documents", [["LIMIT", "0", "10"], ["SCORER", scorer], ["DIALECT", "2"]]) { c, _ in c.pick(common) },
            make(
                "highlight",
                [["LIMIT", "0", "10"], ["RETURN", "1", text], ["HIGHLIGHT"], ["SCORER", scorer], ["DIALECT", "2"]]
            ) { c, _ in
                c.pick(common)
            },
            make("page 100", [["NOCONTENT"], ["LIMIT", "1000", "10"], ["SCORER", scorer], ["DIALECT", "2"]]) { c, _ in
                c.pick(frequent)
            },
        ]
        if let place {
            classes.append(
                make("circle") { c, s in
                    let here = s.place ?? (0, 0)
                    return String(
                        format: "@\(place):[%.4f %.4f %d km]", here.longitude, here.latitude, 100 + c.below(400))
                })
        }
        return classes
    }
}
