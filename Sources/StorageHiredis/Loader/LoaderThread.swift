// One thread of the loader, with a connection of its own.

import Platform
import RESP
import Storage

final class LoaderThread {
    /// Keys that are sent before their replies are read: what is in flight stays small whatever is asked for.
    private static let part = 256

    private let configuration: HiredisStore.Configuration
    private let status: LinkStatus
    @exclusivity(unchecked) private var connection: StoreConnection?
    private let tape = ReplyTape()
    /// Answers to the question whether a hash without any of the wanted fields exists.
    private let probes = ReplyTape()
    @exclusivity(unchecked) private var rows: [LoadedRows.Row] = []
    @exclusivity(unchecked) private var pairs: [ByteSlice] = []
    @exclusivity(unchecked) private var values: [ByteSlice?] = []

    init(_ configuration: HiredisStore.Configuration, _ status: LinkStatus) {
        self.configuration = configuration
        self.status = status
    }

    func run(taking take: () -> [(LoadRequest, Loader.Body)]?) {
        while let requests = take() {
            switch read(requests) {
            case .success(let missing): answer(requests, missing)
            case .failure(let failure): for (_, body) in requests { body(.failure(failure)) }
            }
            tape.removeAll()
            probes.removeAll()
        }
    }

    // MARK: reading

    /// Puts the replies for all keys of all requests onto the tape, and tells which HMGETs found no hash.
    private func read(_ requests: [(LoadRequest, Loader.Body)]) -> Result<Set<Int>, StoreFailure> {
        var attempt = 0
        while true {
            guard status.state == .up else { return .failure(StoreFailure(status.errorText)) }
            do {
                return .success(try readOnce(requests))
            } catch {
                // A connection that has idled may have been closed meanwhile. Reads may be sent again, once.
                connection = nil
                attempt += 1
                if attempt == 2 { return .failure(StoreFailure(StoreErrors.lost(error, isWrite: false))) }
            }
        }
    }

    private func readOnce(_ requests: [(LoadRequest, Loader.Body)]) throws(LinkFailure) -> Set<Int> {
        let connection = try connected()
        tape.removeAll()
        probes.removeAll()
        var sent = 0
        var received = 0
        for (request, _) in requests {
            for key in request.keys {
                queue(key, request.fields, connection)
                sent += 1
                if sent - received == Self.part {
                    try connection.flush()
                    while received < sent { received += try one(connection) }
                }
            }
        }
        try connection.flush()
        while received < sent { received += try one(connection) }
        return try missing(requests, connection)
    }

    private func one(_ connection: StoreConnection) throws(LinkFailure) -> Int {
        _ = try connection.read(tape)
        return 1
    }

    private func connected() throws(LinkFailure) -> StoreConnection {
        if let connection { return connection }
        let fresh = try StoreConnection.connect(
            configuration.endpoint, name: "ringsearch-load", connectTimeout: configuration.connectTimeout,
            commandTimeout: configuration.commandTimeout)
        connection = fresh
        return fresh
    }

    private func queue(_ key: [UInt8], _ fields: [[UInt8]]?, _ connection: StoreConnection) {
        key.withUnsafeBufferPointer { key in
            guard let fields, !fields.isEmpty else {
                return connection.queue(fields == nil ? "HGETALL" : "HLEN", key: key)
            }
            connection.out.array(2 + fields.count)
            connection.out.bulk("HMGET" as StaticString)
            connection.out.bulk(key)
            for field in fields { connection.out.bulk(field) }
        }
    }

    /// HMGET answers the same for no hash and for a hash without these fields: HLEN tells which. Numbers of the keys
    /// without a hash, counted over all requests.
    private func missing(
        _ requests: [(LoadRequest, Loader.Body)], _ connection: StoreConnection
    ) throws(LinkFailure) -> Set<Int> {
        var doubtful: [Int] = []
        var number = 0
        var node = 0
        for (request, _) in requests {
            for key in request.keys {
                if request.fields?.isEmpty == false, isAllNull(node) {
                    doubtful.append(number)
                    key.withUnsafeBufferPointer { connection.queue("HLEN", key: $0) }
                }
                node = tape.next(after: node)
                number += 1
            }
        }
        if doubtful.isEmpty { return [] }
        try connection.flush()
        var result: Set<Int> = []
        for number in doubtful {
            let probe = try connection.read(probes)
            if probes[probe].kind == .integer, probes[probe].value == 0 { result.insert(number) }
        }
        return result
    }

    private func isAllNull(_ node: Int) -> Bool {
        guard tape[node].kind == .array else { return false }
        for i in node + 1..<tape.next(after: node) where tape[i].kind != .null { return false }
        return true
    }

    // MARK: answering

    private func answer(_ requests: [(LoadRequest, Loader.Body)], _ missing: Set<Int>) {
        var node = 0
        var number = 0
        for (request, body) in requests {
            let failure = arrange(request, &node, &number, missing)
            if let failure {
                body(.failure(failure))
            } else {
                rows.withUnsafeBufferPointer { body(.success(LoadedRows(rows: $0))) }
            }
        }
    }

    /// Fills `rows` from the tape. The slices are gathered first, as their memory must not move under the rows.
    private func arrange(
        _ request: LoadRequest, _ node: inout Int, _ number: inout Int, _ missing: Set<Int>
    ) -> StoreFailure? {
        rows.removeAll(keepingCapacity: true)
        pairs.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        var failure: StoreFailure?
        var starts: [Int] = []
        starts.reserveCapacity(request.keys.count)
        for _ in request.keys {
            let end = tape.next(after: node)
            if tape[node].kind == .error, !tape.text(node).starts(with: "WRONGTYPE".utf8) {
                // LOADING, BUSY, NOPERM: not an answer about the document.
                failure = StoreFailure(tape.string(node))
            }
            if missing.contains(number) || !hasRow(node, request) {
                starts.append(-1)
            } else if request.fields == nil {
                starts.append(pairs.count)
                for i in node + 1..<end { pairs.append(tape.text(i)) }
            } else {
                starts.append(values.count)
                for i in node + 1..<end { values.append(tape[i].kind == .string ? tape.text(i) : nil) }
            }
            node = end
            number += 1
        }
        if let failure { return failure }
        // An array of slices keeps its place from here on: nothing is appended until the body has run.
        pairs.withUnsafeBufferPointer { pairs in
            values.withUnsafeBufferPointer { values in
                for (i, start) in starts.enumerated() {
                    rows.append(row(start, i + 1 < starts.count ? starts[(i + 1)...] : [], request, pairs, values))
                }
            }
        }
        return nil
    }

    private func hasRow(_ node: Int, _ request: LoadRequest) -> Bool {
        guard let fields = request.fields else { return tape.isRow(node) }
        if fields.isEmpty { return tape[node].kind == .integer && tape[node].value > 0 }
        return tape[node].kind == .array && tape[node].value == fields.count
    }

    private func row(
        _ start: Int, _ later: ArraySlice<Int>, _ request: LoadRequest, _ pairs: UnsafeBufferPointer<ByteSlice>,
        _ values: UnsafeBufferPointer<ByteSlice?>
    ) -> LoadedRows.Row {
        guard start >= 0 else { return .missing }
        if let fields = request.fields {
            return .values(UnsafeBufferPointer(rebasing: values[start..<start + fields.count]))
        }
        let end = later.first { $0 >= 0 } ?? pairs.count
        guard let base = pairs.baseAddress else { return .missing }
        return .pairs(FieldSlices(slices: base + start, count: (end - start) / 2))
    }
}
