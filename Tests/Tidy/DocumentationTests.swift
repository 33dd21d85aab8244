// Whether the documents say what is there.

import Testing

@Suite struct DocumentationTests {
    @Test func `every module is in ARCHITECTURE`() throws {
        let architecture = try #require(SourceTree.file("ARCHITECTURE.md"))
        for module in SourceTree.folders("Sources") {
            let isMentioned = architecture.text.contains("`\(module)`")
            #expect(isMentioned, "\(module) is not mentioned")
        }
    }

    @Test func `ARCHITECTURE names no module that is gone`() throws {
        let architecture = try #require(SourceTree.file("ARCHITECTURE.md"))
        let modules = Set(SourceTree.folders("Sources"))
        for match in architecture.text.matches(of: #/(?m)^\*\*`(\w+)`\*\*/#) {
            #expect(modules.contains(String(match.1)))
        }
    }

    @Test func `every make target that a document names exists`() throws {
        let makefile = try #require(SourceTree.file("Makefile"))
        let targets = Set(makefile.text.matches(of: #/(?m)^([a-z]+):/#).map { String($0.1) })
        for document in ["README.md", "ARCHITECTURE.md"] {
            let text = try #require(SourceTree.file(document)).text
            for match in text.matches(of: #/[`\n ]make ([a-z]+)[` \n]/#) {
                #expect(targets.contains(String(match.1)), "\(document) says make \(match.1)")
            }
        }
    }

    @Test func `known differences are written down, each once, and few`() throws {
        let document = try #require(SourceTree.file("Tests/Conformance/KNOWN_DIFFERENCES.md"))
        let code = try #require(SourceTree.file("Tests/Conformance/Comparison/KnownDifferences.swift"))
        let headings = document.text.matches(of: #/(?m)^## (.+)$/#).map { String($0.1) }
        let names = code.text.matches(of: #/name: "([^"]+)"/#).map { String($0.1) }

        #expect(headings.sorted() == names.sorted())
        #expect(names.count <= 25)
    }
}
