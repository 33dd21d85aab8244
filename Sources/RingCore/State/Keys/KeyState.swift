// What the replicas of a key agree on: three parts, each a maximum by version. Values are not here; they are in the store.
//
//   floor     version + kind of the whole value          DEL, SET, every write to what is not a hash
//   expiry    version + a time, or never                 SET, EXPIRE, PERSIST
//   fields    name → version, live or deleted, a time    HSET, HDEL, HEXPIRE
//
// What is older than the floor is gone. An expiry at T buries by itself: from T on, everything older than the version ⟨T⟩
// is dead, on all replicas and without a message. A write at ⟨T⟩ or later starts a new life under the same record, which
// is then *reborn* and drops the older fields:
//
//   HSET k a 1 @100    EXPIRE k → T = 900 @200    HSET k b 1 @950
//   fields {a @100, b @950}, expiry 900 @200      →      {b @950}, expiry 900 @200, reborn: no time to live any more

/// The state of a key, without its values. Always in normal form: equal states have equal parts.
package struct KeyState: Equatable, Sendable {
    package struct Floor: Equatable, Sendable {
        package var version: Version
        package var kind: ValueKind

        package init(_ version: Version, _ kind: ValueKind) {
            self.version = version
            self.kind = kind
        }
    }

    package struct Expiry: Equatable, Sendable {
        package var version: Version
        /// Unix milliseconds; `nil`: never.
        package var at: UInt64?

        package init(_ version: Version, at: UInt64?) {
            self.version = version
            self.at = at
        }
    }

    package struct Field: Equatable, Sendable {
        package var name: Bytes
        package var version: Version
        package var isDeleted: Bool
        /// Unix milliseconds; `nil`: never. A deleted field has none.
        package var expiry: UInt64?

        package init(_ name: Bytes, _ version: Version, isDeleted: Bool = false, expiry: UInt64? = nil) {
            self.name = name
            self.version = version
            self.isDeleted = isDeleted
            self.expiry = isDeleted ? nil : expiry
        }

        package func isLive(at now: UInt64?) -> Bool {
            guard !isDeleted else { return false }
            guard let expiry, let now else { return true }
            return now < expiry
        }
    }

    /// `nil`: no write ever set the whole value.
    package internal(set) var floor: Floor?
    /// `nil`: what the floor brought, which is "never".
    package internal(set) var expiry: Expiry?
    /// By name, deleted ones too. None is older than the floor.
    package internal(set) var fields: [Field]
    /// Parts were dropped here that turned out to be live: by an expiry that was void, or because the store has lost their
    /// values. A co-owner's state is needed. Local: no part of what replicas compare.
    package var isIncomplete: Bool

    /// - Parameter fields: in any order; of several with one name the newest counts.
    package init(floor: Floor? = nil, expiry: Expiry? = nil, fields: [Field] = [], isIncomplete: Bool = false) {
        self.floor = floor
        self.expiry = expiry
        self.fields = []
        self.isIncomplete = isIncomplete
        for field in fields.sorted(by: { precedes($0.name, $1.name) }) {
            if let last = self.fields.last, last.name == field.name {
                self.fields[self.fields.count - 1] = last.newer(of: field)
            } else {
                self.fields.append(field)
            }
        }
        normalize(flushFloor: .zero)
    }

    /// The state of a key that no write ever touched.
    package static let empty = KeyState()

    package var isEmpty: Bool { floor == nil && expiry == nil && fields.isEmpty }

    package func field(_ name: Bytes) -> Field? { index(of: name).map { fields[$0] } }

    func index(of name: Bytes) -> Int? {
        var low = 0
        var high = fields.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(fields[middle].name, name) { low = middle + 1 } else { high = middle }
        }
        return low < fields.count && fields[low].name == name ? low : nil
    }
}

// MARK: what it means

extension KeyState {
    /// What the expiry buries everything before, once its time has come.
    var burial: Version? { expiry?.at.map(Version.burial(at:)) }

    /// Whether something at or after the expiry's time has been written: the key lives again, without an expiry.
    package var isReborn: Bool {
        guard let burial else { return false }
        return floorVersion >= burial || fields.contains { $0.version >= burial }
    }

    package var floorVersion: Version { floor?.version ?? .zero }

    /// When the key expires, in unix milliseconds; `nil` for never, and for a key reborn after its expiry.
    package var deadline: UInt64? { isReborn ? nil : expiry?.at }

    /// What the key holds at `now`; without a time, what it holds if nothing expires.
    package func kind(at now: UInt64?) -> ValueKind {
        var floorIsAlive = true
        if let at = expiry?.at {
            if isReborn {
                floorIsAlive = floorVersion >= Version.burial(at: at)
            } else if let now, now >= at {
                return .absent
            }
        }
        if fields.contains(where: { $0.isLive(at: now) }) { return .hash }
        guard floorIsAlive, let floor, floor.kind.isBody else { return .absent }
        return floor.kind
    }

    /// The kind that is written in records: the same on all replicas whatever their clocks.
    package var recordKind: ValueKind { kind(at: nil) }

    /// The version of the write that last changed what a search can find: the order of documents.
    package var stamp: Version { fields.reduce(floorVersion) { max($0, $1.version) } }

    /// The newest version of any part.
    package var newestVersion: Version { max(stamp, expiry?.version ?? .zero) }

    /// What everything older than is dead by, whatever is merged in, as long as neither floor nor expiry changes.
    func horizon(flushFloor: Version) -> Version {
        let base = max(floorVersion, flushFloor)
        return isReborn ? max(base, burial ?? .zero) : base
    }

    /// Equal to another replica's state, whatever each lacks.
    package func agrees(with other: KeyState) -> Bool {
        floor == other.floor && expiry == other.expiry && fields == other.fields
    }
}
