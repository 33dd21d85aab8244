// Listens to what the store tells of changes made by others, and passes it to the lane.

import Platform
import RESP
import Storage

final class ChangeSubscriber: Sendable {
    /// Where the store sends the keys of a redirected tracking client.
    static let invalidations = "__redis__:invalidate"

    private let connection: StoreConnection

    init(
        _ connection: StoreConnection, generation: Int, fenceChannel: String, inbox: LaneInbox,
        broken: @escaping @Sendable (Int, String) -> Void
    ) {
        self.connection = connection
        // Ends by itself when the connection is interrupted.
        _ = OwnThread("store-changes") {
            let tape = ReplyTape()
            do throws(LinkFailure) {
                while true {
                    tape.removeAll()
                    let message = try connection.read(tape)
                    let changes = Self.changes(tape, message, fenceChannel)
                    if !changes.isEmpty { inbox.send(.changes(changes, generation: generation)) }
                }
            } catch {
                broken(generation, error.reason)
            }
        }
    }

    func stop() { connection.interrupt() }

    /// What a message says; nothing for anything that is not one of ours.
    private static func changes(_ tape: ReplyTape, _ node: Int, _ fenceChannel: String) -> [StoreChange] {
        guard tape[node].kind == .array, tape[node].value == 3, tape[node + 1].kind == .string,
            tape.text(node + 1).elementsEqual("message".utf8), tape[node + 2].kind == .string
        else { return [] }
        let content = node + 3
        if tape.text(node + 2).elementsEqual(invalidations.utf8) {
            switch tape[content].kind {
            case .null, .nullArray: return [.flush]
            case .array:
                return (content + 1..<tape.next(after: content)).compactMap {
                    tape[$0].kind == .string ? .key(Array(tape.text($0))) : nil
                }
            default: return []
            }
        }
        if tape.text(node + 2).elementsEqual(fenceChannel.utf8), tape[content].kind == .string,
            let number = tape.text(content).decimal
        {
            return [.fence(number)]
        }
        return []
    }
}
