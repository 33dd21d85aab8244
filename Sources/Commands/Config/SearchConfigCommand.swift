// FT.CONFIG: the search settings, by their old names.

import RESP
import Settings

/// `FT.CONFIG GET|SET|HELP name [value]`
enum SearchConfigCommand {
    static let descriptor = CommandDescriptor(
        "ft.config", arity: -1, flags: [.readOnly, .module], categories: ["search", "admin"],
        summary: "Shows and changes search settings.", group: "search",
        body: .local { context, arguments in
            guard arguments.count >= 3 else {
                context.reply.error(ErrorReplies.wrongArity("FT.CONFIG"))
                return
            }
            if arguments.is("GET", at: 1) {
                show(context, arguments, withHelp: false)
            } else if arguments.is("HELP", at: 1) {
                show(context, arguments, withHelp: true)
            } else if arguments.is("SET", at: 1) {
                set(context, arguments)
            } else {
                context.reply.simple("No such configuration action")
            }
        })

    // MARK: GET, HELP

    private static func show(_ context: CommandContext, _ arguments: Arguments, withHelp: Bool) {
        let wanted = arguments.text(2).uppercased()
        var found: [(String, Setting)] = []
        if wanted == "*" {
            for setting in SettingsCatalog.all { found += setting.searchNames.map { ($0, setting) } }
        } else if let setting = SettingsCatalog.setting(searchNamed: wanted) {
            found = [(wanted, setting)]
        }
        let reply = context.reply
        let isMap = reply.version == .resp3
        if isMap { reply.map(found.count) } else { reply.array(found.count) }
        for (name, setting) in found {
            if !isMap { reply.array(withHelp ? 5 : 2) }
            reply.simple(name.utf8)
            if withHelp {
                if isMap { reply.map(2) }
                reply.simple("Description")
                reply.simple(setting.summary.utf8)
                reply.simple("Value")
            }
            if let text = shown(setting, context.services.settings.value(of: setting)) {
                reply.bulk(text)
            } else {
                reply.null()
            }
        }
    }

    private static func shown(_ setting: Setting, _ value: SettingValue) -> String? {
        switch value {
        case .boolean(let flag): return flag ? "true" : "false"
        case .integer(let number):
            if case .limit = setting.kind, number < 0 { return "unlimited" }
            return String(number)
        case .text(let text): return text
        }
    }

    // MARK: SET

    private static func set(_ context: CommandContext, _ arguments: Arguments) {
        let reply = context.reply
        guard let setting = SettingsCatalog.setting(searchNamed: arguments.text(2)) else {
            reply.error("Invalid option")
            return
        }
        guard !setting.isImmutable else {
            reply.error("Not modifiable at runtime")
            return
        }
        guard arguments.count > 3 else {
            reply.error("Expected an argument, but none provided")
            return
        }
        let text = arguments.text(3)
        if setting.kind == .boolean || isLimit(setting), !reads(text, as: setting) {
            reply.error(conversion)
            return
        }
        do throws(SettingError) {
            try context.services.settings.set(setting, to: text)
        } catch {
            reply.error(words(for: error, setting))
            return
        }
        if arguments.count > 4 { reply.simple("EXCESSARGS") } else { reply.ok() }
    }

    private static let conversion = "Could not convert argument to expected type"

    private static func isLimit(_ setting: Setting) -> Bool {
        if case .limit = setting.kind { return true }
        return false
    }

    /// FT.CONFIG takes `true` and `false` alone, and numbers alone for limits.
    private static func reads(_ text: String, as setting: Setting) -> Bool {
        if setting.kind == .boolean { return ["true", "false"].contains(text.lowercased()) }
        return Int(text) != nil
    }

    private static func words(for error: SettingError, _ setting: Setting) -> String {
        switch error {
        case .unknown: "Invalid option"
        case .immutable: "Not modifiable at runtime"
        case .notAnInteger, .notAMemoryValue, .notABoolean: conversion
        case .outOfRange: "Value is outside acceptable bounds"
        case .notOneOf: "Invalid \(setting.searchNames.first ?? setting.name) value"
        case .refused(let why): why
        }
    }
}
