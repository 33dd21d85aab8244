// swift-tools-version: 6.2
//
// Modules import downwards only: executables > Server > Commands > SearchEngine > SearchExecution
// > SearchQuery, SearchAnalysis, SearchIndex > SearchModel > foundations. ARCHITECTURE.md has the map.

import PackageDescription

/// Hot C loops: bit packing, bitmaps, position streams. Plain C, chosen at run time where it matters.
let kernels: Target.Dependency = "CKernels"

let package = Package(
    name: "ringsearch",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "ringsearchd", targets: ["ringsearchd"])
    ],
    dependencies: [
        // Event loops, TCP and unix sockets, back-pressure: the network is not what we are here to write.
        .package(url: "https://github.com/apple/swift-nio", from: "2.100.0"),
        // Command-line flags with help texts and validation.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // The Dynomite-style YAML configuration file.
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        // MARK: C libraries of the system

        // The client library of the backing store.
        .systemLibrary(name: "CHiredis", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev"])]),
        // Snowball stemmers of all languages.
        .systemLibrary(name: "CStemmer", providers: [.apt(["libstemmer-dev"])]),
        // TLS between nodes, and the cipher of Dynomite's peer links (RSA-OAEP, AES-CBC). The system's: it is everywhere
        // already, its updates come from the distribution, and swift-nio-ssl with swift-crypto would bring two BoringSSLs to build.
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        // Node-local durable state: crash-safe, one writer, many readers.
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),

        // XXH3: hashes of records, the same on every node.
        .systemLibrary(name: "CXXHash", providers: [.apt(["libxxhash-dev"])]),

        // MARK: foundations

        .target(name: "CKernels"),
        // What Swift's Glibc module leaves out of the C library.
        .target(name: "CSystemCalls"),
        .target(name: "Containers", dependencies: [kernels]),
        .target(name: "Platform", dependencies: ["CSystemCalls"]),
        .target(name: "RESP"),
        .target(name: "Settings"),
        // The one place that knows YAML.
        .target(name: "SettingsYAML", dependencies: ["Settings", .product(name: "Yams", package: "Yams")]),

        // MARK: search

        .target(name: "SearchModel"),
        .target(name: "SearchExpressions", dependencies: ["SearchModel", "CSystemCalls"]),
        .target(name: "SearchAnalysis", dependencies: ["SearchModel", "CStemmer"]),
        .target(name: "SearchQuery", dependencies: ["SearchModel"]),
        .target(name: "SearchIndex", dependencies: ["SearchModel", "Containers", kernels]),
        .target(
            name: "SearchExecution",
            dependencies: ["SearchQuery", "SearchAnalysis", "SearchIndex", "SearchModel", kernels]),
        .target(name: "SearchAggregation", dependencies: ["SearchExpressions", "SearchModel"]),
        .target(name: "SearchSuggest", dependencies: ["SearchModel"]),
        .target(
            name: "SearchEngine",
            dependencies: [
                "SearchExecution", "SearchSuggest", "SearchIndex", "SearchAnalysis", "SearchQuery", "SearchAggregation",
                "SearchExpressions", "SearchModel", "Storage", "Settings", "Platform", "RESP", "Containers",
            ]),

        // MARK: ring

        // Replication as values and state machines: no sockets, no clocks, no disks.
        .target(name: "RingCore", dependencies: ["Settings", "Platform", "CXXHash"]),
        // What surrounds a node in a simulation: a disk in memory, a small store.
        .target(name: "RingSimulator", dependencies: ["RingCore"]),
        // Drives it with real sockets.
        .target(
            name: "RingNode",
            dependencies: [
                "RingCore", "COpenSSL",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),

        // MARK: storage

        .target(name: "Storage", dependencies: ["RESP", "CLMDB", "Platform"]),
        .target(name: "StorageHiredis", dependencies: ["Storage", "RESP", "CHiredis", "Platform"]),

        // MARK: surface

        .target(
            name: "Commands",
            dependencies: [
                "SearchEngine", "SearchExecution", "SearchAggregation", "SearchExpressions", "SearchIndex",
                "SearchSuggest", "SearchAnalysis", "SearchQuery", "SearchModel", "Storage", "Settings", "Platform",
                "RESP",
                "CSystemCalls",
            ]),
        .target(
            name: "Server",
            dependencies: [
                "Commands", "RESP", "Settings", "Storage",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .executableTarget(
            name: "ringsearchd",
            dependencies: [
                "Server", "Commands", "SearchEngine", "RingCore", "StorageHiredis", "Storage", "Settings",
                "SettingsYAML", "Platform",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // MARK: tests and what they share

        .target(name: "TestKit", path: "Tests/TestKit"),
        // The stack without sockets: a store in memory, commands, golden transcripts.
        .target(
            name: "EngineTestKit",
            dependencies: ["Commands", "SearchEngine", "Storage", "Settings", "Platform", "RESP"],
            path: "Tests/EngineTestKit"),
        .testTarget(
            name: "CommandsTests",
            dependencies: ["EngineTestKit", "Commands", "SearchEngine", "SearchModel", "Settings", "RESP"],
            exclude: ["Golden", "record-golden"]),
        .testTarget(
            name: "SearchEngineTests",
            dependencies: [
                "EngineTestKit", "SearchEngine", "SearchModel", "Storage", "Settings", "Platform", "RESP",
            ]),
        .executableTarget(
            name: "conformance",
            dependencies: ["TestKit", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tests/Conformance", exclude: ["KNOWN_DIFFERENCES.md"]),
        // Parsers on bytes without sense: replays files, or runs under libFuzzer (scripts/fuzz).
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "RESP", "RingCore", "SearchAnalysis", "SearchExpressions", "SearchModel", "SearchQuery", "Settings",
                "SettingsYAML",
            ],
            path: "Tests/Fuzz", exclude: ["Seeds"]),
        // The source itself: who imports whom, what documents say, habits.
        .testTarget(name: "TidyTests", path: "Tests/Tidy"),
        .testTarget(name: "RESPTests", dependencies: ["RESP"]),
        .testTarget(
            name: "RingNodeTests",
            dependencies: ["RingNode", "RingCore", "COpenSSL", .product(name: "NIOPosix", package: "swift-nio")]),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"]),
        .testTarget(name: "SettingsYAMLTests", dependencies: ["Settings", "SettingsYAML", "RingCore"]),
        .testTarget(name: "ringsearchdTests", dependencies: ["ringsearchd", "Settings"]),
        .testTarget(
            name: "ServerTests", dependencies: ["Server", "Commands", "RESP", "Settings", "Storage", "SearchEngine"]),
        .testTarget(name: "StorageTests", dependencies: ["Storage", "RESP", "Platform"]),
        .testTarget(
            name: "StorageHiredisTests",
            dependencies: ["StorageHiredis", "Storage", "RESP", "Platform", "CHiredis", "TestKit"]),
        .testTarget(name: "ContainersTests", dependencies: ["Containers"]),
        .testTarget(
            name: "RingCoreTests",
            dependencies: ["RingCore", "RingSimulator", "Settings", "Storage", "RESP", "TestKit"]),
        .testTarget(name: "SearchQueryTests", dependencies: ["SearchQuery", "SearchModel"]),
        .testTarget(name: "SearchAnalysisTests", dependencies: ["SearchAnalysis", "SearchModel"]),
        .testTarget(name: "SearchIndexTests", dependencies: ["SearchIndex", "SearchModel", "CKernels"]),
        .testTarget(
            name: "SearchExecutionTests",
            dependencies: ["SearchExecution", "SearchIndex", "SearchQuery", "SearchAnalysis", "SearchModel"]),
        .testTarget(name: "SearchExpressionsTests", dependencies: ["SearchExpressions"]),
        .testTarget(name: "SearchSuggestTests", dependencies: ["SearchSuggest", "SearchModel"]),
        .testTarget(name: "SearchAggregationTests", dependencies: ["SearchAggregation"]),
    ],
    swiftLanguageModes: [.v6]
)

// CI builds with RINGSEARCH_STRICT=1: warnings in our own modules are errors there.
if Context.environment["RINGSEARCH_STRICT"] != nil {
    for target in package.targets where target.type != .system {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}

// scripts/fuzz builds with RINGSEARCH_FUZZ=1: libFuzzer counts coverage in every module and brings `main`.
if Context.environment["RINGSEARCH_FUZZ"] != nil {
    for target in package.targets where target.type != .system {
        target.swiftSettings =
            (target.swiftSettings ?? []) + [
                .unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"]), .define("FUZZING"),
            ]
        if target.name == "fuzz" { target.linkerSettings = [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])] }
    }
}
