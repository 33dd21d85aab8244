import RESP
package enum ConnectionCommands {
    package static let all: [CommandDescriptor] = [
        CommandDescriptor("ping", arity: -1, flags: [.fast], body: .local { context, arguments in
            if arguments.count == 1 { context.reply.raw("+PONG\r\n") } else { context.reply.bulk(arguments[1]) }
        }),
        CommandDescriptor("hello", arity: -1, flags: [.noAuth], body: .session),
        CommandDescriptor("auth", arity: -2, flags: [.noAuth], body: .session),
        CommandDescriptor("multi", arity: 1, body: .session),
        CommandDescriptor("exec", arity: 1, body: .session),
        CommandDescriptor("discard", arity: 1, body: .session),
    ]
}
