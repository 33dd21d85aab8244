// YAML text to the nodes that Settings checks.

import Settings
import Yams

enum YAMLReader {
    /// Reads a configuration text. Keys given twice, which YAML forbids, are told with the other problems.
    static func read(_ text: String) throws(ConfigurationProblem) -> ConfigurationNode {
        var text = text
        // Each round takes one repeated key out of the reader's way; there cannot be more than there are lines.
        for _ in 0...text.utf8.count {
            do {
                guard let root = try Parser(yaml: text).singleRoot() else { return .map([], line: 1) }
                return node(root)
            } catch YamlError.duplicatedKeysInMapping(let duplicates, _) {
                guard let key = duplicates.first, let renamed = hidingRepetition(of: key, in: text) else {
                    throw ConfigurationProblem(line: 0, key: duplicates.first ?? "", reason: "given twice")
                }
                text = renamed
            } catch {
                throw problem(error)
            }
        }
        throw ConfigurationProblem(line: 0, key: "", reason: "the file cannot be read")
    }

    /// What a repeated key is given at its end, so that the reader takes it for another one.
    private static let mark = "_again_"

    private static func hidingRepetition(of key: String, in text: String) -> String? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let found = lines.indices.filter { i in
            let line = lines[i].drop { $0 == " " || $0 == "-" }
            return line.hasPrefix("\(key):") || line.hasPrefix("\"\(key)\":") || line.hasPrefix("'\(key)':")
        }
        guard found.count > 1, let last = found.last, let at = lines[last].range(of: key) else { return nil }
        // A mark for each repetition: the renamed keys differ.
        let marks = String(repeating: mark, count: found.count - 1)
        lines[last].replaceSubrange(at, with: key + marks)
        return lines.joined(separator: "\n")
    }

    private static func node(_ node: Node) -> ConfigurationNode {
        let line = node.mark?.line ?? 0
        switch node {
        case .scalar(let scalar): return .scalar(scalar.string, line: line)
        case .sequence(let sequence): return .list(sequence.map { Self.node($0) }, line: line)
        case .mapping(let mapping):
            return .map(
                mapping.map { key, value in
                    var name = key.string ?? ""
                    while name.hasSuffix(mark) { name.removeLast(mark.count) }
                    return .init(key: name, line: key.mark?.line ?? line, value: Self.node(value))
                }, line: line)
        case .alias: return .scalar("", line: line)
        }
    }

    private static func problem(_ error: any Error) -> ConfigurationProblem {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            ConfigurationProblem(line: mark.line, key: "", reason: problem)
        default: ConfigurationProblem(line: 0, key: "", reason: "the file is no YAML: \(error)")
        }
    }
}
