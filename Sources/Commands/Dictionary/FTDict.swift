import RESP
import SearchEngine
import SearchModel

/// `FT.DICTADD dict term ...`: how many were new.
package struct FTDictAdd: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.dictadd", [.write, .denyOOM], summary: "Adds terms to a dictionary", since: "1.4.0")
    }

    let dictionary: Bytes
    let terms: [Bytes]

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 3 else { throw ErrorReplies.arity("FT.DICTADD") }
        dictionary = arguments.bytes(1)
        terms = (2..<arguments.count).map { arguments.bytes($0) }
    }

    package func run(in context: any CommandContext) {
        OnLane.run(in: context) { [dictionary, terms] engine, reply throws(ReplyError) in
            do throws(CatalogError) {
                reply.integer(try engine.addTerms(terms, toDictionary: dictionary))
            } catch {
                throw ErrorReplies.catalog(error)
            }
        }
    }
}

/// `FT.DICTDEL dict term ...`: how many were there.
package struct FTDictDel: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.dictdel", .write, summary: "Removes terms from a dictionary", since: "1.4.0")
    }

    let dictionary: Bytes
    let terms: [Bytes]

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count >= 3 else { throw ErrorReplies.arity("FT.DICTDEL") }
        dictionary = arguments.bytes(1)
        terms = (2..<arguments.count).map { arguments.bytes($0) }
    }

    package func run(in context: any CommandContext) {
        OnLane.run(in: context) { [dictionary, terms] engine, reply throws(ReplyError) in
            do throws(CatalogError) {
                reply.integer(try engine.removeTerms(terms, fromDictionary: dictionary))
            } catch {
                throw ErrorReplies.catalog(error)
            }
        }
    }
}

/// `FT.DICTDUMP dict`: all terms in byte order.
package struct FTDictDump: SearchCommand {
    package static var descriptor: CommandDescriptor {
        row("ft.dictdump", .readOnly, summary: "Lists the terms of a dictionary", since: "1.4.0")
    }

    let dictionary: Bytes

    package init(parsing arguments: Arguments, in context: any CommandContext) throws(ReplyError) {
        guard arguments.count == 2 else { throw ErrorReplies.arity("FT.DICTDUMP") }
        dictionary = arguments.bytes(1)
    }

    package func run(in context: any CommandContext) throws(ReplyError) {
        guard let terms = context.services.search.dictionary(dictionary) else {
            throw ErrorReplies.couldNotOpenDictionary
        }
        context.reply.set(terms.count)
        for term in terms { context.reply.bulk(term) }
    }
}
