// MODULE LIST: what clients look at to see whether search is there.

import RESP

package enum ModuleCommand {
    package static func writeList(to reply: ReplyWriter, services: Services) {
        let modules = services.server.modules
        reply.array(modules.count)
        for module in modules {
            reply.map(4)
            reply.bulk("name")
            reply.bulk(module.name)
            reply.bulk("ver")
            reply.integer(module.version)
            reply.bulk("path")
            reply.bulk("built-in")
            reply.bulk("args")
            reply.array(0)
        }
    }
}
