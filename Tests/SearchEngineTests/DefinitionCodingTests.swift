import SearchModel
import Testing

@testable import SearchEngine

@Suite struct DefinitionCodingTests {
    private func sample() -> IndexDefinition {
        var definition = IndexDefinition(name: Array("books".utf8))
        definition.prefixes = [Array("book:".utf8), []]
        definition.language = Array("german".utf8)
        definition.languageField = Array("lang".utf8)
        definition.score = 0.25
        definition.payloadField = [0, 255]
        definition.temporarySeconds = -3
        definition.stopWords = [Array("der".utf8)]
        definition.noOffsets = true
        definition.noFrequencies = true
        var text = TextOptions()
        text.weight = 2.5
        text.phonetic = Array("dm:en".utf8)
        var title = FieldSpec(identifier: Array("title".utf8), attribute: Array("t".utf8), kind: .text(text))
        title.isSortable = true
        title.isUnnormalized = true
        var tag = TagOptions()
        tag.separator = nil
        tag.caseSensitive = true
        definition.schema.append(title)
        definition.schema.append(FieldSpec(identifier: [], attribute: [], kind: .tag(tag)))
        definition.schema.append(FieldSpec(identifier: [1], attribute: [2], kind: .numeric))
        var geo = FieldSpec(identifier: [3], attribute: [3], kind: .geo)
        geo.indexMissing = true
        definition.schema.append(geo)
        return definition
    }

    @Test func `a definition reads back as it was written`() throws {
        let definition = sample()

        let read = try DefinitionCoding.decode(DefinitionCoding.encode(definition))

        #expect(read == definition)
    }

    @Test func `bytes cut anywhere are an error`() {
        let bytes = DefinitionCoding.encode(sample())

        for length in 0..<bytes.count {
            #expect(throws: ByteDecodingError.self) { try DefinitionCoding.decode(Bytes(bytes[..<length])) }
        }
    }

    @Test func `any one byte changed is an error or another definition, never a trap`() {
        let bytes = DefinitionCoding.encode(sample())

        for position in bytes.indices {
            for value in [0, 1, 2, 0x7f, 0x80, 0xff] as [UInt8] {
                var damaged = bytes
                damaged[position] = value
                _ = try? DefinitionCoding.decode(damaged)
            }
        }
    }

    @Test(arguments: [0, 1, -1, 63, 64, -64, -65, Int.max, Int.min])
    func `a number reads back`(value: Int) throws {
        var encoder = ByteEncoder()
        encoder.number(value)
        var decoder = ByteDecoder(encoder.bytes)

        #expect(try decoder.number() == value)
        #expect(decoder.isAtEnd)
    }

    @Test func `synonym groups read back in the order in which a word joined them`() throws {
        var synonyms = SynonymTable()
        synonyms.add([Array("boy".utf8), Array("child".utf8)], to: Array("g2".utf8))
        synonyms.add([Array("boy".utf8)], to: Array("g1".utf8))

        #expect(try SynonymCoding.decode(SynonymCoding.encode(synonyms)) == synonyms)
    }
}
