import RESP
import SearchEngine
import SearchModel

/// `FT.SUGADD key string score [INCR] [PAYLOAD payload]`: the number of entries.
package struct FTSugAdd: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.sugadd", [.write, .denyOOM], keys: .first, summary: "Adds an entry to a suggestion dictionary")
    }

    let key: Bytes
    let text: Bytes
    let score: Float?
    let isIncrement: Bool
    let payload: Bytes?

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard (4...7).contains(arguments.count) else { throw ErrorReplies.arity("FT.SUGADD") }
        key = arguments.bytes(1)
        text = arguments.bytes(2)
        score = NumberText.double(arguments[3]).map { Float($0) }
        var cursor = ArgumentCursor(arguments, from: 4)
        var increments = false
        var payload: Bytes?
        while let word = cursor.peek {
            if cursor.take("INCR") {
                increments = true
            } else if cursor.take("PAYLOAD") {
                guard let bytes = cursor.take() else { throw ErrorReplies.suggestionPayload }
                // An empty one is none.
                payload = bytes.isEmpty ? nil : Bytes(bytes)
            } else {
                throw ErrorReplies.unknownArgument(word)
            }
        }
        isIncrement = increments
        self.payload = payload
    }

    package func run(in context: any CommandContext) {
        let change = SuggestionChange.Change.add(text: text, score: score, adding: isIncrement, payload: payload)
        context.run(SuggestionChange(change, of: key, engine: context.services.search, write: SuggestionReply.write))
    }
}

/// `FT.SUGDEL key string`: 1 when it was there.
package struct FTSugDel: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.sugdel", .write, keys: .first, summary: "Removes an entry from a suggestion dictionary")
    }

    let key: Bytes
    let text: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 3 else { throw ErrorReplies.arity("FT.SUGDEL") }
        key = arguments.bytes(1)
        text = arguments.bytes(2)
    }

    package func run(in context: any CommandContext) {
        context.run(
            SuggestionChange(
                .remove(text: text), of: key, engine: context.services.search, write: SuggestionReply.write))
    }
}

/// `FT.SUGLEN key`: the number of entries.
package struct FTSugLen: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.suglen", .readOnly, keys: .first, categories: ["read"],
            summary: "Counts the entries of a suggestion dictionary")
    }

    let key: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 2 else { throw ErrorReplies.arity("FT.SUGLEN") }
        key = arguments.bytes(1)
    }

    package func run(in context: any CommandContext) {
        SuggestionReply.read(key, in: context) { outcome, reply in
            if case .dictionary(let dictionary) = outcome {
                reply.integer(dictionary.count)
            } else if case .absent = outcome {
                reply.integer(0)
            } else {
                SuggestionReply.write(outcome, to: reply)
            }
        }
    }
}

enum SuggestionReply {
    @Sendable static func write(_ outcome: SuggestionOutcome, to reply: ReplyWriter) {
        switch outcome {
        case .number(let number): reply.integer(number)
        case .dictionary(let dictionary): reply.integer(dictionary.count)
        case .absent: reply.null()
        case .wrongType: reply.error(ErrorReplies.wrongType)
        case .invalidScore: reply.error(ErrorReplies.suggestionScore)
        case .failed(let message): reply.error(message)
        }
    }

    /// Answers at once when memory knows the dictionary, else once the store has told about it.
    static func read(
        _ key: Bytes, in context: any CommandContext,
        _ write: @escaping @Sendable (SuggestionOutcome, ReplyWriter) -> Void
    ) {
        let catalog = context.services.search.suggestions
        if let dictionary = key.withUnsafeBufferPointer({ catalog.ready($0) }) {
            write(.dictionary(dictionary), context.reply)
        } else {
            context.run(SuggestionReading(catalog, key, write: write))
        }
    }
}
