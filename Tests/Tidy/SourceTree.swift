// The repository as the tidy tests see it: files as text, and what the manifest says.

import Foundation

/// A text file of the repository.
struct SourceFile: Sendable {
    /// From the root: `Sources/RESP/Arguments.swift`.
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// `RESP` of `Sources/RESP/Arguments.swift`.
    var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// The text without line comments and what stands in quotes.
    var code: String {
        text.replacing(#/"(?:[^"\\\n]|\\.)*"/#, with: "\"\"").replacing(#/\/\/[^\n]*/#, with: "")
    }
}

/// A target of Package.swift.
struct ManifestTarget: Sendable {
    enum Kind: Sendable { case library, executable, test, system }

    let name: String
    let kind: Kind
    let dependencies: Set<String>
}

enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Swift and C files under `folder`.
    static func sources(_ folder: String) -> [SourceFile] {
        files(folder) { ["swift", "c", "h"].contains(($0 as NSString).pathExtension) }
    }

    /// Everything that people read or write in the repository.
    static let allTexts: [SourceFile] =
        ["Sources", "Tests", "Benchmarks", "scripts", ".ci"].flatMap { folder in
            files(folder) { !["png", "gz", "bin", "pyc"].contains(($0 as NSString).pathExtension) }
        }
        + ["Package.swift", "README.md", "ARCHITECTURE.md", "Makefile", ".swift-format", ".gitignore"].compactMap(file)

    static func file(_ path: String) -> SourceFile? {
        (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)).map {
            SourceFile(path: path, text: $0)
        }
    }

    static func folders(_ folder: String) -> [String] {
        let keys: Set<URLResourceKey> = [.isDirectoryKey]
        let found = try? FileManager.default.contentsOfDirectory(
            at: root.appendingPathComponent(folder), includingPropertiesForKeys: Array(keys), options: .skipsHiddenFiles
        )
        return (found ?? []).filter { (try? $0.resourceValues(forKeys: keys))?.isDirectory == true }
            .map(\.lastPathComponent).sorted()
    }

    private static func files(_ folder: String, _ isWanted: (String) -> Bool) -> [SourceFile] {
        let start = root.appendingPathComponent(folder)
        guard let walk = FileManager.default.enumerator(atPath: start.path) else { return [] }
        // Build products lie in folders that begin with a dot.
        return walk.compactMap { $0 as? String }.filter {
            !$0.hasPrefix(".build") && !$0.contains("/.") && isWanted($0)
        }.sorted()
            .compactMap { file("\(folder)/\($0)") }
    }

    // MARK: the manifest

    static let targets: [ManifestTarget] = {
        guard let manifest = file("Package.swift") else { return [] }
        let text = manifest.text.replacing(#/\/\/[^\n]*/#, with: "")
        var targets: [ManifestTarget] = []
        for match in text.matches(of: #/\.(target|executableTarget|testTarget|systemLibrary)\(\s*name:\s*"(\w+)"/#) {
            // Up to the parenthesis that closes the target.
            var depth = 1
            var end = match.range.upperBound
            while end < text.endIndex && depth > 0 {
                if text[end] == "(" { depth += 1 }
                if text[end] == ")" { depth -= 1 }
                end = text.index(after: end)
            }
            let body = text[match.range.upperBound..<end]
            var dependencies: Set<String> = []
            if let list = body.firstMatch(of: #/dependencies:\s*\[/#) {
                var depth = 1
                var end = list.range.upperBound
                while end < body.endIndex && depth > 0 {
                    if body[end] == "[" { depth += 1 }
                    if body[end] == "]" { depth -= 1 }
                    end = body.index(after: end)
                }
                let words = body[list.range.upperBound..<end].replacing(#/package:\s*"[^"]*"/#, with: "")
                dependencies = Set(words.matches(of: #/"([\w-]+)"/#).map { String($0.1) })
                if words.contains(#/\bkernels\b/#) { dependencies.insert("CKernels") }
            }
            let kind: ManifestTarget.Kind =
                switch match.1 {
                case "executableTarget": .executable
                case "testTarget": .test
                case "systemLibrary": .system
                default: .library
                }
            targets.append(ManifestTarget(name: String(match.2), kind: kind, dependencies: dependencies))
        }
        return targets
    }()

    static func target(_ name: String) -> ManifestTarget? { targets.first { $0.name == name } }
}

/// The modules that a file imports.
func imports(of file: SourceFile) -> Set<String> {
    let pattern =
        #/(?m)^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|let|var|typealias)\s+)?(\w+)/#
    return Set(file.text.matches(of: pattern).map { String($0.1) })
}
