// From flags, environment and file to settings.

import Foundation
import RingCore
import Settings
import SettingsYAML

/// A configuration that cannot be used: every problem, one a line.
struct ConfigurationFailure: Error {
    let lines: [String]
}

struct ConfigurationLoading {
    /// Path of the file; `nil`: none.
    var file: String?
    /// Values given by flags, by the names of their settings.
    var flags: [(name: String, text: String)] = []
    var environment: [String: String] = ProcessInfo.processInfo.environment

    /// Variables with our prefix that are not settings.
    private static let otherVariables: Set<String> = [
        "RINGSEARCH_CONFIG", "RINGSEARCH_STRICT", "RINGSEARCH_PEER", "RINGSEARCH_REWRITE_GOLDEN",
    ]

    /// Variables of Dynomite, weaker than ours.
    private static let dynomiteVariables = [
        "DYNOMITE_DNS_NAME": "dns-seed-name", "DYNOMITE_DNS_TYPE": "dns-seed-type",
        "DYN_ADVERTISE_ADDR": "dyn-advertise",
    ]

    /// A value from somewhere, before it is set.
    private struct Step {
        let setting: Setting
        let text: String
        let origin: SettingOrigin
        /// `file:line key`, the name of a variable or a flag.
        let source: String
        /// As written in the file.
        var key = ""
        /// Of the items of a list, where they are.
        var itemSources: [String] = []
    }

    /// Applies everything, weakest first; nothing is applied when anything is wrong.
    ///
    /// - Returns: warnings.
    func apply(to settings: SettingsRegistry) throws(ConfigurationFailure) -> [String] {
        var problems: [String] = []
        var warnings: [String] = []
        var steps: [Step] = []
        if let file {
            let read = Self.read(file)
            problems += read.problems
            warnings += read.warnings
            steps += read.steps
        }
        readEnvironment(&steps, &problems, &warnings)
        for (name, text) in flags {
            if let setting = SettingsCatalog.setting(named: name) {
                steps.append(Step(setting: setting, text: text, origin: .flag, source: "--set \(setting.name)"))
            } else {
                problems.append("--set \(name): unknown setting")
            }
        }
        let trial = SettingsRegistry(copying: settings)
        for step in steps {
            do throws(SettingError) {
                try trial.set(step.setting, to: step.text, origin: step.origin)
            } catch {
                // The file's own problems are told already, with their lines.
                if step.origin != .file { problems.append("\(step.source): \(error.reason)") }
            }
        }
        // What does not fit together is told beside what is wrong by itself, from values that are right.
        warnings += checkRing(trial, steps, &problems)
        guard problems.isEmpty else { throw ConfigurationFailure(lines: problems) }
        for step in steps {
            // It went well with the trial.
            try? settings.set(step.setting, to: step.text, origin: step.origin)
        }
        return warnings
    }

    private func readEnvironment(_ steps: inout [Step], _ problems: inout [String], _ warnings: inout [String]) {
        func add(_ name: String, _ setting: Setting, _ text: String) {
            steps.append(Step(setting: setting, text: text, origin: .environment, source: name))
        }
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) {
            if let setting = Self.dynomiteVariables[name].flatMap({ SettingsCatalog.setting(named: $0) }) {
                add(name, setting, text)
            }
        }
        // Half of this address is enough: the rest is as Dynomite has it.
        let (floridaHost, floridaPort) = (environment["DYNOMITE_FLORIDA_IP"], environment["DYNOMITE_FLORIDA_PORT"])
        if floridaHost != nil || floridaPort != nil, let setting = SettingsCatalog.setting(named: "florida-address") {
            let name = floridaHost != nil ? "DYNOMITE_FLORIDA_IP" : "DYNOMITE_FLORIDA_PORT"
            add(name, setting, "\(floridaHost ?? "127.0.0.1"):\(floridaPort ?? "8080")")
        }
        if environment["DYNOMITE_FLORIDA_REQUEST"] != nil {
            warnings.append("DYNOMITE_FLORIDA_REQUEST changes nothing: set florida_path")
        }

        let variables = Dictionary(
            uniqueKeysWithValues: SettingsCatalog.all.map { (ConfigurationKeys.environmentName(of: $0), $0) })
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("RINGSEARCH_") {
            if let setting = variables[name] {
                add(name, setting, text)
            } else if name.hasSuffix("_FILE"), let setting = variables[String(name.dropLast(5))], setting.isSecret {
                if let secret = Self.firstLine(of: text) {
                    add(name, setting, secret)
                } else {
                    problems.append("\(name) '\(text)' cannot be read")
                }
            } else if !Self.otherVariables.contains(name) {
                warnings.append("the environment variable \(name) is no setting")
            }
        }
    }

    // MARK: the ring

    /// Checks what the ring's settings mean together.
    ///
    /// - Returns: warnings.
    private func checkRing(_ settings: SettingsRegistry, _ steps: [Step], _ problems: inout [String]) -> [String] {
        do throws(RingConfigurationFailure) {
            let ring = try RingConfiguration(settings.values)
            problems += Self.unreadable(ring.peerSecurity).map { place(of: $0, steps) }
            return ring.warnings.map { place(of: $0, steps) }
        } catch {
            problems += error.problems.map { place(of: $0, steps) }
            return []
        }
    }

    /// A problem with the place where its value was given, the strongest when it was given several times.
    private func place(of problem: RingConfigurationProblem, _ steps: [Step]) -> String {
        guard let step = steps.last(where: { $0.setting.name == problem.setting }) else {
            let key = SettingsCatalog.setting(named: problem.setting).map(ConfigurationKeys.key) ?? problem.setting
            return file.map { "\($0) \(key): \(problem.reason)" } ?? "\(key): \(problem.reason)"
        }
        if let item = problem.item, step.itemSources.indices.contains(item) {
            return "\(step.itemSources[item]): \(problem.reason)"
        }
        return "\(step.source): \(problem.reason)"
    }

    /// Certificates that cannot be read stop the start: links must not silently be plain.
    private static func unreadable(_ security: RingConfiguration.PeerSecurity) -> [RingConfigurationProblem] {
        func missing(_ setting: String, _ path: String?) -> RingConfigurationProblem? {
            guard let path, !FileManager.default.isReadableFile(atPath: path) else { return nil }
            return RingConfigurationProblem(setting: setting, item: nil, reason: "'\(path)' cannot be read")
        }
        var problems = [
            missing("peer-tls-cert", security.certificate?.certificate),
            missing("peer-tls-key", security.certificate?.key),
            missing("peer-tls-ca", security.certificate?.authority),
        ]
        for (_, files) in security.byDatacenter.sorted(by: { $0.key < $1.key }) {
            problems += [files.certificate, files.key, files.authority].map { missing("peer-tls-profiles", $0) }
        }
        return problems.compactMap { $0 }
    }

    // MARK: reading again

    /// Reads the file again: what can change while running takes its new value, unless a flag, the environment or
    /// a client said otherwise.
    ///
    /// - Returns: what needs a restart.
    func reload(into settings: SettingsRegistry) throws(ConfigurationFailure) -> [String] {
        guard let file else { return [] }
        let read = Self.read(file)
        guard read.problems.isEmpty else { throw ConfigurationFailure(lines: read.problems) }
        var waiting: [String] = []
        var changes: [Step] = []
        for step in read.steps {
            let setting = step.setting
            switch settings.origin(of: setting) {
            case .flag, .environment: continue
            case .builtIn, .file, .command: break
            }
            guard let wanted = try? setting.kind.parse(step.text), wanted != settings.value(of: setting) else {
                continue  // It was parsed once already.
            }
            if setting.followsFile {
                changes.append(step)
            } else {
                waiting.append(step.key)
            }
        }
        let trial = SettingsRegistry(copying: settings)
        for step in changes {
            try? trial.set(step.setting, to: step.text, origin: .file)  // Checked when it was read.
        }
        var problems: [String] = []
        _ = checkRing(trial, read.steps, &problems)
        guard problems.isEmpty else { throw ConfigurationFailure(lines: problems) }
        for step in changes {
            try? settings.set(step.setting, to: step.text, origin: .file)  // It went well with the trial.
        }
        return waiting
    }

    private static func read(_ file: String) -> (steps: [Step], problems: [String], warnings: [String]) {
        guard let data = FileManager.default.contents(atPath: file) else { return ([], ["\(file) cannot be read"], []) }
        guard let text = String(data: data, encoding: .utf8) else { return ([], ["\(file) is no UTF-8 text"], []) }
        do throws(ConfigurationProblem) {
            let read = ConfigurationFile(try YAMLReader.read(text)) { firstLine(of: $0) }
            let steps = read.values.map { value in
                Step(
                    setting: value.setting, text: value.text, origin: .file,
                    source: "\(file):\(value.line) \(value.key)", key: value.key,
                    itemSources: value.itemLines.map { "\(file):\($0) \(value.key)" })
            }
            return (
                steps, read.problems.map { $0.text(file: file) }, read.warnings.map { $0.text(file: file) }
            )
        } catch {
            return ([], [error.text(file: file)], [])
        }
    }

    private static func firstLine(of path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8)
        else {
            return nil
        }
        return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
    }

    /// CONFIG REWRITE: saves what clients have changed; answers why it could not.
    static func rewrite(_ file: String, _ settings: SettingsRegistry) -> String? {
        guard let data = FileManager.default.contents(atPath: file), let text = String(data: data, encoding: .utf8)
        else {
            return "the file cannot be read"
        }
        let changes = SettingsCatalog.all.filter { settings.origin(of: $0) == .command }.compactMap { setting in
            settings.value(of: setting).text.map { (setting: setting, text: $0) }
        }
        let rewritten = ConfigurationText.rewritten(text, changes: changes)
        do {
            try Data(rewritten.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
            return nil
        } catch {
            return "\(error.localizedDescription)"
        }
    }
}
