// What is known about one connection, readable from every thread: CLIENT LIST, INFO and CLIENT KILL look here.

import RESP
import Synchronization

/// What may be done to a connection from outside its event loop.
package protocol ClientControl: AnyObject, Sendable {
    /// Ends the connection; `afterReply` lets what is already answered leave first.
    func end(afterReply: Bool)
    /// Looks again whether the connection may go on (a pause is over).
    func resume()
}

/// One connection's public face. The connection's event loop writes, everybody reads.
package final class ClientRecord: Sendable {
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let noEvict = Flags(rawValue: 1 << 0)
        package static let noTouch = Flags(rawValue: 1 << 1)
        package static let unixSocket = Flags(rawValue: 1 << 2)
        package static let inTransaction = Flags(rawValue: 1 << 3)
        package static let watching = Flags(rawValue: 1 << 4)
        package static let blocked = Flags(rawValue: 1 << 5)
        package static let closing = Flags(rawValue: 1 << 6)
        package static let unauthenticated = Flags(rawValue: 1 << 7)
        package static let monitor = Flags(rawValue: 1 << 8)
    }

    package struct Texts: Sendable {
        package var name: [UInt8] = []
        package var libraryName: [UInt8] = []
        package var libraryVersion: [UInt8] = []
    }

    package let id: UInt64
    package let address: String
    package let localAddress: String
    package let descriptor: Int
    /// `Clock.monotonic()` of the connect.
    package let connected: UInt64

    package let lastActive: Atomic<UInt64>
    /// Position in the command table; -1: none yet.
    package let lastCommand = Atomic<Int>(-1)
    /// Position of the last subcommand among the command's; -1: none.
    package let lastSubcommand = Atomic<Int>(-1)
    package let protocolVersion = Atomic<UInt8>(2)
    /// Commands queued by MULTI; -1: none is open.
    package let queuedCommands = Atomic<Int>(-1)
    package let watchedKeys = Atomic<Int>(0)
    package let inputBytes = Atomic<Int>(0)
    package let outputBytes = Atomic<Int>(0)
    package let received = Atomic<UInt64>(0)
    package let sent = Atomic<UInt64>(0)
    private let flagBits = Atomic<UInt32>(0)
    private let textState = Mutex(Texts())
    private let controlState = Mutex<(any ClientControl)?>(nil)

    package init(id: UInt64, address: String, localAddress: String, descriptor: Int, flags: Flags = []) {
        self.id = id
        self.address = address
        self.localAddress = localAddress
        self.descriptor = descriptor
        connected = Clock.monotonic()
        lastActive = Atomic(connected)
        flagBits.store(flags.rawValue, ordering: .relaxed)
    }

    package var flags: Flags { Flags(rawValue: flagBits.load(ordering: .relaxed)) }

    package func set(_ flag: Flags, _ on: Bool) {
        if on {
            flagBits.bitwiseOr(flag.rawValue, ordering: .relaxed)
        } else {
            flagBits.bitwiseAnd(~flag.rawValue, ordering: .relaxed)
        }
    }

    package var texts: Texts {
        get { textState.withLock { $0 } }
        set { textState.withLock { $0 = newValue } }
    }

    package var control: (any ClientControl)? {
        get { controlState.withLock { $0 } }
        set { controlState.withLock { $0 = newValue } }
    }

    /// RESET: back to what a fresh connection is.
    package func reset() {
        texts.name = []
        set([.noEvict, .noTouch], false)
    }

    /// A line of CLIENT LIST, without its end.
    package func line(table: CommandTable, now: UInt64 = Clock.monotonic()) -> String {
        let flags = flags
        var letters = ""
        if flags.contains(.monitor) { letters += "O" }
        if flags.contains(.inTransaction) { letters += "x" }
        if flags.contains(.blocked) { letters += "b" }
        if flags.contains(.closing) { letters += "c" }
        if flags.contains(.unixSocket) { letters += "U" }
        if flags.contains(.noEvict) { letters += "e" }
        if flags.contains(.noTouch) { letters += "T" }
        if letters.isEmpty { letters = "N" }
        let texts = texts
        let text = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
        let active = lastActive.load(ordering: .relaxed)
        let age = (now &- connected) / 1_000_000_000
        let idle = now > active ? (now - active) / 1_000_000_000 : 0
        let input = inputBytes.load(ordering: .relaxed)
        let output = outputBytes.load(ordering: .relaxed)
        return "id=\(id) addr=\(address) laddr=\(localAddress) fd=\(descriptor) name=\(text(texts.name))"
            + " age=\(age) idle=\(idle) flags=\(letters) db=0 sub=0 psub=0 ssub=0"
            + " multi=\(queuedCommands.load(ordering: .relaxed)) watch=\(watchedKeys.load(ordering: .relaxed))"
            + " qbuf=\(input) qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=\(output)"
            + " tot-mem=\(input + output) events=r cmd=\(commandName(in: table)) user=default redir=-1"
            + " resp=\(protocolVersion.load(ordering: .relaxed)) lib-name=\(text(texts.libraryName))"
            + " lib-ver=\(text(texts.libraryVersion)) tot-net-in=\(received.load(ordering: .relaxed))"
            + " tot-net-out=\(sent.load(ordering: .relaxed))"
    }

    private func commandName(in table: CommandTable) -> String {
        let position = lastCommand.load(ordering: .relaxed)
        guard position >= 0, position < table.commands.count else { return "NULL" }
        let command = table.commands[position]
        let sub = lastSubcommand.load(ordering: .relaxed)
        guard sub >= 0, sub < command.subcommands.count else { return command.name }
        return "\(command.name)|\(command.subcommands[sub].lowercased())"
    }
}

/// All connections.
package final class ClientRegistry: Sendable {
    private struct State {
        var records: [UInt64: ClientRecord] = [:]
        var unauthenticated: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let lastID = Atomic<UInt64>(0)

    package init() {}

    package func nextID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

    package var count: Int { state.withLock { $0.records.count } }

    package subscript(id: UInt64) -> ClientRecord? { state.withLock { $0.records[id] } }

    /// All connections, oldest first.
    package func all() -> [ClientRecord] {
        state.withLock { Array($0.records.values) }.sorted { $0.id < $1.id }
    }

    /// Adds a connection unless there are `limit` already.
    package func add(_ record: ClientRecord, limit: Int) -> Bool {
        state.withLock {
            if $0.records.count >= limit { return false }
            $0.records[record.id] = record
            return true
        }
    }

    package func remove(_ record: ClientRecord) {
        state.withLock { $0.records[record.id] = nil }
        record.control = nil
    }

    /// Counts a connection that has still to authenticate; `false`: its address has too many of them.
    package func addUnauthenticated(host: String, limit: Int) -> Bool {
        state.withLock {
            let count = $0.unauthenticated[host, default: 0]
            if count >= limit { return false }
            $0.unauthenticated[host] = count + 1
            return true
        }
    }

    package func removeUnauthenticated(host: String) {
        state.withLock {
            guard let count = $0.unauthenticated[host] else { return }
            $0.unauthenticated[host] = count > 1 ? count - 1 : nil
        }
    }
}
