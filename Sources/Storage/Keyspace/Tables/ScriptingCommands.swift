// Commands on scripts, functions and watched keys.

extension KeyspaceCommandTable {
    static let scriptingCommands: [KeyspaceCommand] = [
        Row(
            "eval", -3, [.noScript, .stale, .skipMonitor, .noMandatoryKeys, .movableKeys], .none, "scripting", "2.6.0",
            "Runs a script.", finder: .counted(at: 2, destination: 0), effect: .anything,
            place: .always(.script(mayWrite: true))),
        Row(
            "eval_ro", -3, [.readOnly, .noScript, .stale, .skipMonitor, .noMandatoryKeys, .movableKeys], .none,
            "scripting", "7.0.0", "Runs a script that only reads.", finder: .counted(at: 2, destination: 0),
            place: .always(.script(mayWrite: false))),
        Row(
            "evalsha", -3, [.noScript, .stale, .skipMonitor, .noMandatoryKeys, .movableKeys], .none, "scripting",
            "2.6.0", "Runs a script the store has, by its digest.", finder: .counted(at: 2, destination: 0),
            effect: .anything, place: .always(.script(mayWrite: true))),
        Row(
            "evalsha_ro", -3, [.readOnly, .noScript, .stale, .skipMonitor, .noMandatoryKeys, .movableKeys], .none,
            "scripting", "7.0.0", "Runs a script that only reads, by its digest.",
            finder: .counted(at: 2, destination: 0), place: .always(.script(mayWrite: false))),
        Row(
            "fcall", -3, [.noScript, .stale, .skipMonitor, .noMandatoryKeys, .movableKeys], .none, "scripting", "7.0.0",
            "Calls a function.", finder: .counted(at: 2, destination: 0), effect: .anything,
            place: .always(.script(mayWrite: true))),
        Row(
            "fcall_ro", -3, [.readOnly, .noScript, .stale, .skipMonitor, .noMandatoryKeys, .movableKeys], .none,
            "scripting", "7.0.0", "Calls a function that only reads.", finder: .counted(at: 2, destination: 0),
            place: .always(.script(mayWrite: false))),
        Row(
            "function", -2, [], .none, "scripting", "7.0.0", "Commands on functions.", extra: ["-scripting"],
            subcommands: ["delete", "dump", "flush", "help", "kill", "list", "load", "restore", "stats"],
            shape: .byArguments(functionShape), place: .byArguments(functionPlace)),
        Row(
            "script", -2, [], .none, "scripting", "2.6.0", "Commands on the scripts the store has.",
            extra: ["-scripting"], subcommands: ["debug", "exists", "flush", "help", "kill", "load"],
            place: .byArguments(scriptPlace)),
        Row(
            "unwatch", 1, [.noScript, .loading, .stale, .fast, .allowBusy], .none, "transactions", "2.2.0",
            "Forgets all watched keys.", place: .always(.unwatch)),
        Row(
            "watch", -2, [.noScript, .loading, .stale, .fast, .allowBusy], KeyPositions(1, -1, 1), "transactions",
            "2.2.0", "Makes the next EXEC fail if one of these keys has changed.", place: .always(.watch)),
    ]
}
