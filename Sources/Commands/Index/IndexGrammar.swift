// The arguments of FT.CREATE behind the index name: options in any order, then SCHEMA.

import RESP
import SearchAnalysis
import SearchEngine
import SearchExpressions
import SearchModel

package enum IndexGrammar {
    /// - Parameter cursor: stands behind the index name.
    package static func parse(
        name: ByteSlice, _ cursor: inout ArgumentCursor
    ) throws(ReplyError) -> IndexDefinition {
        var definition = IndexDefinition(name: Array(name))
        var options = Options()
        while try options.takeOne(&cursor, &definition) {}

        // The words first, then what they mean, in the oracle's order.
        if let type = options.type, !type.equalsIgnoringCase("HASH") {
            throw type.equalsIgnoringCase("JSON")
                ? ErrorReplies.notSupportedYet("ON JSON") : ErrorReplies.invalidRuleType(type)
        }
        if let text = options.score {
            guard let score = NumberText.double(text), score >= 0, score <= 1 else { throw ErrorReplies.invalidScore }
            definition.score = score
        }
        if let text = options.language {
            guard let language = Language(name: text) else { throw ErrorReplies.invalidLanguage }
            guard language.isSupported else { throw ErrorReplies.notSupportedYet("LANGUAGE chinese") }
            definition.language = Array(language.rawValue.utf8)
        }

        if let text = options.filter {
            do throws(ExpressionSyntaxError) {
                try IndexFilter.check(text)
            } catch {
                throw ErrorReplies.expression(error)
            }
            definition.filter = text
        }

        guard cursor.take("SCHEMA") else {
            guard let word = cursor.peek else { throw ErrorReplies.noSchema }
            throw ErrorReplies.unknownArgument(word)
        }
        guard !cursor.isAtEnd else { throw ErrorReplies.fieldsMissing }
        try SchemaGrammar.parseFields(&cursor, into: &definition.schema)
        if definition.schema.textFieldCount > SchemaGrammar.narrowTextFieldLimit { definition.maxTextFields = true }
        return definition
    }

    /// Options whose values are judged after all of them were read.
    private struct Options {
        var type: ByteSlice?
        var score: ByteSlice?
        var language: ByteSlice?
        var filter: Bytes?

        /// Takes one option; false when the next word is none.
        mutating func takeOne(
            _ cursor: inout ArgumentCursor, _ definition: inout IndexDefinition
        ) throws(ReplyError) -> Bool {
            if cursor.take("ON") {
                type = try value(&cursor, "ON")
            } else if cursor.take("PREFIX") {
                let prefixes = cursor.bytes(try cursor.takeList("PREFIX"))
                definition.prefixes = prefixes.isEmpty ? [[]] : prefixes
            } else if cursor.take("FILTER") {
                filter = Array(try value(&cursor, "FILTER"))
            } else if cursor.take("LANGUAGE") {
                language = try value(&cursor, "LANGUAGE")
            } else if cursor.take("LANGUAGE_FIELD") {
                definition.languageField = Array(try value(&cursor, "LANGUAGE_FIELD"))
            } else if cursor.take("SCORE") {
                score = try value(&cursor, "SCORE")
            } else if cursor.take("SCORE_FIELD") {
                definition.scoreField = Array(try value(&cursor, "SCORE_FIELD"))
            } else if cursor.take("PAYLOAD_FIELD") {
                definition.payloadField = Array(try value(&cursor, "PAYLOAD_FIELD"))
            } else if cursor.take("MAXTEXTFIELDS") {
                definition.maxTextFields = true
            } else if cursor.take("TEMPORARY") {
                switch cursor.takeInteger() {
                case .success(let seconds): definition.temporarySeconds = seconds
                case .failure(let fault): throw ErrorReplies.badArguments("TEMPORARY", fault)
                }
            } else if cursor.take("NOOFFSETS") {
                definition.noOffsets = true
                definition.noHighlight = true
            } else if cursor.take("NOHL") {
                definition.noHighlight = true
            } else if cursor.take("NOFIELDS") {
                definition.noFields = true
            } else if cursor.take("NOFREQS") {
                definition.noFrequencies = true
            } else if cursor.take("STOPWORDS") {
                definition.stopWords = try stopWords(&cursor)
            } else if cursor.take("SKIPINITIALSCAN") {
                definition.skipInitialScan = true
            } else if cursor.take("INDEXALL") {
                let choice = try value(&cursor, "INDEXALL")
                guard choice.equalsIgnoringCase("ENABLE") || choice.equalsIgnoringCase("DISABLE") else {
                    throw ErrorReplies.invalidIndexAll
                }
            } else if cursor.take("ASYNC") || cursor.take("NOSCOREIDX") {
                // Accepted; nothing hangs on them.
            } else {
                return false
            }
            return true
        }

        private func value(_ cursor: inout ArgumentCursor, _ name: StaticString) throws(ReplyError) -> ByteSlice {
            guard let value = cursor.take() else { throw ErrorReplies.badArguments(name, .missing) }
            return value
        }

        /// Lower-cased, each once, in byte order: what FT.INFO lists.
        private func stopWords(_ cursor: inout ArgumentCursor) throws(ReplyError) -> [Bytes] {
            let words = cursor.bytes(try cursor.takeList("STOPWORDS"))
            let folded = words.map { word in word.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 } }
            return Array(Set(folded)).sorted { $0.lexicographicallyPrecedes($1) }
        }
    }
}
