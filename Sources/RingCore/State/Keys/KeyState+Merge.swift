// The join of two states: the newer of each part, then what the newer parts leave of the older ones.

extension KeyState.Field {
    /// The newer one. Fields of one version are equal but for two things: an expiry set by the same write, of which the
    /// later counts; and a replica that has lost the value has it deleted, which counts less than the value.
    func newer(of other: Self) -> Self {
        if version != other.version { return version > other.version ? self : other }
        if isDeleted != other.isDeleted { return isDeleted ? other : self }
        return (expiry ?? 0) >= (other.expiry ?? 0) ? self : other
    }
}

extension KeyState.Floor {
    /// The newer one. A replica that has lost the value has it absent, the least of the kinds.
    func newer(of other: Self) -> Self {
        if version != other.version { return version > other.version ? self : other }
        return kind.rawValue >= other.kind.rawValue ? self : other
    }
}

extension KeyState.Expiry {
    func newer(of other: Self) -> Self {
        if version != other.version { return version > other.version ? self : other }
        return (at ?? 0) >= (other.at ?? 0) ? self : other
    }
}

extension KeyState {
    /// What both know. Commutative, associative, idempotent but for ``isIncomplete``, which is about our
    /// own store. O(fields of both).
    ///
    /// One thing is not found again by merging: fields that an expiry has buried here when a newer expiry (a PERSIST) shows
    /// afterwards that it was void. ``isIncomplete`` remembers that, and a co-owner's state is asked for.
    ///
    /// - Parameter flushFloor: the version of the last flush of the whole ring, older than which nothing lives.
    package func merged(with other: KeyState, flushFloor: Version = .zero) -> KeyState {
        var result = self
        result.floor = newer(floor, other.floor) { $0.newer(of: $1) }
        result.expiry = newer(expiry, other.expiry) { $0.newer(of: $1) }
        if fields.isEmpty {
            result.fields = other.fields
        } else if !other.fields.isEmpty {
            result.fields = Self.merged(fields, other.fields)
        }
        result.normalize(flushFloor: flushFloor)
        // What was missing is of no interest below a floor that is newer than all we knew; what was buried is missed when
        // less is buried now.
        result.isIncomplete =
            isIncomplete && max(result.floorVersion, flushFloor) < newestVersion
            || isReborn && result.horizon(flushFloor: flushFloor) < burial ?? .zero
        return result
    }

    private func newer<Part>(_ a: Part?, _ b: Part?, _ choose: (Part, Part) -> Part) -> Part? {
        guard let a else { return b }
        guard let b else { return a }
        return choose(a, b)
    }

    private static func merged(_ a: [Field], _ b: [Field]) -> [Field] {
        var result: [Field] = []
        result.reserveCapacity(max(a.count, b.count))
        var i = 0
        var j = 0
        while i < a.count, j < b.count {
            if a[i].name == b[j].name {
                result.append(a[i].newer(of: b[j]))
                i += 1
                j += 1
            } else if precedes(a[i].name, b[j].name) {
                result.append(a[i])
                i += 1
            } else {
                result.append(b[j])
                j += 1
            }
        }
        result += a[i...]
        result += b[j...]
        return result
    }

    /// Drops what newer parts have made void. What is left is the same whatever order the parts came in.
    mutating func normalize(flushFloor: Version) {
        if let version = floor?.version, version < flushFloor || version == .zero { floor = nil }
        // An expiry that was over when it was set is a deletion. Nobody sends that; a garbled message might.
        if let set = expiry, let burial, burial <= set.version {
            let deletion = Floor(set.version, .absent)
            floor = floor.map { $0.newer(of: deletion) } ?? deletion
            expiry = nil
        }
        let base = max(floorVersion, flushFloor)
        if let set = expiry, set.version < base || set.at == nil && set.version == base || set.version == .zero {
            expiry = nil
        }
        var horizon = base
        if let burial, burial > base, fields.contains(where: { $0.version >= burial }) { horizon = burial }
        if fields.contains(where: { $0.version < horizon }) { fields.removeAll { $0.version < horizon } }
    }
}

/// Parts of a state whose values neither the store nor the message has.
struct MissingValues: Equatable {
    var isBody = false
    var fields: [Bytes] = []

    var isEmpty: Bool { !isBody && fields.isEmpty }
}

extension KeyState {
    /// Takes back what the store cannot show: the versions stay, as those of deletions. A merge with the state of a
    /// replica that has the values brings them back, and until then the record says what the store holds.
    mutating func lose(_ missing: MissingValues) {
        if missing.isBody { floor?.kind = .absent }
        for name in missing.fields {
            guard let i = index(of: name) else { continue }
            fields[i].isDeleted = true
            fields[i].expiry = nil
        }
        isIncomplete = true
    }
}
