import Foundation
import RingCore
import Settings
import SettingsYAML
import Testing

/// The sample files, and the files that the generator writes.
@Suite struct RingFileTests {
    private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func read(_ file: URL) throws -> RingConfiguration {
        let text = try String(contentsOf: file, encoding: .utf8)
        let read = ConfigurationFile(try YAMLReader.read(text)) { _ in nil }
        #expect(read.problems == [] && read.warnings == [], "\(file.lastPathComponent)")
        let settings = SettingsRegistry()
        for value in read.values { try settings.set(value.setting, to: value.text, origin: .file) }
        let ring = try RingConfiguration(settings.values)
        #expect(ring.warnings == [], "\(file.lastPathComponent)")
        return ring
    }

    private func topology(_ ring: RingConfiguration) throws -> RingTopology {
        let all = [try #require(ring.ownEntry)] + ring.seeds
        return try RingTopology(epoch: 1, members: all.map { $0.member() })
    }

    // MARK: samples

    @Test(arguments: [
        ("single", 1, 1), ("three-racks", 3, 3), ("two-datacenters", 6, 6), ("one-rack", 3, 1),
    ])
    func `a sample is a ring`(name: String, nodes: Int, racks: Int) throws {
        let ring = try read(Self.root.appending(path: "conf/\(name).yml"))
        guard ring.hasPeers else { return #expect(nodes == 1) }
        let topology = try topology(ring)

        #expect(topology.members.count == nodes)
        #expect(topology.racks.count == racks)
        #expect(ring.readLevel == (racks > 1 ? .quorum : .one))
        #expect(ring.writeLevel == ring.readLevel)
        #expect(ring.settings.handsOff == (racks > 1) && ring.settings.repairsReads == (racks > 1))
    }

    @Test func `every sample has a test`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "conf").path)
        #expect(files.sorted() == ["one-rack.yml", "single.yml", "three-racks.yml", "two-datacenters.yml"])
    }

    // MARK: the generator

    private func generate(_ variables: [String: String]) throws -> [RingConfiguration] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ringsearch-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // what is left is the system's to clean
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", Self.root.appending(path: "scripts/ring-files").path, folder.path]
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            try read(folder.appending(path: $0))
        }
    }

    @Test(arguments: [(1, 1, 1), (1, 3, 1), (3, 1, 1), (3, 2, 1), (2, 2, 2)])
    func `the files of a ring agree on it`(racks: Int, nodes: Int, datacenters: Int) throws {
        let rings = try generate(["RACKS": "\(racks)", "NODES": "\(nodes)", "DCS": "\(datacenters)"])
        let topologies = try rings.map(topology)
        let first = try #require(topologies.first)

        #expect(rings.count == racks * nodes * datacenters)
        #expect(topologies.allSatisfy { $0 == first })
        #expect(first.racks.count == racks * datacenters)
        // The same tokens in every rack, so that each node has one counterpart in each.
        #expect(first.rangeCount == 64 * nodes)
        for member in first.members.indices {
            #expect(first.coOwners(of: MemberIndex(member)).count == racks * datacenters - 1)
            #expect(first.members[member].tokens.count == 64)
        }
        #expect(Set(rings.compactMap(\.advertised)).count == rings.count)
        #expect(Set(rings.compactMap(\.statisticsListen)).count == rings.count)
        #expect(rings.allSatisfy { $0.readLevel == (racks > 1 ? .quorum : .one) && $0.writeLevel == $0.readLevel })
        #expect(rings.allSatisfy { $0.settings.handsOff == (racks > 1) && $0.settings.repairsReads == (racks > 1) })
    }

    @Test func `what cannot be a ring is not written`() throws {
        #expect(try generate(["RACKS": "0"]).isEmpty)
        #expect(try generate(["NODES": "x"]).isEmpty)
        #expect(try generate(["RACKS": "50", "NODES": "50"]).isEmpty)
    }
}
