// Is that node there?
//
//   PROBE       u8 way (0 you, 1 ask it for me) | u64 target | u32 time left ms
//   PROBE_REP   u8 outcome (0 alive, 1 not reached, 2 not known here) | u64 target | u32 incarnation of the target

/// PROBE
package struct Probe: WireBody {
    package static let kind = FrameKind.probe

    package enum Way: UInt8, Hashable, Sendable {
        case direct = 0
        /// The receiver is to probe `target` and say what it saw.
        case indirect = 1
    }

    package var way: Way
    package var target: UInt64
    package var timeLeft: UInt32

    package init(way: Way, target: UInt64, timeLeft: UInt32) {
        self.way = way
        self.target = target
        self.timeLeft = timeLeft
    }

    package func encode(into writer: inout WireWriter) {
        writer.u8(way.rawValue)
        writer.u64(target)
        writer.u32(timeLeft)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let code = try reader.u8()
        guard let way = Way(rawValue: code) else { throw .unknownCode(code) }
        self.init(way: way, target: try reader.u64(), timeLeft: try reader.u32())
    }
}

/// PROBE_REP
package struct ProbeReply: WireBody {
    package static let kind = FrameKind.probeReply

    package enum Outcome: UInt8, Hashable, Sendable {
        case alive = 0
        case notReached = 1
        case notKnown = 2
    }

    package var outcome: Outcome
    package var target: UInt64
    package var incarnation: UInt32

    package init(outcome: Outcome, target: UInt64, incarnation: UInt32) {
        self.outcome = outcome
        self.target = target
        self.incarnation = incarnation
    }

    package func encode(into writer: inout WireWriter) {
        writer.u8(outcome.rawValue)
        writer.u64(target)
        writer.u32(incarnation)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let code = try reader.u8()
        guard let outcome = Outcome(rawValue: code) else { throw .unknownCode(code) }
        self.init(outcome: outcome, target: try reader.u64(), incarnation: try reader.u32())
    }
}
