// What a write does to the state of a key. Effects travel between replicas, in any order and any number of times.
//
//   op  effect                  part of the state
//   1   assign                  floor, and the expiry that comes with it
//   2   assign fields           fields
//   3   delete                  floor
//   4   delete fields           fields
//   5   expiry                  expiry; with fields: the times of fields that the same version has assigned
//   6   delta                   floor, if the value that it was made from is there
//   7   state                   everything at once

/// The values of a state, in the form in which they travel.
package enum Content: Equatable, Sendable {
    package struct Pair: Equatable, Sendable {
        package var name: Bytes
        package var value: Bytes

        package init(_ name: Bytes, _ value: Bytes) {
            self.name = name
            self.value = value
        }
    }

    package struct ScoredMember: Equatable, Sendable {
        package var member: Bytes
        package var score: Double

        package init(_ member: Bytes, _ score: Double) {
            self.member = member
            self.score = score
        }
    }

    case none
    /// A string, or a JSON document as the store keeps it.
    case bytes(Bytes)
    /// Fields of a hash; may be fewer than the state names.
    case fields([Pair])
    /// A list in order, or a set.
    case elements([Bytes])
    case scored([ScoredMember])
    /// What DUMP of the store returned.
    case dump(Bytes)
}

/// What a write does to a key.
package enum Effect: Equatable, Sendable {
    /// The whole value: a string or a JSON document as bytes, any other kind but a hash as DUMP of the store returns it.
    case assign(kind: ValueKind, expiry: UInt64?, value: Bytes)
    case assignFields([Content.Pair])
    case delete
    case deleteFields([Bytes])
    /// When the key expires; with fields: when these fields expire, which an effect of the same version has assigned.
    case expiry(at: UInt64?, fields: [Bytes])
    /// A deterministic command that makes the new value from the one whose floor has the version `base`.
    case delta(base: Version, kind: ValueKind, command: [Bytes])
    case state(KeyState, Content)
}

/// An effect on one key, as it travels.
package struct Item: Equatable, Sendable {
    package var version: Version
    package var token: UInt32
    package var key: Bytes
    package var effect: Effect
    /// Becomes visible together with the item before it.
    package var isGrouped: Bool

    package init(version: Version, token: UInt32, key: Bytes, effect: Effect, isGrouped: Bool = false) {
        self.version = version
        self.token = token
        self.key = key
        self.effect = effect
        self.isGrouped = isGrouped
    }
}

/// What became of an item on an owner. The numbers are those of messages.
package enum ItemStatus: UInt8, Sendable, CaseIterable {
    case applied = 0
    /// Everything that it says is older than what is there. Counts like applied.
    case superseded = 1
    /// The value it was made from is not here: the state of the key is needed.
    case needState = 2
    /// A hash command on something else. Nothing was done.
    case typeConflict = 3
    case notOwner = 4
    /// Its stamp is too far ahead of this node's clock.
    case clockLead = 5
    case busy = 6
    case storeError = 7
    /// Must run once, on the executor. Nothing was done.
    case useExecutor = 9
}
