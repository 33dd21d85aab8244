// Which fields a row of FT.SEARCH shows, in which order, and what has to be loaded for it.

import SearchExecution
import SearchModel
import SearchQuery

/// Made once per query; the same for every row.
package struct RowPlan: Sendable {
    package enum Content: Sendable {
        /// Ids only.
        case none
        /// The whole hash, in its own order, but for what stands in front and what is hidden.
        case whole
        /// RETURN: these fields, in order.
        case fields([Field])
    }

    /// How the text of a value is shown.
    package enum Format: Sendable {
        case asStored
        /// A NUMERIC attribute asked for by name shows the number, not the text: `3.50` is `3.5`.
        case number
    }

    package struct Field: Sendable {
        package var name: Bytes
        /// Position in `loaded` of the hash field it comes from.
        package var source: Int
        package var format: Format
        /// Names of attributes can be highlighted, aliases of RETURN cannot.
        package var decoration: Decoration
        package var isRenamed: Bool
    }

    /// A field that the whole hash shows first.
    package struct Leading: Sendable {
        package var name: Bytes
        /// The hash field to look for; equal to the name unless an AS gave the attribute another one.
        package var identifier: Bytes
        package var format: Format
    }

    package var content = Content.none
    /// Hash fields to load, in order; `nil`: the whole hash.
    package var loaded: [Bytes]?
    /// SORTBY's field, then the fields of HIGHLIGHT and SUMMARIZE.
    package var leading: [Leading] = []
    /// Language, score and payload fields.
    package var hidden: [Bytes] = []
    /// What HIGHLIGHT and SUMMARIZE do to a field of this name.
    package var decorated: [DecoratedField] = []
    package var decorateAll = Decoration()

    /// TEXT attributes that decoration reads although the row does not show them, and their places in `loaded`.
    package var unseen: [(name: Bytes, source: Int)] = []
    /// The hash field with a document's language, and its place in `loaded`; only when something is decorated.
    package var languageField: Bytes?
    package var languageSource: Int?

    package init() {}

    /// What is done to the field of this name. A field that FIELDS names is also treated by what is said without
    /// FIELDS; see ``decorationOfOthers``.
    func decoration(of name: Bytes) -> Decoration {
        guard var both = decorated.first(where: { $0.name == name })?.decoration else { return decorationOfOthers }
        both.summarize = both.summarize ?? decorateAll.summarize
        both.highlight = both.highlight ?? decorateAll.highlight
        return both
    }

    /// What is done to fields that FIELDS does not name: nothing, but in a RETURN, or when FIELDS names none.
    var decorationOfOthers: Decoration {
        if case .whole = content, !decorated.isEmpty { return Decoration() }
        return decorateAll
    }

    package var decorates: Bool { !decorated.isEmpty || !decorateAll.isEmpty }
}

/// A name in the options that the index does not know.
package enum RowPlanError: Error, Equatable, Sendable {
    /// SORTBY.
    case sortField(Bytes)
    /// HIGHLIGHT or SUMMARIZE without RETURN.
    case decoratedField(Bytes)
    /// HIGHLIGHT or SUMMARIZE with RETURN.
    case decoratedFieldWithReturn(Bytes)
}

extension RowPlan {
    /// - Precondition: the options want content.
    package init(_ options: SearchOptions, _ definition: IndexDefinition) throws(RowPlanError) {
        let schema = definition.schema
        if let extras = options.extras {
            decorated = extras.decoratedFields
            decorateAll = extras.decorateAll
        }
        // With HIGHLIGHT or SUMMARIZE what is returned has to be an attribute.
        if decorates, let returns = options.returns,
            let stranger = returns.first(where: { schema.position(ofAttribute: $0.source) == nil })
        {
            throw .decoratedFieldWithReturn(stranger.name)
        }
        for field in decorated where schema.position(ofAttribute: field.name) == nil {
            throw options.returns == nil
                ? .decoratedField(field.name) : .decoratedFieldWithReturn(field.name)
        }
        if let returns = options.returns {
            planReturn(returns, options.sort, schema)
        } else {
            planWhole(options.sort, definition)
        }
    }

    private mutating func planWhole(_ sort: SortOption?, _ definition: IndexDefinition) {
        content = .whole
        if let sort, let position = definition.schema.position(ofAttribute: sort.field) {
            let field = definition.schema.fields[position]
            // The stored text when the hash has a field of the attribute's own name, else the value.
            let isStored = field.identifier == field.attribute
            leading.append(
                Leading(
                    name: field.attribute, identifier: field.identifier,
                    format: isStored ? .asStored : Self.format(of: field)))
        }
        for field in decorated where !leading.contains(where: { $0.name == field.name }) {
            leading.append(Leading(name: field.name, identifier: field.name, format: .asStored))
        }
        hidden = [definition.languageField, definition.scoreField, definition.payloadField].compactMap { $0 }
    }

    private mutating func planReturn(_ returns: [ReturnField], _ sort: SortOption?, _ schema: Schema) {
        var sources: [Bytes] = []
        var fields: [Field] = []
        for item in returns {
            let attribute = schema.position(ofAttribute: item.source).map { schema.fields[$0] }
            let identifier = attribute?.identifier ?? item.source
            let source: Int
            if let known = sources.firstIndex(of: identifier) {
                source = known
            } else {
                source = sources.count
                sources.append(identifier)
            }
            let isRenamed = item.source != item.name
            fields.append(
                Field(
                    name: item.name, source: source, format: attribute.map(Self.format) ?? .asStored,
                    decoration: attribute == nil || isRenamed ? Decoration() : decoration(of: item.name),
                    isRenamed: isRenamed))
        }
        // What HIGHLIGHT and SUMMARIZE name comes first.
        let named = decorated.compactMap { field in fields.first { $0.name == field.name && !$0.isRenamed } }
        fields = named + fields.filter { field in !named.contains { $0.name == field.name } }
        // The sort key comes before that when it is asked for under its own name.
        if let sort, let position = fields.firstIndex(where: { $0.name == sort.field }) {
            fields.insert(fields.remove(at: position), at: 0)
        }
        content = .fields(fields)
        loaded = sources
    }

    /// Adds what HIGHLIGHT and SUMMARIZE have to know of a document to find its words.
    mutating func loadForDecoration(_ tree: QueryNode, _ definition: IndexDefinition) {
        guard decorates else { return }
        languageField = definition.languageField
        guard var loaded, case .fields(let fields) = content else { return }
        func place(of identifier: Bytes) -> Int {
            if let known = loaded.firstIndex(of: identifier) { return known }
            loaded.append(identifier)
            return loaded.count - 1
        }
        languageSource = definition.languageField.map(place)
        var shown: FieldMask = 0
        var others: [FieldSpec] = []
        for field in definition.schema.fields {
            guard case .text(let options) = field.kind else { continue }
            if fields.contains(where: { $0.name == field.attribute && !$0.isRenamed }) {
                shown |= 1 << options.bit
            } else {
                others.append(field)
            }
        }
        if TermFinder.dependsOnMore(than: shown, tree) {
            unseen = others.map { (name: $0.attribute, source: place(of: $0.identifier)) }
        }
        self.loaded = loaded
    }

    private static func format(of field: FieldSpec) -> Format { field.kind == .numeric ? .number : .asStored }
}
