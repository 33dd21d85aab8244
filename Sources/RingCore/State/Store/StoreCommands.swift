// What a lane sends to the backing store for a change, and what the store should answer.

/// A command for the store.
package struct StoreRequest: Equatable, Sendable {
    /// What the record says the reply will be. Another one means that store and record have come apart.
    package enum Expected: Equatable, Sendable {
        case anything
        case ok
        case integer(Int)
    }

    package var arguments: [Bytes]
    package var expected: Expected

    package init(_ arguments: [Bytes], expected: Expected = .anything) {
        self.arguments = arguments
        self.expected = expected
    }
}

extension ContentChange {
    /// Elements per command, so that no single one holds the store up for long.
    private static let slice = 1_024

    /// The commands of the change, in order.
    package func requests(key: Bytes) -> [StoreRequest] {
        var requests: [StoreRequest] = []
        var isDeadlineSet = false
        switch body {
        case .kept: break
        case .removed: requests.append(StoreRequest(["DEL".bytes, key]))
        case .command(let command): requests.append(StoreRequest(command))
        case .written(_, .bytes(let value)):
            var arguments = ["SET".bytes, key, value]
            if case .at(let at) = expiry {
                arguments += ["PXAT".bytes, at.bytes]
                isDeadlineSet = true
            }
            requests.append(StoreRequest(arguments, expected: .ok))
        case .written(_, .dump(let payload)):
            var arguments = ["RESTORE".bytes, key, "0".bytes, payload, "REPLACE".bytes]
            if case .at(let at) = expiry {
                arguments[2] = at.bytes
                arguments.append("ABSTTL".bytes)
                isDeadlineSet = true
            }
            requests.append(StoreRequest(arguments, expected: .ok))
        case .written(let kind, let content):
            requests.append(StoreRequest(["DEL".bytes, key]))
            requests += Self.elements(of: content, kind, key)
        }
        addFields(to: &requests, key)
        switch expiry {
        case .at(let at) where !isDeadlineSet: requests.append(StoreRequest(["PEXPIREAT".bytes, key, at.bytes]))
        case .never: requests.append(StoreRequest(["PERSIST".bytes, key]))
        default: break
        }
        return requests
    }

    private func addFields(to requests: inout [StoreRequest], _ key: Bytes) {
        // Setting before removing: a hash that is empty in between would lose its time to live.
        if !setFields.isEmpty {
            let arguments = ["HSET".bytes, key] + setFields.flatMap { [$0.name, $0.value] }
            requests.append(StoreRequest(arguments, expected: .integer(newFieldCount)))
        }
        if !removedFields.isEmpty {
            requests.append(
                StoreRequest(["HDEL".bytes, key] + removedFields, expected: .integer(removedFields.count)))
        }
        for deadline in fieldDeadlines {
            let fields = ["FIELDS".bytes, "1".bytes, deadline.name]
            if let at = deadline.at {
                requests.append(StoreRequest(["HPEXPIREAT".bytes, key, at.bytes] + fields))
            } else {
                requests.append(StoreRequest(["HPERSIST".bytes, key] + fields))
            }
        }
    }

    private static func elements(of content: Content, _ kind: ValueKind, _ key: Bytes) -> [StoreRequest] {
        switch content {
        case .elements(let elements):
            let name = kind == .set ? "SADD".bytes : "RPUSH".bytes
            return slices(elements.count).map { StoreRequest([name, key] + elements[$0]) }
        case .scored(let members):
            return slices(members.count).map { range in
                StoreRequest(["ZADD".bytes, key] + members[range].flatMap { [$0.score.bytes, $0.member] })
            }
        case .none, .bytes, .fields, .dump:
            return []
        }
    }

    private static func slices(_ count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: slice).map { $0..<min(count, $0 + slice) }
    }
}

// MARK: numbers and words as arguments

extension String {
    var bytes: Bytes { Bytes(utf8) }
}

extension UInt64 {
    var bytes: Bytes { Bytes(String(self).utf8) }
}

extension Double {
    /// The shortest text that reads as this number: `1.5`, `inf`.
    var bytes: Bytes { Bytes(String(self).utf8) }
}
