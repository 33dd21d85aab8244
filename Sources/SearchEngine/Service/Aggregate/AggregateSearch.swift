// From a request to a plan on one snapshot.
//
//   query text ─► tree ─► MatchStream ─┐
//   steps ─► AggregatePlan ────────────┴─► AggregateRun ─► rows, chunk by chunk

import Platform
import SearchAggregation
import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery
import Settings
import Storage

/// Everything one aggregation needs, on the snapshot it will see. May be run on any thread, once.
package struct AggregateSearch: Sendable {
    package let index: LiveIndex
    package let request: AggregateRequest
    package let plan: AggregatePlan
    package let timeoutPolicy: TimeoutPolicy
    let snapshot: IndexSnapshot
    let parameters: SearchParameters
    let schema: Schema

    package init(
        _ index: LiveIndex, query: ByteSlice, _ request: AggregateRequest, settings: SearchSettings
    ) throws(SearchError) {
        let configuration = index.configuration
        let options = request.options
        if options.flags.contains(.expandFormat) { throw .expandWithoutJSON }
        let language = try IndexSearch.language(options, configuration)
        let scorer = try IndexSearch.scorer(options, settings)
        index.noteDialect(options.dialect)
        let tree = try IndexSearch.tree(query, options, configuration, language: language)
        let definition = configuration.definition
        do throws(AggregatePlanError) {
            plan = try AggregatePlan(
                request.steps, schema: definition.schema, addsScores: request.addsScores,
                hidden: [definition.languageField, definition.scoreField, definition.payloadField].compactMap { $0 })
        } catch {
            throw .plan(error.text)
        }
        self.index = index
        self.request = request
        schema = definition.schema
        timeoutPolicy = settings.onTimeout
        snapshot = index.snapshot

        var parameters = SearchParameters(tree: tree)
        IndexSearch.apply(options, scorer, settings, definition, to: &parameters)
        parameters.needsScores = options.flags.contains(.withScores) || plan.usesScores
        parameters.collectAll = true
        parameters.deadline = nil
        self.parameters = parameters
    }

    /// LIMIT 0 0 of nothing but matches: the executor counts faster than rows do.
    var isPlainCount: Bool {
        plan.countsOnly
            && plan.steps.allSatisfy {
                switch $0 {
                case .load, .limit, .count, .sort: true
                case .apply, .filter, .group: false
                }
            }
    }

    /// Rows that the source has to give for certain; `nil`: that depends on the rows.
    var demand: Int? {
        for step in plan.steps {
            switch step {
            case .load, .apply: continue
            case .limit(let offset, let count):
                let (sum, overflow) = offset.addingReportingOverflow(count)
                return overflow ? nil : sum
            case .filter, .group, .sort, .count: return nil
            }
        }
        return nil
    }

    /// Makes what is needed to run.
    package func start(store: any DocumentStore) throws(SearchError) -> AggregateRun {
        do throws(ExecutionError) {
            return try AggregateRun(self, store: store)
        } catch {
            throw .execution(error)
        }
    }
}
