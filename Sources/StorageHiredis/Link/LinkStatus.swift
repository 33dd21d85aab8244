// Whether the store answers, for all threads to ask.

import Platform
import RESP
import Storage

/// The state of the link, and what the store said of itself.
final class LinkStatus: Sendable {
    enum State: Sendable, Equatable {
        case down(String)
        case loading(percent: Int)
        case up
    }

    private struct Content {
        var state = State.down("not connected yet")
        var information: [String: String] = [:]
        var links = 0
    }

    private let content = Monitor(Content())

    var state: State { content.withLock { $0.state } }

    /// How often a link was made.
    var links: Int { content.withLock { $0.links } }

    func set(_ state: State) {
        content.change { content in
            if state == .up, content.state != .up { content.links += 1 }
            content.state = state
        }
    }

    func set(information: [String: String]) { content.withLock { $0.information = information } }

    var information: [String: String] { content.withLock { $0.information } }

    var errorText: String {
        switch state {
        case .down(let reason): return StoreErrors.down(reason)
        case .loading(let percent): return StoreErrors.loading(percent)
        case .up: return StoreErrors.down("the connection is being made")
        }
    }

    /// Waits until the store answers; `false` when the time is over first. `progress` gets every state on the way.
    func waitUntilUp(milliseconds: Int, progress: (State) -> Void) -> Bool {
        let end = MonotonicClock.milliseconds + UInt64(max(milliseconds, 0))
        var known: State?
        while true {
            let now = MonotonicClock.milliseconds
            let left = end > now ? Int(end - now) : 0
            let news = content.wait(milliseconds: left) { $0.state != known ? $0.state : nil }
            guard let news else { return false }
            if news == .up { return true }
            known = news
            progress(news)
        }
    }
}

/// The lines of an INFO reply.
func parseInformation(_ text: ByteSlice) -> [String: String] {
    var result: [String: String] = [:]
    for line in text.split(whereSeparator: { $0 == 13 || $0 == 10 }) {
        guard line.first != UInt8(ascii: "#"), let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
        result[String(decoding: line[..<colon], as: UTF8.self)] =
            String(decoding: line[line.index(after: colon)...], as: UTF8.self)
    }
    return result
}
