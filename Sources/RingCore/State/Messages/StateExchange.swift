// Whole states of keys, asked for by key or by their place in the feed of the node that is asked.
//
//   STATE      uv n | (u8 by: 0 | lp key,  1 | u8 lane | u64 LSN | uv index) * n
//   STATE_REP  uv n | item * n          of operation 7, in the order of the request; an empty state for what is not there

/// Asks for the states of keys.
package struct StateRequest: WireBody {
    package enum Subject: Equatable, Sendable {
        case key(Bytes)
        case place(FeedPlace)
    }

    package static var kind: FrameKind { .state }

    package var subjects: [Subject]

    package init(_ subjects: [Subject]) { self.subjects = subjects }

    package func encode(into writer: inout WireWriter) {
        writer.count(subjects.count)
        for subject in subjects {
            switch subject {
            case .key(let key):
                writer.u8(0)
                writer.lp(key)
            case .place(let place):
                writer.u8(1)
                writer.u8(place.lane)
                writer.u64(place.lsn)
                writer.count(place.index)
            }
        }
    }

    package init(from reader: inout WireReader) throws(WireError) {
        subjects = try reader.list(minimumSize: 2, limit: WireBounds.entries) { (reader) throws(WireError) in
            switch try reader.u8() {
            case 0: return .key(try reader.lp())
            case 1:
                let lane = try reader.u8()
                let lsn = try reader.u64()
                let index = try reader.uv()
                guard index <= UInt64(WireBounds.entries) else { throw .invalidValue }
                return .place(FeedPlace(lane: lane, lsn: lsn, index: Int(index)))
            case let code: throw .unknownCode(code)
            }
        }
    }
}

/// States, in the order in which they were asked for.
package struct StateReply: WireBody {
    package static var kind: FrameKind { .stateReply }

    package var items: [Item]

    package init(_ items: [Item]) { self.items = items }

    package func encode(into writer: inout WireWriter) { writer.items(items) }

    package init(from reader: inout WireReader) throws(WireError) { items = try reader.items() }
}
