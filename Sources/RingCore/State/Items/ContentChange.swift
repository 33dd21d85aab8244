// What the store must do so that it holds what the new state says, given that it holds what the old one said.

/// Changes of one key in the store.
package struct ContentChange: Equatable, Sendable {
    package enum Body: Equatable, Sendable {
        case kept
        /// The key goes, whatever it holds.
        case removed
        /// A whole new value, replacing what is there. Not for hashes.
        case written(ValueKind, Content)
        /// The command of a delta.
        case command([Bytes])
    }

    package enum Deadline: Equatable, Sendable {
        case kept
        case never
        case at(UInt64)
    }

    package struct FieldDeadline: Equatable, Sendable {
        package var name: Bytes
        package var at: UInt64?
    }

    package var body: Body = .kept
    package var setFields: [Content.Pair] = []
    /// How many of ``setFields`` the store does not have yet: what HSET answers.
    package var newFieldCount = 0
    package var removedFields: [Bytes] = []
    package var fieldDeadlines: [FieldDeadline] = []
    package var expiry: Deadline = .kept

    package init() {}

    package static let nothing = ContentChange()

    package var isNothing: Bool { self == Self.nothing }

    /// How near a deadline is set again after a write, in milliseconds: the store may have removed the key before the write
    /// came, which then made a new key without one.
    static let deadlineGuard: UInt64 = 5_000
}

extension ContentChange {
    /// - Returns: the change, and the live parts whose values neither the store nor `content` has.
    static func between(
        _ before: KeyState, _ after: KeyState, _ incoming: KeyState, _ content: Content, _ context: ApplyContext
    ) -> (ContentChange, MissingValues) {
        let kindBefore = before.kind(at: context.wall)
        switch after.kind(at: context.wall) {
        case .absent:
            var change = ContentChange()
            if kindBefore != .absent || context.isFetch { change.body = .removed }
            return (change, MissingValues())
        case .hash:
            return hash(before, after, incoming, content, context)
        case let kind:
            return body(kind, before, after, incoming, content, context)
        }
    }

    // MARK: private

    private static func body(
        _ kind: ValueKind, _ before: KeyState, _ after: KeyState, _ incoming: KeyState, _ content: Content,
        _ context: ApplyContext
    ) -> (ContentChange, MissingValues) {
        var change = ContentChange()
        let isThere = before.floor == after.floor && before.kind(at: context.wall) == kind
        let isCarried = incoming.floor == after.floor && content != .none
        if isCarried, !isThere || context.isFetch {
            change.body = .written(kind, content)
            if let deadline = after.deadline { change.expiry = .at(deadline) }
            return (change, MissingValues())
        }
        guard isThere else {
            change.body = .removed
            return (change, MissingValues(isBody: true))
        }
        change.expiry = deadline(before.deadline, after.deadline)
        return (change, MissingValues())
    }

    private static func hash(
        _ before: KeyState, _ after: KeyState, _ incoming: KeyState, _ content: Content, _ context: ApplyContext
    ) -> (ContentChange, MissingValues) {
        var change = ContentChange()
        var values: [Bytes: Bytes] = [:]
        if case .fields(let pairs) = content { for pair in pairs { values[pair.name] = pair.value } }
        let now = context.wall
        let wasHash = before.kind(at: now) == .hash
        var keptCount = 0
        var missing = MissingValues()

        for field in after.fields where field.isLive(at: now) {
            let old = wasHash ? before.field(field.name) : nil
            let isThere = old.map { $0.version == field.version && $0.isLive(at: now) } ?? false
            let carried = incoming.field(field.name)?.version == field.version ? values[field.name] : nil
            if let carried, !isThere || context.isFetch {
                change.setFields.append(Content.Pair(field.name, carried))
                if let at = field.expiry { change.fieldDeadlines.append(FieldDeadline(name: field.name, at: at)) }
                if isThere { keptCount += 1 }
                if old?.isLive(at: now) != true { change.newFieldCount += 1 }
            } else if isThere {
                keptCount += 1
                if old?.expiry != field.expiry {
                    change.fieldDeadlines.append(FieldDeadline(name: field.name, at: field.expiry))
                }
            } else {
                missing.fields.append(field.name)
            }
        }

        guard keptCount > 0 else {
            // Nothing of what the store holds is to stay. What has just expired here may still be there.
            if !before.isEmpty { change.body = before.kind(at: nil) == .absent && !context.isFetch ? .kept : .removed }
            if let deadline = after.deadline { change.expiry = .at(deadline) }
            if change.body == .removed { change.newFieldCount = change.setFields.count }
            return (change, missing)
        }
        for field in before.fields where field.isLive(at: now) {
            if after.field(field.name)?.isLive(at: now) != true { change.removedFields.append(field.name) }
        }
        change.expiry = deadline(before.deadline, after.deadline)
        if change.expiry == .kept, let deadline = after.deadline, deadline < now + deadlineGuard {
            change.expiry = .at(deadline)
        }
        return (change, missing)
    }

    private static func deadline(_ before: UInt64?, _ after: UInt64?) -> Deadline {
        if before == after { return .kept }
        return after.map { .at($0) } ?? .never
    }
}
