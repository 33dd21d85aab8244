// swift-tools-version: 6.2
//
// A package of its own, so that nobody who builds the server builds this.

import PackageDescription

let package = Package(
    name: "ringbench",
    platforms: [.macOS(.v15)],
    dependencies: [
        // Flags with help texts.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        .executableTarget(
            name: "ringbench",
            dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")])
    ],
    swiftLanguageModes: [.v6]
)
