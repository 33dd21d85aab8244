// What links are made with, and what they report.

import NIOCore
import RingCore

/// What this node says about itself on its links. Called on event loops: the closures must not block.
package struct LocalNode: Sendable {
    /// The greeting, as it is now.
    package let hello: @Sendable () -> Hello
    /// The beginning of a message that leaves now; flags are set by the link.
    package let envelope: @Sendable () -> Envelope

    package init(hello: @escaping @Sendable () -> Hello, envelope: @escaping @Sendable () -> Envelope) {
        self.hello = hello
        self.envelope = envelope
    }
}

/// How an outgoing link behaves.
package struct LinkSettings: Sendable {
    package var dialect: DnodeDialect
    /// Whether the peer is in this node's datacenter.
    package var isSameDatacenter: Bool
    package var frameLimits: FrameLimits
    package var requestLimits: RequestLimits
    package var connectTimeout: TimeAmount
    /// How long the peer may take for its answer to the greeting.
    package var helloTimeout: TimeAmount
    /// A link with overdue answers that has brought nothing for so long is closed.
    package var silenceTimeout: TimeAmount
    /// Milliseconds.
    package var firstRetry: UInt32
    package var retryLimit: UInt32
    /// Payloads are encrypted as Dynomite does, with keys wrapped for this key's owner.
    package var cipher: (any LinkKey)?
    /// The link is TLS, and the peer's certificate must have this name.
    package var tls: (certificates: PeerTLS, name: String)?

    package init(
        dialect: DnodeDialect = .netflix, isSameDatacenter: Bool = true, frameLimits: FrameLimits = .standard,
        requestLimits: RequestLimits = RequestLimits(), connectTimeout: TimeAmount = .seconds(5),
        helloTimeout: TimeAmount = .seconds(5), silenceTimeout: TimeAmount = .seconds(5), firstRetry: UInt32 = 100,
        retryLimit: UInt32 = 5_000, cipher: (any LinkKey)? = nil,
        tls: (certificates: PeerTLS, name: String)? = nil
    ) {
        self.dialect = dialect
        self.isSameDatacenter = isSameDatacenter
        self.frameLimits = frameLimits
        self.requestLimits = requestLimits
        self.connectTimeout = connectTimeout
        self.helloTimeout = helloTimeout
        self.silenceTimeout = silenceTimeout
        self.firstRetry = firstRetry
        self.retryLimit = retryLimit
        self.cipher = cipher
        self.tls = tls
    }
}

/// Why a request has no answer.
package enum LinkFailure: Error, Hashable, Sendable {
    /// Nothing was sent: there is no connection.
    case notConnected
    /// Nothing was sent: too much is waiting for this peer already.
    case queueFull
    /// Nothing was sent: no frame may be so long.
    case tooLong
    /// Nothing was sent: the peer is no RingSearch node, or one of another frame version.
    case notUnderstood
    /// The peer said that it does not know such a request.
    case unsupported
    /// No answer in time. When `wasSent`, the request may have been carried out.
    case timedOut(wasSent: Bool)
    /// The connection ended first. When `wasSent`, the request may have been carried out.
    case connectionLost(wasSent: Bool)

    /// Whether the peer may have seen the request.
    package var mayHaveHappened: Bool {
        switch self {
        case .timedOut(let wasSent), .connectionLost(let wasSent): wasSent
        case .notConnected, .queueFull, .tooLong, .notUnderstood, .unsupported: false
        }
    }
}

/// Who is at the other end of an outgoing link.
package enum PeerKind: Equatable, Sendable {
    case ringSearch(Hello)
    /// Dynomite or a descendant: store requests and gossip, nothing else.
    case older
}

/// Why a link ended.
package enum LinkLoss: Error, Equatable, Sendable {
    case connectFailed(String)
    case closedByPeer
    case failed(String)
    case badFrame(FrameError)
    case badParts(PartError)
    /// A payload that cannot be decrypted, or is not encrypted where it must be.
    case badCipher
    /// Answers are overdue and nothing came.
    case silent
    /// The greeting was answered with another ring's name, or by this very node.
    case wrongPeer(String)
    case stopped
}

/// What an outgoing link tells its owner, on its event loop.
package enum LinkEvent: Equatable, Sendable {
    /// The greeting was answered; requests may be sent.
    case up(PeerKind)
    /// The connection is gone, or could not be made. Another attempt follows unless the link was stopped.
    case down(LinkLoss)
}

/// A key that payload keys of links are wrapped for.
package protocol LinkKey: Sendable {
    /// A cipher for a new outgoing link, with a fresh key.
    func makeSession() throws -> any LinkCipher
    /// The cipher of an accepted link, from the wrapped key that its first encrypted frame brought.
    func openSession(wrappedKey: [UInt8]) throws -> any LinkCipher
}

/// The cipher of one link.
package protocol LinkCipher: Sendable {
    /// What the first encrypted frame carries for the other side.
    var wrappedKey: [UInt8] { get }
    func encrypt(_ payload: [UInt8]) throws -> [UInt8]
    /// All failures look alike.
    func decrypt(_ payload: [UInt8]) throws -> [UInt8]
}
