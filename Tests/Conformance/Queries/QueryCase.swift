// One question to both servers.

/// How a question is asked.
enum Channel {
    case resp2
    case resp3
}

struct QueryCase {
    /// The kind of thing it is about: differences are counted by it.
    var construct: String
    var command = "FT.SEARCH"
    let index: String
    var query: Query
    /// Each option with its arguments, in the order in which they are sent.
    var options: [[String]] = []
    var dialect: Int?
    var channel = Channel.resp2
    /// Names of options that must stay for the question to have one answer.
    var fixed: Set<String> = ["WITHCOUNT", "NOCONTENT"]
    /// What replays it: `corpus:construct:number`.
    var replay = ""

    var words: [String] {
        [command, index, query.text] + options.flatMap { $0 } + (dialect.map { ["DIALECT", String($0)] } ?? [])
    }

    /// As one would type it into redis-cli.
    var line: String {
        words.map { word in
            let isPlain =
                !word.isEmpty
                && word.unicodeScalars.allSatisfy {
                    ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                        || "._:-".unicodeScalars.contains($0)
                }
            return isPlain ? word : "\"" + word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }.joined(separator: " ")
    }

    func has(_ option: String) -> Bool { options.contains { $0.first == option } }

    /// Whether it asks for a range of numbers or a circle.
    var hasRange: Bool {
        has("FILTER") || has("GEOFILTER") || query.text.contains(":[")
            || ["==", "!=", ">", "<"].contains { query.text.contains($0) }
    }

    func option(_ name: String) -> [String]? { options.first { $0.first == name } }

    /// Cases with something left out.
    var reductions: [QueryCase] {
        var out: [QueryCase] = []
        if command == "FT.SEARCH" && !has("NOCONTENT") {
            var bare = self
            bare.options.append(["NOCONTENT"])
            out.append(bare)
        }
        if let dialect, dialect > 2 {
            var older = self
            older.dialect = 2
            out.append(older)
        }
        // WITHCOUNT stays: without it dialect 4 is another question, and one that a peer may not survive.
        for i in options.indices where !fixed.contains(options[i].first ?? "") {
            var smaller = self
            smaller.options.remove(at: i)
            out.append(smaller)
        }
        for query in query.reductions {
            var smaller = self
            smaller.query = query
            out.append(smaller)
        }
        return out
    }
}
