// Brings a key of the store to what its record says, after the store came back older than the log.
//
// The effects are not simply sent again: what they meant depended on the state they met. A deletion that came late, and
// spared a newer field, would take that field with it. So the record, which has seen everything, says what is to be there;
// the log has the values that the store lacks; and what neither the log has nor the record knows goes.

/// What the store holds under a key.
package struct StoreImage: Equatable, Sendable {
    /// As TYPE says: a JSON document is a string.
    package var kind: ValueKind
    /// Of a hash: the names of its fields.
    package var fields: [Bytes]

    package init(kind: ValueKind, fields: [Bytes] = []) {
        self.kind = kind
        self.fields = fields
    }
}

package enum StoreReconciliation {
    /// The requests that make the store hold what `record` says.
    ///
    /// - Parameters:
    ///   - items: the key's effects after the store's marker, in the order of the log.
    ///   - image: what the store holds now, before them.
    /// - Returns: the requests, and whether values are missing that neither the store nor the log has.
    package static func requests(
        key: Bytes, record: KeyState, items: [Item], image: StoreImage, wall: UInt64
    ) -> (requests: [StoreRequest], isIncomplete: Bool) {
        switch record.kind(at: wall) {
        case .absent:
            return (image.kind == .absent ? [] : [StoreRequest(["DEL".bytes, key])], false)
        case .hash:
            return hash(key, record, items, image, wall)
        case let kind:
            return body(key, kind, record, items, image)
        }
    }

    private static func hash(
        _ key: Bytes, _ record: KeyState, _ items: [Item], _ image: StoreImage, _ wall: UInt64
    ) -> (requests: [StoreRequest], isIncomplete: Bool) {
        var values: [Bytes: Bytes] = [:]
        for item in items {
            switch item.effect {
            case .assignFields(let pairs):
                for pair in pairs where record.field(pair.name)?.version == item.version {
                    values[pair.name] = pair.value
                }
            case .state(let state, .fields(let pairs)):
                for pair in pairs {
                    guard let version = state.field(pair.name)?.version else { continue }
                    if record.field(pair.name)?.version == version { values[pair.name] = pair.value }
                }
            default: break
            }
        }
        let present = image.kind == .hash ? Set(image.fields) : []
        let live = record.fields.filter { $0.isLive(at: wall) }
        let names = Set(live.map(\.name))

        var change = ContentChange()
        if image.kind.isBody { change.body = .removed }
        change.setFields = live.compactMap { field in values[field.name].map { Content.Pair(field.name, $0) } }
        change.newFieldCount = change.setFields.count { !present.contains($0.name) }
        change.removedFields = image.fields.filter { present.contains($0) && !names.contains($0) }
        change.fieldDeadlines = live.compactMap { field in
            field.expiry.map { ContentChange.FieldDeadline(name: field.name, at: $0) }
        }
        change.expiry = record.deadline.map { .at($0) } ?? .never
        let isIncomplete = live.contains { values[$0.name] == nil && !present.contains($0.name) }
        return (change.requests(key: key), isIncomplete)
    }

    private static func body(
        _ key: Bytes, _ kind: ValueKind, _ record: KeyState, _ items: [Item], _ image: StoreImage
    ) -> (requests: [StoreRequest], isIncomplete: Bool) {
        // The last whole value, and the deltas on top of it; or deltas on top of what the store has.
        var chain: [(version: Version, change: ContentChange)] = []
        for item in items where item.version <= record.floorVersion {
            var change = ContentChange()
            switch item.effect {
            case .assign(let kind, _, let value):
                change.body = .written(kind, kind == .string || kind == .json ? .bytes(value) : .dump(value))
                chain = [(item.version, change)]
            case .state(let state, let content) where state.floor?.kind.isBody == true && content != .none:
                change.body = .written(state.floor?.kind ?? .string, content)
                chain = [(state.floorVersion, change)]
            case .delta(_, _, let command):
                change.body = .command(command)
                chain.append((item.version, change))
            case .delete:
                chain = []
            default: break
            }
        }
        var requests: [StoreRequest] = []
        var isIncomplete = false
        if chain.last?.version == record.floorVersion {
            requests = chain.flatMap { $0.change.requests(key: key) }
        } else {
            isIncomplete = image.kind != (kind == .json ? .string : kind)
        }
        var deadline = ContentChange()
        deadline.expiry = record.deadline.map { .at($0) } ?? .never
        return (requests + deadline.requests(key: key), isIncomplete)
    }
}
