// A bar on a terminal; nothing elsewhere.

import Foundation

struct Progress: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) != 0

    func show(_ what: String, _ share: Double) {
        guard isTerminal else { return }
        let width = 30
        let filled = min(width, max(0, Int(share * Double(width))))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        FileHandle.standardError.write(Data("\r\u{1B}[K[\(bar)] \(what)".utf8))
    }

    func clear() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
