// The words of errors that clients read, in one place: compatibility of messages is this file's business.

import RESP

package enum ErrorReplies {
    package static let authenticationRequired = "NOAUTH Authentication required."
    package static let wrongPassword = "WRONGPASS invalid username-password pair or user is disabled."
    package static let noPasswordSet =
        "ERR AUTH <password> called without any password configured for the default user. "
        + "Are you sure your configuration is correct?"
    package static let unsupportedProtocol = "NOPROTO unsupported protocol version"
    package static let protocolNotInteger = "ERR Protocol version is not an integer or out of range"
    package static let helloNeedsAuthentication =
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
        + "<user> <pass> option can be used to authenticate the client and select the RESP protocol version at "
        + "the same time"
    package static let databaseOutOfRange = "ERR DB index is out of range"
    package static let notAnInteger = "ERR value is not an integer or out of range"
    package static let syntax = "ERR syntax error"
    package static let nestedMulti = "ERR MULTI calls can not be nested"
    package static let execWithoutMulti = "ERR EXEC without MULTI"
    package static let discardWithoutMulti = "ERR DISCARD without MULTI"
    package static let watchInsideMulti = "ERR WATCH inside MULTI is not allowed"
    package static let executionAborted = "EXECABORT Transaction discarded because of previous errors."
    package static let notInTransaction = "ERR Command not allowed inside a transaction"
    package static let transactionTooLarge = "ERR transaction is too large"
    package static let tooManyClients = "ERR max number of clients reached"
    package static let tooManyUnauthenticated = "ERR too many unauthenticated connections from this address"
    package static let invalidClientName =
        "ERR Client names cannot contain spaces, newlines or special characters."
    package static let replyLost = "ERR the command ended without a reply"
    package static let protectedMode =
        "DENIED RingSearch runs in protected mode: it has no password and listens on more than the loopback "
        + "interface, so only clients of the same machine are served. Set requirepass, or bind to loopback alone, "
        + "or turn the protection off with CONFIG SET protected-mode no from the machine itself."

    package static func wrongArity(_ command: String) -> String {
        "ERR wrong number of arguments for '\(command)' command"
    }

    package static func unknownSubcommand(_ subcommand: ByteSlice, of command: String) -> String {
        "ERR unknown subcommand '\(text(subcommand, limit: 128))'. Try \(command.uppercased()) HELP."
    }

    /// `ERR unknown command 'X', with args beginning with: 'a' 'b' `, names and arguments cut at 128 bytes.
    package static func unknownCommand(_ arguments: Arguments) -> [UInt8] {
        var bytes = Array("ERR unknown command '".utf8)
        bytes += printable(arguments[0], limit: 128)
        bytes += "', with args beginning with: ".utf8
        var shown = 0
        var i = 1
        while i < arguments.count, shown < 128 {
            let part = printable(arguments[i], limit: 128 - shown)
            bytes.append(UInt8(ascii: "'"))
            bytes += part
            bytes += "' ".utf8
            shown += part.count + 3
            i += 1
        }
        return bytes
    }

    /// Bytes as they may stand in an error: cut, and ended by a NUL as in C.
    package static func printable(_ slice: ByteSlice, limit: Int) -> ArraySlice<UInt8> {
        Array(slice.prefix(limit)).prefix { $0 != 0 }
    }

    package static func text(_ slice: ByteSlice, limit: Int = 128) -> String {
        String(decoding: printable(slice, limit: limit), as: UTF8.self)
    }
}
