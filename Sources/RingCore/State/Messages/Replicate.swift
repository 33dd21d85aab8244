// Writes on their way to the owners of their keys, and what became of them.
//
//   REPLICATE      u8 mode (0 write, 1 merge, 2 relay) | u8 level | u8 want (0 status, 1 also the reply) | u32 ms left
//                  | uv n | item * n
//   REPLICATE_REP  u8 form 0: uv n | (u8 status | lp reply, of status 7 only) * n
//                          1: uv n | (u8 status | lp reply) * n                               replies were wanted
//                          2: uv n | (uv m | (u64 node | u8 status) * m) * n                  of a relay

/// Items for an owner.
package struct Replicate: WireBody {
    package enum Mode: UInt8, Sendable {
        /// As a client's write: may be refused.
        case write = 0
        /// Never refused for what the key holds.
        case merge = 1
        /// To be passed on to all owners of the receiver's datacenter.
        case relay = 2
    }

    package static var kind: FrameKind { .replicate }

    package var mode: Mode
    package var level: UInt8
    package var wantsReplies: Bool
    /// Milliseconds until the answer is of no use any more.
    package var timeLeft: UInt32
    package var items: [Item]

    package init(mode: Mode, level: UInt8, wantsReplies: Bool = false, timeLeft: UInt32, items: [Item]) {
        self.mode = mode
        self.level = level
        self.wantsReplies = wantsReplies
        self.timeLeft = timeLeft
        self.items = items
    }

    package func encode(into writer: inout WireWriter) {
        writer.u8(mode.rawValue)
        writer.u8(level)
        writer.u8(wantsReplies ? 1 : 0)
        writer.u32(timeLeft)
        writer.items(items)
    }

    package init(from reader: inout WireReader) throws(WireError) {
        let code = try reader.u8()
        guard let mode = Mode(rawValue: code) else { throw .unknownCode(code) }
        self.mode = mode
        level = try reader.u8()
        let want = try reader.u8()
        guard want <= 1 else { throw .unknownCode(want) }
        wantsReplies = want == 1
        timeLeft = try reader.u32()
        items = try reader.items()
    }
}

/// What became of the items of a ``Replicate``, in its order.
package enum ReplicateReply: WireBody {
    package struct Answer: Equatable, Sendable {
        package var status: ItemStatus
        /// The reply in RESP2, or with ``ItemStatus/storeError`` the error.
        package var reply: Bytes?

        package init(_ status: ItemStatus, reply: Bytes? = nil) {
            self.status = status
            self.reply = reply
        }
    }

    package struct RelayedAnswer: Equatable, Sendable {
        package var node: UInt64
        package var status: ItemStatus

        package init(node: UInt64, status: ItemStatus) {
            self.node = node
            self.status = status
        }
    }

    case statuses([Answer])
    case replies([Answer])
    case relayed([[RelayedAnswer]])

    package static var kind: FrameKind { .replicateReply }

    package func encode(into writer: inout WireWriter) {
        switch self {
        case .statuses(let answers):
            writer.u8(0)
            writer.count(answers.count)
            for answer in answers {
                writer.u8(answer.status.rawValue)
                if answer.status == .storeError { writer.lp(answer.reply ?? []) }
            }
        case .replies(let answers):
            writer.u8(1)
            writer.count(answers.count)
            for answer in answers {
                writer.u8(answer.status.rawValue)
                writer.lp(answer.reply ?? [])
            }
        case .relayed(let items):
            writer.u8(2)
            writer.count(items.count)
            for answers in items {
                writer.count(answers.count)
                for answer in answers {
                    writer.u64(answer.node)
                    writer.u8(answer.status.rawValue)
                }
            }
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        switch try reader.u8() {
        case 0:
            self = .statuses(
                try reader.list { (reader) throws(WireError) in
                    let status = try reader.itemStatus()
                    return Answer(status, reply: status == .storeError ? try reader.lp() : nil)
                })
        case 1:
            self = .replies(
                try reader.list(minimumSize: 2) { (reader) throws(WireError) in
                    Answer(try reader.itemStatus(), reply: try reader.lp())
                })
        case 2:
            self = .relayed(
                try reader.list { (reader) throws(WireError) in
                    try reader.list(minimumSize: 9) { (reader) throws(WireError) in
                        RelayedAnswer(node: try reader.u64(), status: try reader.itemStatus())
                    }
                })
        case let form: throw .unknownCode(form)
        }
    }
}

extension WireWriter {
    /// `uv n | item * n`
    package mutating func items(_ items: [Item]) {
        count(items.count)
        for item in items { self.item(item) }
    }

    package mutating func item(_ item: Item) {
        item.encode(into: &self)
    }
}

extension WireReader {
    package mutating func items() throws(WireError) -> [Item] {
        try state { (reader) throws(StateCodingError) in try ItemList.decode(from: &reader) }
    }

    package mutating func item() throws(WireError) -> Item {
        try state { (reader) throws(StateCodingError) in try Item(from: &reader) }
    }

    fileprivate mutating func itemStatus() throws(WireError) -> ItemStatus {
        let code = try u8()
        guard let status = ItemStatus(rawValue: code) else { throw .unknownCode(code) }
        return status
    }
}
