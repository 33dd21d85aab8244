// Every word that a client reads in an error of FT.*: the searching half of ErrorReplies.
//
// Wording and case are part of the contract: libraries compare them ("no such index", "Unknown index name"),
// and the same situation is worded differently by different commands on purpose. There is no `ERR ` in front
// unless it is written here.

import RESP
import SearchEngine
import SearchExpressions

extension ErrorReplies {
    // MARK: every command

    /// - Parameter command: in the spelling the table shows, upper case: `FT.CREATE`.
    package static func arity(_ command: StaticString) -> ReplyError {
        ReplyError("ERR wrong number of arguments for '\(command)' command")
    }

    /// Features that the grammar knows and this version does not have yet.
    package static func notSupportedYet(_ feature: StaticString) -> ReplyError {
        ReplyError("\(feature) is not supported yet")
    }

    // MARK: argument cursor

    package enum ArgumentFault: Equatable, Sendable {
        case missing
        case type
        case bounds

        fileprivate var phrase: StaticString {
            switch self {
            case .missing: "Expected an argument, but none provided"
            case .type: "Could not convert argument to expected type"
            case .bounds: "Value is outside acceptable bounds"
            }
        }
    }

    package static func badArguments(_ name: StaticString, _ fault: ArgumentFault) -> ReplyError {
        ReplyError("Bad arguments for \(name): \(fault.phrase)")
    }

    package static func unknownArgument(_ word: ByteSlice) -> ReplyError {
        ReplyError("Unknown argument `\(word)`")
    }

    // MARK: which index

    package static func noSuchIndex(_ name: ByteSlice) -> ReplyError { ReplyError("\(name): no such index") }

    /// FT.INFO, FT.ALTER, FT.SYNUPDATE, FT.SYNDUMP.
    package static var unknownIndexName: ReplyError { ReplyError("Unknown index name") }

    /// FT.DROPINDEX, FT.TAGVALS, FT.SPELLCHECK: with a capital.
    package static var unknownIndexNameCapital: ReplyError { ReplyError("Unknown Index name") }

    package static func loading(_ name: some Sequence<UInt8>, percent: Int) -> ReplyError {
        ReplyError("LOADING index \(name) is being rebuilt from the store, \(percent)% done")
    }

    // MARK: FT.CREATE, FT.ALTER

    package static var indexExists: ReplyError { ReplyError("Index already exists") }
    package static var noSchema: ReplyError { ReplyError("No schema found") }
    package static var fieldsMissing: ReplyError { ReplyError("Fields arguments are missing") }
    package static func invalidRuleType(_ word: ByteSlice) -> ReplyError { ReplyError("Invalid rule type: \(word)") }
    package static var invalidLanguage: ReplyError { ReplyError("Invalid language") }
    package static var invalidScore: ReplyError { ReplyError("Invalid score") }
    package static var invalidIndexAll: ReplyError {
        ReplyError("Invalid argument for `INDEXALL`, use ENABLE/DISABLE")
    }
    package static func tooManyIndexes(_ limit: Int) -> ReplyError {
        ReplyError("Maximum number of indexes (\(limit)) reached")
    }
    package static func fieldWithoutType(_ name: ByteSlice) -> ReplyError {
        ReplyError("Field `\(name)` does not have a type")
    }
    package static func invalidFieldType(_ name: ByteSlice) -> ReplyError {
        ReplyError("Invalid field type for field `\(name)`")
    }
    package static func duplicateField(_ name: ByteSlice) -> ReplyError {
        ReplyError("Duplicate field in schema - \(name)")
    }
    package static func requiresArgument(_ option: StaticString) -> ReplyError {
        ReplyError("\(option) requires an argument")
    }
    package static var phoneticMatcher: ReplyError {
        ReplyError(
            """
            Matcher Format: <2 chars algorithm>:<2 chars language>. Support algorithms: double metaphone (dm). \
            Supported languages: English (en), French (fr), Portuguese (pt) and Spanish (es)
            """)
    }
    package static func tagSeparator(_ text: ByteSlice) -> ReplyError {
        ReplyError("Tag separator must be a single character. Got `\(text)`")
    }
    package static func noIndexWithIndexMissing(_ name: ByteSlice) -> ReplyError {
        ReplyError("'Field `\(name)` cannot be defined with both `NOINDEX` and `INDEXMISSING`'")
    }
    package static func schemaFieldLimit(_ limit: Int) -> ReplyError {
        ReplyError("Schema is limited to \(limit) fields")
    }
    package static func schemaTextFieldLimit(_ limit: Int) -> ReplyError {
        ReplyError("Schema is limited to \(limit) TEXT fields")
    }
    package static var alterWithoutSchema: ReplyError { ReplyError("ALTER must be followed by SCHEMA") }
    package static var alterUnknownAction: ReplyError { ReplyError("Unknown action passed to ALTER SCHEMA") }
    package static var alterNoFields: ReplyError { ReplyError("No fields provided") }
    package static var alterNeedsWideFields: ReplyError {
        ReplyError("Cannot add more fields. Declare index with wide fields to allow adding unlimited fields")
    }

    // MARK: FT.ALIAS*

    package static var unknownIndexOrAlias: ReplyError {
        ReplyError("Unknown index name (or name is an alias itself)")
    }
    package static var aliasExists: ReplyError { ReplyError("Alias already exists") }
    package static var aliasDoesNotExist: ReplyError { ReplyError("Alias does not exist") }
    package static var aliasNotOfIndex: ReplyError { ReplyError("Alias does not belong to provided spec") }

    // MARK: FT.TAGVALS, FT.DICT*, FT.SYN*, FT.SPELLCHECK

    package static var noSuchField: ReplyError { ReplyError("No such field") }
    package static var notATagField: ReplyError { ReplyError("Not a tag field") }
    package static var couldNotOpenDictionary: ReplyError { ReplyError("could not open dict key") }
    /// The oracle's spelling.
    package static var synonymAddGone: ReplyError { ReplyError("No longer suppoted, use FT.SYNUPDATE") }
    package static var spellDistanceMissing: ReplyError {
        ReplyError("DISTANCE arg is given but no DISTANCE comes after")
    }
    package static var spellDistanceBad: ReplyError {
        ReplyError("bad distance given, distance must be a natural number between 1 to 4")
    }
    package static var spellTermsMissing: ReplyError {
        ReplyError("TERM arg is given but no TERM params comes after")
    }
    /// The oracle's spelling.
    package static var spellTermsFormat: ReplyError {
        ReplyError("bad format, exlude/include operation was not given")
    }
    package static func dictionaryDoesNotExist(_ name: some Sequence<UInt8>) -> ReplyError {
        ReplyError("Dict does not exist: \(name)")
    }

    // MARK: FT.SEARCH and whatever parses its options

    package static var noQuery: ReplyError { ReplyError("No query string provided") }
    package static func unknownArgument(_ word: ByteSlice, position: Int) -> ReplyError {
        ReplyError("Unknown argument `\(word)` at position \(position) for <main>")
    }
    package static var limitArguments: ReplyError { ReplyError("LIMIT requires two arguments") }
    package static var limitNumbers: ReplyError { ReplyError("LIMIT needs two numeric arguments") }
    package static func limitExceeds(_ maximum: Int) -> ReplyError {
        ReplyError("LIMIT exceeds maximum of \(maximum)")
    }
    package static func offsetExceeds(_ maximum: Int) -> ReplyError {
        ReplyError("OFFSET exceeds maximum of \(maximum)")
    }
    package static var badSortBy: ReplyError { ReplyError("Bad SORTBY arguments") }
    package static var multipleSortBy: ReplyError { ReplyError("Multiple SORTBY steps are not allowed") }
    package static var sortByMax: ReplyError { ReplyError("SORTBY MAX is not supported by FT.SEARCH") }
    package static func propertyNotLoaded(_ name: some Sequence<UInt8>) -> ReplyError {
        ReplyError("Property `\(name)` not loaded nor in schema")
    }
    package static func noSuchProperty(_ name: some Sequence<UInt8>) -> ReplyError {
        ReplyError("No such property `\(name)`")
    }
    package static func propertyNotInSchema(_ name: some Sequence<UInt8>) -> ReplyError {
        ReplyError("Property `\(name)` is not in schema")
    }
    package static var returnAliasMissing: ReplyError {
        ReplyError("RETURN path AS name - must be accompanied with NAME")
    }
    package static var returnAliasIsAs: ReplyError { ReplyError("Alias for RETURN cannot be `AS`") }
    package static var filterArguments: ReplyError { ReplyError("FILTER requires 3 arguments") }
    package static func badLowerRange(_ text: ByteSlice) -> ReplyError { ReplyError("Bad lower range: \(text)") }
    package static func badUpperRange(_ text: ByteSlice) -> ReplyError { ReplyError("Bad upper range: \(text)") }
    package static var geoFilterArguments: ReplyError { ReplyError("GEOFILTER requires 5 arguments") }
    package static func unknownDistanceUnit(_ text: ByteSlice) -> ReplyError {
        ReplyError("Unknown distance unit \(text)")
    }
    package static var geoFilterRadius: ReplyError { ReplyError("Invalid GeoFilter radius") }
    package static var geoFilterPoint: ReplyError { ReplyError("Invalid GeoFilter lat/lon") }
    package static var noSuchLanguage: ReplyError { ReplyError("No such language") }
    package static func noSuchScorer(_ name: some Sequence<UInt8>) -> ReplyError {
        ReplyError("No such scorer \(name)")
    }
    package static var timeoutMissing: ReplyError { ReplyError("Need argument for TIMEOUT") }
    package static var timeoutBad: ReplyError { ReplyError("TIMEOUT requires a non negative integer") }
    package static var dialectMissing: ReplyError { ReplyError("Need an argument for DIALECT") }
    package static var dialectBad: ReplyError {
        ReplyError("DIALECT requires a non negative integer >=1 and <= 4")
    }
    package static var parameterPairs: ReplyError {
        ReplyError("Parameters must be specified in PARAM VALUE pairs")
    }
    package static var multipleParameters: ReplyError {
        ReplyError("Multiple PARAMS are not allowed. Parameters can be defined only once")
    }
    package static func duplicateParameter(_ name: ByteSlice) -> ReplyError {
        ReplyError("Duplicate parameter `\(name)`")
    }
    package static var formatMissing: ReplyError { ReplyError("Need an argument for FORMAT") }
    package static func formatUnknown(_ name: ByteSlice) -> ReplyError {
        ReplyError("FORMAT \(name) is not supported")
    }
    package static var expandNeedsRESP3: ReplyError { ReplyError("EXPAND format is only supported with RESP3") }
    package static var expandNeedsDialect: ReplyError { ReplyError("EXPAND format requires dialect 3 or greater") }
    package static var expandNeedsJSON: ReplyError { ReplyError("EXPAND format is only supported with JSON") }
    package static var badHighlight: ReplyError { ReplyError("Bad arguments for HIGHLIGHT") }
    package static var badSummarize: ReplyError { ReplyError("Bad arguments for SUMMARIZE") }
    /// The oracle's spelling.
    package static var highlightWithoutOffsets: ReplyError {
        ReplyError("Cannot use highlight/summarize because NOOFSETS was specified at index level")
    }
    package static var explainScoreWithoutScores: ReplyError {
        ReplyError("EXPLAINSCORE must be accompanied with WITHSCORES")
    }
    package static var addScoresInSearch: ReplyError { ReplyError("ADDSCORES is not supported on FT.SEARCH") }
    package static func mutuallyExclusive(_ option: StaticString) -> ReplyError {
        ReplyError("option `\(option)` is mutually exclusive with simple (i.e. search) options")
    }
    package static var timedOut: ReplyError { ReplyError("Timeout limit was reached") }
    package static var busy: ReplyError {
        ReplyError("BUSY too many searches are waiting for a worker, try again later")
    }

    // MARK: FT.AGGREGATE, FT.CURSOR

    package static func notInAggregate(_ option: StaticString) -> ReplyError {
        ReplyError("\(option) is not supported on FT.AGGREGATE")
    }
    package static var asNeedsArgument: ReplyError { ReplyError("AS needs argument") }
    /// The oracle's words.
    package static var badLoad: ReplyError { ReplyError("Bad arguments for LOAD: SUCCESS") }
    /// The oracle's words.
    package static var badReduce: ReplyError { ReplyError("Bad arguments for REDUCE: SUCCESS") }
    package static func groupByUnknown(_ word: some Sequence<UInt8>) -> ReplyError {
        ReplyError("Bad arguments for GROUPBY: Unknown property `\(word)`. Did you mean `@\(word)`?")
    }
    package static func badArguments(of function: ByteSlice, _ fault: ArgumentFault) -> ReplyError {
        ReplyError("Bad arguments for \(function): \(fault.phrase)")
    }
    package static var multipleSortByInAggregate: ReplyError {
        ReplyError("Multiple SORTBY steps are not allowed. Sort multiple fields in a single step")
    }
    package static func tooManySortFields(_ limit: Int) -> ReplyError {
        ReplyError("Cannot sort by more than \(limit) fields")
    }
    package static func sortDirectionMissing(_ word: ByteSlice) -> ReplyError {
        ReplyError("MISSING ASC or DESC after sort field (\(word))")
    }
    package static var withCountAndCursor: ReplyError {
        ReplyError("FT.AGGREGATE does not support using WITHCOUNT and WITHCURSOR together")
    }
    package static var cursorNotFound: ReplyError { ReplyError("Cursor not found") }
    package static var cursorDoesNotExist: ReplyError { ReplyError("Cursor does not exist") }
    package static var badCursorID: ReplyError { ReplyError("Bad cursor ID") }
    package static var badCursorCount: ReplyError { ReplyError("Bad value for COUNT") }
    package static var unknownCursorSubcommand: ReplyError { ReplyError("Unknown subcommand") }
    package static var tooManyCursors: ReplyError { ReplyError("Too many cursors allocated for index") }
    package static var indexDroppedUnderCursor: ReplyError {
        ReplyError("The index was dropped while the cursor was idle")
    }

    // MARK: FT.ADD, FT.GET

    package static var addScoreText: ReplyError { ReplyError("Could not parse document score") }
    package static var addScoreRange: ReplyError { ReplyError("Score must be between 0 and 1") }
    package static var addNoFields: ReplyError { ReplyError("No field list found") }
    package static var addFieldPairs: ReplyError { ReplyError("Fields must be specified in FIELD VALUE pairs") }
    package static func addUnknown(_ word: ByteSlice) -> ReplyError {
        ReplyError("Unknown keyword `\(word)` provided")
    }
    package static var addLanguage: ReplyError { ReplyError("Unsupported language") }
    package static func missingArgument(_ option: StaticString) -> ReplyError {
        ReplyError("\(option): \(ArgumentFault.missing.phrase)")
    }
    package static let documentExists = "Document already exists"
    package static let documentMissing = "Document does not exist"
    package static let invalidKey = "Invalid Redis key"

    // MARK: FT.DEBUG

    package static func debugUnknown(_ word: ByteSlice) -> ReplyError {
        ReplyError("\(unknownSubcommand(word, of: "FT.DEBUG"))")
    }
    package static func debugArity(_ name: String) -> ReplyError {
        ReplyError("\(wrongArity("FT.DEBUG|\(name)"))")
    }
    package static func debugRefused(_ name: String) -> ReplyError {
        ReplyError("FT.DEBUG \(name) is not supported: this engine has no such structure")
    }
    package static var debugNoIndex: ReplyError { ReplyError("Can not create a search ctx") }
    package static var debugNoField: ReplyError { ReplyError("Could not find given field in index spec") }
    package static var debugNoTags: ReplyError { ReplyError("can not open tag field") }
    package static let debugNoTerm = "Can not find the inverted index"
    package static let debugBadID = "bad id given"
    package static let debugRemoved = "document was removed"
    package static let debugNoDocument = "Document not found in index"

    // MARK: FT.SUG*

    package static let wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
    package static let suggestionScore = "ERR invalid score"
    package static var suggestionPayload: ReplyError {
        ReplyError("Invalid payload: Expected an argument, but none provided")
    }
    package static func unrecognizedArgument(_ word: ByteSlice) -> ReplyError {
        ReplyError("Unrecognized argument: \(word)")
    }
    package static func suggestionMaximum(_ fault: ArgumentFault) -> ReplyError {
        ReplyError("MAX: \(fault.phrase)")
    }
    package static var suggestionQueryLength: ReplyError { ReplyError("Invalid query length") }
    package static var suggestionQuery: ReplyError { ReplyError("Invalid query") }

    // MARK: FT.PROFILE

    package static var profileKind: ReplyError { ReplyError("No `SEARCH` or `AGGREGATE` provided") }
    package static var profileQuery: ReplyError { ReplyError("The QUERY keyword is expected") }
    package static var profileCursor: ReplyError { ReplyError("FT.PROFILE does not support cursor") }

    // MARK: the store

    package static func store(_ message: String) -> ReplyError { ReplyError("\(message)") }
    package static var definitionNotSaved: ReplyError {
        ReplyError("ERR the definition could not be saved on this node's disk")
    }
}

// MARK: - errors of the engine

extension ErrorReplies {
    /// An error of the catalog where the command has no words of its own for it.
    package static func catalog(_ error: CatalogError) -> ReplyError {
        switch error {
        case .indexExists: indexExists
        case .unknownIndex: unknownIndexName
        case .duplicateField(let name): ReplyError("Duplicate field in schema - \(name)")
        case .tooManyFields: schemaFieldLimit(SchemaGrammar.fieldLimit)
        case .tooManyIndexes(let limit): tooManyIndexes(limit)
        case .aliasExists: aliasExists
        case .aliasDoesNotExist: aliasDoesNotExist
        case .aliasIsIndexName: aliasNotOfIndex
        case .notSaved: definitionNotSaved
        }
    }
}

extension ErrorReplies {
    package static func expression(_ error: ExpressionSyntaxError) -> ReplyError { ReplyError("\(error.text)") }

    package static func search(_ error: SearchError) -> ReplyError {
        switch error {
        case .syntax(let error): ReplyError(ReplyText(bytes: error.message))
        case .noSuchLanguage: noSuchLanguage
        case .noSuchScorer(let name): noSuchScorer(name)
        case .highlightWithoutOffsets: highlightWithoutOffsets
        case .expandWithoutJSON: expandNeedsJSON
        case .geoFilterRadius: geoFilterRadius
        case .geoFilterPoint: geoFilterPoint
        case .rows(.sortField(let name)): propertyNotLoaded(name)
        case .rows(.decoratedField(let name)): noSuchProperty(name)
        case .rows(.decoratedFieldWithReturn(let name)): propertyNotInSchema(name)
        case .timedOut: timedOut
        case .store(let message): store(message)
        case .execution(.tooManyTerms(let limit)): ReplyError("Query expands to more than \(limit) terms")
        case .execution(.tooManyClauses(let limit)): ReplyError("Query holds more than \(limit) clauses")
        case .plan(let text): ReplyError("\(text)")
        case .aggregate(let failure): ReplyError("\(failure.text)")
        }
    }
}

extension LiveIndex {
    /// While an index is being rebuilt after a start, it does not answer: it would lie.
    package func checkLoaded() throws(ReplyError) {
        if let percent = rebuildPercent { throw ErrorReplies.loading(name, percent: percent) }
    }
}
