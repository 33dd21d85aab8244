// Commands from before hashes were indexed by themselves. They write, delete and read the hashes all the same.

import RESP
import SearchAnalysis
import SearchEngine
import SearchModel

/// `FT.ADD index key score [REPLACE [PARTIAL] [NOCREATE]] [LANGUAGE l] [PAYLOAD p] [IF expression] FIELDS name value ...`
package struct FTAdd: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.add", [.write, .denyOOM], keys: KeyPositions(2, 2, 1), summary: "Writes a document (use HSET)")
    }

    let index: LiveIndex
    let request: DocumentAddition.Request

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        try self.init("FT.ADD", arguments, in: context)
    }

    init(_ name: StaticString, _ arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 4 else { throw ErrorReplies.arity(name) }
        request = try Self.parse(arguments)
        guard let index = context.services.search.use(arguments[1]) else { throw ErrorReplies.unknownIndexName }
        self.index = index
    }

    private static func parse(_ arguments: Arguments) throws(ReplyError) -> DocumentAddition.Request {
        guard let score = NumberText.double(arguments[3]) else { throw ErrorReplies.addScoreText }
        guard (0...1).contains(score) else { throw ErrorReplies.addScoreRange }
        var request = DocumentAddition.Request(key: arguments.bytes(2))
        var extra: [Bytes] = []
        if score != 1 { extra += [Bytes("__score".utf8), arguments.bytes(3)] }
        var cursor = ArgumentCursor(arguments, from: 4)
        while let word = cursor.peek {
            if cursor.take("REPLACE") {
                request.replaces = true
            } else if cursor.take("PARTIAL") {
                request.isPartial = true
            } else if cursor.take("NOCREATE") {
                request.needsDocument = true
            } else if cursor.take("LANGUAGE") {
                guard let name = cursor.take() else { throw ErrorReplies.missingArgument("LANGUAGE") }
                guard Language(name: name) != nil else { throw ErrorReplies.addLanguage }
                extra += [Bytes("__language".utf8), Bytes(name)]
            } else if cursor.take("PAYLOAD") {
                guard let payload = cursor.take() else { throw ErrorReplies.missingArgument("PAYLOAD") }
                extra += [Bytes("__payload".utf8), Bytes(payload)]
            } else if cursor.take("IF") {
                guard let condition = cursor.take() else { throw ErrorReplies.missingArgument("IF") }
                request.condition = Bytes(condition)
            } else if cursor.take("FIELDS") {
                guard cursor.remaining.isMultiple(of: 2) else { throw ErrorReplies.addFieldPairs }
                request.fields = cursor.bytes(cursor.position..<arguments.count)
                if !request.fields.isEmpty { request.fields += extra }
                return request
            } else {
                throw ErrorReplies.addUnknown(word)
            }
        }
        throw ErrorReplies.addNoFields
    }

    package func run(in context: any CommandContext) {
        context.run(
            DocumentAddition(request, to: index, engine: context.services.search) { outcome, reply in
                switch outcome {
                case .added: reply.ok()
                case .conditionFailed: reply.simple("NOADD")
                case .exists: reply.error(ErrorReplies.documentExists)
                case .missing: reply.error(ErrorReplies.documentMissing)
                case .wrongType: reply.error(ErrorReplies.invalidKey)
                case .failed(let message): reply.error(message)
                }
            })
    }
}

/// `FT.SAFEADD`: another name of `FT.ADD`.
package struct FTSafeAdd: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.safeadd", [.write, .denyOOM], keys: KeyPositions(2, 2, 1), summary: "Writes a document (use HSET)")
    }

    let command: FTAdd

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        command = try FTAdd("FT.SAFEADD", arguments, in: context)
    }

    package func run(in context: any CommandContext) { command.run(in: context) }
}
