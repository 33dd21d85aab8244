// The steps of FT.AGGREGATE as written, before any property is looked up.

import SearchModel

/// `@property [ASC|DESC]`
package struct SortItem: Equatable, Sendable {
    package var property: Bytes
    package var ascending: Bool

    package init(property: Bytes, ascending: Bool) {
        self.property = property
        self.ascending = ascending
    }
}

/// `REDUCE function n arguments [AS name]`
package struct ReducerCall: Equatable, Sendable {
    package var function: Bytes
    package var arguments: [Bytes]
    package var name: Bytes?

    package init(function: Bytes, arguments: [Bytes], name: Bytes?) {
        self.function = function
        self.arguments = arguments
        self.name = name
    }

    /// What the result is called: AS, or `__generated_alias` + function + arguments, all in lower case.
    package var outputName: Bytes {
        if let name { return name }
        let arguments = arguments.map { $0.first == UInt8(ascii: "@") ? Bytes($0.dropFirst()) : $0 }
        let text = function + Bytes(arguments.joined(separator: [UInt8(ascii: ",")]))
        return Bytes("__generated_alias".utf8) + text.map { $0 >= 65 && $0 <= 90 ? $0 | 0x20 : $0 }
    }
}

/// All SORTBY and LIMIT words between two GROUPBYs.
package struct Arrangement: Equatable, Sendable {
    package var sort: [SortItem]?
    /// LIMIT, or 0 and MAX: what was written last.
    package var limit: (offset: Int, count: Int)?
    /// LIMIT n 0: rows are counted, none is shown.
    package var isCount = false

    package init() {}

    package static func == (a: Arrangement, b: Arrangement) -> Bool {
        a.sort == b.sort && a.isCount == b.isCount && a.limit?.offset == b.limit?.offset
            && a.limit?.count == b.limit?.count
    }
}

package enum AggregateStep: Equatable, Sendable {
    /// The words of LOAD, `path [AS name] ...`, as they came.
    case load([Bytes])
    case loadAll
    case apply(expression: Bytes, name: Bytes)
    case filter(expression: Bytes)
    case group(properties: [Bytes], reducers: [ReducerCall])
    case arrange(Arrangement)
}

/// Why a plan was refused; the text is what a client reads.
package struct AggregatePlanError: Error, Equatable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }
}
