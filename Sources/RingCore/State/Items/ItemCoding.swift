// Items as bytes: what REPLICATE, STATE_REP, FEED_REP and the log carry.
//
//   item     u8 op (+128: same group as the previous) │ 16 version │ u32 token │ lp key │ body
//   1 assign          u8 kind │ u64 expiry ms (0: none) │ lp value
//   2 assign fields   uv n │ (lp field, lp value) × n
//   3 delete
//   4 delete fields   uv n │ lp field × n
//   5 expiry          u64 ms (0: none) │ uv n │ lp field × n
//   6 delta           16 base │ u8 kind │ uv argc │ lp × argc
//   7 state           lp record │ content
//   content  u8 form │ 0 none │ 1 lp bytes │ 2 uv n, (lp, lp) × n │ 3 uv n, lp × n │ 4 uv n, (lp member, f64) × n │ 5 lp dump
//
// HSET k f v by node 7 at 1,000 ms, token 9:
//
//   02  00 00 00 00 03 e8 00 00  00 00 00 00 00 00 00 07  09 00 00 00  01 6b  01  01 66 01 76

private enum Operation: UInt8 {
    case assign = 1
    case assignFields = 2
    case delete = 3
    case deleteFields = 4
    case expiry = 5
    case delta = 6
    case state = 7
}

extension Item {
    private static let groupBit: UInt8 = 128
    /// Bytes of the shortest item.
    package static let minimumSize = 22

    package func encode(into writer: inout WireWriter) {
        writer.u8(operation.rawValue | (isGrouped ? Self.groupBit : 0))
        writer.version(version)
        writer.u32(token)
        writer.lp(key)
        switch effect {
        case .assign(let kind, let expiry, let value):
            writer.u8(kind.rawValue)
            writer.u64(expiry ?? 0)
            writer.lp(value)
        case .assignFields(let pairs):
            Content.put(pairs, into: &writer)
        case .delete:
            break
        case .deleteFields(let names):
            Content.put(names, into: &writer)
        case .expiry(let at, let names):
            writer.u64(at ?? 0)
            Content.put(names, into: &writer)
        case .delta(let base, let kind, let command):
            writer.version(base)
            writer.u8(kind.rawValue)
            Content.put(command, into: &writer)
        case .state(let state, let content):
            var record = WireWriter(capacity: 64)
            KeyRecord(state: state).encodeNamed(into: &record)
            writer.lp(record.bytes)
            content.encode(into: &writer)
        }
    }

    private var operation: Operation {
        switch effect {
        case .assign: .assign
        case .assignFields: .assignFields
        case .delete: .delete
        case .deleteFields: .deleteFields
        case .expiry: .expiry
        case .delta: .delta
        case .state: .state
        }
    }

    package init(from reader: inout StateReader) throws(StateCodingError) {
        let code = try reader.u8()
        guard let operation = Operation(rawValue: code & ~Self.groupBit) else { throw .unknownCode(code) }
        isGrouped = code & Self.groupBit != 0
        version = try reader.version()
        token = try reader.u32()
        key = try reader.lp()
        switch operation {
        case .assign:
            let kind = try Self.bodyKind(&reader)
            let at = try reader.u64()
            effect = .assign(kind: kind, expiry: at == 0 ? nil : at, value: try reader.lp())
        case .assignFields:
            let pairs = try Content.pairs(&reader)
            guard !pairs.isEmpty else { throw .invalidValue }
            effect = .assignFields(pairs)
        case .delete:
            effect = .delete
        case .deleteFields:
            let names = try Content.list(&reader)
            guard !names.isEmpty else { throw .invalidValue }
            effect = .deleteFields(names)
        case .expiry:
            let at = try reader.u64()
            effect = .expiry(at: at == 0 ? nil : at, fields: try Content.list(&reader))
        case .delta:
            let base = try reader.version()
            let kind = try Self.bodyKind(&reader)
            let command = try Content.list(&reader)
            guard !command.isEmpty else { throw .invalidValue }
            effect = .delta(base: base, kind: kind, command: command)
        case .state:
            let size = try reader.count(minimumSize: 1)
            var record = StateReader(try reader.slice(size))
            let state = try KeyRecord.decodeNamed(from: &record).state
            effect = .state(state, try Content(from: &reader))
        }
    }

    private static func bodyKind(_ reader: inout StateReader) throws(StateCodingError) -> ValueKind {
        let code = try reader.u8()
        guard let kind = ValueKind(rawValue: code), kind.isBody else { throw .unknownCode(code) }
        return kind
    }
}

extension Content {
    package func encode(into writer: inout WireWriter) {
        switch self {
        case .none:
            writer.u8(0)
        case .bytes(let bytes):
            writer.u8(1)
            writer.lp(bytes)
        case .fields(let pairs):
            writer.u8(2)
            Self.put(pairs, into: &writer)
        case .elements(let elements):
            writer.u8(3)
            Self.put(elements, into: &writer)
        case .scored(let members):
            writer.u8(4)
            writer.uv(UInt64(members.count))
            for scored in members {
                writer.lp(scored.member)
                writer.u64(scored.score.bitPattern)
            }
        case .dump(let bytes):
            writer.u8(5)
            writer.lp(bytes)
        }
    }

    package init(from reader: inout StateReader) throws(StateCodingError) {
        switch try reader.u8() {
        case 0: self = .none
        case 1: self = .bytes(try reader.lp())
        case 2: self = .fields(try Self.pairs(&reader))
        case 3: self = .elements(try Self.list(&reader))
        case 4:
            self = .scored(
                try reader.list(minimumSize: 9) { (reader) throws(StateCodingError) in
                    let member = try reader.lp()
                    let score = Double(bitPattern: try reader.u64())
                    guard !score.isNaN else { throw .invalidValue }
                    return ScoredMember(member, score)
                })
        case 5: self = .dump(try reader.lp())
        case let form: throw .unknownCode(form)
        }
    }

    fileprivate static func put(_ pairs: [Pair], into writer: inout WireWriter) {
        writer.uv(UInt64(pairs.count))
        for pair in pairs {
            writer.lp(pair.name)
            writer.lp(pair.value)
        }
    }

    fileprivate static func put(_ list: [Bytes], into writer: inout WireWriter) {
        writer.uv(UInt64(list.count))
        for element in list { writer.lp(element) }
    }

    fileprivate static func pairs(_ reader: inout StateReader) throws(StateCodingError) -> [Pair] {
        try reader.list(minimumSize: 2) { (reader) throws(StateCodingError) in
            Pair(try reader.lp(), try reader.lp())
        }
    }

    fileprivate static func list(_ reader: inout StateReader) throws(StateCodingError) -> [Bytes] {
        try reader.list(minimumSize: 1) { (reader) throws(StateCodingError) in try reader.lp() }
    }
}

/// Lists of items: `uv n | item × n`.
package enum ItemList {
    package static func encode(_ items: [Item], into writer: inout WireWriter) {
        writer.uv(UInt64(items.count))
        for item in items { item.encode(into: &writer) }
    }

    package static func decode(from reader: inout StateReader) throws(StateCodingError) -> [Item] {
        try reader.list(minimumSize: Item.minimumSize) { (reader) throws(StateCodingError) in
            try Item(from: &reader)
        }
    }
}
