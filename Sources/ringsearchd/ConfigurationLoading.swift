// From flags, environment and file to settings.

import Foundation
import Settings

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

    /// Applies everything, weakest first; nothing is applied when anything is wrong.
    ///
    /// - Returns: warnings.
    func apply(to settings: SettingsRegistry) throws(ConfigurationFailure) -> [String] {
        var problems: [String] = []
        let trial = SettingsRegistry()
        var steps: [(setting: Setting, text: String, origin: SettingOrigin)] = []

        if let file {
            let read = Self.read(file)
            problems += read.problems
            steps += read.values.map { ($0.setting, $0.text, .file) }
        }
        var warnings: [String] = []
        let variables = Dictionary(
            uniqueKeysWithValues: SettingsCatalog.all.map { (ConfigurationKeys.environmentName(of: $0), $0) })
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("RINGSEARCH_") {
            if let setting = variables[name] {
                steps.append((setting, text, .environment))
            } else if name.hasSuffix("_FILE"), let setting = variables[String(name.dropLast(5))], setting.isSecret {
                if let secret = Self.firstLine(of: text) {
                    steps.append((setting, secret, .environment))
                } else {
                    problems.append("\(name) '\(text)' cannot be read")
                }
            } else if !Self.otherVariables.contains(name) {
                warnings.append("the environment variable \(name) is no setting")
            }
        }
        for (name, text) in flags {
            if let setting = SettingsCatalog.setting(named: name) {
                steps.append((setting, text, .flag))
            } else {
                problems.append("--set \(name): unknown setting")
            }
        }
        for step in steps {
            do throws(SettingError) {
                try trial.set(step.setting, to: step.text, origin: step.origin)
            } catch {
                // The file's own problems are told already, with their lines.
                guard step.origin != .file else { continue }
                let source =
                    step.origin == .flag
                    ? "--set \(step.setting.name)" : ConfigurationKeys.environmentName(of: step.setting)
                problems.append("\(source): \(error.reason)")
            }
        }
        guard problems.isEmpty else { throw ConfigurationFailure(lines: problems) }
        for step in steps {
            // It went well with the trial.
            try? settings.set(step.setting, to: step.text, origin: step.origin)
        }
        return warnings
    }

    /// Reads the file again: what can change while running takes its new value, unless a flag, the environment or
    /// a client said otherwise.
    ///
    /// - Returns: what needs a restart.
    func reload(into settings: SettingsRegistry) throws(ConfigurationFailure) -> [String] {
        guard let file else { return [] }
        let read = Self.read(file)
        guard read.problems.isEmpty else { throw ConfigurationFailure(lines: read.problems) }
        var waiting: [String] = []
        for value in read.values {
            let setting = value.setting
            switch settings.origin(of: setting) {
            case .flag, .environment: continue
            case .builtIn, .file, .command: break
            }
            guard let wanted = try? setting.kind.parse(value.text), wanted != settings.value(of: setting) else {
                continue  // It was parsed once already.
            }
            if setting.isImmutable {
                waiting.append(value.key)
            } else {
                try? settings.set(setting, to: value.text, origin: .file)  // Checked when it was read.
            }
        }
        return waiting
    }

    private static func read(_ file: String) -> (values: [ConfigurationFile.Value], problems: [String]) {
        guard let data = FileManager.default.contents(atPath: file) else { return ([], ["\(file) cannot be read"]) }
        guard let text = String(data: data, encoding: .utf8) else { return ([], ["\(file) is no UTF-8 text"]) }
        do throws(ConfigurationProblem) {
            let read = ConfigurationFile(try YAMLReader.read(text)) { firstLine(of: $0) }
            return (read.values, read.problems.map { $0.text(file: file) })
        } catch {
            return ([], [error.text(file: file)])
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
