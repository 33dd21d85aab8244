// What the store holds under a key, and effects that make it so elsewhere.

/// A key's value with its expiry, as read in the transaction that ran a command.
package struct KeyImage: Equatable, Sendable {
    package var kind: ValueKind
    /// ``Content/none`` when only the kind was asked for.
    package var content: Content
    /// Unix milliseconds; `nil`: never.
    package var deadline: UInt64?

    package init(kind: ValueKind, content: Content = .none, deadline: UInt64? = nil) {
        self.kind = kind
        self.content = content
        self.deadline = deadline
    }

    package static let absent = KeyImage(kind: .absent)

    /// The effect that makes a key hold this and nothing else: of RENAME, COPY, RESTORE, and of a value that has no base.
    package func whole(version: Version) -> Effect {
        switch (kind, content) {
        case (.absent, _):
            return .delete
        case (.hash, .fields(let pairs)):
            let state = KeyState(
                floor: KeyState.Floor(version, .hash), expiry: deadline.map { KeyState.Expiry(version, at: $0) },
                fields: pairs.map { KeyState.Field($0.name, version) })
            return .state(state, content)
        case (_, .bytes(let value)), (_, .dump(let value)):
            return .assign(kind: kind, expiry: deadline, value: value)
        default:
            let state = KeyState(
                floor: KeyState.Floor(version, kind), expiry: deadline.map { KeyState.Expiry(version, at: $0) })
            return .state(state, content)
        }
    }

    /// The effects that lead from one image of a key to another: what a script or a transaction did to it.
    ///
    /// - Parameter state: the record before.
    package static func difference(
        key: Bytes, from before: KeyImage, to after: KeyImage, state: KeyState, version: Version
    ) -> [KeyEffect] {
        if after.kind == .absent {
            return before.kind == .absent ? [] : [KeyEffect(key, version, .delete)]
        }
        var effects: [KeyEffect] = []
        if after.kind == .hash, before.kind == .hash, case .fields(let old) = before.content,
            case .fields(let new) = after.content
        {
            let values = Dictionary(old.map { ($0.name, $0.value) }) { $1 }
            let names = Set(new.map(\.name))
            let set = new.filter { values[$0.name] != $0.value }
            let gone = old.map(\.name).filter { !names.contains($0) }
            if !set.isEmpty { effects.append(KeyEffect(key, version, .assignFields(set))) }
            if !gone.isEmpty { effects.append(KeyEffect(key, version, .deleteFields(gone))) }
        } else if after.kind != before.kind || after.content != before.content {
            return [KeyEffect(key, version, after.whole(version: version))]
        }
        if after.deadline != before.deadline {
            effects += ExpiryEffects.set(key, at: after.deadline, state: state, version: version)
        }
        return effects
    }
}

enum ExpiryEffects {
    /// A new expiry. A key reborn after its last one first buries explicitly what that had buried: the new expiry takes
    /// the old one's place, and nothing would tell any more what is dead.
    static func set(_ key: Bytes, at: UInt64?, state: KeyState, version: Version) -> [KeyEffect] {
        if let at, Version.burial(at: at) <= version { return [KeyEffect(key, version, .delete)] }
        var effects: [KeyEffect] = []
        if state.isReborn, let burial = state.burial { effects.append(KeyEffect(key, burial, .delete)) }
        effects.append(KeyEffect(key, version, .expiry(at: at, fields: [])))
        return effects
    }
}
