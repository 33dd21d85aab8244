// Who may import whom.

import Testing

@Suite struct LayeringTests {
    /// Floors of the house, lowest first. A module imports from floors below its own; `SearchExecution` and its like, which
    /// stand on one floor, do not see each other.
    static let floors: [[String]] = [
        ["CKernels", "CSystemCalls", "CHiredis", "COpenSSL", "CStemmer", "CLMDB", "CXXHash"],
        ["Containers", "Platform", "RESP", "Settings"],
        ["SearchModel", "Storage", "RingCore", "SettingsYAML"],
        [
            "SearchQuery", "SearchAnalysis", "SearchIndex", "SearchExpressions", "StorageHiredis", "RingNode",
            "RingSimulator",
        ],
        ["SearchExecution", "SearchAggregation", "SearchSuggest"],
        ["SearchEngine"],
        ["Commands"],
        ["Server"],
        ["ringsearchd"],
    ]

    /// Modules outside the package that ours may import, and who may.
    static let outside: [String: @Sendable (String) -> Bool] = [
        "Glibc": { _ in true },
        "Darwin": { _ in true },
        "Synchronization": { _ in true },
        "NIOCore": { ["Server", "RingNode"].contains($0) },
        "NIOPosix": { ["Server", "RingNode"].contains($0) },
        "ArgumentParser": { $0 == "ringsearchd" },
        "Yams": { $0 == "SettingsYAML" },
        "Foundation": { !isPure($0) },
        "Dispatch": { !isPure($0) },
    ]

    /// Modules that run in fuzzers and simulations: no Foundation, no network, no client of the store.
    static func isPure(_ module: String) -> Bool {
        module.hasPrefix("Search") || ["RESP", "Containers", "Settings", "RingCore", "RingSimulator"].contains(module)
    }

    private static func floor(of module: String) -> Int? { floors.firstIndex { $0.contains(module) } }

    @Test func `every module has its floor, and every floor's modules exist`() {
        let placed = Set(Self.floors.joined())
        let existing = Set(SourceTree.folders("Sources"))

        #expect(placed == existing)
        #expect(Set(SourceTree.targets.filter { $0.kind != .test }.map(\.name)).isSuperset(of: existing))
    }

    @Test(arguments: SourceTree.folders("Sources"))
    func `a module imports what the manifest gives it, and only from below`(module: String) throws {
        let target = try #require(SourceTree.target(module), "no target is called \(module)")
        let ours = Set(Self.floors.joined())
        let ownFloor = try #require(Self.floor(of: module))
        for file in SourceTree.sources("Sources/\(module)") {
            for imported in imports(of: file) where imported != module {
                if ours.contains(imported) {
                    #expect(
                        target.dependencies.contains(imported),
                        "\(file.path) imports \(imported), which Package.swift does not give it")
                } else {
                    let allowed = Self.outside[imported]?(module) ?? false
                    #expect(allowed, "\(file.path) imports \(imported)")
                }
            }
        }
        for dependency in target.dependencies where ours.contains(dependency) {
            let floor = try #require(Self.floor(of: dependency))
            #expect(floor < ownFloor, "\(module) depends on \(dependency), which is not below it")
        }
    }

    @Test func `the manifest gives no module what it does not import`() {
        var unused: Set<String> = []
        for target in SourceTree.targets where target.kind == .library || target.kind == .executable {
            let files = SourceTree.sources("Sources/\(target.name)").filter { $0.path.hasSuffix(".swift") }
            guard !files.isEmpty else { continue }
            let imported = files.reduce(into: Set<String>()) { $0.formUnion(imports(of: $1)) }
            for dependency in target.dependencies.subtracting(imported) {
                unused.insert("\(target.name) \(dependency)")
            }
        }

        #expect(unused == Set(Exceptions.unusedDependencies.keys))
    }

    @Test func `tests mirror modules`() {
        let modules = Set(SourceTree.folders("Sources"))
        for folder in SourceTree.folders("Tests") where folder.hasSuffix("Tests") {
            #expect(modules.contains(String(folder.dropLast(5))), "Tests/\(folder) tests no module")
        }
    }
}
