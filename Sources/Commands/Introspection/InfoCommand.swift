// INFO: sections of `name:value` lines.

import RESP
import Settings

package enum InfoCommand {
    typealias Lines = [(name: String, value: String)]

    /// One part of the report.
    struct Section: Sendable {
        enum Group {
            /// Also shown when no section is named.
            case standard
            /// Shown by `all`.
            case long
            /// Shown by `everything` and by `modules`.
            case module
        }

        let name: String
        let title: String
        let group: Group
        let lines: @Sendable (Services) -> Lines
    }

    static let descriptor = CommandDescriptor(
        "info", arity: -1, flags: [.loading, .stale], categories: ["slow", "dangerous"],
        summary: "Describes the server and what it is doing.", group: "server",
        body: .local { context, arguments in
            let words = (1..<max(arguments.count, 1)).map { arguments.text($0).lowercased() }
            context.reply.verbatim(report(words, context.services))
        })

    static let sections: [Section] = [
        Section(name: "server", title: "Server", group: .standard, lines: InfoSections.server),
        Section(name: "clients", title: "Clients", group: .standard, lines: InfoSections.clients),
        Section(name: "memory", title: "Memory", group: .standard, lines: InfoSections.memory),
        Section(name: "persistence", title: "Persistence", group: .standard, lines: InfoSections.persistence),
        Section(name: "stats", title: "Stats", group: .standard, lines: InfoSections.statistics),
        Section(name: "replication", title: "Replication", group: .standard, lines: InfoSections.replication),
        Section(name: "cpu", title: "CPU", group: .standard, lines: InfoSections.processor),
        Section(name: "modules", title: "Modules", group: .standard, lines: InfoSections.modules),
        Section(name: "commandstats", title: "Commandstats", group: .long, lines: InfoSections.commandStatistics),
        Section(name: "errorstats", title: "Errorstats", group: .standard, lines: InfoSections.errorStatistics),
        Section(name: "latencystats", title: "Latencystats", group: .long, lines: InfoSections.latencyStatistics),
        Section(name: "cluster", title: "Cluster", group: .standard, lines: { _ in [("cluster_enabled", "0")] }),
        Section(name: "keyspace", title: "Keyspace", group: .standard, lines: InfoSections.keyspace),
        Section(name: "search", title: "search", group: .module, lines: InfoSections.search),
    ]

    /// The sections asked for, each once, in their usual order; unknown names add nothing.
    static func report(_ words: [String], _ services: Services) -> String {
        let asksNothing = words.isEmpty || words.contains("default")
        let everything = words.contains("everything")
        let all = everything || words.contains("all")
        var text = ""
        for section in sections {
            let isAsked =
                switch section.group {
                case .standard: asksNothing || all
                case .long: all
                case .module: everything || words.contains("modules")
                }
            guard isAsked || words.contains(section.name) else { continue }
            let lines = section.lines(services)
            if section.group == .module, lines.isEmpty { continue }
            if !text.isEmpty { text += "\r\n" }
            text += "# \(section.title)\r\n"
            for line in lines { text += "\(line.name):\(line.value)\r\n" }
        }
        return text
    }
}
