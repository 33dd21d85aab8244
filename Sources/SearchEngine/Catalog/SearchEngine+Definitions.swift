// Changes of definitions. All of them run on the lane's thread, and are on disk before they are true.

import SearchModel
import Storage

extension SearchEngine {
    private static let indexLimit = 200_000
    private static let fieldLimit = 1024

    // MARK: indexes

    package func createIndex(_ definition: IndexDefinition) throws(CatalogError) {
        let view = catalog.view
        guard view.index(named: definition.name) == nil else { throw .indexExists }
        guard view.indexes.count < Self.indexLimit else { throw .tooManyIndexes(limit: Self.indexLimit) }
        try save([(.index(definition.name), DefinitionCoding.encode(definition))])
        let index = LiveIndex(IndexConfiguration(definition, analysis: AnalysisSettings(settings.search)))
        show(view.adding(index))
        if !definition.skipInitialScan { ingester.scan(.indexing, [index]) }
    }

    /// - Parameter scanning: documents that are there already get the new fields.
    package func addFields(_ fields: [FieldSpec], to name: Bytes, scanning: Bool) throws(CatalogError) {
        guard let index = catalog.view.index(named: name) else { throw .unknownIndex }
        let configuration = index.configuration
        var definition = configuration.definition
        // Somebody else may have altered the index since the command was read.
        for field in fields {
            guard definition.schema.position(ofAttribute: field.attribute) == nil else {
                throw .duplicateField(field.attribute)
            }
            guard definition.schema.fields.count < Self.fieldLimit else { throw .tooManyFields }
            if case .text = field.kind, definition.schema.textFieldCount >= 128 { throw .tooManyFields }
            definition.schema.append(field)
        }
        try save([(.index(name), DefinitionCoding.encode(definition))])
        index.replaceConfiguration(
            IndexConfiguration(definition, synonyms: configuration.synonyms, analysis: configuration.analysis))
        index.writer.publish()
        if scanning { ingester.scan(.indexing, [index]) }
    }

    /// - Parameter completion: called once, when documents that were to be deleted are gone; with the store's error
    ///   if they are not. On any thread.
    package func dropIndex(
        _ name: Bytes, deletingDocuments: Bool, completion: @escaping @Sendable (String?) -> Void
    ) throws(CatalogError) {
        let view = catalog.view
        guard let index = view.find(name) else { throw .unknownIndex }
        var changes: [(DefinitionKey, Bytes?)] = [(.index(index.name), nil), (.synonyms(index.name), nil)]
        for alias in view.aliases where alias.index === index { changes.append((.alias(alias.alias), nil)) }
        try save(changes)
        show(view.removing(index))
        retire(index)
        guard deletingDocuments || index.definition.temporarySeconds != nil, let store else {
            completion(nil)
            return
        }
        DocumentDeletion(index.snapshot, store: store, completion: completion).start()
    }

    /// FLUSHALL and FLUSHDB: everything goes, definitions too.
    func dropEverything() {
        let view = catalog.view
        var changes: [(DefinitionKey, Bytes?)] = []
        for index in view.indexes {
            changes.append((.index(index.name), nil))
            changes.append((.synonyms(index.name), nil))
        }
        for alias in view.aliases { changes.append((.alias(alias.alias), nil)) }
        for name in dictionaries.names { changes.append((.dictionary(name), nil)) }
        // The documents are gone whether or not the disk plays along: a definition that comes back after a
        // restart is an empty index, a definition that stays now would be one that FLUSHALL promised to end.
        try? save(changes)
        dictionaries.removeAll()
        suggestions.removeAll()
        show(CatalogView())
        for index in view.indexes { retire(index) }
    }

    private func retire(_ index: LiveIndex) {
        index.markDropped()
        ingester.forget(index)
    }

    // MARK: aliases

    package func addAlias(_ alias: Bytes, to name: Bytes, ifNotExists: Bool) throws(CatalogError) {
        let view = catalog.view
        guard let index = view.index(named: name) else { throw .unknownIndex }
        if let target = view.target(ofAlias: alias) {
            guard ifNotExists, target === index else { throw .aliasExists }
            return
        }
        try save([(.alias(alias), name)])
        show(view.pointing(alias, to: index))
    }

    package func updateAlias(_ alias: Bytes, to name: Bytes) throws(CatalogError) {
        let view = catalog.view
        guard let index = view.index(named: name) else { throw .unknownIndex }
        try save([(.alias(alias), name)])
        show(view.pointing(alias, to: index))
    }

    package func removeAlias(_ alias: Bytes, ifExists: Bool) throws(CatalogError) {
        let view = catalog.view
        guard view.target(ofAlias: alias) != nil else {
            if ifExists { return }
            throw view.index(named: alias) == nil ? .aliasDoesNotExist : .aliasIsIndexName
        }
        try save([(.alias(alias), nil)])
        show(view.removingAlias(alias))
    }

    // MARK: dictionaries and synonyms

    /// - Returns: how many terms were new.
    package func addTerms(_ terms: [Bytes], toDictionary name: Bytes) throws(CatalogError) -> Int {
        let (all, added) = dictionaries.adding(terms, to: name)
        try save([(.dictionary(name), TermDictionaries.encode(all))])
        dictionaries.replace(name, with: all)
        return added
    }

    /// - Returns: how many terms were there.
    package func removeTerms(_ terms: [Bytes], fromDictionary name: Bytes) throws(CatalogError) -> Int {
        guard dictionaries.terms(of: name) != nil else { return 0 }
        let (all, removed) = dictionaries.removing(terms, from: name)
        try save([(.dictionary(name), TermDictionaries.encode(all))])
        dictionaries.replace(name, with: all)
        return removed
    }

    /// - Parameter scanning: documents that are there already are found through the group as well.
    package func updateSynonyms(
        index name: Bytes, group: Bytes, terms: [Bytes], scanning: Bool
    ) throws(CatalogError) {
        guard let index = catalog.view.index(named: name) else { throw .unknownIndex }
        let configuration = index.configuration
        var synonyms = configuration.synonyms
        synonyms.add(terms, to: group)
        try save([(.synonyms(name), SynonymCoding.encode(synonyms))])
        index.replaceConfiguration(
            IndexConfiguration(configuration.definition, synonyms: synonyms, analysis: configuration.analysis))
        if scanning { ingester.scan(.indexing, [index]) }
    }

    // MARK: disk

    private func save(_ changes: [(DefinitionKey, Bytes?)]) throws(CatalogError) {
        do {
            try definitions.save(changes.map { (key: $0.0, value: $0.1) })
        } catch {
            throw .notSaved("\(error)")
        }
    }

    /// What the last process left behind. A definition that cannot be read is an error, not an index less.
    func loadDefinitions() throws {
        var indexes: [LiveIndex] = []
        var definitionsByName: [Bytes: IndexDefinition] = [:]
        var synonyms: [Bytes: SynonymTable] = [:]
        var aliases: [(Bytes, Bytes)] = []
        for (key, value) in try definitions.load() {
            switch key {
            case .index(let name): definitionsByName[name] = try DefinitionCoding.decode(value)
            case .alias(let alias): aliases.append((alias, value))
            case .dictionary(let name): dictionaries.replace(name, with: try TermDictionaries.decode(value))
            case .synonyms(let name): synonyms[name] = try SynonymCoding.decode(value)
            case .suggestionsInUse: suggestions.noteInUse()
            }
        }
        for (name, definition) in definitionsByName.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            indexes.append(
                LiveIndex(
                    IndexConfiguration(
                        definition, synonyms: synonyms[name] ?? SynonymTable(),
                        analysis: AnalysisSettings(settings.search))))
        }
        var view = CatalogView(indexes: indexes)
        for (alias, target) in aliases {
            if let index = view.index(named: target) { view = view.pointing(alias, to: index) }
        }
        show(view)
        if !indexes.isEmpty { ingester.scan(.rebuilding, indexes) }
        findSuggestions()
    }

    /// On the lane, before the first dictionary of suggestions is written: from now on a start looks for them.
    func noteSuggestionsInUse() throws(CatalogError) {
        guard !suggestions.isInUse else { return }
        try save([(.suggestionsInUse, [1])])
        suggestions.noteInUse()
    }

    /// Makes a catalog the one that everybody sees, writes included.
    private func show(_ view: CatalogView) {
        catalog.replace(with: view)
        ingester.route(view.indexes)
    }
}
