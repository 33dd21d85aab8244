import RESP
import SearchEngine
import SearchExecution
import SearchModel
import SearchQuery

/// `FT.SPELLCHECK index query [DISTANCE n] [TERMS INCLUDE|EXCLUDE dict [term ...]] ... [FULLSCOREINFO]`
package struct FTSpellCheck: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.spellcheck", .readOnly, summary: "Suggests terms for words that no document has", since: "1.4.0")
    }

    let result: SpellCheck.Result
    let withScores: Bool

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 3 else { throw ErrorReplies.arity("FT.SPELLCHECK") }
        let engine = context.services.search
        let settings = context.services.settings.search
        guard let index = engine.use(arguments[1]) else { throw ErrorReplies.unknownIndexNameCapital }
        try index.checkLoaded()

        var check = SpellCheck(dialect: settings.defaultDialect)
        var full = false
        var cursor = ArgumentCursor(arguments, from: 3)
        while !cursor.isAtEnd {
            if cursor.take("DISTANCE") {
                guard !cursor.isAtEnd else { throw ErrorReplies.spellDistanceMissing }
                guard case .success(let distance) = cursor.takeInteger(), (1...4).contains(distance) else {
                    throw ErrorReplies.spellDistanceBad
                }
                check.distance = distance
            } else if cursor.take("TERMS") {
                try Self.parseTerms(&cursor, into: &check)
            } else if cursor.take("FULLSCOREINFO") {
                full = true
            } else if cursor.take("DIALECT") {
                guard !cursor.isAtEnd else { throw ErrorReplies.dialectMissing }
                guard case .success(let dialect) = cursor.takeInteger(), (1...4).contains(dialect) else {
                    throw ErrorReplies.dialectBad
                }
                check.dialect = dialect
            } else {
                // As the oracle: words it does not know are passed over.
                cursor.position += 1
            }
        }
        withScores = full
        do throws(SpellCheck.Failure) {
            result = try check.run(arguments[2], on: index, dictionaries: engine)
        } catch {
            switch error {
            case .syntax(let error): throw ErrorReplies.search(.syntax(error))
            case .noSuchDictionary(let name): throw ErrorReplies.dictionaryDoesNotExist(name)
            }
        }
    }

    private static func parseTerms(_ cursor: inout ArgumentCursor, into check: inout SpellCheck) throws(ReplyError) {
        guard cursor.remaining >= 2 else { throw ErrorReplies.spellTermsMissing }
        let includes: Bool
        if cursor.take("INCLUDE") {
            includes = true
        } else if cursor.take("EXCLUDE") {
            includes = false
        } else {
            throw ErrorReplies.spellTermsFormat
        }
        guard let name = cursor.take() else { throw ErrorReplies.spellTermsMissing }
        if includes { check.included.append(Array(name)) } else { check.excluded.append(Array(name)) }
        // Terms that are named right here, up to the next option.
        while let word = cursor.peek,
            !["DISTANCE", "TERMS", "FULLSCOREINFO", "DIALECT"].contains(where: { word.equalsIgnoringCase($0) })
        {
            if includes { check.includedTerms.append(Array(word)) } else { check.excludedTerms.append(Array(word)) }
            cursor.position += 1
        }
    }

    package func run(in context: any CommandContext) {
        if context.reply.version == .resp3 { writeMap(to: context.reply) } else { writeArray(to: context.reply) }
    }

    private func writeArray(to reply: ReplyWriter) {
        let words = result.words.filter { withScores || !$0.isKnown }
        reply.array(words.count + (withScores ? 1 : 0))
        if withScores { reply.integer(result.documentCount) }
        for word in words {
            reply.array(3)
            reply.simple("TERM")
            reply.bulk(word.text)
            if word.isKnown {
                reply.simple("term exists in index")
                continue
            }
            reply.array(word.suggestions.count)
            for suggestion in word.suggestions {
                reply.array(2)
                reply.bulk(ReplyWriter.text(of: score(suggestion)))
                reply.bulk(suggestion.text)
            }
        }
    }

    private func writeMap(to reply: ReplyWriter) {
        let words = result.words.filter { withScores || !$0.isKnown }
        reply.map(withScores ? 2 : 1)
        if withScores {
            reply.simple("total_docs")
            reply.integer(result.documentCount)
        }
        reply.simple("results")
        reply.map(words.count)
        for word in words {
            reply.bulk(word.text)
            if word.isKnown {
                reply.error("term exists in index")
                continue
            }
            reply.array(word.suggestions.count)
            for suggestion in word.suggestions {
                reply.map(1)
                reply.bulk(suggestion.text)
                reply.double(score(suggestion))
            }
        }
    }

    /// The share of the documents that have the suggestion, or their number.
    private func score(_ suggestion: SpellCheck.Suggestion) -> Double {
        let count = Double(suggestion.documentCount)
        return withScores || result.documentCount == 0 ? count : count / Double(result.documentCount)
    }
}
