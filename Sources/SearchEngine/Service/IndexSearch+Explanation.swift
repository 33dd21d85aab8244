// FT.EXPLAIN: the tree of a query as text.

import SearchAnalysis
import SearchExecution
import SearchModel
import SearchQuery

extension LiveIndex {
    /// The text of FT.EXPLAIN.
    package func explanation(of query: ByteSlice, _ options: SearchOptions) throws(SearchError) -> Bytes {
        let configuration = configuration
        if options.wantsDecoration, configuration.definition.noHighlight { throw .highlightWithoutOffsets }
        let language = try IndexSearch.language(options, configuration)
        noteDialect(options.dialect)
        let snapshot = snapshot
        let schema = configuration.definition.schema
        var fieldsWithValues: Set<Bytes> = []
        for (position, field) in schema.fields.enumerated() where snapshot.tagDictionary(position)?.isEmpty == false {
            fieldsWithValues.insert(field.attribute)
        }
        let tree = try IndexSearch.tree(
            query, options, configuration, language: language,
            for: .explanation(tagFieldsWithValues: fieldsWithValues))
        return QueryExplanation.text(of: tree, schema: schema) { key in
            guard let (segment, docID) = key.withUnsafeBufferPointer({ snapshot.locate($0) }) else { return nil }
            return snapshot.segments[segment].stamp(docID)
        }
    }
}
