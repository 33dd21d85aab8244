// Configuration files and seed providers' answers, as far as a node goes with them before it starts.

import RingCore
import Settings
import SettingsYAML

enum ConfigurationTarget {
    static func read(_ bytes: UnsafeBufferPointer<UInt8>) {
        // Whatever it is: being refused is a fine end.
        _ = try? DNSSeeds.entries(inTextRecords: Array(bytes), id: 0x3031)
        _ = try? FloridaSeeds.entries(in: Array(bytes))
        let text = String(decoding: bytes, as: UTF8.self)
        if let seeds = try? SeedEntry.list(text, reading: .asDynomite) {
            precondition(seeds.allSatisfy { (try? SeedEntry($0.description)) == $0 }, "a seed reads as another")
        }
        guard let root = try? YAMLReader.read(text) else { return }
        let file = ConfigurationFile(root) { $0.isEmpty ? nil : $0 }
        let settings = SettingsRegistry()
        for value in file.values { try? settings.set(value.setting, to: value.text, origin: .file) }
        guard let ring = try? RingConfiguration(settings.values), let own = ring.ownEntry else { return }
        // What was accepted makes a ring, whoever is in it.
        let members =
            [own.member(id: NodeID(1))] + ring.seeds.enumerated().map { $1.member(id: NodeID(UInt64($0) + 2)) }
        if ring.seeds.count < 64 {
            precondition((try? RingTopology(epoch: 1, members: members)) != nil, "accepted seeds make no ring")
        }
        _ = ConfigurationText.rewritten(text, changes: SettingsCatalog.all.prefix(3).map { ($0, "1") })
    }
}
