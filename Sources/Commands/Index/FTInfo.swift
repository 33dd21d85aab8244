import RESP
import SearchEngine
import SearchIndex
import SearchModel

/// `FT.INFO index [WITH_INDEX_ERROR_TIME]`: what an index is, holds, and went through.
///
/// Names, order and shapes are the oracle's; the figures are ours. What this engine has no counterpart for (vectors,
/// shapes, a garbage collector's passes) is 0.
package struct FTInfo: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.info", .readOnly, summary: "Shows the definition and the figures of an index")
    }

    let index: LiveIndex
    let withErrorTime: Bool

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 2 else { throw ErrorReplies.arity("FT.INFO") }
        guard let index = context.services.search.use(arguments[1]) else { throw ErrorReplies.unknownIndexName }
        try index.checkLoaded()
        self.index = index
        withErrorTime = arguments.count > 2 && arguments[2].equalsIgnoringCase("WITH_INDEX_ERROR_TIME")
    }

    package func run(in context: any CommandContext) {
        let writer = InfoWriter(
            reply: context.reply, definition: index.definition, withErrorTime: withErrorTime,
            cursors: context.services.search.cursors.figures(of: index),
            cursorLimit: context.services.settings.search.indexCursorLimit)
        writer.write(index)
    }
}

/// One FT.INFO reply in the making.
private struct InfoWriter {
    let reply: ReplyWriter
    let definition: IndexDefinition
    let withErrorTime: Bool
    let cursors: (total: Int, idle: Int, ofIndex: Int)
    let cursorLimit: Int

    func write(_ index: LiveIndex) {
        let isTemporary = definition.temporarySeconds != nil
        let hasStopWords = definition.stopWords != nil
        reply.map(33 + (isTemporary ? 0 : 1) + (hasStopWords ? 1 : 0))
        name("index_name")
        reply.simple(index.name)
        writeOptions()
        writeDefinition()
        name("attributes")
        reply.array(definition.schema.fields.count)
        for field in definition.schema.fields { write(field) }
        writeFigures(index)
        if !isTemporary { writeGarbageCollection() }
        writeCursors()
        if let words = definition.stopWords {
            name("stopwords_list")
            reply.array(words.count)
            for word in words { reply.bulk(word) }
        }
        name("dialect_stats")
        reply.map(4)
        for (dialect, text) in [(1, "dialect_1"), (2, "dialect_2"), (3, "dialect_3"), (4, "dialect_4")] {
            reply.simple(text.utf8)
            reply.integer(index.hasUsedDialect(dialect) ? 1 : 0)
        }
        name("Index Errors")
        write(index.failureRecord)
        name("field statistics")
        reply.array(definition.schema.fields.count)
        for (position, field) in definition.schema.fields.enumerated() {
            reply.map(3)
            name("identifier")
            reply.simple(field.identifier)
            name("attribute")
            reply.simple(field.attribute)
            name("Index Errors")
            write(index.failureRecord(field: position))
        }
    }

    // MARK: definition

    private func writeOptions() {
        var options: [StaticString] = []
        if definition.noFrequencies { options.append("NOFREQS") }
        if definition.noFields { options.append("NOFIELDS") }
        if definition.noOffsets { options.append("NOOFFSETS") }
        if definition.noHighlight { options.append("NOHL") }
        if definition.maxTextFields { options.append("MAXTEXTFIELDS") }
        name("index_options")
        reply.array(options.count)
        for option in options { reply.simple(option) }
    }

    private func writeDefinition() {
        let isEnglish = definition.language.elementsEqual("english".utf8)
        name("index_definition")
        var pairs = 3
        if !isEnglish { pairs += 1 }
        if definition.filter != nil { pairs += 1 }
        for field in [definition.languageField, definition.scoreField, definition.payloadField] where field != nil {
            pairs += 1
        }
        reply.map(pairs)
        name("key_type")
        reply.simple("HASH")
        name("prefixes")
        reply.array(definition.prefixes.count)
        for prefix in definition.prefixes { reply.simple(prefix) }
        if let filter = definition.filter {
            name("filter")
            reply.simple(filter)
        }
        if !isEnglish {
            name("default_language")
            reply.simple(definition.language)
        }
        if let field = definition.languageField {
            name("language_field")
            reply.simple(field)
        }
        name("default_score")
        reply.double(definition.score)
        if let field = definition.scoreField {
            name("score_field")
            reply.simple(field)
        }
        if let field = definition.payloadField {
            name("payload_field")
            reply.simple(field)
        }
    }

    /// Bare words at the end in RESP2, a list of their own in RESP3.
    private func write(_ field: FieldSpec) {
        let flags = Self.flags(of: field)
        let typePairs: Int
        let type: StaticString
        switch field.kind {
        case .text: (type, typePairs) = ("TEXT", 1)
        case .tag: (type, typePairs) = ("TAG", 1)
        case .numeric: (type, typePairs) = ("NUMERIC", 0)
        case .geo: (type, typePairs) = ("GEO", 0)
        }
        if reply.version == .resp3 {
            reply.map(4 + typePairs)
        } else {
            reply.array(2 * (3 + typePairs) + flags.count)
        }
        name("identifier")
        reply.simple(field.identifier)
        name("attribute")
        reply.simple(field.attribute)
        name("type")
        reply.simple(type)
        switch field.kind {
        case .text(let options):
            name("WEIGHT")
            reply.double(options.weight)
        case .tag(let options):
            name("SEPARATOR")
            reply.simple(options.separator.map { [$0] } ?? [])
        case .numeric, .geo:
            break
        }
        if reply.version == .resp3 {
            name("flags")
            reply.array(flags.count)
        }
        for flag in flags { reply.simple(flag) }
    }

    private static func flags(of field: FieldSpec) -> [StaticString] {
        var flags: [StaticString] = []
        var noStem = false
        var suffixes = false
        var empty = false
        switch field.kind {
        case .text(let options):
            noStem = options.noStem
            suffixes = options.withSuffixTrie
            empty = options.indexEmpty
        case .tag(let options):
            if options.caseSensitive { flags.append("CASESENSITIVE") }
            suffixes = options.withSuffixTrie
            empty = options.indexEmpty
        case .numeric, .geo:
            break
        }
        if field.isSortable { flags.append("SORTABLE") }
        if field.isUnnormalized { flags.append("UNF") }
        if noStem { flags.append("NOSTEM") }
        if field.isNotIndexed { flags.append("NOINDEX") }
        if suffixes { flags.append("WITHSUFFIXTRIE") }
        if empty { flags.append("INDEXEMPTY") }
        if field.indexMissing { flags.append("INDEXMISSING") }
        return flags
    }

    // MARK: figures

    private func writeFigures(_ index: LiveIndex) {
        let snapshot = index.snapshot
        let figures = snapshot.figures
        integer("num_docs", snapshot.documentCount)
        integer("max_doc_id", snapshot.segments.reduce(0) { $0 + $1.documentCount })
        integer("num_terms", figures.termCount)
        integer("num_records", figures.postingCount)
        megabytes("inverted_sz_mb", figures.invertedBytes + figures.unsealedBytes)
        megabytes("vector_index_sz_mb", 0)
        integer("total_inverted_index_blocks", figures.postingBlockCount)
        megabytes("offset_vectors_sz_mb", figures.positionBytes)
        megabytes("doc_table_size_mb", figures.documentTableBytes)
        megabytes("sortable_values_size_mb", figures.fieldBytes)
        megabytes("key_table_size_mb", figures.keyTableBytes)
        megabytes("tag_overhead_sz_mb", 0)
        megabytes("text_overhead_sz_mb", figures.dictionaryBytes)
        megabytes("total_index_memory_sz_mb", figures.totalBytes)
        megabytes("geoshapes_sz_mb", 0)
        ratio("records_per_doc_avg", figures.postingCount, snapshot.documentCount)
        ratio("bytes_per_record_avg", figures.invertedBytes + figures.unsealedBytes, figures.postingCount)
        ratio("offsets_per_term_avg", snapshot.totalLength, figures.postingCount)
        ratio("offset_bits_per_record_avg", 8 * figures.positionBytes, figures.postingCount)
        integer("hash_indexing_failures", index.failureRecord.count)
        name("total_indexing_time")
        reply.double(index.indexingMilliseconds)
        let progress = index.scanProgress
        integer("indexing", progress == nil ? 0 : 1)
        name("percent_indexed")
        reply.double(progress?.fraction ?? 1)
        integer("number_of_uses", index.uses)
        integer("cleaning", 0)
    }

    private func writeGarbageCollection() {
        name("gc_stats")
        reply.map(7)
        for (name, value) in [
            ("bytes_collected", 0), ("total_ms_run", 0), ("total_cycles", 0), ("average_cycle_time_ms", Double.nan),
            ("last_run_time_ms", 0), ("gc_numeric_trees_missed", 0), ("gc_blocks_denied", 0),
        ] {
            reply.simple(name.utf8)
            reply.double(value)
        }
    }

    private func writeCursors() {
        name("cursor_stats")
        reply.map(4)
        integer("global_idle", cursors.idle)
        integer("global_total", cursors.total)
        integer("index_capacity", cursorLimit)
        integer("index_total", cursors.ofIndex)
    }

    private func write(_ failures: FailureRecord) {
        reply.map(withErrorTime ? 4 : 3)
        integer("indexing failures", failures.count)
        name("last indexing error")
        if let error = failures.lastError { reply.simple(error) } else { reply.simple("N/A") }
        name("last indexing error key")
        if let key = failures.lastKey { reply.bulk(key) } else { reply.bulk("N/A" as StaticString) }
        if withErrorTime {
            name("last indexing error time")
            reply.integer(failures.lastTime)
        }
    }

    // MARK: pieces

    private func name(_ text: StaticString) { reply.simple(text) }

    private func integer(_ text: StaticString, _ value: Int) {
        name(text)
        reply.integer(value)
    }

    private func megabytes(_ text: StaticString, _ bytes: Int) {
        name(text)
        reply.double(Double(bytes) / Double(1 << 20))
    }

    private func ratio(_ text: StaticString, _ value: Int, _ count: Int) {
        name(text)
        reply.double(count == 0 ? .nan : Double(value) / Double(count))
    }
}
