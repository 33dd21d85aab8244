// The shape of every FT.* command, and the two ways in which one runs.

import RESP
import SearchEngine
import Storage

/// One FT.* command: parsing yields a value, running uses it and writes the reply.
package protocol SearchCommand: SendableMetatype {
    /// The one row of the table that this command is.
    static var descriptor: CommandDescriptor { get }

    /// All validation that needs no index. The arguments are valid during the call alone.
    init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError)

    /// Writes one reply into `context.reply`, or takes it with `context.completeLater()` and never throws after that.
    func run(in context: any CommandContext) throws(ReplyError)
}

extension SearchCommand {
    /// A row of the command table; arity is checked by the command itself, which names itself in capitals.
    static func row(
        _ name: String, _ flags: CommandFlags, keys: KeyPositions = .none, categories: [String] = [], summary: String,
        since: String = "1.0.0", subcommands: [String] = []
    ) -> CommandDescriptor {
        CommandDescriptor(
            name, arity: -1, flags: flags.union(.module), keys: keys, categories: ["search"] + categories,
            summary: summary, since: since, group: "search", subcommands: subcommands,
            body: .search { context, arguments in
                do throws(ReplyError) {
                    try Self(parsing: arguments, in: context).run(in: context)
                } catch {
                    context.reply.error(error)
                }
            })
    }
}

/// Commands that change definitions. They run on the lane, so that no write falls between a change of an index
/// and the documents, and are answered from there.
enum OnLane {
    /// - Parameter change: writes exactly one reply; runs on the lane's thread.
    static func run(
        in context: any CommandContext,
        _ change: @escaping @Sendable (SearchEngine, ReplyWriter) throws(ReplyError) -> Void
    ) {
        let engine = context.services.search
        if context.mustAnswerNow {
            // Inside a transaction, which is run by the lane: we are there already.
            perform(engine, context.reply, change)
            return
        }
        let pending = context.completeLater()
        context.services.store.onLane {
            let reply = ReplyWriter(version: pending.version)
            perform(engine, reply, change)
            pending.finish(reply)
        }
    }

    private static func perform(
        _ engine: SearchEngine, _ reply: ReplyWriter,
        _ change: (SearchEngine, ReplyWriter) throws(ReplyError) -> Void
    ) {
        do throws(ReplyError) {
            try change(engine, reply)
        } catch {
            reply.error(error)
        }
    }
}
