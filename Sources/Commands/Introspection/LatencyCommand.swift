// LATENCY: what took longer than `latency-monitor-threshold`, and how long commands take.

import RESP

enum LatencyCommand {
    static let descriptor = CommandDescriptor.container(
        "latency", flags: [], categories: ["slow"], summary: "Commands on latency.", since: "2.8.13", group: "server",
        [
            Subcommand("latest", arity: 2, flags: flags, since: "2.8.13", "The last sample of each event.") {
                context, _ in
                let events = context.services.server.latency.events()
                context.reply.array(events.count)
                for event in events {
                    context.reply.array(4)
                    context.reply.bulk(event.name)
                    context.reply.integer(event.samples.last?.time ?? 0)
                    context.reply.integer(event.samples.last?.milliseconds ?? 0)
                    context.reply.integer(event.maximum)
                }
            },
            Subcommand(
                "history", arity: 3, flags: flags, usage: "HISTORY <event>", since: "2.8.13", "The samples of an event."
            ) { context, arguments in
                let samples = context.services.server.latency.event(arguments.text(2))?.samples ?? []
                context.reply.array(samples.count)
                for sample in samples {
                    context.reply.array(2)
                    context.reply.integer(sample.time)
                    context.reply.integer(sample.milliseconds)
                }
            },
            Subcommand(
                "reset", arity: -2, flags: flags, usage: "RESET [<event> ...]", since: "2.8.13",
                "Forget events, or all of them."
            ) { context, arguments in
                let names = (2..<arguments.count).map { arguments.text($0) }
                context.reply.integer(context.services.server.latency.reset(names))
            },
            Subcommand(
                "graph", arity: 3, flags: flags, usage: "GRAPH <event>", since: "2.8.13",
                "The samples of an event as a picture.", graph),
            Subcommand("doctor", arity: 2, flags: flags, since: "2.8.13", "What the samples say, in words.", doctor),
            Subcommand(
                "histogram", arity: -2, flags: flags, usage: "HISTOGRAM [<command> ...]", since: "7.0.0",
                "How many calls of commands took how many microseconds at most.", histogram),
        ])

    private static let flags: CommandFlags = [.admin, .noScript, .loading, .stale]

    private static func graph(_ context: CommandContext, _ arguments: Arguments) {
        guard let event = context.services.server.latency.event(arguments.text(2)), !event.samples.isEmpty else {
            context.reply.error("ERR No samples available for event '\(ErrorReplies.text(arguments[2]))'")
            return
        }
        let highest = max(event.samples.map(\.milliseconds).max() ?? 1, 1)
        let lowest = event.samples.map(\.milliseconds).min() ?? 0
        var text = "\(event.name) - high \(highest) ms, low \(lowest) ms (all time high \(event.maximum) ms)\n"
        for sample in event.samples.suffix(20) {
            let bar = String(repeating: "#", count: max(1, 60 * sample.milliseconds / highest))
            text += "\(sample.time) \(bar) \(sample.milliseconds)\n"
        }
        context.reply.verbatim(text)
    }

    private static func doctor(_ context: CommandContext, _ arguments: Arguments) {
        guard context.services.settings.latencyThreshold > 0 else {
            context.reply.verbatim(
                "Latency is not monitored. CONFIG SET latency-monitor-threshold <milliseconds> starts it.\n")
            return
        }
        let events = context.services.server.latency.events()
        guard !events.isEmpty else {
            context.reply.verbatim("Nothing has taken longer than the threshold.\n")
            return
        }
        var text = ""
        for event in events {
            let values = event.samples.map(\.milliseconds)
            let mean = values.reduce(0, +) / max(values.count, 1)
            text += "\(event.name): \(values.count) samples, \(mean) ms on average, \(event.maximum) ms at worst.\n"
        }
        text += "SLOWLOG GET shows which commands they were.\n"
        context.reply.verbatim(text)
    }

    private static func histogram(_ context: CommandContext, _ arguments: Arguments) {
        let server = context.services.server
        let wanted: Set<Int>? =
            arguments.count == 2
            ? nil : Set((2..<arguments.count).compactMap { server.table.position(of: arguments[$0]) })
        let usage = server.statistics.usage().filter { entry in
            entry.usage.calls > 0 && (wanted?.contains(entry.command) ?? true)
        }
        let reply = context.reply
        reply.map(usage.count)
        for (command, usage) in usage {
            reply.bulk(server.table.commands[command].name)
            reply.map(2)
            reply.bulk("calls")
            reply.integer(Int(truncatingIfNeeded: usage.calls))
            reply.bulk("histogram_usec")
            var total: UInt64 = 0
            let filled = usage.buckets.indices.filter { usage.buckets[$0] > 0 }
            reply.map(filled.count)
            for bucket in filled {
                total += usage.buckets[bucket]
                reply.integer(1 << bucket)
                reply.integer(Int(truncatingIfNeeded: total))
            }
        }
    }
}
