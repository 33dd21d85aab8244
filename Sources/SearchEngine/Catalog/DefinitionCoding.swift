// Index definitions as bytes.

import SearchModel

enum DefinitionCoding {
    /// Rises when the layout changes in a way that old readers cannot skip.
    private static let version: UInt8 = 1

    static func encode(_ definition: IndexDefinition) -> Bytes {
        var encoder = ByteEncoder()
        encoder.number(Int(version))
        encoder.text(definition.name)
        encoder.list(definition.prefixes) { $0.text($1) }
        encoder.text(definition.language)
        encoder.optionalText(definition.languageField)
        encoder.double(definition.score)
        encoder.optionalText(definition.scoreField)
        encoder.optionalText(definition.payloadField)
        encoder.optionalText(definition.filter)
        encoder.flag(definition.temporarySeconds != nil)
        if let seconds = definition.temporarySeconds { encoder.number(seconds) }
        encoder.flag(definition.stopWords != nil)
        if let words = definition.stopWords { encoder.list(words) { $0.text($1) } }
        for flag in [
            definition.maxTextFields, definition.noOffsets, definition.noHighlight, definition.noFields,
            definition.noFrequencies, definition.skipInitialScan,
        ] {
            encoder.flag(flag)
        }
        encoder.list(definition.schema.fields) { encode($1, into: &$0) }
        return encoder.bytes
    }

    static func decode(_ bytes: Bytes) throws(ByteDecodingError) -> IndexDefinition {
        var decoder = ByteDecoder(bytes)
        guard try decoder.number() == Int(version) else { throw ByteDecodingError() }
        var definition = IndexDefinition(name: try decoder.text())
        definition.prefixes = try decoder.list { decoder throws(ByteDecodingError) in try decoder.text() }
        definition.language = try decoder.text()
        definition.languageField = try decoder.optionalText()
        definition.score = try decoder.double()
        definition.scoreField = try decoder.optionalText()
        definition.payloadField = try decoder.optionalText()
        definition.filter = try decoder.optionalText()
        if try decoder.flag() { definition.temporarySeconds = try decoder.number() }
        if try decoder.flag() {
            definition.stopWords = try decoder.list { decoder throws(ByteDecodingError) in try decoder.text() }
        }
        definition.maxTextFields = try decoder.flag()
        definition.noOffsets = try decoder.flag()
        definition.noHighlight = try decoder.flag()
        definition.noFields = try decoder.flag()
        definition.noFrequencies = try decoder.flag()
        definition.skipInitialScan = try decoder.flag()
        let fields = try decoder.list { decoder throws(ByteDecodingError) in try decodeField(&decoder) }
        for field in fields {
            if case .text = field.kind, definition.schema.textFieldCount >= 128 { throw ByteDecodingError() }
            definition.schema.append(field)
        }
        guard decoder.isAtEnd else { throw ByteDecodingError() }
        return definition
    }

    private static func encode(_ field: FieldSpec, into encoder: inout ByteEncoder) {
        encoder.text(field.identifier)
        encoder.text(field.attribute)
        switch field.kind {
        case .text(let options):
            encoder.number(1)
            encoder.double(options.weight)
            encoder.flag(options.noStem)
            encoder.optionalText(options.phonetic)
            encoder.flag(options.withSuffixTrie)
            encoder.flag(options.indexEmpty)
        case .tag(let options):
            encoder.number(2)
            encoder.flag(options.separator != nil)
            if let separator = options.separator { encoder.number(Int(separator)) }
            encoder.flag(options.caseSensitive)
            encoder.flag(options.withSuffixTrie)
            encoder.flag(options.indexEmpty)
        case .numeric:
            encoder.number(3)
        case .geo:
            encoder.number(4)
        }
        encoder.flag(field.isSortable)
        encoder.flag(field.isUnnormalized)
        encoder.flag(field.isNotIndexed)
        encoder.flag(field.indexMissing)
    }

    private static func decodeField(_ decoder: inout ByteDecoder) throws(ByteDecodingError) -> FieldSpec {
        let identifier = try decoder.text()
        let attribute = try decoder.text()
        let kind: FieldKind
        switch try decoder.number() {
        case 1:
            var options = TextOptions()
            options.weight = try decoder.double()
            options.noStem = try decoder.flag()
            options.phonetic = try decoder.optionalText()
            options.withSuffixTrie = try decoder.flag()
            options.indexEmpty = try decoder.flag()
            kind = .text(options)
        case 2:
            var options = TagOptions()
            options.separator = try decoder.flag() ? UInt8(truncatingIfNeeded: try decoder.number()) : nil
            options.caseSensitive = try decoder.flag()
            options.withSuffixTrie = try decoder.flag()
            options.indexEmpty = try decoder.flag()
            kind = .tag(options)
        case 3: kind = .numeric
        case 4: kind = .geo
        default: throw ByteDecodingError()
        }
        var field = FieldSpec(identifier: identifier, attribute: attribute, kind: kind)
        field.isSortable = try decoder.flag()
        field.isUnnormalized = try decoder.flag()
        field.isNotIndexed = try decoder.flag()
        field.indexMissing = try decoder.flag()
        return field
    }
}
