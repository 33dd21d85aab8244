// From options and query text to something the executor can run.
//
//   text ── parse ──► tree ── filters ──► tree ── expand ──► SearchParameters + RowPlan on one snapshot

import Platform
import SearchAnalysis
import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery
import Settings

/// Everything one search needs, on the snapshot it will see. May be run on any thread.
///
/// A class, because it is large and handed on several times.
package final class IndexSearch: Sendable {
    package let index: LiveIndex
    package let snapshot: IndexSnapshot
    package let options: SearchOptions
    package let rows: RowPlan
    package let tree: QueryNode
    /// What expanded the tree; highlighting needs the same language.
    package let language: Language
    package let timeoutPolicy: TimeoutPolicy
    /// The plan, made once: it knows what it costs.
    private let prepared: PreparedSearch
    /// SORTBY a field that has no column: its values are loaded, and sorted here.
    let loadedSort: LoadedSort?

    struct LoadedSort: Sendable {
        var identifier: Bytes
        var ascending: Bool
    }

    /// Rows behind the page that may take the place of documents that vanish while they are loaded.
    static let spareRows = 8

    /// Nanoseconds, roughly.
    package var estimate: Int { prepared.estimatedNanoseconds }

    /// Runs the search. What remains is to load fields.
    package func run() throws(SearchError) -> SearchOutcome {
        let outcome = prepared.run()
        if outcome.timedOut, timeoutPolicy == .fail { throw .timedOut }
        return outcome
    }

    package init(
        _ index: LiveIndex, query: ByteSlice, _ options: SearchOptions, settings: SearchSettings
    ) throws(SearchError) {
        let configuration = index.configuration
        let definition = configuration.definition
        if options.wantsDecoration, definition.noHighlight { throw .highlightWithoutOffsets }
        if options.flags.contains(.expandFormat) { throw .expandWithoutJSON }
        language = try Self.language(options, configuration)
        let scorer = try Self.scorer(options, settings)
        index.noteDialect(options.dialect)

        tree = try Self.tree(query, options, configuration, language: language)
        snapshot = index.snapshot
        self.index = index
        self.options = options
        timeoutPolicy = settings.onTimeout

        var parameters = SearchParameters(tree: tree)
        Self.apply(options, scorer, settings, definition, to: &parameters)
        parameters.needsScores = options.flags.contains(.withScores)
        parameters.offset = options.offset
        parameters.limit = options.limit
        parameters.explainScores = options.flags.contains(.explainScore)
        parameters.withoutCount =
            options.flags.contains(.withoutCount) || (options.dialect == 4 && !options.flags.contains(.withCount))
        if options.timeout > 0 {
            parameters.deadline = MonotonicClock.nanoseconds &+ UInt64(options.timeout) &* 1_000_000
        }

        // A count looks at no field, so that names it would not find are no error.
        var loadedSort: LoadedSort?
        var rows = RowPlan()
        if options.limit > 0 {
            if let sort = options.sort {
                guard let position = definition.schema.position(ofAttribute: sort.field) else {
                    throw .rows(.sortField(sort.field))
                }
                let field = definition.schema.fields[position]
                if field.isSortable || field.kind == .numeric {
                    parameters.sort = (position, sort.ascending)
                } else {
                    loadedSort = LoadedSort(identifier: field.identifier, ascending: sort.ascending)
                    parameters.collectAll = true
                }
            }
            if options.wantsContent {
                do throws(RowPlanError) {
                    rows = try RowPlan(options, definition)
                    rows.loadForDecoration(tree, definition)
                } catch {
                    throw .rows(error)
                }
                parameters.spareRows = Self.spareRows
            }
        }
        self.loadedSort = loadedSort
        self.rows = rows
        do throws(ExecutionError) {
            prepared = try PreparedSearch(parameters, on: snapshot)
        } catch {
            throw .execution(error)
        }
    }

}

// MARK: parts

extension IndexSearch {
    /// What the options say about matching and scoring.
    static func apply(
        _ options: SearchOptions, _ scorer: ScorerKind, _ settings: SearchSettings,
        _ definition: IndexDefinition,
        to parameters: inout SearchParameters
    ) {
        parameters.scorer = scorer
        parameters.bm25Legacy = settings.bm25StdLegacy
        parameters.tanhFactor = Double(options.extras?.tanhFactor ?? settings.bm25StdTanhFactor)
        parameters.payload = options.extras?.payload
        parameters.slop = options.extras?.slop
        parameters.inOrder = options.flags.contains(.inOrder)
        parameters.maxExpansions = settings.maxExpansions
        parameters.minPrefix = settings.minPrefix
        if let fields = options.extras?.fields { parameters.inFields = mask(fields, definition.schema) }
        parameters.ignoresFields = definition.noFields
    }

    static func language(
        _ options: SearchOptions, _ configuration: IndexConfiguration
    ) throws(SearchError) -> Language {
        guard let name = options.extras?.language else { return configuration.language }
        guard let language = Language(name: name) else { throw .noSuchLanguage }
        return language
    }

    static func scorer(
        _ options: SearchOptions, _ settings: SearchSettings
    ) throws(SearchError) -> ScorerKind {
        guard let name = options.extras?.scorer else { return ScorerKind(rawValue: settings.defaultScorer) ?? .bm25Std }
        for scorer in ScorerKind.allCases where name.elementsEqual(scorer.rawValue.utf8) { return scorer }
        throw .noSuchScorer(name)
    }

    /// Unknown names and names of other fields contribute nothing.
    private static func mask(_ fields: [Bytes], _ schema: Schema) -> FieldMask {
        var mask: FieldMask = 0
        for name in fields {
            guard let position = schema.position(ofAttribute: name),
                case .text(let text) = schema.fields[position].kind
            else { continue }
            mask |= 1 << FieldMask(text.bit)
        }
        return mask
    }

    /// The tree that the executor runs, or that FT.EXPLAIN shows.
    package static func tree(
        _ query: ByteSlice, _ options: SearchOptions, _ configuration: IndexConfiguration, language: Language,
        for purpose: QueryExpander.Purpose = .execution
    ) throws(SearchError) -> QueryNode {
        var root: QueryNode
        do throws(QuerySyntaxError) {
            root = try QueryParser.parse(query, options: parserOptions(options, configuration))
        } catch {
            throw .syntax(error)
        }
        root = try adding(options, to: root)
        let schema = configuration.definition.schema
        do throws(QuerySyntaxError) {
            return try stemmers.withStemmer(language) { stemmer throws(QuerySyntaxError) in
                try QueryExpander(
                    schema: schema, stemmer: stemmer, synonyms: configuration.synonyms, kinds: expansions(options)
                ).expand(root, for: purpose)
            }
        } catch {
            throw .syntax(error)
        }
    }

    static let stemmers = StemmerPool()

    private static func parserOptions(
        _ options: SearchOptions, _ configuration: IndexConfiguration
    ) -> QueryParserOptions {
        var parameters: [Bytes: Bytes] = [:]
        for parameter in options.extras?.parameters ?? [] { parameters[parameter.name] = parameter.value }
        return QueryParserOptions(
            dialect: options.dialect, parameters: parameters,
            stopWords: options.flags.contains(.noStopWords) ? nil : configuration.stopWords)
    }

    private static func expansions(_ options: SearchOptions) -> ExpansionKinds {
        if options.flags.contains(.verbatim) { return [] }
        return options.extras?.expander.map { ExpansionKinds(expander: $0) } ?? .standard
    }

    /// The filters of the options. As the oracle: each goes in front of those before it, and INKEYS in front of all.
    private static func adding(_ options: SearchOptions, to query: QueryNode) throws(SearchError) -> QueryNode {
        guard let extras = options.extras else { return query }
        var root = query
        for filter in extras.numericFilters {
            root = adding(QueryNode(.numeric(field: filter.field, filter.range)), to: root)
        }
        for filter in extras.geoFilters {
            guard filter.radius > 0 else { throw .geoFilterRadius }
            guard abs(filter.longitude) <= 180, abs(filter.latitude) <= 85.051_128_78 else { throw .geoFilterPoint }
            root = adding(
                QueryNode(
                    .geo(
                        field: filter.field, longitude: filter.longitude, latitude: filter.latitude,
                        radius: filter.radius, unit: filter.unit)), to: root)
        }
        if let keys = extras.keys { root = adding(QueryNode(.keys(keys)), to: root) }
        return root
    }

    /// Puts a filter in front of what the query text says, as a clause of one and the same AND.
    private static func adding(_ filter: QueryNode, to root: QueryNode) -> QueryNode {
        if case .empty = root.kind { return root }
        if case .intersection(let children) = root.kind {
            var root = root
            root.kind = .intersection([filter] + children)
            return root
        }
        return QueryNode(.intersection([filter, root]))
    }
}
