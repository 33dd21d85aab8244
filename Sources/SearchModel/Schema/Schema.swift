// What an index definition says about its fields.

/// Options that only TEXT fields have.
package struct TextOptions: Equatable, Sendable {
    /// As written in FT.CREATE, for FT.INFO.
    package var weight: Double = 1
    package var noStem = false
    /// Double Metaphone matcher such as `dm:en`; `nil` without PHONETIC.
    package var phonetic: Bytes?
    package var withSuffixTrie = false
    package var indexEmpty = false
    /// This field's bit in every ``FieldMask``.
    package var bit: Int = 0

    package init() {}

    /// What one occurrence adds to frequency and length: `max(1, floor(weight))`, as RediSearch.
    package var integerWeight: UInt32 {
        weight >= 2 ? UInt32(min(weight, 65_535)) : 1
    }
}

/// Options that only TAG fields have.
package struct TagOptions: Equatable, Sendable, BitwiseCopyable {
    /// `nil`: the value is one tag.
    package var separator: UInt8? = UInt8(ascii: ",")
    package var caseSensitive = false
    package var withSuffixTrie = false
    package var indexEmpty = false

    package init() {}
}

/// A field's type with what belongs to that type alone.
///
/// Switches over it are exhaustive on purpose: a new type must be met everywhere.
package enum FieldKind: Equatable, Sendable {
    case text(TextOptions)
    case tag(TagOptions)
    case numeric
    case geo
}

/// One field of a schema.
package struct FieldSpec: Equatable, Sendable {
    /// The hash field's name.
    package var identifier: Bytes
    /// The name that queries use; equal to `identifier` without AS.
    package var attribute: Bytes
    package var kind: FieldKind
    package var isSortable = false
    /// SORTABLE keeps the bytes as they are.
    package var isUnnormalized = false
    package var isNotIndexed = false
    package var indexMissing = false

    package init(identifier: Bytes, attribute: Bytes, kind: FieldKind) {
        self.identifier = identifier
        self.attribute = attribute
        self.kind = kind
    }
}

/// The fields of an index, in order. Grows at the end only (FT.ALTER), so a field's position is its
/// identity for the whole life of the index.
package struct Schema: Equatable, Sendable {
    package private(set) var fields: [FieldSpec] = []
    /// Rises by one with every change.
    package private(set) var version = 0
    package private(set) var textFieldCount = 0
    /// The bits of the TEXT fields with PHONETIC.
    package private(set) var phoneticFields: FieldMask = 0

    package init() {}

    /// Appends a field and gives a TEXT field its bit.
    ///
    /// - Precondition: the attribute is new, and there are fewer than 128 TEXT fields when it is TEXT.
    package mutating func append(_ field: FieldSpec) {
        var field = field
        if case .text(var options) = field.kind {
            precondition(textFieldCount < 128, "a schema holds at most 128 TEXT fields")
            options.bit = textFieldCount
            field.kind = .text(options)
            if options.phonetic != nil { phoneticFields |= 1 << FieldMask(textFieldCount) }
            textFieldCount += 1
        }
        fields.append(field)
        version += 1
    }

    /// Position of the field that queries call `attribute`. O(fields).
    package func position(ofAttribute attribute: some Collection<UInt8>) -> Int? {
        fields.firstIndex { $0.attribute.elementsEqual(attribute) }
    }
}

/// Everything FT.CREATE says about an index, and nothing that changes with its documents.
package struct IndexDefinition: Equatable, Sendable {
    package var name: Bytes
    /// As given; one empty prefix means all keys.
    package var prefixes: [Bytes] = [[]]
    package var language: Bytes = Array("english".utf8)
    package var languageField: Bytes?
    package var score: Double = 1
    package var scoreField: Bytes?
    package var payloadField: Bytes?
    /// The text of the index FILTER expression.
    package var filter: Bytes?
    /// Idle lifetime of a TEMPORARY index in seconds.
    package var temporarySeconds: Int?
    /// `nil`: the built-in list.
    package var stopWords: [Bytes]?
    package var maxTextFields = false
    package var noOffsets = false
    package var noHighlight = false
    package var noFields = false
    package var noFrequencies = false
    package var skipInitialScan = false
    package var schema = Schema()

    package init(name: Bytes) { self.name = name }
}
