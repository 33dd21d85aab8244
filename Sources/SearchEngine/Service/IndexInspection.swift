// What FT.DEBUG shows of an index. Internal ids are arrival stamps: the numbers by which documents are ordered.

import SearchExecution
import SearchIndex
import SearchModel
import SearchQuery

/// One index as of one moment, looked into. For tests and operators: everything here walks.
package struct IndexInspection {
    private let snapshot: IndexSnapshot
    private let schema: Schema

    package init(_ index: LiveIndex) {
        snapshot = index.snapshot
        schema = index.definition.schema
    }

    /// All terms that some document has, in byte order.
    package var terms: [Bytes] {
        let dictionary = snapshot.dictionary
        return (0..<dictionary.termCount).map { dictionary.withTerm(TermID($0)) { Bytes($0) } }
            .filter { !ids(QueryNode(.word($0, isExpandable: false))).isEmpty }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Documents with a term; `nil`: no document ever had it.
    package func documents(withTerm term: Bytes) -> [UInt64]? {
        guard term.withUnsafeBufferPointer({ snapshot.dictionary.lookup($0) }) != nil else { return nil }
        return ids(QueryNode(.word(term, isExpandable: false)))
    }

    package enum FieldFault: Error {
        case unknown
        case wrongKind
    }

    private func field(_ name: Bytes) throws(FieldFault) -> FieldSpec {
        guard let position = schema.position(ofAttribute: name) else { throw .unknown }
        return schema.fields[position]
    }

    /// Documents with a number in a field.
    package func documents(withNumberIn name: Bytes) throws(FieldFault) -> [UInt64] {
        guard case .numeric = try field(name).kind else { return [] }
        return ids(QueryNode(.numeric(field: name, NumericRange(lower: -.infinity, upper: .infinity))))
    }

    /// Values of a TAG field, and the documents of each.
    package func tags(of name: Bytes, in index: LiveIndex) throws(FieldFault) -> [(value: Bytes, documents: [UInt64])] {
        guard case .tag = try field(name).kind, let position = schema.position(ofAttribute: name) else {
            throw .wrongKind
        }
        return index.tagValues(field: position).map { value in
            (value, ids(QueryNode(.tag(field: name, [QueryNode(.word(value, isExpandable: false))]))))
        }
    }

    package func key(ofDocument id: UInt64) -> Bytes? {
        for segment in snapshot.segments {
            for docID in 0..<DocID(segment.documentCount) where segment.isLive(docID) && segment.stamp(docID) == id {
                return segment.withKey(docID) { Bytes($0) }
            }
        }
        return nil
    }

    package struct Document {
        package var id: UInt64
        package var score: Double
        package var tokenCount: Int
        package var maxFrequency: Int
    }

    package func document(_ key: ByteSlice) -> Document? {
        guard let (number, docID) = snapshot.locate(key) else { return nil }
        let segment = snapshot.segments[number]
        let score = segment.documentScores.map { $0[Int(docID)] } ?? segment.defaultScore
        return Document(
            id: segment.stamp(docID), score: Double(score), tokenCount: Int(segment.length(docID)),
            maxFrequency: Int(segment.maxFrequency(docID)))
    }

    /// Documents that match, by their ids.
    private func ids(_ node: QueryNode) -> [UInt64] {
        var parameters = SearchParameters(tree: node)
        parameters.limit = .max
        parameters.collectAll = true
        parameters.scorer = .docScore
        let hits = (try? Executor.run(parameters, on: snapshot))?.hits ?? []  // what is too large shows nothing
        return hits.map(\.stamp).sorted()
    }
}
