import RESP
import SearchEngine
import SearchModel

/// `FT.DEBUG subcommand [argument ...]`: what tests and tools look at. This engine has other structures than
/// RediSearch; what is shown is what they hold.
package struct FTDebug: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.debug", [.readOnly, .admin], categories: ["admin", "dangerous"],
            summary: "Looks into an index, for tests", subcommands: names.map { $0.name.lowercased() })
    }

    private enum Subject: Sendable {
        case help, version, done, accepted
        case terms, postings, numbers, tags, tagFigures, keyOfID, idOfKey, document
        case collect
    }

    /// Name, number of arguments with the two names counted (negative: at least), what it is.
    ///
    /// The GC ones answer what tests of clients wait for and do nothing: there is no collector to call or to hold up. A
    /// deleted document is in no count from its deletion on, and merging drops its postings.
    private static let names: [(name: String, arity: Int, subject: Subject)] = [
        ("DUMP_INVIDX", 4, .postings), ("DUMP_NUMIDX", 4, .numbers), ("DUMP_TAGIDX", 4, .tags),
        ("INFO_TAGIDX", -4, .tagFigures), ("IDTODOCID", 4, .keyOfID), ("DOCIDTOID", 4, .idOfKey),
        ("DOCINFO", 4, .document), ("DUMP_TERMS", 3, .terms), ("GC_FORCEINVOKE", -3, .collect),
        ("GC_FORCEBGINVOKE", 3, .accepted), ("GC_CLEAN_NUMERIC", 4, .accepted), ("GC_STOP_SCHEDULE", 3, .accepted),
        ("GC_CONTINUE_SCHEDULE", 3, .accepted), ("GC_WAIT_FOR_JOBS", 2, .done), ("GIT_SHA", 2, .version),
        ("HELP", 2, .help),
    ]

    /// Known to RediSearch, about what there is not here.
    private static let refused: Set<String> = [
        "DUMP_NUMIDXTREE", "DUMP_GEOMIDX", "DUMP_PREFIX_TRIE", "DUMP_PHONETIC_HASH", "DUMP_SUFFIX_TRIE", "DUMP_HNSW",
        "INVIDX_SUMMARY", "NUMIDX_SUMMARY", "VECSIM_INFO", "TTL", "TTL_PAUSE", "TTL_EXPIRE", "DELETE_LOCAL_CURSORS",
    ]

    private let subject: Subject
    private let index: LiveIndex?
    private let argument: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 2 else { throw ErrorReplies.arity("FT.DEBUG") }
        let word = ErrorReplies.text(arguments[1]).uppercased()
        guard let (name, arity, subject) = Self.names.first(where: { $0.name == word }) else {
            throw Self.refused.contains(word)
                ? ErrorReplies.debugRefused(word) : ErrorReplies.debugUnknown(arguments[1])
        }
        guard arity >= 0 ? arguments.count == arity : arguments.count >= -arity else {
            throw ErrorReplies.debugArity(name)
        }
        self.subject = subject
        argument = arguments.count > 3 ? arguments.bytes(3) : []
        guard arguments.count > 2 else {
            index = nil
            return
        }
        index = context.services.search.find(arguments[2])
        if index == nil {
            switch subject {
            case .collect, .accepted: throw ErrorReplies.unknownIndexName
            default: throw ErrorReplies.debugNoIndex
            }
        }
    }

    package func run(in context: any CommandContext) throws(ReplyError) {
        let reply = context.reply
        switch subject {
        case .help:
            reply.array(Self.names.count - 1)
            for (name, _, _) in Self.names where name != "HELP" { reply.bulk(name) }
        case .version: reply.simple(ServerState.version.utf8)
        case .accepted: reply.ok()
        case .done, .collect: reply.simple("DONE")
        default:
            guard let index else { throw ErrorReplies.debugNoIndex }
            do throws(IndexInspection.FieldFault) {
                try write(index, IndexInspection(index), to: reply)
            } catch {
                throw error == .unknown ? ErrorReplies.debugNoField : ErrorReplies.debugNoTags
            }
        }
    }

    private func write(
        _ index: LiveIndex, _ inspection: IndexInspection, to reply: ReplyWriter
    ) throws(IndexInspection.FieldFault) {
        switch subject {
        case .terms:
            let terms = inspection.terms
            reply.array(terms.count)
            for term in terms { reply.bulk(term) }
        case .postings:
            guard let ids = inspection.documents(withTerm: argument) else {
                return reply.error(ErrorReplies.debugNoTerm)
            }
            write(ids, to: reply)
        case .numbers:
            let ids = try inspection.documents(withNumberIn: argument)
            reply.array(1)
            write(ids, to: reply)
        case .tags:
            let tags = try inspection.tags(of: argument, in: index)
            reply.array(tags.count)
            for (value, ids) in tags {
                reply.array(2)
                reply.bulk(value)
                write(ids, to: reply)
            }
        case .tagFigures:
            let tags = try inspection.tags(of: argument, in: index)
            reply.array(2)
            reply.bulk("num_values")
            reply.integer(tags.count)
        case .keyOfID:
            guard let id = argument.withUnsafeBufferPointer({ NumberText.integer($0) }) else {
                return reply.error(ErrorReplies.debugBadID)
            }
            guard id > 0, let key = inspection.key(ofDocument: UInt64(id)) else {
                return reply.error(ErrorReplies.debugRemoved)
            }
            reply.bulk(key)
        case .idOfKey:
            let document = argument.withUnsafeBufferPointer { inspection.document($0) }
            reply.integer(Int(document?.id ?? 0))
        case .document:
            guard let document = argument.withUnsafeBufferPointer({ inspection.document($0) }) else {
                return reply.error(ErrorReplies.debugNoDocument)
            }
            reply.map(4)
            reply.simple("internal_id")
            reply.integer(Int(document.id))
            reply.simple("score")
            reply.double(document.score)
            reply.simple("num_tokens")
            reply.integer(document.tokenCount)
            reply.simple("max_freq")
            reply.integer(document.maxFrequency)
        case .help, .version, .done, .accepted, .collect: break
        }
    }

    private func write(_ ids: [UInt64], to reply: ReplyWriter) {
        reply.array(ids.count)
        for id in ids { reply.integer(Int(id)) }
    }
}
