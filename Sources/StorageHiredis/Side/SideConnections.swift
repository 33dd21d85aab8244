// Connections beside the lane's: for scripts, for commands that wait, and private ones of watching clients.

import Platform
import RESP
import Storage

final class SideConnections: Sendable {
    let configuration: HiredisStore.Configuration
    let status: LinkStatus
    let scripts: ScriptRunner
    let blocking: BlockingCommands
    private let lastFence: Monitor<Int>

    init(_ configuration: HiredisStore.Configuration, _ status: LinkStatus, _ inbox: LaneInbox) {
        self.configuration = configuration
        self.status = status
        let fence = Monitor(0)
        lastFence = fence
        scripts = ScriptRunner(configuration, status, inbox) {
            fence.withLock { number in
                number += 1
                return number
            }
        }
        blocking = BlockingCommands(configuration, status, inbox)
    }

    func start() {
        scripts.start()
        blocking.start()
    }

    func stop() {
        scripts.stop()
        blocking.stop()
    }

    /// A number that no other fence of this process has.
    func nextFence() -> Int {
        lastFence.withLock { number in
            number += 1
            return number
        }
    }

    func connect(_ name: String) throws(LinkFailure) -> StoreConnection {
        try StoreConnection.connect(
            configuration.endpoint, name: "ringsearch-" + name, connectTimeout: configuration.connectTimeout,
            commandTimeout: configuration.commandTimeout)
    }
}

/// Writes what a side connection has read for a job.
enum SideAnswer {
    private static let rows = LaneRows()

    static func write(_ tape: ReplyTape, _ node: Int, _ command: StoreCommand, _ job: Job) {
        let plain = job.batch.version == .resp2 || rows[command.specification].contains(.hasPlainShape)
        let shape = plain ? .plain : rows.rows[command.specification].shape(job.batch.arguments(command))
        tape.write(node, as: shape, to: job.writer)
    }

    static func isWrite(_ command: StoreCommand) -> Bool { rows[command.specification].contains(.isWrite) }

    static func tellsChanges(_ command: StoreCommand) -> Bool { rows[command.specification].contains(.hasEffect) }
}
