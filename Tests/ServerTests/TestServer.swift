import Commands
import RESP
import SearchEngine
import Server
import Settings
import Synchronization

/// Replies of searches that a test finishes when it likes.
final class Searches: Sendable {
    struct Waiting: Sendable {
        let name: String
        let reply: any PendingReply
    }

    private let state = Mutex<[Waiting]>([])

    func add(_ name: String, _ reply: any PendingReply) {
        state.withLock { $0.append(Waiting(name: name, reply: reply)) }
    }

    var names: [String] { state.withLock { $0.map(\.name) } }

    /// Waits until `count` searches are under way.
    func wait(for count: Int) async {
        for _ in 0..<4000 where names.count < count { try? await Task.sleep(nanoseconds: 1_000_000) }
    }

    func finish(_ name: String) {
        let waiting = state.withLock { state -> Waiting? in
            guard let at = state.firstIndex(where: { $0.name == name }) else { return nil }
            return state.remove(at: at)
        }
        guard let waiting else { return }
        let reply = ReplyWriter(version: waiting.reply.version)
        reply.bulk("found \(waiting.name)")
        waiting.reply.finish(reply)
    }

    /// Drops a search without an answer, as a buggy command would.
    func forget(_ name: String) { state.withLock { $0.removeAll { $0.name == name } } }
}

/// A server in this process on a port of its own, with a store and searches the test controls.
final class TestServer {
    let store = FakeStore()
    let searches = Searches()
    let settings = SettingsRegistry()
    let state = ServerState()
    let core: ServerCore
    let port: Int

    init(threads: Int = 2, configure: (SettingsRegistry) throws -> Void = { _ in }) async throws {
        try configure(settings)
        let services = Services(store: store, settings: settings, search: SearchEngine(), server: state)
        let searches = searches
        let rows: [(String, Int, FakeStore.Row, CommandFlags)] = [
            ("get", 2, .get, [.readOnly, .fast]), ("set", -3, .set, [.write, .denyOOM]), ("del", -2, .del, [.write]),
            ("incr", 2, .incr, [.write, .denyOOM, .fast]), ("watch", -2, .watch, [.noScript, .loading, .fast]),
            ("unwatch", 1, .unwatch, [.noScript, .loading, .fast]), ("big", 2, .big, [.readOnly]),
            ("blpop", -3, .sleep, [.write, .blocking]),
            ("later", 2, .get, [.readOnly]),
        ]
        let storeCommands = rows.map { name, arity, row, flags in
            CommandDescriptor(
                name, arity: arity, flags: flags, keys: arity == 1 ? .none : KeyPositions(1, 1, 1),
                categories: ["string"], summary: "A command of the store",
                since: name == "later" ? "7.4.0" : "1.0.0", group: "string",
                body: .store(specification: row.rawValue))
        }
        let searchCommands = [
            CommandDescriptor(
                "ft.late", arity: -2, flags: [.readOnly, .module],
                body: .search { context, arguments in
                    let name = String(decoding: arguments[1], as: UTF8.self)
                    if context.mustAnswerNow {
                        context.reply.bulk("inline \(name)")
                    } else {
                        searches.add(name, context.completeLater())
                    }
                }),
            CommandDescriptor(
                "ft.write", arity: -2, flags: [.write, .module],
                body: .search { context, arguments in
                    searches.add(String(decoding: arguments[1], as: UTF8.self), context.completeLater())
                }),
            CommandDescriptor(
                "ft.now", arity: -1, flags: [.readOnly, .module],
                body: .search { context, arguments in
                    context.reply.bulk(arguments.count > 1 ? arguments.bytes(1) : Array("now".utf8))
                }),
            CommandDescriptor(
                "ft.stubborn", arity: -1, flags: [.readOnly, .module],
                body: .search { context, _ in
                    let later = context.completeLater()
                    let reply = ReplyWriter(version: later.version)
                    reply.bulk("stubborn")
                    later.finish(reply)
                }),
        ]
        let table = CommandTable(ConnectionCommands.all + storeCommands + searchCommands)
        core = ServerCore(services: services, table: table, threads: threads)
        let address = try await core.listen(on: .tcp(host: "127.0.0.1", port: 0))
        guard case .tcp(_, let port) = address else { preconditionFailure("not a TCP address") }
        self.port = port
    }

    func client() throws -> RawClient { try RawClient(port: port) }

    func stop() async { await core.shutDown() }
}

/// Runs a test against a server of its own and stops it.
func withServer(
    threads: Int = 2, configure: (SettingsRegistry) throws -> Void = { _ in },
    _ body: (TestServer) async throws -> Void
) async throws {
    let server = try await TestServer(threads: threads, configure: configure)
    do {
        try await body(server)
    } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}
