// What HELLO answers.

import RESP

package enum HelloReply {
    /// A map of seven pairs; `version` is the store's, for clients take it for what the server can do.
    package static func write(to reply: ReplyWriter, clientID: UInt64, services: Services) {
        reply.map(7)
        reply.bulk("server")
        reply.bulk("redis")
        reply.bulk("version")
        reply.bulk(storeVersion(services))
        reply.bulk("proto")
        reply.integer(Int(reply.version.rawValue))
        reply.bulk("id")
        reply.integer(Int(truncatingIfNeeded: clientID))
        reply.bulk("mode")
        reply.bulk("standalone")
        reply.bulk("role")
        reply.bulk("master")
        reply.bulk("modules")
        ModuleCommand.writeList(to: reply, services: services)
    }

    /// The version clients compare with to see what they may use.
    package static func storeVersion(_ services: Services) -> String {
        services.store.information()["redis_version"] ?? "7.0.0"
    }
}
