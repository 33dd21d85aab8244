// What an index was told to be, with what follows from it; everything but its documents.

import SearchAnalysis
import SearchModel
import Settings

/// Immutable: FT.ALTER and FT.SYNUPDATE make another one.
package final class IndexConfiguration: Sendable {
    package let definition: IndexDefinition
    package let synonyms: SynonymTable
    package let language: Language
    package let stopWords: StopWords
    package let analysis: AnalysisSettings

    package init(
        _ definition: IndexDefinition, synonyms: SynonymTable = SynonymTable(),
        analysis: AnalysisSettings = AnalysisSettings()
    ) {
        self.definition = definition
        self.synonyms = synonyms
        self.analysis = analysis
        language = Language(name: definition.language) ?? .english
        stopWords = definition.stopWords.map { StopWords($0) } ?? .standard
    }
}

/// Settings that documents are analyzed by. An index keeps those it was made with: texts that were analyzed
/// differently would not be found by one and the same query.
package struct AnalysisSettings: Equatable, Sendable {
    /// Shorter words have no stem.
    package var minStemLength = 4
    /// Shorter words have no phonetic code.
    package var minPhoneticLength = 3

    package init() {}

    package init(_ settings: SearchSettings) {
        minStemLength = settings.minStemLength
        minPhoneticLength = settings.minPhoneticTermLength
    }
}
