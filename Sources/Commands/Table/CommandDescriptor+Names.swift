// How rows of the table are shown.

import Storage

extension CommandDescriptor {
    /// Commands of modules are shown in capitals, as their modules register them.
    package var shownName: String { flags.contains(.module) ? name.uppercased() : name }
}

extension CommandFlags {
    private static let names: [(CommandFlags, String)] = [
        (.write, "write"), (.readOnly, "readonly"), (.denyOOM, "denyoom"), (.admin, "admin"), (.pubSub, "pubsub"),
        (.noScript, "noscript"), (.blocking, "blocking"), (.loading, "loading"), (.stale, "stale"),
        (.skipMonitor, "skip_monitor"), (.fast, "fast"), (.noAuth, "no_auth"), (.movableKeys, "movablekeys"),
        (.module, "module"), (.noMandatoryKeys, "no_mandatory_keys"), (.allowBusy, "allow_busy"),
        (.noAsyncLoading, "no_async_loading"), (.noMulti, "no_multi"),
    ]

    /// As COMMAND INFO writes them.
    var shownNames: [String] { Self.names.filter { contains($0.0) }.map(\.1) }
}
