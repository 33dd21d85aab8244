// Writing configuration files: one with all defaults, and one with some values changed.

package enum ConfigurationText {
    // MARK: defaults

    /// A file that says what happens without a file; what cannot be changed is not in it.
    package static func defaults() -> String {
        var text = """
            # Every setting with its default. A line that is left out means the same.
            # Any of them is also an environment variable (search_timeout is RINGSEARCH_SEARCH_TIMEOUT), and
            # those that take effect at once can be changed with CONFIG SET (search-timeout).

            ring_search:

            """
        for setting in SettingsCatalog.all {
            switch setting.effect {
            case .fixed, .compatible: continue
            case .live, .atStart: break
            }
            text += "\n  # \(setting.summary) (\(setting.kind)).\n"
            if setting.effect == .atStart { text += "  # Takes effect at the next start.\n" }
            text += "  \(ConfigurationKeys.key(of: setting)): \(quoted(setting.defaultValue.text ?? ""))\n"
        }
        return text
    }

    /// A scalar that YAML reads back as this text.
    static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy {
            ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || $0 == 95 || $0 == 46
                || $0 == 47
                || $0 == 45
        }
        if plain, !text.isEmpty, text.first != "-" || Int(text) != nil { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    // MARK: rewriting

    /// The text of a file with some settings changed: lines that have them are replaced, others added at the end
    /// of the pool; everything else, comments too, stays as it is.
    package static func rewritten(_ text: String, changes: [(setting: Setting, text: String)]) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let indentation = lines.lazy.compactMap { keyLine($0) }.first { !$0.indentation.isEmpty }?.indentation ?? "  "
        var added: [String] = []
        for change in changes {
            let keys = ConfigurationKeys.keys(of: change.setting)
            let at = lines.firstIndex { line in
                guard let found = keyLine(line), !found.indentation.isEmpty else { return false }
                return keys.contains(found.key)
            }
            if let at, let found = keyLine(lines[at]) {
                lines[at] = "\(found.indentation)\(found.key): \(quoted(change.text))\(found.comment)"
                removeItems(after: at, of: found.indentation.count, from: &lines)
            } else {
                added.append("\(indentation)\(keys[0]): \(quoted(change.text))")
            }
        }
        guard !added.isEmpty else { return lines.joined(separator: "\n") }
        if !lines.contains(where: { keyLine($0)?.indentation.isEmpty ?? false }) { lines.append("ring_search:") }
        // Behind the last line that says something, so that the end of the file stays as it is.
        let last = lines.lastIndex { !$0.allSatisfy(\.isWhitespace) } ?? lines.count - 1
        lines.insert(contentsOf: added, at: last + 1)
        if lines.last != "" { lines.append("") }
        return lines.joined(separator: "\n")
    }

    /// Removes the lines of a list or map that stood under a key: deeper ones, and items beside it, with what is between.
    private static func removeItems(after key: Int, of indentation: Int, from lines: inout [String]) {
        var last = key
        for i in lines.indices[(key + 1)...] {
            let depth = lines[i].prefix { $0 == " " }.count
            let rest = lines[i].dropFirst(depth)
            if rest.isEmpty || rest.hasPrefix("#") { continue }
            guard depth > indentation || (depth == indentation && (rest == "-" || rest.hasPrefix("- "))) else { break }
            last = i
        }
        lines.removeSubrange((key + 1)..<(last + 1))
    }

    /// A line `  key: value  # comment` in its parts.
    private static func keyLine(_ line: String) -> (indentation: String, key: String, comment: String)? {
        let indentation = line.prefix { $0 == " " }
        let rest = line.dropFirst(indentation.count)
        guard let colon = rest.firstIndex(of: ":"), rest.first != "#" else { return nil }
        let key = rest[..<colon]
        guard !key.isEmpty, key.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }) else {
            return nil
        }
        let value = rest[rest.index(after: colon)...]
        return (String(indentation), String(key), comment(in: value))
    }

    /// The comment behind a value, with the blanks before it; a `#` in quotes begins none.
    private static func comment(in value: Substring) -> String {
        var quote: Character?
        var previous: Character = " "
        for i in value.indices {
            let c = value[i]
            if let open = quote {
                if c == open { quote = nil }
            } else if c == "\"" || c == "'" {
                quote = c
            } else if c == "#", previous == " " {
                let before = value[..<i]
                let blanks = before.reversed().prefix { $0 == " " }.count
                return String(value[value.index(i, offsetBy: -blanks)...])
            }
            previous = c
        }
        return ""
    }
}
