// The log: one record a line, on standard error or in a file.

import Foundation
import Settings
import Synchronization

/// Where the process says what happens to it.
final class Log: Sendable {
    enum Level: Int, Comparable {
        case debug, info, warn, error

        static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }

        var name: String {
            switch self {
            case .debug: "debug"
            case .info: "info"
            case .warn: "warn"
            case .error: "error"
            }
        }
    }

    private struct State {
        var minimum = Level.info
        var isJSON = false
        var path = ""
        var descriptor: Int32 = 2
    }

    private static let lineLimit = 16 << 10
    private let state = Mutex(State())

    func configure(_ settings: ServerSettings) {
        let minimum: Level? =
            switch settings.logLevel {
            case .debug: .debug
            case .verbose, .notice: .info
            case .warning: .warn
            case .nothing: nil
            }
        state.withLock {
            $0.minimum = minimum ?? .error
            $0.isJSON = settings.logFormat == .json
            if $0.path != settings.logFile {
                $0.path = settings.logFile
                Self.open(&$0)
            }
        }
    }

    /// After a rotation: the file under the name is a new one.
    func reopen() { state.withLock { Self.open(&$0) } }

    private static func open(_ state: inout State) {
        let old = state.descriptor
        state.descriptor = 2
        if !state.path.isEmpty {
            let file = Glibc.open(state.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
            if file >= 0 { state.descriptor = file }
        }
        if old > 2 { close(old) }
    }

    func debug(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.debug, message, fields) }
    func info(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.info, message, fields) }
    func warn(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.warn, message, fields) }
    func error(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.error, message, fields) }

    private func write(_ level: Level, _ message: String, _ fields: KeyValuePairs<String, String>) {
        state.withLock { state in
            guard level >= state.minimum else { return }
            let time = Self.timestamp()
            var line = ""
            if state.isJSON {
                line = "{\"ts\":\"\(time)\",\"level\":\"\(level.name)\",\"msg\":\(Self.quoted(message))"
                for (key, value) in fields { line += ",\"\(key)\":\(Self.quoted(value))" }
                line += "}"
            } else {
                line = "\(time) \(level.name) \(Self.escaped(message))"
                for (key, value) in fields {
                    let isPlain = !value.isEmpty && !value.contains { $0 == " " || $0 == "\"" || $0 == "=" }
                    line += " \(key)=\(isPlain ? Self.escaped(value) : Self.quoted(value))"
                }
            }
            var bytes = Array(line.utf8.prefix(Self.lineLimit - 1))
            bytes.append(10)
            // A log that cannot be written is nobody's to tell.
            _ = Glibc.write(state.descriptor, bytes, bytes.count)
        }
    }

    /// RFC 3339 in UTC with microseconds.
    private static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        let two = { (value: Int32) in value < 10 ? "0\(value)" : "\(value)" }
        let microseconds = String(now.tv_nsec / 1000 + 1_000_000).dropFirst()
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\(two(parts.tm_hour)):"
            + "\(two(parts.tm_min)):\(two(parts.tm_sec)).\(microseconds)Z"
    }

    private static func quoted(_ text: String) -> String {
        "\"" + escaped(text).replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }

    /// Control characters cannot forge lines.
    private static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 || $0 == "\\" }) else {
            return text
        }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\\": result += "\\\\"
            case _ where scalar.value < 32 || scalar.value == 127:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
