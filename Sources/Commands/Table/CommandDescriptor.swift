// One row of the command table: what dispatch, COMMAND and the ring need to know about a command.

import RESP
import Storage

// Defined with the keyspace command table, which is below this module.
package typealias CommandFlags = Storage.CommandFlags
package typealias KeyPositions = Storage.KeyPositions

/// How a command is run.
package enum CommandBody: Sendable {
    /// Answers at once on the event loop, from what the process knows; needs no barrier.
    case local(@Sendable (CommandContext, Arguments) -> Void)
    /// FT.*: starts only when the connection's earlier store commands are answered (it must see their effects);
    /// may answer at once (`context.reply`) or later (`context.completeLater()`). Reads of this kind may overlap.
    case search(@Sendable (CommandContext, Arguments) -> Void)
    /// Goes to the backing store: a row of the keyspace command table.
    case store(specification: Int)
    /// MULTI, EXEC, DISCARD, RESET, QUIT ...: the session itself does it, by name.
    case session
}

/// A subcommand as COMMAND shows it.
package struct SubcommandRow: Sendable {
    /// Lower case, without the command.
    package var name: String
    /// As for a command; the command's and the subcommand's names are counted.
    package var arity: Int
    package var flags: CommandFlags
    package var summary: String
    package var since: String
}

package struct CommandDescriptor: Sendable {
    /// Lower case, `get`, `ft.search`, `client`.
    package var name: String
    /// As COMMAND INFO: n exactly, -n at least n, the name counted.
    package var arity: Int
    package var flags: CommandFlags
    package var keys: KeyPositions
    /// `@read`, `@search` ... without the `@`.
    package var categories: [String]
    package var summary: String
    package var since: String
    package var group: String
    /// Lower case, without the command: `id`, `setname`.
    package var subcommands: [String]
    /// The subcommands' own rows, of commands that have them; else `subcommands` is all that is known.
    package var subcommandRows: [SubcommandRow] = []
    package var body: CommandBody
    /// A write whose effects the lane keeps in order: several of one connection may be under way together.
    package var isPipelined = false
    /// Known, so that it has a clear error, but not offered: COMMAND does not list it.
    package var isRefused = false

    package init(
        _ name: String, arity: Int, flags: CommandFlags = [], keys: KeyPositions = .none, categories: [String] = [],
        summary: String = "", since: String = "1.0.0", group: String = "generic", subcommands: [String] = [],
        body: CommandBody
    ) {
        self.name = name
        self.arity = arity
        self.flags = flags
        self.keys = keys
        self.categories = categories
        self.summary = summary
        self.since = since
        self.group = group
        self.subcommands = subcommands
        self.body = body
    }
}

/// What a running command sees of its connection.
///
/// Used on the connection's event loop only, except through the ``PendingReply`` it gives out.
package protocol CommandContext: AnyObject {
    /// Where a command that answers at once writes its one reply.
    var reply: ReplyWriter { get }
    var version: RESPVersion { get }
    /// The connection's number, unique in the process.
    var clientID: UInt64 { get }
    /// Whether the command runs on the lane, inside a transaction, and must answer before it returns.
    var mustAnswerNow: Bool { get }
    var services: Services { get }
    /// Takes the reply out of the synchronous path: the command will finish it later, from any thread, exactly once.
    func completeLater() -> any PendingReply
}

/// A reply that is still to come. Replies leave in request order whatever order they are finished in.
package protocol PendingReply: AnyObject, Sendable {
    var version: RESPVersion { get }
    /// Hands the finished reply over; the writer holds exactly one RESP value in `version`.
    func finish(_ reply: ReplyWriter)
}
