// Every transcript under Golden/, against the whole stack without sockets.

import EngineTestKit
import Foundation
import RESP
import Settings
import Testing

@Suite struct GoldenTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    static let transcripts: [String] = {
        guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return [] }
        let paths = files.compactMap { ($0 as? URL)?.path }.filter { $0.hasSuffix(".golden") }
        return paths.map { String($0.dropFirst(folder.path.count + 1)) }.sorted()
    }()

    @Test(arguments: transcripts)
    func `a transcript is answered as recorded`(name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        let settings = SettingsRegistry()
        // 2.10 scores by TFIDF unless told otherwise.
        if text.hasPrefix("# Recorded from RediSearch 2.10.5") {
            settings.updateSearch {
                $0.defaultScorer = "TFIDF"
                $0.bm25StdLegacy = true
            }
        }
        let node = try TestNode(settings: settings)

        var cursor: [UInt8] = []
        for step in Golden.parse(text) {
            let words = step.words.map { $0 == Array("{cursor}".utf8) ? cursor : $0 }
            let reply = node.run(words, version: step.isRESP3 ? .resp3 : .resp2)
            let actual = ReplyTokens.text(of: reply.bytes)
            if let id = Golden.cursor(of: actual) { cursor = id }

            let difference = Golden.difference(step.expected, actual)
            #expect(
                difference == nil,
                "\(name):\(step.line)\n  > \(step.command)\n  \(difference ?? "")\n  got \(actual)")
        }
    }
}
