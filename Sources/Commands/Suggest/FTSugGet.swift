import RESP
import SearchEngine
import SearchModel
import SearchSuggest

/// `FT.SUGGET key prefix [FUZZY] [WITHSCORES] [WITHPAYLOADS] [TRIM] [OPTIMIZE] [MAX number]`
package struct FTSugGet: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.sugget", .readOnly, keys: .first, categories: ["read"],
            summary: "Completes a prefix from a suggestion dictionary")
    }

    /// As RediSearch: bytes and characters of the text that is looked for.
    private static let byteBound = 200
    private static let lengthBound = 100
    private static let maximum = Int(UInt32.max)

    let key: Bytes
    let text: [UInt32]
    var limit = 5
    var isFuzzy = false
    var withScores = false
    var withPayloads = false
    var trims = false

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard (3...10).contains(arguments.count) else { throw ErrorReplies.arity("FT.SUGGET") }
        key = arguments.bytes(1)
        text = SuggestionText.folded(arguments[2])
        var cursor = ArgumentCursor(arguments, from: 3)
        while let word = cursor.peek {
            if cursor.take("FUZZY") {
                isFuzzy = true
            } else if cursor.take("WITHSCORES") {
                withScores = true
            } else if cursor.take("WITHPAYLOADS") {
                withPayloads = true
            } else if cursor.take("TRIM") {
                trims = true
            } else if cursor.take("MAX") {
                limit = try Self.limit(&cursor)
            } else if !cursor.take("OPTIMIZE") {
                throw ErrorReplies.unrecognizedArgument(word)
            }
        }
        guard arguments[2].count < Self.byteBound else { throw ErrorReplies.suggestionQueryLength }
    }

    private static func limit(_ cursor: inout ArgumentCursor) throws(ReplyError) -> Int {
        guard let word = cursor.take() else { throw ErrorReplies.suggestionMaximum(.missing) }
        guard let number = NumberText.double(word), number == 0 || abs(number) >= 1 else {
            throw ErrorReplies.suggestionMaximum(.type)
        }
        guard number >= 1, number <= Double(maximum) else { throw ErrorReplies.suggestionMaximum(.bounds) }
        return Int(number)
    }

    package func run(in context: any CommandContext) {
        SuggestionReply.read(key, in: context) { [self] outcome, reply in
            guard case .dictionary(let dictionary) = outcome else { return SuggestionReply.write(outcome, to: reply) }
            guard text.count < Self.lengthBound else { return reply.error(ErrorReplies.suggestionQuery) }
            write(
                dictionary.suggestions(for: text, limit: limit, isFuzzy: isFuzzy, trimming: trims), to: reply)
        }
    }

    private func write(_ hits: [Suggestion], to reply: ReplyWriter) {
        reply.array(hits.count * (1 + (withScores ? 1 : 0) + (withPayloads ? 1 : 0)))
        for hit in hits {
            reply.bulk(hit.text)
            if withScores { reply.double(Double(hit.score)) }
            guard withPayloads else { continue }
            if let payload = hit.payload { reply.bulk(payload) } else { reply.null() }
        }
    }
}
