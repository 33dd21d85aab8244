// Certificates of peer links. Both sides prove who they are: there is no half of it.

import COpenSSL
import Synchronization

/// Why files cannot be used. A node that was told to use them does not start without.
package struct PeerTLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Which of the files.
    package let path: String
    package let reason: String

    package var description: String { "\(path): \(reason)" }
}

/// A node's certificate and key, and the authority that has signed those of all its peers.
package final class PeerTLS: Sendable {
    /// PEM files.
    package struct Files: Hashable, Sendable {
        /// The node's certificate, then those between it and the authority.
        package var certificate: String
        package var key: String
        /// Certificates of the authority: what it has not signed is no peer.
        package var authority: String

        package init(certificate: String, key: String, authority: String) {
            self.certificate = certificate
            self.key = key
            self.authority = authority
        }
    }

    package let files: Files
    /// Names of which a peer that connects to us must have one in its certificate; empty when the authority's word is enough.
    package let acceptedNames: [String]
    private let context: Mutex<Context>

    package init(files: Files, acceptedNames: [String] = []) throws(PeerTLSError) {
        self.files = files
        self.acceptedNames = acceptedNames
        context = Mutex(try Context(files))
    }

    /// Reads the files anew: later handshakes use what they hold now, links go on as they are. After an error nothing has
    /// changed.
    package func reload() throws(PeerTLSError) {
        let read = try Context(files)
        context.withLock { $0 = read }
    }

    /// The name that a peer's certificate must have: that of its datacenter, as other systems of this protocol have it.
    package static func name(ofDatacenter datacenter: String) -> String { "dc-\(datacenter).dynomite.local" }

    /// The engine of a link that we open.
    func connecting(to name: String) throws -> TLSEngine {
        try TLSEngine(context.withLock { $0 }.pointer, role: .connecting(name))
    }

    /// The engine of a link that was opened to us.
    func accepting() throws -> TLSEngine {
        try TLSEngine(context.withLock { $0 }.pointer, role: .accepting(acceptedNames))
    }

    /// What OpenSSL keeps for all links with the same files; links hold on to it by themselves.
    ///
    /// `@unchecked Sendable`: nothing is changed after `init`, and OpenSSL counts references under its own lock.
    private final class Context: @unchecked Sendable {
        let pointer: OpaquePointer

        init(_ files: Files) throws(PeerTLSError) {
            defer { ERR_clear_error() }
            guard let made = SSL_CTX_new(TLS_method()) else {
                throw PeerTLSError(path: files.certificate, reason: "no TLS")
            }
            pointer = made
            // The macros of these settings do not reach Swift.
            SSL_CTX_ctrl(made, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
            SSL_CTX_ctrl(made, SSL_CTRL_MODE, Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS), nil)
            // Links live long: nothing is gained by resuming their sessions.
            SSL_CTX_ctrl(made, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
            SSL_CTX_set_verify(made, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
            // Nobody is asked for a pass phrase: a server has no terminal.
            SSL_CTX_set_default_passwd_cb(made) { _, _, _, _ in -1 }
            try Self.check(SSL_CTX_use_certificate_chain_file(made, files.certificate), files.certificate)
            try Self.check(SSL_CTX_use_PrivateKey_file(made, files.key, SSL_FILETYPE_PEM), files.key)
            try Self.check(SSL_CTX_check_private_key(made), files.key)
            try Self.check(SSL_CTX_load_verify_file(made, files.authority), files.authority)
        }

        deinit { SSL_CTX_free(pointer) }

        private static func check(_ result: Int32, _ path: String) throws(PeerTLSError) {
            guard result != 1 else { return }
            throw PeerTLSError(path: path, reason: TLSEngine.lastReason() ?? "cannot be read")
        }
    }
}
