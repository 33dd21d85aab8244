// MEMORY: what this process holds. MEMORY USAGE, of a key, is the store's: the session sends it there.

import RESP

package enum MemoryCommand {
    static let descriptor = CommandDescriptor.container(
        "memory", flags: [], categories: ["slow"], summary: "Commands on memory.", since: "4.0.0", group: "server",
        [
            Subcommand(
                "usage", arity: -3, flags: [.readOnly], usage: "USAGE <key> [SAMPLES <count>]", since: "4.0.0",
                "Bytes that a key takes in the store."
            ) { context, _ in context.reply.error("ERR MEMORY USAGE is not available here") },
            Subcommand("stats", arity: 2, since: "4.0.0", "What memory is used for.", statistics),
            Subcommand("doctor", arity: 2, since: "4.0.0", "What there is to say about memory.") { context, _ in
                let memory = ProcessFigures.now()
                context.reply.verbatim(
                    "\(ProcessFigures.human(memory.resident)) are resident in this process,"
                        + " at most \(ProcessFigures.human(memory.peak)) were. The store is a process of its own.\n")
            },
            Subcommand("purge", arity: 2, since: "4.0.0", "Give unused memory back to the system.") { context, _ in
                ProcessFigures.purge()
                context.reply.ok()
            },
            Subcommand("malloc-stats", arity: 2, since: "4.0.0", "What the allocator says.") { context, _ in
                context.reply.verbatim("The allocator of the C library keeps no statistics.\n")
            },
        ])

    private static func statistics(_ context: CommandContext, _ arguments: Arguments) {
        let memory = ProcessFigures.now()
        let clients = context.services.server.clients.all().reduce(0) {
            $0 + $1.inputBytes.load(ordering: .relaxed) + $1.outputBytes.load(ordering: .relaxed)
        }
        let store = context.services.store.information()
        let number = { (name: String) in Int(store[name] ?? "") ?? 0 }
        let rows: [(String, Int)] = [
            ("peak.allocated", memory.peak), ("total.allocated", memory.allocated),
            ("allocator.resident", memory.resident),
            ("clients.normal", clients), ("store.total.allocated", number("used_memory")),
            ("store.peak.allocated", number("used_memory_peak")),
            ("store.dataset.bytes", number("used_memory_dataset")), ("keys.count", number("dbsize")),
        ]
        context.reply.map(rows.count)
        for (name, value) in rows {
            context.reply.bulk(name)
            context.reply.integer(value)
        }
    }
}
