// Walks over the keyspace, between bursts.
//
// One slice is one round trip: the hashes of the last page of keys, and the next page.

import RESP
import Storage

/// A scan that has begun.
final class RunningScan {
    let scan: KeyspaceScan
    @exclusivity(unchecked) var cursor: UInt64 = 0
    /// Keys of pages that have come, still to be read.
    @exclusivity(unchecked) var keys: [[UInt8]] = []
    @exclusivity(unchecked) var hasAllPages = false
    @exclusivity(unchecked) var total = 0
    @exclusivity(unchecked) var seen = 0
    @exclusivity(unchecked) var slices = 0

    init(_ scan: KeyspaceScan) { self.scan = scan }

    var isDone: Bool { hasAllPages && keys.isEmpty }

    func wants(_ key: ByteSlice) -> Bool { scan.prefixes.contains { key.starts(with: $0) } }

    /// The one prefix as a pattern, so that other keys do not even travel; `nil` with several.
    lazy var pattern: [UInt8]? = {
        guard scan.prefixes.count == 1, !scan.prefixes[0].isEmpty else { return nil }
        var result: [UInt8] = []
        for byte in scan.prefixes[0] {
            if "*?[]\\^-".utf8.contains(byte) { result.append(UInt8(ascii: "\\")) }
            result.append(byte)
        }
        return result + [UInt8(ascii: "*")]
    }()

    /// How far the cursor has come. The store counts in its table's slots with the bits reversed, so that the highest
    /// bit moves last and the reversed cursor is a fraction of all slots, whatever size the table has.
    var fraction: Double {
        if hasAllPages { return 1 }
        var reversed: UInt64 = 0
        var rest = cursor
        for _ in 0..<64 {
            reversed = reversed << 1 | rest & 1
            rest >>= 1
        }
        return Double(reversed) / 18_446_744_073_709_551_616.0
    }
}

extension Lane {
    private static let pageSize = 128
    private static let sliceKeys = 64

    /// One slice of the scan that is next.
    func continueScan() {
        guard let connection, let running = scans.first else { return }
        do {
            if let failure = try slice(running, connection) {
                scans.removeFirst()
                running.scan.completion(StoreFailure(failure))
                return
            }
        } catch {
            return dropConnection(error)
        }
        scans.removeFirst()
        if running.isDone {
            observer?.publish()
            running.scan.progress(running.total, running.total)
            running.scan.completion(nil)
        } else {
            // Several scans take turns.
            scans.append(running)
        }
    }

    func cancelScan(_ ticket: Int) {
        guard let i = scans.firstIndex(where: { $0.scan.ticket == ticket }) else { return }
        scans.remove(at: i).scan.completion(StoreFailure(StoreErrors.scanCancelled))
    }

    func failScans(_ failure: LinkFailure) {
        let failed = scans
        scans.removeAll()
        for running in failed { running.scan.completion(StoreFailure(StoreErrors.down(failure.reason))) }
    }

    /// After a flush by others: whatever is there now is told to the observer.
    func refindAll() {
        guard let observer else { return }
        let everything = KeyspaceScan(prefixes: [[]]) { key, fields in
            if observer.covers(key: key) { observer.documentChanged(key: key, fields: fields) }
        } progress: { _, _ in
        } completion: { _ in
        }
        scans.append(RunningScan(everything))
    }

    /// Returns the store's refusal, when it has one.
    private func slice(_ running: RunningScan, _ connection: StoreConnection) throws(LinkFailure) -> String? {
        let tape = burst.tape
        let keys = running.keys.prefix(Self.sliceKeys)
        let asksForPage = !running.hasAllPages && running.keys.count <= Self.sliceKeys
        let asksForSize = asksForPage && running.slices % 64 == 0
        for key in keys { key.withUnsafeBufferPointer { connection.queue("HGETALL", key: $0) } }
        if asksForPage { queuePage(running, connection) }
        if asksForSize { connection.queue(["DBSIZE"]) }
        try connection.flush()
        running.slices += 1
        defer { tape.removeAll() }
        for key in keys {
            let row = try connection.read(tape)
            if tape.isRow(row) {
                fields.gather(tape, row: row)
                key.withUnsafeBufferPointer { key in fields.withFields { running.scan.visit(key, $0) } }
            }
            tape.removeAll()
        }
        running.keys.removeFirst(keys.count)
        if !keys.isEmpty { observer?.publish() }
        if asksForPage {
            let page = try connection.read(tape)
            if tape[page].kind == .error { return tape.string(page) }
            take(page, tape, running)
        }
        if asksForSize {
            let size = try connection.read(tape)
            if tape[size].kind == .integer { running.total = max(running.total, tape[size].value) }
        }
        let seen = Int(running.fraction * Double(running.total))
        if seen > running.seen {
            running.seen = seen
            running.scan.progress(seen, running.total)
        }
        return nil
    }

    private func queuePage(_ running: RunningScan, _ connection: StoreConnection) {
        let out = connection.out
        out.array(running.pattern == nil ? 6 : 8)
        out.bulk("SCAN" as StaticString)
        out.bulk(String(running.cursor))
        out.bulk("COUNT" as StaticString)
        out.bulk(String(Self.pageSize))
        out.bulk("TYPE" as StaticString)
        out.bulk("hash" as StaticString)
        if let pattern = running.pattern {
            out.bulk("MATCH" as StaticString)
            out.bulk(pattern)
        }
    }

    /// A page: the next cursor and an array of keys.
    private func take(_ page: Int, _ tape: ReplyTape, _ running: RunningScan) {
        guard tape[page].kind == .array, tape[page].value == 2, tape[page + 1].kind == .string,
            let cursor = UInt64(tape.string(page + 1)), tape[page + 2].kind == .array
        else {
            running.hasAllPages = true
            return
        }
        running.cursor = cursor
        running.hasAllPages = cursor == 0
        for i in page + 3..<tape.next(after: page + 2) where tape[i].kind == .string && running.wants(tape.text(i)) {
            running.keys.append(Array(tape.text(i)))
        }
    }
}
