import RESP
import SearchEngine
import SearchModel

/// What FT.DROPINDEX, FT.DROP and their forgiving forms have in common.
struct IndexDrop: Sendable {
    let name: Bytes
    let deletesDocuments: Bool
    /// An index that is not there is no error.
    let toleratesAbsence: Bool

    func run(in context: any CommandContext) throws(ReplyError) {
        let engine = context.services.search
        guard engine.find(name) != nil else {
            guard toleratesAbsence else { throw ErrorReplies.unknownIndexNameCapital }
            context.reply.ok()
            return
        }
        if context.mustAnswerNow {
            // The transaction cannot wait for the lane that runs it: documents go right behind it.
            do throws(CatalogError) {
                try engine.dropIndex(name, deletingDocuments: deletesDocuments) { _ in }
            } catch {
                throw failure(error)
            }
            context.reply.ok()
            return
        }
        let pending = context.completeLater()
        context.services.store.onLane {
            do throws(CatalogError) {
                try engine.dropIndex(name, deletingDocuments: deletesDocuments) { problem in
                    let reply = ReplyWriter(version: pending.version)
                    if let problem { reply.error(ErrorReplies.store(problem)) } else { reply.ok() }
                    pending.finish(reply)
                }
            } catch {
                let reply = ReplyWriter(version: pending.version)
                if error == .unknownIndex, toleratesAbsence { reply.ok() } else { reply.error(failure(error)) }
                pending.finish(reply)
            }
        }
    }

    private func failure(_ error: CatalogError) -> ReplyError {
        error == .unknownIndex ? ErrorReplies.unknownIndexNameCapital : ErrorReplies.catalog(error)
    }
}

/// `FT.DROPINDEX index [DD]`: as the oracle, a third word that is no DD is ignored.
package struct FTDropIndex: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.dropindex", .write, categories: ["write", "slow", "dangerous"], summary: "Deletes an index",
            since: "2.0.0")
    }

    let drop: IndexDrop

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 2 || arguments.count == 3 else { throw ErrorReplies.arity("FT.DROPINDEX") }
        drop = IndexDrop(
            name: arguments.bytes(1), deletesDocuments: arguments.count == 3 && arguments[2].equalsIgnoringCase("DD"),
            toleratesAbsence: false)
    }

    package func run(in context: any CommandContext) throws(ReplyError) { try drop.run(in: context) }
}

/// `FT._DROPINDEXIFX index [DD]`
package struct FTDropIndexIfExists: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft._dropindexifx", .write, categories: ["write", "slow", "dangerous"],
            summary: "Deletes an index if it is there", since: "2.0.0")
    }

    let drop: IndexDrop

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 2 || arguments.count == 3 else { throw ErrorReplies.arity("FT._DROPINDEXIFX") }
        drop = IndexDrop(
            name: arguments.bytes(1), deletesDocuments: arguments.count == 3 && arguments[2].equalsIgnoringCase("DD"),
            toleratesAbsence: true)
    }

    package func run(in context: any CommandContext) throws(ReplyError) { try drop.run(in: context) }
}

/// `FT.DROP index [KEEPDOCS]`: the old command, which deletes the documents unless told otherwise.
package struct FTDrop: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft.drop", .write, categories: ["write", "slow", "dangerous"], summary: "Deletes an index and its documents"
        )
    }

    let drop: IndexDrop

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 2 || arguments.count == 3 else { throw ErrorReplies.arity("FT.DROP") }
        drop = IndexDrop(
            name: arguments.bytes(1),
            deletesDocuments: !(arguments.count == 3 && arguments[2].equalsIgnoringCase("KEEPDOCS")),
            toleratesAbsence: false)
    }

    package func run(in context: any CommandContext) throws(ReplyError) { try drop.run(in: context) }
}

/// `FT._DROPIFX index [KEEPDOCS]`
package struct FTDropIfExists: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row(
            "ft._dropifx", .write, categories: ["write", "slow", "dangerous"],
            summary: "Deletes an index and its documents if it is there")
    }

    let drop: IndexDrop

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 2 || arguments.count == 3 else { throw ErrorReplies.arity("FT._DROPIFX") }
        drop = IndexDrop(
            name: arguments.bytes(1),
            deletesDocuments: !(arguments.count == 3 && arguments[2].equalsIgnoringCase("KEEPDOCS")),
            toleratesAbsence: true)
    }

    package func run(in context: any CommandContext) throws(ReplyError) { try drop.run(in: context) }
}
