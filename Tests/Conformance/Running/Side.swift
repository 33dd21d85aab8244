// One of the two servers.

import Foundation
import TestKit

final class Side {
    let name: String
    let address: ServerAddress
    let client: RESPClient
    private let modern: RESPClient
    /// What the server's unions were set to when it was first asked, and what they are set to now.
    private var unions: (before: String, now: String)?

    init(name: String, address: ServerAddress) throws {
        self.name = name
        self.address = address
        client = try RESPClient(address)
        modern = try RESPClient(address)
        guard try modern.send("HELLO", "3").errorText == nil else {
            throw ConnectionFailure("\(name) at \(address) does not speak RESP3")
        }
    }

    func ask(_ question: QueryCase) throws -> RESPValue {
        try (question.channel == .resp3 ? modern : client).send(question.words)
    }

    /// Asks while the server walks its unions another way: from this many branches on by a heap.
    func ask(_ question: QueryCase, heapFrom branches: Int) throws -> RESPValue {
        try setUnions(String(branches))
        defer { try? setUnions(unions?.before ?? "20") }  // a server that is gone keeps no setting
        return try ask(question)
    }

    private func setUnions(_ value: String) throws {
        if unions == nil {
            let reply = try client.send("FT.CONFIG", "GET", "UNION_ITERATOR_HEAP")
            let text = reply.elements?.first?.elements?.last?.text ?? "20"
            unions = (text, text)
        }
        guard unions?.now != value else { return }
        _ = try client.send("FT.CONFIG", "SET", "UNION_ITERATOR_HEAP", value)
        unions?.now = value
    }

    /// Makes scores and expansions comparable: those of RediSearch 2.10. What a server does not know it refuses,
    /// and then it needs no setting.
    func configure() throws {
        for command in [
            ["FT.CONFIG", "SET", "DEFAULT_SCORER", "TFIDF"], ["CONFIG", "SET", "search-bm25std-legacy", "yes"],
        ] {
            _ = try client.send(command)
        }
        // A slow machine must not cut answers short.
        if try client.send("FT.CONFIG", "GET", "TIMEOUT").elements?.first?.elements?.last?.text != "0" {
            _ = try client.send("FT.CONFIG", "SET", "TIMEOUT", "0")
        }
        // Both at the default that RediSearch has; a shared peer is not written to without need.
        if try client.send("FT.CONFIG", "GET", "MAXEXPANSIONS")
            != .array([.array([.bulk(Array("MAXEXPANSIONS".utf8)), .bulk(Array("200".utf8))])])
        {
            _ = try client.send("FT.CONFIG", "SET", "MAXEXPANSIONS", "200")
        }
    }

    /// Creates the corpus's index and waits until the scan that this starts is over: documents written
    /// meanwhile would be indexed twice and change places.
    func create(_ corpus: Corpus) throws -> RESPValue {
        let reply = try client.send(corpus.creation)
        guard reply == .simple("OK") else { return reply }
        for _ in 0..<600 {
            let info = try client.send("FT.INFO", corpus.index)
            if info["indexing"]?.number == 0 { break }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return reply
    }

    /// Runs the corpus's commands; returns the first reply that is an error.
    func load(_ corpus: Corpus) throws -> RESPValue? {
        let error = try client.pipeline(corpus.commands).first { $0.errorText != nil }
        // A peer's statistics are those of its documents only when what was deleted is collected.
        if corpus.profile == .churned { _ = try client.send("FT.DEBUG", "GC_FORCEINVOKE", corpus.index) }
        return error
    }

    func remove(_ corpus: Corpus) throws {
        _ = try client.send("FT.DROPINDEX", corpus.index, "DD")
        _ = try client.send(["DEL"] + corpus.strayKeys)
        // Documents that could not be indexed are not the index's to delete.
        let keys = Set(corpus.commands.map { $0[1] })
        _ = try client.pipeline(keys.sorted().map { ["DEL", $0] })
    }

    /// How many documents the index holds.
    func documentCount(_ corpus: Corpus) throws -> Int? {
        try client.send("FT.INFO", corpus.index)["num_docs"]?.number.map { Int($0) }
    }
}
