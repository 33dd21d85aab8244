// The store's commands as rows of the command table.

import RESP
import Storage

package enum KeyspaceCommands {
    /// One row for each command of the store. What the store is not asked to do is refused here, with its reason.
    package static let all: [CommandDescriptor] = KeyspaceCommandTable.rows.enumerated().map { at, row in
        var body = CommandBody.store(specification: at)
        var isRefused = false
        if case .always(.refused(let reason)) = row.place {
            body = .local { context, _ in context.reply.error(reason) }
            isRefused = true
        }
        var descriptor = CommandDescriptor(
            row.name, arity: row.arity, flags: row.flags, keys: row.keys, categories: row.categories,
            summary: row.summary, since: row.since, group: row.group, subcommands: row.subcommands, body: body)
        descriptor.isRefused = isRefused
        return descriptor
    }
}
