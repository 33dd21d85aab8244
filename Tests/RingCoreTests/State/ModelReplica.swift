// A replica of one key: the record, and the store that follows it.

@testable import RingCore

struct ModelReplica {
    static let key = "k".octets

    private(set) var state = KeyState.empty
    private(set) var store = ModelStore()
    /// Replies of the store that the record had predicted otherwise.
    private(set) var surprises = 0
    let join: KeyState.Join

    init(join: @escaping KeyState.Join = { $0.merged(with: $1, flushFloor: $2) }) { self.join = join }

    /// Applies as a merge, which never refuses.
    @discardableResult
    mutating func merge(_ effect: Effect, _ version: Version, at wall: UInt64, isFetch: Bool = false) -> Application {
        let context = ApplyContext(wall: wall, mayRefuse: false, isFetch: isFetch)
        let result = state.apply(effect, version, context, join: join)
        state = result.state
        for request in result.change.requests(key: Self.key) {
            let reply = store.run(request.arguments, at: wall)
            if case .integer(let expected) = request.expected, let reply, reply != expected { surprises += 1 }
        }
        return result
    }

    /// The state as a co-owner gets it: what the store still has of the values comes along.
    func snapshot(at wall: UInt64) -> Effect {
        let content: Content =
            switch store.value(at: wall) {
            case nil: .none
            case .string(let bytes): .bytes(bytes)
            case .list(let elements): .elements(elements)
            case .hash(let fields): .fields(fields.map { Content.Pair($0.key, $0.value) })
            }
        return .state(state, content)
    }

    mutating func fetch(from other: ModelReplica, at wall: UInt64, isFetch: Bool) {
        merge(other.snapshot(at: wall), other.state.newestVersion, at: wall, isFetch: isFetch)
    }

    /// The state in one line.
    var brief: String {
        var text = state.floor.map { "F \($0.version) \($0.kind)" } ?? "-"
        if let expiry = state.expiry { text += " E \(expiry.version) \(expiry.at ?? 0)" }
        for field in state.fields {
            text +=
                " \(String(decoding: field.name, as: UTF8.self)) \(field.version)\(field.isDeleted ? " deleted" : "")"
        }
        text += store.text
        return text + (state.isIncomplete ? " incomplete" : "")
    }
}
