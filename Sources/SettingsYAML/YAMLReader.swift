// YAML text to the nodes that Settings checks.

import Settings
import Yams

package enum YAMLReader {
    /// Reads a configuration text. Keys given twice, which YAML forbids, are told with the other problems.
    package static func read(_ text: String) throws(ConfigurationProblem) -> ConfigurationNode {
        var text = text
        // Each round takes one repeated key out of the reader's way; there cannot be more than there are lines.
        for _ in 0...text.utf8.count {
            do {
                guard let root = try Parser(yaml: text).singleRoot() else { return .map([], line: 1) }
                var left = nodeLimit
                guard let node = node(root, depth: 0, &left) else {
                    throw ConfigurationProblem(line: 0, key: "", reason: "the file is too large or too deep")
                }
                return node
            } catch let problem as ConfigurationProblem {
                throw problem
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

    /// References let a short text stand for a huge tree, and a walk must end.
    private static let nodeLimit = 100_000
    private static let depthLimit = 32

    /// - Parameter left: how many nodes may follow.
    private static func node(_ node: Node, depth: Int, _ left: inout Int) -> ConfigurationNode? {
        left -= 1
        guard left >= 0, depth <= depthLimit else { return nil }
        let line = node.mark?.line ?? 0
        switch node {
        case .scalar(let scalar): return .scalar(scalar.string, line: line)
        case .sequence(let sequence):
            var items: [ConfigurationNode] = []
            for item in sequence {
                guard let item = Self.node(item, depth: depth + 1, &left) else { return nil }
                items.append(item)
            }
            return .list(items, line: line)
        case .mapping(let mapping):
            var entries: [ConfigurationNode.Entry] = []
            for (key, value) in mapping {
                guard let value = Self.node(value, depth: depth + 1, &left) else { return nil }
                var name = key.string ?? ""
                while name.hasSuffix(mark) { name.removeLast(mark.count) }
                entries.append(.init(key: name, line: key.mark?.line ?? line, value: value))
            }
            return .map(entries, line: line)
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
