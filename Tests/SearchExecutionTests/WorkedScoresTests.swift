// Every number of the worked examples, as the reference server printed them.

import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery
import Testing

extension Hit: SearchHitAddress {}

@Suite struct WorkedScoresTests {
    static let corpus: Corpus = {
        var corpus = Corpus()
        corpus.text("t")
        corpus.text("w", weight: 3)
        corpus.field("g", .tag(TagOptions()))
        corpus.field("n", .numeric)
        func add(_ key: String, _ t: String, _ w: String?, _ g: String?, _ n: Double, _ score: Float = 1) {
            var document = TestDocument(key: key, texts: ["t": t], numbers: ["n": n])
            document.texts["w"] = w
            if let g { document.tags["g"] = [g] }
            document.score = score
            corpus.add(document)
        }
        add("s1", "redis search engine", "fast redis", "a", 1)
        add("s2", "redis redis redis database", nil, "a", 2)
        add("s3", "vector search with redis and more search", "vector", "b", 3, 0.5)
        add("s4", "graph database engine engine", nil, "b", 4)
        add("s5", "nothing relevant here", "redis", nil, 5, 0.25)
        return corpus
    }()

    static let queries: [String: QueryNode] = [
        "redis": word("redis"),
        "redis search": all(word("redis"), word("search")),
        "redis|engine": any(word("redis"), word("engine")),
        "redis ~search": all(word("redis"), optional(word("search"))),
        "@w:redis": word("redis", fields: ["w"]),
        "\"redis search\"": phrase("redis", "search"),
        "search=>{$weight:2.5}": word("search", weight: 2.5),
        "red*": prefix("red"),
        "*": QueryNode(.all),
        "@g:{a}": tag("g", "a"),
        "@n:[2 4]": range("n", 2, 4),
        "redis -engine": all(word("redis"), not(word("engine"))),
        "database engine": all(word("database"), word("engine")),
        "(redis|engine)=>{$weight:3}": any(word("redis"), word("engine"), weight: 3),
        "(redis|nosuch)=>{$weight:3}": any(word("redis"), word("nosuch"), weight: 3),
        "(redis search)=>{$weight:3}": all(word("redis"), word("search"), weight: 3),
        "red*=>{$weight:3}": prefix("red", weight: 3),
        "@g:{a|b}=>{$weight:3}": tag("g", "a", "b", weight: 3),
        "@g:{a|nosuch}=>{$weight:3}": tag("g", "a", "nosuch", weight: 3),
        "(~redis)=>{$weight:3}": optional(word("redis"), weight: 3),
        "redis ~nosuch ~nosuchb": all(word("redis"), optional(word("nosuch")), optional(word("nosuchb"))),
        "redis -engine -graph": all(word("redis"), not(word("engine")), not(word("graph"))),
        "redis @n:[1 5] @n:[0 9]": all(word("redis"), range("n", 1, 5), range("n", 0, 9)),
        "redis @g:{a} @g:{a|b}": all(word("redis"), tag("g", "a"), tag("g", "a", "b")),
        "(@n:[1 5])|(@g:{a})": any(range("n", 1, 5), tag("g", "a")),
        "-redis": not(word("redis")),
    ]

    /// Scorer, then lines of query and scores in reply order.
    static let legacy: [(ScorerKind, String)] = [
        (
            .tfidf,
            """
            redis | s1=1 s2=1 s5=0.25 s3=0.125
            redis search | s1=1.5 s3=0.625
            redis\\|engine | s4=2 s2=1 s1=0.75 s5=0.25 s3=0.125
            redis ~search | s1=1.5 s2=1 s3=0.625 s5=0.25
            @w:redis | s1=1 s5=0.25
            "redis search" | s1=1.5
            search=>{$weight:2.5} | s1=1.25 s3=1.25
            red* | s1=1 s2=1 s5=0.25 s3=0.125
            * | s4=0.5 s2=0.3333333333333333 s1=0.25 s3=0.125 s5=0.08333333333333333
            @g:{a} | s2=0.6666666666666666 s1=0.5
            @n:[2 4] | s4=0.5 s2=0.3333333333333333 s3=0.125
            redis -engine | s2=1 s5=0.25 s3=0.125
            database engine | s4=3
            (redis\\|engine)=>{$weight:3} | s4=6 s2=3 s1=2.25 s5=0.75 s3=0.375
            (redis\\|nosuch)=>{$weight:3} | s1=1 s2=1 s5=0.25 s3=0.125
            (redis search)=>{$weight:3} | s1=4.5 s3=1.875
            red*=>{$weight:3} | s1=3 s2=3 s5=0.75 s3=0.375
            @g:{a\\|b}=>{$weight:3} | s4=9 s2=6 s1=4.5 s3=2.25
            @g:{a\\|nosuch}=>{$weight:3} | s2=6 s1=4.5
            (~redis)=>{$weight:3} | s1=3 s2=3 s5=0.75 s3=0.375 s4=0
            redis ~nosuch ~nosuchb | s1=0.5 s2=0.5 s5=0.125 s3=0.0625
            redis -engine -graph | s2=0.5 s5=0.125 s3=0.0625
            redis @n:[1 5] @n:[0 9] | s2=0.8333333333333334 s1=0.75 s5=0.20833333333333334 s3=0.1875
            redis @g:{a} @g:{a\\|b} | s2=1.1666666666666667 s1=1
            (@n:[1 5])\\|(@g:{a}) | s2=1 s1=0.75 s4=0.5 s3=0.125 s5=0.08333333333333333
            -redis | s4=0
            """
        ),
        (
            .tfidfDocNorm,
            """
            redis | s2=0.75 s1=0.4444444444444444 s5=0.125 s3=0.0625
            redis search | s1=0.6666666666666666 s3=0.3125
            redis\\|engine | s4=1 s2=0.75 s1=0.3333333333333333 s5=0.125 s3=0.0625
            redis ~search | s2=0.75 s1=0.6666666666666666 s3=0.3125 s5=0.125
            @w:redis | s1=0.4444444444444444 s5=0.125
            "redis search" | s1=0.6666666666666666
            search=>{$weight:2.5} | s3=0.625 s1=0.5555555555555556
            red* | s2=0.75 s1=0.4444444444444444 s5=0.125 s3=0.0625
            * | s2=0.25 s4=0.25 s1=0.1111111111111111 s3=0.0625 s5=0.041666666666666664
            @g:{a} | s2=0.5 s1=0.2222222222222222
            @n:[2 4] | s2=0.25 s4=0.25 s3=0.0625
            redis -engine | s2=0.75 s5=0.125 s3=0.0625
            database engine | s4=1.5
            """
        ),
        (
            .bm25,
            """
            redis | s1=0.48076922084981893 s2=0.40983605596270195 s5=0.10245901399067549 s3=0.0939849593733858
            redis search | s1=0.8567090583433621 s3=0.4104406469804714
            redis\\|engine | s4=0.6329113752141712 s1=0.42835452917168104 s2=0.40983605596270195 s5=0.10245901399067549 s3=0.0939849593733858
            redis ~search | s1=0.8567090583433621 s3=0.4104406469804714 s2=0.40983605596270195 s5=0.10245901399067549
            @w:redis | s1=0.48076922084981893 s5=0.10245901399067549
            "redis search" | s1=0.8567090583433621
            search=>{$weight:2.5} | s1=0.3759398374935432 s3=0.3164556876070856
            red* | s1=0.48076922084981893 s2=0.40983605596270195 s5=0.10245901399067549 s3=0.0939849593733858
            * | s1=0.1879699187467716 s2=0.1879699187467716 s4=0.1879699187467716 s3=0.0939849593733858 s5=0.0469924796866929
            @g:{a} | s1=0.3759398374935432 s2=0.3759398374935432
            @n:[2 4] | s2=0.1879699187467716 s4=0.1879699187467716 s3=0.0939849593733858
            redis -engine | s2=0.40983605596270195 s5=0.10245901399067549 s3=0.0939849593733858
            database engine | s4=1.0088512127077145
            (redis\\|engine)=>{$weight:3} | s4=1.8987341256425134 s1=1.2850635875150431 s2=1.229508167888106 s5=0.3073770419720265 s3=0.2819548781201574
            red*=>{$weight:3} | s1=1.4423076625494569 s2=1.229508167888106 s5=0.3073770419720265 s3=0.2819548781201574
            @g:{a\\|b}=>{$weight:3} | s1=1.1278195124806296 s2=1.1278195124806296 s4=1.1278195124806296 s3=0.5639097562403148
            """
        ),
        (
            .bm25Std,
            """
            redis | s2=0.4762116409215053 s1=0.4627339525793351 s3=0.13328749556881422 s5=0.11354120126625047
            redis search | s1=1.2421983191498231 s3=0.7040998371120176
            redis\\|engine | s4=1.2895674105325974 s1=1.2421983191498231 s2=0.4762116409215053 s3=0.13328749556881422 s5=0.11354120126625047
            redis ~search | s1=1.2421983191498231 s3=0.7040998371120176 s2=0.4762116409215053 s5=0.11354120126625047
            @w:redis | s1=0.4627339525793351 s5=0.11354120126625047
            "redis search" | s1=1.2421983191498231
            search=>{$weight:2.5} | s1=0.7794643665704881 s3=0.5708123415432034
            red* | s2=0.4762116409215053 s1=0.4627339525793351 s3=0.13328749556881422 s5=0.11354120126625047
            * | s2=1.1071428592854173 s4=1.1071428592854173 s1=0.8903394238239803 s3=0.463315216777318 s5=0.2522189349516768
            @g:{a} | s2=0.9692690050828945 s1=0.7794643665704881
            @n:[2 4] | s2=0 s3=0 s4=0
            redis -engine | s2=0.4762116409215053 s3=0.13328749556881422 s5=0.11354120126625047
            database engine | s4=2.258836415615492
            (redis search)=>{$weight:3} | s1=3.7265949574494694 s3=2.1122995113360528
            red*=>{$weight:3} | s2=1.4286349227645159 s1=1.3882018577380053 s3=0.39986248670644264 s5=0.34062360379875145
            """
        ),
        (
            .disMax,
            """
            redis | s1=4 s2=3 s5=3 s3=1
            redis search | s1=5 s3=3
            redis\\|engine | s1=4 s2=3 s5=3 s4=2 s3=1
            redis ~search | s1=5 s2=3 s3=3 s5=3
            @w:redis | s1=4 s5=3
            "redis search" | s1=5
            search=>{$weight:2.5} | s3=5 s1=2.5
            red* | s1=4 s2=3 s5=3 s3=1
            * | s1=1 s2=1 s3=1 s4=1 s5=1
            @g:{a} | s1=1 s2=1
            @n:[2 4] | s2=1 s3=1 s4=1
            redis -engine | s2=3 s5=3 s3=1
            database engine | s4=3
            red*=>{$weight:3} | s1=12 s2=9 s5=9 s3=3
            @g:{a\\|b}=>{$weight:3} | s1=9 s2=9 s3=9 s4=9
            redis @g:{a} @g:{a\\|b} | s1=6 s2=5
            """
        ),
        (
            .docScore,
            """
            redis | s1=1 s2=1 s3=0.5 s5=0.25
            redis search | s1=1 s3=0.5
            redis\\|engine | s1=1 s2=1 s4=1 s3=0.5 s5=0.25
            redis ~search | s1=1 s2=1 s3=0.5 s5=0.25
            @w:redis | s1=1 s5=0.25
            * | s1=1 s2=1 s4=1 s3=0.5 s5=0.25
            @g:{a} | s1=1 s2=1
            @n:[2 4] | s2=1 s4=1 s3=0.5
            redis -engine | s2=1 s3=0.5 s5=0.25
            """
        ),
    ]

    /// b = 0.75, weights honored.
    static let current: [(ScorerKind, String)] = [
        (
            .bm25Std,
            """
            redis | s2=0.489274803542584 s1=0.451551658816781 s3=0.128570899974504 s5=0.11380463793565
            redis search | s1=1.19049931264586 s3=0.685019836507893
            redis\\|engine | s4=1.33722219857473 s1=1.19049931264586 s2=0.489274803542584 s3=0.128570899974504 s5=0.11380463793565
            search=>{$weight:2.5} | s1=1.8473691345727 s3=1.39112234133347
            * | s2=1.16981132434269 s4=1.16981132434269 s1=0.844059403563215 s3=0.446920051567688 s5=0.253343239288533
            """
        ),
        (
            .bm25StdTanh,
            """
            redis | s2=0.121712291221947 s1=0.112410810712491 s3=0.0321316600964213 s5=0.0284434851965047
            redis search | s1=0.289137504006079 s3=0.169600165921097
            redis\\|engine | s4=0.322384182742978 s1=0.289137504006079 s2=0.121712291221947 s3=0.0321316600964213 s5=0.0284434851965047
            search=>{$weight:2.5} | s1=0.431584532907189 s3=0.334405785822827
            * | s2=0.284390832516461 s4=0.284390832516461 s1=0.207937675029174 s3=0.111267392050797 s5=0.0632512565449817
            """
        ),
        (
            .bm25StdNorm,
            """
            redis | s2=1 s1=0.922899882739374 s3=0.262778502067937 s5=0.232598607391287
            redis search | s1=1 s3=0.575405486783062
            redis\\|engine | s4=1 s1=0.890277856525823 s2=0.365888933091354 s3=0.0961477457609817 s5=0.0851052562969326
            search=>{$weight:2.5} | s1=1 s3=0.753028896769588
            * | s2=1 s4=1 s1=0.721534649220028 s3=0.382044559039306 s5=0.216567607114666
            """
        ),
    ]

    @Test(arguments: legacy.indices, [[8_192], [1], [2, 3]])
    func `scores equal those of 2.10`(_ index: Int, _ seals: [Int]) throws {
        let (scorer, table) = Self.legacy[index]
        try check(scorer, table, isLegacy: true, seals)
    }

    @Test(arguments: current.indices, [[8_192], [1], [2, 3]])
    func `scores equal those of 8`(_ index: Int, _ seals: [Int]) throws {
        let (scorer, table) = Self.current[index]
        try check(scorer, table, isLegacy: false, seals)
    }

    private func check(_ scorer: ScorerKind, _ table: String, isLegacy: Bool, _ seals: [Int]) throws {
        let snapshot = Self.corpus.snapshot(sealingAt: seals)
        for line in table.split(separator: "\n") {
            let split = line.range(of: " | ")
            let query = String(line[..<split.lowerBound]).replacing("\\|", with: "|")
            let expected = line[split.upperBound...].split(separator: " ").map { pair -> (String, Double) in
                let parts = pair.split(separator: "=")
                return (String(parts[0]), Double(parts[1])!)
            }
            var parameters = SearchParameters(tree: try #require(Self.queries[query], "\(query)"))
            parameters.scorer = scorer
            parameters.bm25Legacy = isLegacy
            let outcome = try Executor.run(parameters, on: snapshot)
            #expect(outcome.total == expected.count, "\(scorer) \(query)")
            #expect(outcome.hits.map(snapshot.key) == expected.map(\.0), "\(scorer) \(query)")
            for (hit, (key, score)) in zip(outcome.hits, expected) {
                #expect(abs(hit.score - score) <= 1e-9 * max(1, abs(score)), "\(scorer) \(query) \(key)")
            }
        }
    }

    @Test func `HAMMING compares payloads bit by bit`() throws {
        var corpus = Corpus()
        corpus.text("t")
        for (key, payload) in [("hm:1", "abcd"), ("hm:2", "abce"), ("hm:3", "zzzzz"), ("hm:4", nil), ("hm:5", "ABCD")] {
            var document = TestDocument(key: key, texts: ["t": "x y"])
            document.payload = payload
            corpus.add(document)
        }
        let snapshot = corpus.snapshot()
        func scores(_ payload: String?) throws -> [String] {
            var parameters = SearchParameters(tree: word("x"))
            parameters.scorer = .hamming
            parameters.payload = payload.map(bytes)
            return try Executor.run(parameters, on: snapshot).hits.map { "\(snapshot.key($0))=\($0.score)" }
        }

        #expect(try scores("abcd") == ["hm:1=1.0", "hm:2=0.5", "hm:5=0.2", "hm:3=0.0", "hm:4=0.0"])
        #expect(try scores("zzzzy").first == "hm:3=0.3333333333333333")
        #expect(try scores(nil) == ["hm:1=0.0", "hm:2=0.0", "hm:3=0.0", "hm:4=0.0", "hm:5=0.0"])
    }

    @Test func `stop words take no position between words`() throws {
        var corpus = Corpus()
        corpus.text("t")
        for (key, text) in [("d1", "other"), ("d2", "one two three four five"), ("d3", "one the a of two")] {
            corpus.add(TestDocument(key: key, texts: ["t": text]))
        }
        let snapshot = corpus.snapshot()
        func scores(_ tree: QueryNode) throws -> [Double] {
            var parameters = SearchParameters(tree: tree)
            parameters.scorer = .tfidf
            return try Executor.run(parameters, on: snapshot).hits.map(\.score)
        }

        #expect(try scores(all(word("one"), word("two"))) == [2, 2])
        #expect(try scores(all(word("one"), word("five"))) == [0.75])
    }
}

extension Substring {
    /// Where a text occurs first; the table's lines all have it.
    func range(of text: String) -> Range<Index> {
        var start = startIndex
        while !self[start...].hasPrefix(text) { start = index(after: start) }
        return start..<index(start, offsetBy: text.count)
    }
}
