// A client without sockets: commands go to the command table or to the store, replies come back as bytes.

import Commands
import Platform
import RESP
import SearchEngine
import Settings
import Storage

/// The whole stack of one node over a ``MemoryStore``.
package final class TestNode {
    package let store: MemoryStore
    package let settings: SettingsRegistry
    package let engine: SearchEngine
    package let services: Services
    private let table: [String: CommandDescriptor]

    package init(
        store: MemoryStore = MemoryStore(), settings: SettingsRegistry = SettingsRegistry(),
        definitions: any DefinitionStorage = VolatileDefinitions()
    ) throws {
        self.store = store
        self.settings = settings
        engine = SearchEngine(settings: settings, definitions: definitions, workers: 1)
        services = Services(store: store, settings: settings, search: engine)
        table = Dictionary(SearchCommands.all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        store.observer = engine.observer
        try engine.start(store: store)
    }

    deinit { engine.stop() }

    /// Runs one command and waits for its reply.
    package func run(_ arguments: [[UInt8]], version: RESPVersion = .resp2, inTransaction: Bool = false) -> ReplyWriter
    {
        let name = String(decoding: arguments[0], as: UTF8.self).lowercased()
        guard let command = table[name], case .search(let body) = command.body else {
            return store.command(arguments, version: version)
        }
        let context = TestContext(version: version, services: services, mustAnswerNow: inTransaction)
        OwnedArguments(arguments).with { body(context, $0) }
        return context.finished()
    }

    /// ``run(_:version:inTransaction:)`` for words without blanks.
    @discardableResult
    package func run(_ line: String, version: RESPVersion = .resp2) -> String {
        let reply = run(GoldenLine.words(line), version: version)
        return ReplyTokens.text(of: reply.bytes)
    }
}

private final class TestContext: CommandContext {
    let reply: ReplyWriter
    let version: RESPVersion
    let clientID: UInt64 = 1
    let mustAnswerNow: Bool
    let services: Services
    private var pending: TestPending?

    init(version: RESPVersion, services: Services, mustAnswerNow: Bool) {
        self.version = version
        self.services = services
        self.mustAnswerNow = mustAnswerNow
        reply = ReplyWriter(version: version)
    }

    func completeLater() -> any PendingReply {
        precondition(pending == nil && reply.count == 0, "a command answers once")
        let pending = TestPending(version: version)
        self.pending = pending
        return pending
    }

    func finished() -> ReplyWriter {
        guard let pending else { return reply }
        return pending.wait()
    }
}

private final class TestPending: PendingReply {
    let version: RESPVersion
    private let answer = Monitor<ReplyWriter?>(nil)

    init(version: RESPVersion) { self.version = version }

    func finish(_ reply: ReplyWriter) {
        answer.change { answer in
            precondition(answer == nil, "a command answers once")
            answer = reply
        }
    }

    func wait() -> ReplyWriter {
        guard let reply = answer.wait(milliseconds: 10_000, { $0 }) else {
            preconditionFailure("a command did not answer")
        }
        return reply
    }
}
