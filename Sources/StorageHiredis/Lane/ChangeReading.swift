// From a command to the changes it may make, and from its reply to those it has made.

import Platform
import RESP
import Storage

#if canImport(Glibc)
import Glibc
#endif

/// Decides what a command means for documents. Pure: asks the observer only whether a key matters.
struct ChangeReader {
    let observer: (any DocumentObserver)?
    /// Every key is told, whether or not the observer covers it: one may take over what another held.
    var tellsAll = false

    /// Adds the changes that a command may make to `changes`.
    func append(_ command: KeyspaceCommand, _ arguments: Arguments, to changes: inout [Change]) {
        guard let observer, command.effect != .none, arguments.count > 1 || command.effect == .removesAll else {
            return
        }
        func add(_ kind: Change.Kind, _ index: Int, _ adjust: (inout Change) -> Void = { _ in }) {
            guard index < arguments.count else { return }
            let key = arguments[index]
            guard tellsAll || observer.covers(key: key) else { return }
            var change = Change(kind: kind, key: key, arguments: arguments)
            adjust(&change)
            changes.append(change)
        }
        switch command.effect {
        case .none, .anything: break
        case .setsFields:
            // An odd number of arguments is the store's error.
            if arguments.count >= 4, arguments.count % 2 == 0 { add(.fields, 1) }
        case .setsFieldIfAbsent: add(.fieldIfAbsent, 1) { $0.zeroIsNothing = true }
        case .setsFieldToReply: add(.fieldFromReply, 1)
        case .removes:
            // Whatever the count in the reply: the keys are gone, and a removal told twice does no harm.
            for i in command.keys.indices(argumentCount: arguments.count) { add(.removed, i) }
        case .overwrites(let positions):
            for i in positions.indices(argumentCount: arguments.count) { add(.removed, i) }
        case .overwritesAsSet:
            // With GET the reply is the former value and tells nothing of NX and XX.
            let plain = arguments.count == 3 || !hasOption("GET", arguments)
            add(plain ? .removed : .reread, 1) { $0.nullIsNothing = plain }
        case .overwritesStoreArgument:
            if let store = command.storeArgument(arguments) { add(.removed, store) }
        case .rereads(let positions, let zeroIsNothing):
            for i in positions.indices(argumentCount: arguments.count) {
                add(.reread, i) { $0.zeroIsNothing = zeroIsNothing }
            }
        case .expires(let milliseconds, let absolute):
            if arguments.count > 2, mayBePast(arguments[2], milliseconds, absolute) {
                add(.reread, 1) { $0.zeroIsNothing = true }
            }
        case .expiresFields: add(.reread, 1) { $0.needsTwo = true }
        case .removesAll:
            changes.append(Change(kind: .flush, key: ByteSlice(start: nil, count: 0), arguments: arguments))
        }
    }

    private func hasOption(_ option: StaticString, _ arguments: Arguments) -> Bool {
        for i in 3..<arguments.count where arguments[i].equalsIgnoringCase(option) { return true }
        return false
    }

    /// Whether an expiry may have deleted its key at once. The store's clock may differ from ours by a minute.
    private func mayBePast(_ number: ByteSlice, _ milliseconds: Bool, _ absolute: Bool) -> Bool {
        guard let value = number.decimal else { return true }
        if !absolute { return value <= 0 }
        let now = WallClock.milliseconds
        return milliseconds ? value <= now + 60_000 : value <= now / 1000 + 60
    }

    /// Settles a change by the reply of its command.
    func settle(_ change: inout Change, reply node: Int, _ tape: ReplyTape) {
        let reply = tape[node]
        change.reply = node
        switch reply.kind {
        case .error: change.state = .void
        case .null, .nullArray: change.state = change.nullIsNothing ? .void : .applies
        case .integer: change.state = change.zeroIsNothing && reply.value == 0 ? .void : .applies
        default: change.state = .applies
        }
        if change.needsTwo, change.state == .applies {
            let end = tape.next(after: node)
            let deleted = (node..<end).contains { tape[$0].kind == .integer && tape[$0].value == 2 }
            if reply.kind == .array && !deleted { change.state = .void }
        }
    }

    /// Whether a change wants the number of fields, asked right behind its command.
    static func wantsLength(_ change: Change) -> Bool {
        change.kind == .fields || change.kind == .fieldIfAbsent || change.kind == .fieldFromReply
    }

    /// Whether a change's row is asked for together with its command, because it will most likely be needed.
    static func wantsRow(_ change: Change) -> Bool { change.kind == .reread && !change.needsTwo }
}

/// Distinct fields of a command, the last value of each, as slices.
struct FieldGathering {
    /// Names and values in turn.
    private(set) var slices: [ByteSlice] = []

    var count: Int { slices.count / 2 }

    /// From the arguments of HSET.
    mutating func gather(_ arguments: Arguments, from start: Int) {
        slices.removeAll(keepingCapacity: true)
        let pairs = (arguments.count - start) / 2
        if pairs > 32 { return gatherMany(arguments, from: start, pairs) }
        for p in 0..<pairs {
            let name = arguments[start + 2 * p]
            let value = arguments[start + 2 * p + 1]
            var known = 0
            while known < slices.count, !Self.equal(slices[known], name) { known += 2 }
            if known < slices.count {
                slices[known + 1] = value
            } else {
                slices.append(name)
                slices.append(value)
            }
        }
    }

    private mutating func gatherMany(_ arguments: Arguments, from start: Int, _ pairs: Int) {
        var places: [HashedSlice: Int] = Dictionary(minimumCapacity: pairs)
        for p in 0..<pairs {
            let name = HashedSlice(bytes: arguments[start + 2 * p])
            let value = arguments[start + 2 * p + 1]
            if let known = places[name] {
                slices[known + 1] = value
            } else {
                places[name] = slices.count
                slices.append(name.bytes)
                slices.append(value)
            }
        }
    }

    /// From a reply of HGETALL.
    mutating func gather(_ tape: ReplyTape, row node: Int) {
        slices.removeAll(keepingCapacity: true)
        let end = node + 1 + tape[node].value
        var i = node + 1
        while i < end {
            slices.append(tape.text(i))
            i += 1
        }
    }

    mutating func set(_ name: ByteSlice, _ value: ByteSlice) {
        slices.removeAll(keepingCapacity: true)
        slices.append(name)
        slices.append(value)
    }

    func withFields<Result>(_ body: (FieldSlices) -> Result) -> Result {
        slices.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress { return body(FieldSlices(slices: start, count: buffer.count / 2)) }
            // An empty hash does not exist; the pointer is never followed.
            return withUnsafeTemporaryAllocation(of: ByteSlice.self, capacity: 1) {
                body(FieldSlices(slices: UnsafePointer($0.baseAddress!), count: 0))
            }
        }
    }

    static func equal(_ a: ByteSlice, _ b: ByteSlice) -> Bool {
        a.count == b.count && (a.count == 0 || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0)
    }
}

/// Bytes as a dictionary key, valid as long as the bytes are.
struct HashedSlice: Hashable {
    let bytes: ByteSlice

    static func == (a: HashedSlice, b: HashedSlice) -> Bool { FieldGathering.equal(a.bytes, b.bytes) }

    func hash(into hasher: inout Hasher) { hasher.combine(bytes: UnsafeRawBufferPointer(bytes)) }
}

extension ReplyTape {
    /// Whether a reply to HGETALL is a hash with at least one field, all of it plain text.
    func isRow(_ node: Int) -> Bool {
        guard self[node].kind == .array, self[node].value > 0, self[node].value % 2 == 0 else { return false }
        for i in node + 1...node + self[node].value where self[i].kind != .string { return false }
        return true
    }

    /// Whether an answer to HGETALL says that there is no hash under the key.
    func saysNoHash(_ node: Int) -> Bool {
        if self[node].kind == .array { return self[node].value == 0 }
        return self[node].kind == .error && text(node).starts(with: "WRONGTYPE".utf8)
    }
}
