// Reads at one owner, whole or as digests.
//
//   READ       u8 want (0 reply, 1 digest) | u32 time left ms | uv n | (uv argc | lp * argc) * n
//   READ_REP   uv n | (u8 status | u64 digest | 16 B newest version | u64 expiry ms | lp reply) * n
//
// The digest is XXH3-64 of the normalized reply, whether the reply itself travels or not.

/// READ
package struct Read: WireBody {
    package static let kind = FrameKind.read

    package enum Want: UInt8, Hashable, Sendable {
        case reply = 0
        case digest = 1
    }

    package var want: Want
    /// Milliseconds until the coordinator no longer waits.
    package var timeLeft: UInt32
    package var commands: [[[UInt8]]]

    package init(want: Want, timeLeft: UInt32, commands: [[[UInt8]]]) {
        self.want = want
        self.timeLeft = timeLeft
        self.commands = commands
    }

    package func encode(into writer: inout WireWriter) {
        writer.u8(want.rawValue)
        writer.u32(timeLeft)
        writer.commands(commands)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let code = try reader.u8()
        guard let want = Want(rawValue: code) else { throw .unknownCode(code) }
        self.init(want: want, timeLeft: try reader.u32(), commands: try reader.commands())
    }
}

/// READ_REP
package struct ReadReply: WireBody {
    package static let kind = FrameKind.readReply

    /// The answer to one command.
    package struct Entry: Equatable, Sendable {
        /// 0 for a good answer, else the number of a refusal as in answers to REPLICATE.
        package var status: UInt8
        package var digest: UInt64
        /// The newest version of the key's record; zero when there is none.
        package var newest: Version
        /// Milliseconds since 1970; 0 when the key does not expire.
        package var expiry: UInt64
        /// RESP; empty when only the digest was wanted.
        package var reply: [UInt8]

        package init(status: UInt8, digest: UInt64, newest: Version, expiry: UInt64, reply: [UInt8]) {
            self.status = status
            self.digest = digest
            self.newest = newest
            self.expiry = expiry
            self.reply = reply
        }
    }

    package var entries: [Entry]

    package init(entries: [Entry]) { self.entries = entries }

    package func encode(into writer: inout WireWriter) {
        writer.count(entries.count)
        for entry in entries {
            writer.u8(entry.status)
            writer.u64(entry.digest)
            writer.version(entry.newest)
            writer.u64(entry.expiry)
            writer.lp(entry.reply)
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        entries = try reader.list(minimumSize: 34, limit: WireBounds.entries) { (reader) throws(WireError) in
            Entry(
                status: try reader.u8(), digest: try reader.u64(), newest: try reader.version(),
                expiry: try reader.u64(), reply: try reader.lp())
        }
    }
}
