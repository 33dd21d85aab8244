// FT.ADD: a hash that is written under conditions, on the lane, where nothing comes between looking and writing.

import RESP
import SearchExpressions
import SearchModel
import Storage

package final class DocumentAddition: LaneExchange, @unchecked Sendable {
    // Sendable: fixed when made, but for what `begin` leaves to `end`, both on the lane's thread.
    package struct Request: Sendable {
        package var key: Bytes
        /// Names and values in turn.
        package var fields: [Bytes] = []
        /// A document that is there is written over ...
        package var replaces = false
        /// ... or only the fields that are given are.
        package var isPartial = false
        /// Only a document that is there is written.
        package var needsDocument = false
        /// An expression that a document which is there has to fulfill.
        package var condition: Bytes?

        package init(key: Bytes) { self.key = key }
    }

    package enum Outcome: Sendable {
        case added
        case conditionFailed
        case exists
        case missing
        case wrongType
        case failed(String)
    }

    private let engine: SearchEngine
    private let index: LiveIndex
    private let request: Request
    private let write: @Sendable (Outcome, ReplyWriter) -> Void
    private var outcome = Outcome.added

    package init(
        _ request: Request, to index: LiveIndex, engine: SearchEngine,
        write: @escaping @Sendable (Outcome, ReplyWriter) -> Void
    ) {
        self.request = request
        self.index = index
        self.engine = engine
        self.write = write
    }

    package func begin(_ link: any LaneLink) {
        let key = request.key
        switch link.ask([Bytes("TYPE".utf8), key]) {
        case .status(let type) where type == Bytes("none".utf8):
            if request.needsDocument { outcome = .missing } else { add(link, overwriting: false) }
        case .status(let type) where type == Bytes("hash".utf8) && engine.suggestions.find(key) == nil:
            guard request.replaces else {
                outcome = .exists
                return
            }
            guard let condition = request.condition else { return add(link, overwriting: !request.isPartial) }
            check(condition, link)
            if case .added = outcome { add(link, overwriting: !request.isPartial) }
        case .error(let message): outcome = .failed(message)
        default: outcome = .wrongType
        }
    }

    private func check(_ condition: Bytes, _ link: any LaneLink) {
        guard case .array(let texts) = link.ask([Bytes("HGETALL".utf8), request.key]) else { return }
        let schema = index.definition.schema
        var names: [Bytes] = []
        do {
            let filter = try IndexFilter(condition, schema) { name in
                names.append(name)
                return names.count - 1
            }
            let known = Set(schema.fields.map(\.identifier))
            if let unknown = names.first(where: { !known.contains($0) }) {
                outcome = .failed("Property `\(String(decoding: unknown, as: UTF8.self))` not loaded nor in pipeline")
                return
            }
            var values: [Bytes?] = names.map { _ in nil }
            for i in stride(from: 0, to: texts.count - 1, by: 2) {
                guard case .text(let name) = texts[i], case .text(let value) = texts[i + 1],
                    let place = names.firstIndex(of: name)
                else { continue }
                values[place] = value
            }
            if !filter.isFulfilled(request.key, values) { outcome = .conditionFailed }
        } catch {
            outcome = .failed(error.text)
        }
    }

    private func add(_ link: any LaneLink, overwriting: Bool) {
        if overwriting { link.queue([Bytes("DEL".utf8), request.key]) }
        guard !request.fields.isEmpty else { return }
        link.queue([Bytes("HSET".utf8), request.key] + request.fields)
        link.noteDocument(request.key)
    }

    package func end(_ answers: [StoreAnswer], _ reply: ReplyWriter) {
        for case .error(let message) in answers { return write(.failed(message), reply) }
        write(outcome, reply)
    }
}

/// FT.GET and FT.MGET: documents as they are, of those keys that the index holds.
package final class DocumentFetch: LaneExchange, @unchecked Sendable {
    // Sendable: as `DocumentAddition`.
    private let index: LiveIndex
    private let keys: [Bytes]
    private let write: @Sendable ([[Bytes]?], ReplyWriter) -> Void
    private var isAsked: [Bool] = []

    /// - Parameter write: gets names and values in turn; `nil` where there is no document.
    package init(_ keys: [Bytes], of index: LiveIndex, write: @escaping @Sendable ([[Bytes]?], ReplyWriter) -> Void) {
        self.keys = keys
        self.index = index
        self.write = write
    }

    package func begin(_ link: any LaneLink) {
        for key in keys {
            let isIndexed = key.withUnsafeBufferPointer { index.ingest.stamp(of: $0) } != nil
            isAsked.append(isIndexed)
            if isIndexed { link.queue([Bytes("HGETALL".utf8), key]) }
        }
    }

    package func end(_ answers: [StoreAnswer], _ reply: ReplyWriter) {
        var left = answers[...]
        write(
            isAsked.map { isAsked in
                guard isAsked, case .array(let texts)? = left.popFirst(), !texts.isEmpty else { return nil }
                return fields(texts.compactMap { if case .text(let text) = $0 { text } else { nil } })
            }, reply)
    }

    /// Without what FT.ADD keeps beside the fields it was given.
    private func fields(_ texts: [Bytes]) -> [Bytes] {
        var shown: [Bytes] = []
        for i in stride(from: 0, to: texts.count - 1, by: 2) where !Self.hidden.contains(texts[i]) {
            shown += [texts[i], texts[i + 1]]
        }
        return shown
    }

    private static let hidden: Set<Bytes> = [Bytes("__score".utf8), Bytes("__language".utf8), Bytes("__payload".utf8)]
}

/// FT.DEL: the key goes, whatever it holds.
package final class DocumentRemoval: LaneExchange, Sendable {
    private let key: Bytes

    package init(_ key: Bytes) { self.key = key }

    package func begin(_ link: any LaneLink) {
        link.queue([Bytes("DEL".utf8), key])
        link.noteDocument(key)
    }

    package func end(_ answers: [StoreAnswer], _ reply: ReplyWriter) {
        switch answers.first {
        case .integer(let count)?: reply.integer(count)
        case .error(let message)?: reply.error(message)
        default: reply.integer(0)
        }
    }
}
