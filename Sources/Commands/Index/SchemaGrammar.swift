// The field clauses of FT.CREATE and FT.ALTER:
//
//   field := identifier [AS attribute] type {type option} {SORTABLE [UNF] | NOINDEX}
//
// A word that fits nowhere ends its clause and is read as the next identifier, which is why a late option
// complains about a field of that name.

import RESP
import SearchModel

package enum SchemaGrammar {
    package static let fieldLimit = 1024
    package static let textFieldLimit = 128
    /// TEXT fields of an index without MAXTEXTFIELDS.
    package static let narrowTextFieldLimit = 32

    /// Reads clauses to the end of the arguments and appends them to `schema`.
    ///
    /// - Parameter isNarrow: FT.ALTER of an index that was created without MAXTEXTFIELDS.
    package static func parseFields(
        _ cursor: inout ArgumentCursor, into schema: inout Schema, isNarrow: Bool = false
    ) throws(ReplyError) {
        while let identifier = cursor.take() {
            guard schema.fields.count < fieldLimit else { throw ErrorReplies.schemaFieldLimit(fieldLimit) }
            var attribute = identifier
            if cursor.take("AS") {
                guard let name = cursor.take() else { throw ErrorReplies.requiresArgument("AS") }
                attribute = name
            }
            guard schema.position(ofAttribute: attribute) == nil else { throw ErrorReplies.duplicateField(attribute) }
            let field = try parseField(&cursor, identifier: identifier, attribute: attribute)
            if case .text = field.kind {
                guard schema.textFieldCount < textFieldLimit else {
                    throw ErrorReplies.schemaTextFieldLimit(textFieldLimit)
                }
                if isNarrow, schema.textFieldCount >= narrowTextFieldLimit { throw ErrorReplies.alterNeedsWideFields }
            }
            schema.append(field)
        }
    }

    private static func parseField(
        _ cursor: inout ArgumentCursor, identifier: ByteSlice, attribute: ByteSlice
    ) throws(ReplyError) -> FieldSpec {
        guard cursor.peek != nil else { throw ErrorReplies.fieldWithoutType(attribute) }
        var field = FieldSpec(identifier: Array(identifier), attribute: Array(attribute), kind: .numeric)
        if cursor.take("TEXT") {
            field.kind = .text(try parseText(&cursor, &field))
        } else if cursor.take("TAG") {
            field.kind = .tag(try parseTag(&cursor, &field))
        } else if cursor.take("NUMERIC") {
            field.indexMissing = takeIndexMissing(&cursor)
        } else if cursor.take("GEO") {
            field.kind = .geo
            field.indexMissing = takeIndexMissing(&cursor)
        } else if cursor.take("VECTOR") {
            throw ErrorReplies.notSupportedYet("VECTOR")
        } else if cursor.take("GEOSHAPE") {
            throw ErrorReplies.notSupportedYet("GEOSHAPE")
        } else {
            throw ErrorReplies.invalidFieldType(attribute)
        }
        try parseTail(&cursor, &field, attribute)
        return field
    }

    private static func parseText(
        _ cursor: inout ArgumentCursor, _ field: inout FieldSpec
    ) throws(ReplyError) -> TextOptions {
        var options = TextOptions()
        while true {
            if cursor.take("NOSTEM") {
                options.noStem = true
            } else if cursor.take("WEIGHT") {
                switch cursor.takeDouble() {
                case .success(let weight): options.weight = weight
                case .failure: throw ErrorReplies.badArguments("weight", .type)
                }
            } else if cursor.take("PHONETIC") {
                guard let matcher = cursor.take() else { throw ErrorReplies.requiresArgument("PHONETIC") }
                guard isPhoneticMatcher(matcher) else { throw ErrorReplies.phoneticMatcher }
                options.phonetic = Array(matcher)
            } else if cursor.take("WITHSUFFIXTRIE") {
                options.withSuffixTrie = true
            } else if cursor.take("INDEXEMPTY") {
                options.indexEmpty = true
            } else if cursor.take("INDEXMISSING") {
                field.indexMissing = true
            } else {
                return options
            }
        }
    }

    private static func parseTag(
        _ cursor: inout ArgumentCursor, _ field: inout FieldSpec
    ) throws(ReplyError) -> TagOptions {
        var options = TagOptions()
        while true {
            if cursor.take("SEPARATOR") {
                guard let separator = cursor.take() else { throw ErrorReplies.requiresArgument("SEPARATOR") }
                guard separator.count == 1 else { throw ErrorReplies.tagSeparator(separator) }
                options.separator = separator[0]
            } else if cursor.take("CASESENSITIVE") {
                options.caseSensitive = true
            } else if cursor.take("WITHSUFFIXTRIE") {
                options.withSuffixTrie = true
            } else if cursor.take("INDEXEMPTY") {
                options.indexEmpty = true
            } else if cursor.take("INDEXMISSING") {
                field.indexMissing = true
            } else {
                return options
            }
        }
    }

    private static func takeIndexMissing(_ cursor: inout ArgumentCursor) -> Bool {
        var found = false
        while cursor.take("INDEXMISSING") { found = true }
        return found
    }

    private static func parseTail(
        _ cursor: inout ArgumentCursor, _ field: inout FieldSpec, _ attribute: ByteSlice
    ) throws(ReplyError) {
        while true {
            if cursor.take("SORTABLE") {
                field.isSortable = true
                if cursor.take("UNF") { field.isUnnormalized = true }
                // Nothing to normalize: FT.INFO shows these as UNF.
                switch field.kind {
                case .numeric: field.isUnnormalized = true
                case .tag(let options): if options.caseSensitive { field.isUnnormalized = true }
                case .text, .geo: break
                }
            } else if cursor.take("NOINDEX") {
                field.isNotIndexed = true
            } else {
                break
            }
        }
        if field.isNotIndexed, field.indexMissing { throw ErrorReplies.noIndexWithIndexMissing(attribute) }
    }

    private static func isPhoneticMatcher(_ matcher: ByteSlice) -> Bool {
        for known in ["dm:en", "dm:fr", "dm:pt", "dm:es"] where matcher.elementsEqual(known.utf8) { return true }
        return false
    }
}
