// HIGHLIGHT and SUMMARIZE on the way into the reply.

import RESP
import SearchEngine
import SearchModel

struct RowDecorator: Sendable {
    init(_ search: IndexSearch) {}

    func write(_ value: ByteSlice, _ name: ByteSlice, _ decoration: Decoration, to reply: ReplyWriter) {
        reply.bulk(value)
    }
}
