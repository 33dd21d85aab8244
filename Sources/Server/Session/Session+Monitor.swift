// MONITOR: this connection shows what all others send.

import Commands
import RESP

extension Session {
    func startMonitoring(_ position: Int) {
        answer(position) { $0.ok() }
        guard !isMonitor else { return }
        isMonitor = true
        record.set(.monitor, true)
        let feed = MonitorFeed(self)
        services.server.monitors.add(record.id) { feed.send($0) }
    }

    func stopMonitoring() {
        guard isMonitor else { return }
        isMonitor = false
        record.set(.monitor, false)
        services.server.monitors.remove(record.id)
    }

    /// Shows a request to the monitors, unless it is of the administrator or tells a password.
    func showToMonitors(_ row: CommandTable.Row, _ verb: SessionVerb, _ arguments: Arguments) {
        guard row.flags.isDisjoint(with: [.skipMonitor, .admin]), verb != .auth, verb != .hello else { return }
        services.server.monitors.publish(MonitorHub.line(arguments, address: record.address))
    }

    /// A line for a client that watches. One that does not keep up is ended: its lines would pile up here.
    fileprivate func push(_ line: [UInt8]) {
        guard isMonitor, !isClosed, !isEnding, let shell else { return }
        guard shell.isWritable else { return shell.abort() }
        line.withUnsafeBufferPointer { shell.write($0) }
        shell.flush()
    }
}

/// The way of a line to the event loop of the connection that shows it.
private final class MonitorFeed: @unchecked Sendable {
    // Sendable: `session` is touched on its loop only.
    private weak var session: Session?
    private let loop: ServerLoop

    init(_ session: Session) {
        self.session = session
        loop = session.loop
    }

    func send(_ line: [UInt8]) { loop.eventLoop.execute { self.session?.push(line) } }
}
