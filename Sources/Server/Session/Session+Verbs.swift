// Commands that are about the conversation itself.

import Commands
import RESP

/// The commands the session knows by name.
enum SessionVerb: String, Sendable {
    case none = ""
    case multi, exec, discard, watch, unwatch, reset, quit, hello, auth, client, memory, monitor

    /// Runs at once even inside a transaction.
    var endsTransaction: Bool {
        switch self {
        case .exec, .discard, .reset, .quit: true
        default: false
        }
    }
}

extension Session {
    /// `false`: the command has to wait.
    func perform(_ verb: SessionVerb, _ position: Int, _ row: CommandTable.Row, _ arguments: Arguments) -> Bool {
        switch verb {
        case .none: return run(position, row, arguments)
        case .multi: beginTransaction(position)
        case .exec: return execute(position)
        case .discard: discard(position)
        case .watch: return watch(position, row, arguments)
        case .unwatch: return unwatch(position, row, arguments)
        case .reset: reset(position)
        case .quit: quit(position)
        case .hello: hello(position, arguments)
        case .auth: authenticate(position, arguments)
        case .monitor: startMonitoring(position)
        case .client:
            if arguments.count > 1, arguments[1].equalsIgnoringCase("REPLY") {
                setReplyMode(position, arguments)
            } else {
                return run(position, row, arguments)
            }
        case .memory:
            // Of a key only the store knows how large it is.
            if isMemoryUsage(arguments), environment.memorySpecification >= 0 {
                return runStore(position, arguments, specification: environment.memorySpecification)
            }
            return run(position, row, arguments)
        }
        return true
    }

    func isMemoryUsage(_ arguments: Arguments) -> Bool {
        arguments.count > 2 && arguments[1].equalsIgnoringCase("USAGE")
    }

    private func quit(_ position: Int) {
        answer(position) { $0.ok() }
        isEnding = true
    }

    private func reset(_ position: Int) {
        abandonTransaction()
        stopMonitoring()
        version = .resp2
        record.protocolVersion.store(2, ordering: .relaxed)
        record.reset()
        replyMode = .on
        isDiscarding = false
        setAuthenticated(!services.settings.hasPassword)
        answer(position) { $0.simple("RESET") }
    }

    // MARK: CLIENT REPLY

    private func setReplyMode(_ position: Int, _ arguments: Arguments) {
        guard arguments.count == 3 else {
            return answer(position) { $0.error(ErrorReplies.wrongArity("client|reply")) }
        }
        // Replies of different modes never share a batch.
        submitBatch()
        if arguments[2].equalsIgnoringCase("ON") {
            replyMode = .on
            isDiscarding = false
            answer(position) { $0.ok() }
        } else if arguments[2].equalsIgnoringCase("OFF") {
            replyMode = .off
            tookTime(position, failed: false)
        } else if arguments[2].equalsIgnoringCase("SKIP") {
            if replyMode == .on { replyMode = .skipNext }
            tookTime(position, failed: false)
        } else {
            answer(position) { $0.error(ErrorReplies.syntax) }
        }
    }

    // MARK: AUTH, HELLO

    func setAuthenticated(_ now: Bool) {
        guard now != isAuthenticated else { return }
        isAuthenticated = now
        record.set(.unauthenticated, !now)
        if now, let host = unauthenticatedHost {
            services.server.clients.removeUnauthenticated(host: host)
            unauthenticatedHost = nil
        }
        applyLimits()
    }

    private func authenticate(_ position: Int, _ arguments: Arguments) {
        guard arguments.count <= 3 else { return answer(position) { $0.error(ErrorReplies.syntax) } }
        if arguments.count == 2 {
            guard services.settings.hasPassword else {
                return answer(position) { $0.error(ErrorReplies.noPasswordSet) }
            }
            guard isDefaultUser(password: arguments[1]) else { return refusePassword(position) }
        } else {
            guard isUser(arguments[1], password: arguments[2]) else { return refusePassword(position) }
        }
        setAuthenticated(true)
        answer(position) { $0.ok() }
    }

    /// There is one user, `default`; without a password it takes any.
    private func isUser(_ name: ByteSlice, password: ByteSlice) -> Bool {
        name.elementsEqual("default".utf8) && isDefaultUser(password: password)
    }

    private func isDefaultUser(password: ByteSlice) -> Bool {
        !services.settings.hasPassword || services.settings.isPassword(password)
    }

    private func refusePassword(_ position: Int) {
        loop.counters.add(.authenticationFailures)
        answer(position) { $0.error(ErrorReplies.wrongPassword) }
    }

    /// `HELLO [version [AUTH user password] [SETNAME name]]`: all or nothing.
    private func hello(_ position: Int, _ arguments: Arguments) {
        var wanted = version
        if arguments.count > 1 {
            guard let number = Int(String(decoding: arguments[1], as: UTF8.self)) else {
                return answer(position) { $0.error(ErrorReplies.protocolNotInteger) }
            }
            guard let asked = RESPVersion(rawValue: UInt8(clamping: number)), number >= 2 else {
                return answer(position) { $0.error(ErrorReplies.unsupportedProtocol) }
            }
            wanted = asked
        }
        var name: [UInt8]?
        var authenticates = false
        var i = 2
        while i < arguments.count {
            let left = arguments.count - i - 1
            if arguments[i].equalsIgnoringCase("AUTH"), left >= 2 {
                guard isUser(arguments[i + 1], password: arguments[i + 2]) else { return refusePassword(position) }
                authenticates = true
                i += 3
            } else if arguments[i].equalsIgnoringCase("SETNAME"), left >= 1 {
                guard ClientCommand.isPrintable(arguments[i + 1]) else {
                    return answer(position) { $0.error(ErrorReplies.invalidClientName) }
                }
                name = Array(arguments[i + 1])
                i += 2
            } else {
                let option = ErrorReplies.text(arguments[i])
                return answer(position) { $0.error("ERR Syntax error in HELLO option '\(option)'") }
            }
        }
        guard isAuthenticated || authenticates else {
            return answer(position) { $0.error(ErrorReplies.helloNeedsAuthentication) }
        }
        if authenticates { setAuthenticated(true) }
        if let name { record.texts.name = name }
        if wanted != version {
            // What stands in the open batch is written in the old protocol.
            submitBatch()
            flushOutput()
            version = wanted
            record.protocolVersion.store(wanted.rawValue, ordering: .relaxed)
        }
        answer(position) { HelloReply.write(to: $0, clientID: record.id, services: services) }
    }
}
