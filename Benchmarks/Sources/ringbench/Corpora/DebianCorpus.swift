// What apt knows of Debian's packages: real text, with real frequencies of words.

import Foundation

extension Corpus {
    /// - Parameter limit: at most so many packages.
    static func debian(limit: Int, prefix: String) throws -> Corpus {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/apt-cache")
        process.arguments = ["dumpavail"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { throw BenchmarkFailure("no apt-cache here: use --corpora synthetic") }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()

        var builder = CorpusBuilder(expected: min(limit, 64_000))
        var seen: Set<Substring> = []
        for stanza in text.split(separator: "\n\n") {
            guard seen.count < limit else { break }
            var fields: [Substring: Substring] = [:]
            for line in stanza.split(separator: "\n") where !line.hasPrefix(" ") {
                guard let colon = line.firstIndex(of: ":") else { continue }
                fields[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " }
            }
            guard let name = fields["Package"], let description = fields["Description"], seen.insert(name).inserted
            else { continue }
            // The short description and the dependencies' names: enough words for phrases and rare terms.
            let depends =
                fields["Depends"].map { $0.replacing(#/\([^)]*\)/#, with: "").replacing(",", with: " ") } ?? ""
            let body = "\(name) \(description) \(depends)"
            let section = fields["Section"].map(String.init) ?? "none"
            let size = fields["Installed-Size"].flatMap { Double($0) } ?? 0
            builder.add(
                [
                    "HSET", prefix + name, "title", String(description), "body", body, "section", section, "maintainer",
                    String(fields["Maintainer"]?.prefix { $0 != "<" } ?? "nobody"), "size", String(Int(size)),
                ], text: body, tag: section, number: size, place: nil)
        }
        guard builder.documents.count > 1000 else {
            throw BenchmarkFailure(
                "apt knows only \(builder.documents.count) packages: run apt-get update, or use --corpora synthetic")
        }
        return Corpus(
            name: "debian", prefix: prefix,
            schema: [
                "title", "TEXT", "WEIGHT", "2", "body", "TEXT", "section", "TAG", "SORTABLE", "maintainer", "TAG",
                "SEPARATOR", "|", "size",
                "NUMERIC", "SORTABLE",
            ], documents: builder.documents, samples: builder.samples, words: builder.words, text: "body",
            tag: "section", number: "size",
            place: nil)
    }
}
