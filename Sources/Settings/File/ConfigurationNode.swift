// A configuration file as it was written: values, and the lines they stand on.

package indirect enum ConfigurationNode: Equatable, Sendable {
    case scalar(String, line: Int)
    case list([ConfigurationNode], line: Int)
    case map([Entry], line: Int)

    package struct Entry: Equatable, Sendable {
        package var key: String
        package var line: Int
        package var value: ConfigurationNode

        package init(key: String, line: Int, value: ConfigurationNode) {
            self.key = key
            self.line = line
            self.value = value
        }
    }

    package var line: Int {
        switch self {
        case .scalar(_, let line), .list(_, let line), .map(_, let line): line
        }
    }
}

/// What is wrong with a configuration, and where.
package struct ConfigurationProblem: Error, Equatable, Sendable {
    /// 0: not about a line of the file.
    package var line: Int
    package var key: String
    package var reason: String

    package init(line: Int, key: String, reason: String) {
        self.line = line
        self.key = key
        self.reason = reason
    }

    /// `file:line key: reason`
    package func text(file: String) -> String {
        let place = line > 0 ? "\(file):\(line)" : file
        return key.isEmpty ? "\(place) \(reason)" : "\(place) \(key): \(reason)"
    }
}
