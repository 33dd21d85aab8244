// From the changes of a burst to calls of the observer, in the store's order.

import RESP
import Storage

extension Lane {
    /// Tells the observer what the burst has changed, and publishes it.
    func deliverChanges() {
        guard let observer, !burst.changes.isEmpty else { return }
        var told = false
        fetchRows { burst.changes[$0].kind == .reread || !hasLength(burst.changes[$0]) }
        for i in burst.changes.indices where burst.changes[i].state == .applies {
            deliver(i, observer)
            told = true
        }
        if told { observer.publish() }
    }

    private func deliver(_ i: Int, _ observer: any DocumentObserver) {
        let change = burst.changes[i]
        switch change.kind {
        case .flush:
            ownFlushes += 1
            observer.allRemoved()
        case .removed: observer.documentRemoved(key: change.key)
        case .reread: deliverRow(i, observer)
        case .fields, .fieldIfAbsent, .fieldFromReply:
            guard change.row < 0, hasLength(change) else { return deliverRow(i, observer) }
            gather(change)
            let length = burst.tape[change.length].value
            if length == fields.count {
                fields.withFields { observer.documentChanged(key: change.key, fields: $0) }
            } else if length < fields.count
                || !fields.withFields({
                    observer.documentPatched(key: change.key, fields: $0)
                })
            {
                // Likely the first of several: one round trip for all that may come to this.
                fetchRows(from: i) { $0 == i || !looksWhole(burst.changes[$0]) }
                deliverRow(i, observer)
            }
        }
    }

    /// The fields that a command set.
    private func gather(_ change: Change) {
        switch change.kind {
        case .fieldIfAbsent: fields.set(change.arguments[2], change.arguments[3])
        case .fieldFromReply:
            if burst.tape[change.reply].kind == .integer {
                // The text of the integer stays in the scratch memory until the next change.
                let digits = ReplyWriter.writeDecimal(burst.tape[change.reply].value, to: integerText)
                fields.set(change.arguments[2], ByteSlice(start: integerText, count: digits))
            } else {
                fields.set(change.arguments[2], burst.tape.text(change.reply))
            }
        default: fields.gather(change.arguments, from: 2)
        }
    }

    /// Whether a command set all the fields that its hash has, unless it named one twice.
    private func looksWhole(_ change: Change) -> Bool {
        guard hasLength(change) else { return false }
        let pairs = change.kind == .fields ? (change.arguments.count - 2) / 2 : 1
        return burst.tape[change.length].value == pairs
    }

    private func hasLength(_ change: Change) -> Bool {
        change.length >= 0 && burst.tape[change.length].kind == .integer && burst.tape[change.length].value > 0
    }

    // MARK: rows

    /// Asks for the hashes of all changes that `need` them and have none, each key once.
    private func fetchRows(from start: Int = 0, where need: (Int) -> Bool) {
        var asked: [(key: ByteSlice, changes: [Int])] = []
        for i in start..<burst.changes.count {
            let change = burst.changes[i]
            guard change.state == .applies, change.row < 0, change.kind != .removed, change.kind != .flush,
                need(i)
            else { continue }
            if let known = asked.firstIndex(where: { FieldGathering.equal($0.key, change.key) }) {
                asked[known].changes.append(i)
            } else {
                asked.append((change.key, [i]))
            }
        }
        guard !asked.isEmpty else { return }
        if sentAhead != nil { receiveAhead() }
        guard let connection else { return }
        do {
            for key in asked { connection.queue("HGETALL", key: key.key) }
            try connection.flush()
            for key in asked {
                let row = try connection.read(burst.tape)
                for i in key.changes {
                    burst.changes[i].row = row
                    burst.changes[i].isLateRow = true
                }
            }
        } catch {
            // A new link brings a check of all documents.
            dropConnection(error)
        }
    }

    /// Tells the whole hash. A row that was read behind the burst has the effects of later changes of its key already:
    /// the last of them tells it instead, because a document ranks by its last write.
    private func deliverRow(_ i: Int, _ observer: any DocumentObserver) {
        let change = burst.changes[i]
        guard change.row >= 0 else { return }
        let last = change.isLateRow ? lastChange(of: change.key, after: i) : nil
        guard let last else { return tell(change.key, row: change.row, observer) }
        if burst.changes[last].kind != .removed, burst.changes[last].row < 0 {
            burst.changes[last].row = change.row
            burst.changes[last].isLateRow = true
        }
    }

    /// The last change of a key behind `i`; those between are voided, as it tells their effects, too.
    private func lastChange(of key: ByteSlice, after i: Int) -> Int? {
        var last: Int?
        for j in (i + 1)..<max(burst.changes.count, i + 1) where burst.changes[j].state == .applies {
            // What comes behind a flush was written after it.
            if burst.changes[j].kind == .flush { return nil }
            guard FieldGathering.equal(burst.changes[j].key, key) else { continue }
            if let last { burst.changes[last].state = .void }
            last = j
        }
        return last
    }

    func tell(_ key: ByteSlice, row: Int, _ observer: any DocumentObserver) {
        if burst.tape.isRow(row) {
            fields.gather(burst.tape, row: row)
            fields.withFields { observer.documentChanged(key: key, fields: $0) }
        } else if burst.tape.saysNoHash(row) {
            observer.documentRemoved(key: key)
        } else {
            // LOADING, BUSY and the like.
            askAgain.append(Array(key))
        }
    }

    // MARK: changes that the store tells

    /// Reads again what has changed behind the lane's back, a burst's worth at most.
    func readToldChanges() {
        guard toldHead < told.count else { return }
        guard let observer, let connection else {
            for change in told[toldHead...] {
                if case .fence(let number) = change { resume(fences.pass(number)) }
            }
            told.removeAll()
            toldHead = 0
            return
        }
        var keys: [[UInt8]] = []
        var wasFlushed = false
        collecting: while toldHead < told.count, keys.count < Burst.writeBound {
            switch told[toldHead] {
            case .key(let key):
                if !keys.contains(key), key.withUnsafeBufferPointer({ observer.covers(key: $0) }) { keys.append(key) }
            case .flush:
                if ownFlushes > 0 {
                    ownFlushes -= 1
                } else {
                    // What was told before the flush is part of it.
                    keys.removeAll()
                    wasFlushed = true
                }
            case .fence(let number):
                // What was told before it has to be read first.
                if !keys.isEmpty || wasFlushed { break collecting }
                resume(fences.pass(number))
            }
            toldHead += 1
        }
        if toldHead == told.count {
            told.removeAll(keepingCapacity: told.capacity <= 4096)
            toldHead = 0
        }
        if wasFlushed {
            observer.allRemoved()
            // The lane may have written since, and reported what it wrote: found again by a walk over what is there.
            refindAll()
        }
        do {
            for key in keys { key.withUnsafeBufferPointer { connection.queue("HGETALL", key: $0) } }
            if !keys.isEmpty { try connection.flush() }
            for key in keys {
                let row = try connection.read(burst.tape)
                key.withUnsafeBufferPointer { tell($0, row: row, observer) }
            }
        } catch {
            dropConnection(error)
        }
        burst.tape.removeAll()
        if wasFlushed || !keys.isEmpty { observer.publish() }
    }
}
