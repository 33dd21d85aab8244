// Commands that must read before they write, for the one owner per datacenter that runs them.
//
//   EXECUTE       u8 flags (1 insist) | u8 level | u32 time left ms | 16 B request id
//                 | uv n | (lp key | 16 B version) * n                preconditions: the key's newest version is this
//                 | uv n | (uv argc | lp * argc) * n                  several commands are one transaction
//   EXECUTE_REP   u8 status | status 2: u64 node | lp reply

/// EXECUTE
package struct Execute: WireBody {
    package static let kind = FrameKind.execute

    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Run it even if you see an earlier executor alive: the coordinator does not.
        package static let insist = Flags(rawValue: 1)
    }

    package struct Precondition: Equatable, Sendable {
        package var key: [UInt8]
        package var version: Version

        package init(key: [UInt8], version: Version) {
            self.key = key
            self.version = version
        }
    }

    package var flags: Flags
    /// The number of a consistency level.
    package var level: UInt8
    package var timeLeft: UInt32
    /// Says that two requests are one, whichever coordinator sent them.
    package var requestID: Version
    package var preconditions: [Precondition]
    package var commands: [[[UInt8]]]

    package init(
        flags: Flags = [], level: UInt8, timeLeft: UInt32, requestID: Version, preconditions: [Precondition] = [],
        commands: [[[UInt8]]]
    ) {
        self.flags = flags
        self.level = level
        self.timeLeft = timeLeft
        self.requestID = requestID
        self.preconditions = preconditions
        self.commands = commands
    }

    package func encode(into writer: inout WireWriter) {
        writer.u8(flags.rawValue)
        writer.u8(level)
        writer.u32(timeLeft)
        writer.version(requestID)
        writer.count(preconditions.count)
        for precondition in preconditions {
            writer.lp(precondition.key)
            writer.version(precondition.version)
        }
        writer.commands(commands)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        self.init(
            flags: Flags(rawValue: try reader.u8()), level: try reader.u8(), timeLeft: try reader.u32(),
            requestID: try reader.version(),
            preconditions: try reader.list(minimumSize: 17, limit: WireBounds.entries) { (reader) throws(WireError) in
                Precondition(key: try reader.lp(), version: try reader.version())
            },
            commands: try reader.commands())
    }
}

/// EXECUTE_REP
package struct ExecuteReply: WireBody {
    package static let kind = FrameKind.executeReply

    package enum Status: Hashable, Sendable {
        case done
        /// This node, an earlier one of the order, is alive: ask it.
        case notExecutor(UInt64)
        case notCurrent
        case notOwner
        case preconditionFailed
        case busy
        /// It was run and shipped; too few replicas confirmed it.
        case quorumFailedAfterApplying
        /// A status that this version does not know. Whether the command was run is unknown.
        case other(UInt8)

        package var number: UInt8 {
            switch self {
            case .done: 0
            case .notExecutor: 2
            case .notCurrent: 3
            case .notOwner: 4
            case .preconditionFailed: 5
            case .busy: 6
            case .quorumFailedAfterApplying: 8
            case .other(let number): number
            }
        }
    }

    package var status: Status
    package var reply: [UInt8]

    package init(status: Status, reply: [UInt8] = []) {
        self.status = status
        self.reply = reply
    }

    package func encode(into writer: inout WireWriter) {
        writer.u8(status.number)
        if case .notExecutor(let node) = status { writer.u64(node) }
        writer.lp(reply)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let number = try reader.u8()
        status =
            switch number {
            case 0: .done
            case 2: .notExecutor(try reader.u64())
            case 3: .notCurrent
            case 4: .notOwner
            case 5: .preconditionFailed
            case 6: .busy
            case 8: .quorumFailedAfterApplying
            default: .other(number)
            }
        reply = try reader.lp()
    }
}
