// CONFIG: the settings, by their CONFIG names.

import RESP
import Settings

enum ConfigCommand {
    static let descriptor = CommandDescriptor.container(
        "config", flags: [], categories: ["slow"], summary: "Commands on settings.", since: "2.0.0", group: "server",
        details: explain,
        [
            Subcommand(
                "get", arity: -3, flags: flags, usage: "GET <pattern> ...", since: "2.0.0",
                "Settings whose names match, and their values.", get),
            Subcommand(
                "set", arity: -4, flags: flags, usage: "SET <name> <value> ...", since: "2.0.0",
                "Change settings, all or none.", set),
            Subcommand("resetstat", arity: 2, flags: flags, since: "2.0.0", "Set the counters of INFO to zero.") {
                context, _ in
                context.services.server.statistics.reset()
                context.reply.ok()
            },
            Subcommand("rewrite", arity: 2, flags: flags, since: "2.8.0", "Save the settings to the file.") {
                context, _ in
                guard let rewrite = context.services.server.rewrite else {
                    context.reply.error("ERR The server is running without a config file")
                    return
                }
                if let problem = rewrite() {
                    context.reply.error("ERR Rewriting config file: \(problem)")
                } else {
                    context.reply.ok()
                }
            },
        ])

    private static let flags: CommandFlags = [.admin, .noScript, .loading, .stale]

    private static func matching(_ arguments: Arguments) -> [Setting] {
        let patterns = (2..<arguments.count).map { Array(arguments.text($0).lowercased().utf8) }
        return SettingsCatalog.all.filter { setting in
            let name = Array(setting.name.utf8)
            return patterns.contains { Glob.matches($0, name) }
        }
    }

    /// `CONFIG HELP pattern ...`: what settings are for, what they may be, and when they take effect.
    private static func explain(_ context: CommandContext, _ arguments: Arguments) {
        let found = matching(arguments)
        let reply = context.reply
        reply.map(found.count)
        for setting in found {
            let rows = [
                ("summary", setting.summary), ("value", shown(setting, context.services.settings)),
                ("default", setting.isSecret ? "" : setting.defaultValue.text ?? ""),
                ("values", setting.kind.description), ("effect", setting.effect.description),
                ("origin", context.services.settings.origin(of: setting).rawValue),
            ]
            reply.bulk(setting.name)
            reply.map(rows.count)
            for (name, text) in rows {
                reply.bulk(name)
                reply.bulk(text)
            }
        }
    }

    private static func get(_ context: CommandContext, _ arguments: Arguments) {
        let found = matching(arguments)
        context.reply.map(found.count)
        for setting in found {
            context.reply.bulk(setting.name)
            context.reply.bulk(shown(setting, context.services.settings))
        }
    }

    /// Secrets are never shown, not even their length.
    static func shown(_ setting: Setting, _ settings: SettingsRegistry) -> String {
        let text = settings.value(of: setting).text ?? ""
        return setting.isSecret && !text.isEmpty ? "********" : text
    }

    private static func set(_ context: CommandContext, _ arguments: Arguments) {
        guard arguments.count % 2 == 0 else {
            context.reply.error(ErrorReplies.syntax)
            return
        }
        var pairs: [(Setting, String)] = []
        var names: Set<String> = []
        for i in stride(from: 2, to: arguments.count, by: 2) {
            guard let setting = SettingsCatalog.setting(named: arguments.text(i)) else {
                context.reply.error(
                    "ERR Unknown option or number of arguments for CONFIG SET - '\(ErrorReplies.text(arguments[i]))'")
                return
            }
            guard names.insert(setting.name).inserted else {
                fail(context, setting.name, "duplicate parameter")
                return
            }
            pairs.append((setting, arguments.text(i + 1)))
        }
        do throws(SettingsFailure) {
            try context.services.settings.set(pairs)
            context.reply.ok()
        } catch {
            fail(context, error.name, error.error.reason)
        }
    }

    private static func fail(_ context: CommandContext, _ name: String, _ reason: String) {
        context.reply.error("ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)")
    }
}
