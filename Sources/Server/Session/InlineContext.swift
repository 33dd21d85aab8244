// Commands that are not the store's, inside a transaction: they run on the lane, at their place.

import Commands
import Dispatch
import RESP
import Synchronization

/// The context of one command inside EXEC. Used on the lane's thread, during one call.
final class InlineContext: CommandContext {
    let reply: ReplyWriter
    let version: RESPVersion
    let clientID: UInt64
    let services: Services
    let mustAnswerNow = true
    private var awaited: AwaitedReply?

    private init(reply: ReplyWriter, version: RESPVersion, clientID: UInt64, services: Services) {
        self.reply = reply
        self.version = version
        self.clientID = clientID
        self.services = services
    }

    /// A command that answers later, although it was asked not to, is waited for.
    func completeLater() -> any PendingReply {
        let awaited = AwaitedReply(version: version)
        self.awaited = awaited
        return awaited
    }

    static func run(
        _ body: @Sendable (CommandContext, Arguments) -> Void, _ arguments: OwnedArguments, into reply: ReplyWriter,
        version: RESPVersion, clientID: UInt64, services: Services
    ) {
        let context = InlineContext(reply: reply, version: version, clientID: clientID, services: services)
        let before = reply.count
        arguments.with { body(context, $0) }
        if let awaited = context.awaited {
            reply.truncate(to: before)
            reply.append(awaited.wait().bytes)
        }
        if reply.count == before { reply.error(ErrorReplies.replyLost) }
    }
}

/// A reply that a thread waits for.
private final class AwaitedReply: PendingReply {
    let version: RESPVersion
    private let result = Mutex<ReplyWriter?>(nil)
    private let arrived = DispatchSemaphore(value: 0)

    init(version: RESPVersion) { self.version = version }

    func finish(_ reply: ReplyWriter) {
        result.withLock { $0 = reply }
        arrived.signal()
    }

    func wait() -> ReplyWriter {
        arrived.wait()
        return result.withLock { $0 } ?? ReplyWriter(version: version)
    }
}
