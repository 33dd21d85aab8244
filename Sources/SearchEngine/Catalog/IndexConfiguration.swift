// What an index was told to be, with what follows from it; everything but its documents.

import SearchAnalysis
import SearchModel

/// Immutable: FT.ALTER and FT.SYNUPDATE make another one.
package final class IndexConfiguration: Sendable {
    package let definition: IndexDefinition
    package let synonyms: SynonymTable
    package let language: Language
    package let stopWords: StopWords

    package init(_ definition: IndexDefinition, synonyms: SynonymTable = SynonymTable()) {
        self.definition = definition
        self.synonyms = synonyms
        language = Language(name: definition.language) ?? .english
        stopWords = definition.stopWords.map { StopWords($0) } ?? .standard
    }
}
