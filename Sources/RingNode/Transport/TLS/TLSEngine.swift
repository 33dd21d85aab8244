// TLS of one link without a socket: bytes of the wire go in and come out, and so does plain text.
//
//   wire ──► receive() ──► incoming ──► SSL ──► read() ──► plain text
//   wire ◄── takeOutput() ◄── outgoing ◄── SSL ◄── write() ◄── plain text

import COpenSSL

/// Why a link cannot be TLS.
package struct TLSFailure: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}

/// A value of one link's handler; not for several threads.
final class TLSEngine {
    enum Role {
        /// The other side must have this name.
        case connecting(String)
        /// The other side must have one of these names, if there are any.
        case accepting([String])
    }

    private let session: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let acceptedNames: [String]
    private(set) var isEstablished = false
    private var scratch = [UInt8](repeating: 0, count: 16 << 10)

    init(_ context: OpaquePointer, role: Role) throws {
        defer { ERR_clear_error() }
        guard let session = SSL_new(context) else { throw TLSFailure(description: "no TLS session") }
        guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
            SSL_free(session)
            throw TLSFailure(description: "no memory for TLS")
        }
        self.session = session
        self.incoming = incoming
        self.outgoing = outgoing
        // The session frees both from here on.
        SSL_set_bio(session, incoming, outgoing)
        switch role {
        case .connecting(let name):
            acceptedNames = []
            SSL_set_connect_state(session)
            guard SSL_set1_host(session, name) == 1 else { throw TLSFailure(description: "no name: \(name)") }
            var bytes = Array(name.utf8CString)
            SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &bytes)
        case .accepting(let names):
            acceptedNames = names
            SSL_set_accept_state(session)
        }
    }

    deinit { SSL_free(session) }

    /// Bytes of the wire.
    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        // Memory always takes everything.
        BIO_write(incoming, bytes.baseAddress, Int32(bytes.count))
    }

    /// Goes on with the handshake; true once the other side has shown who it is.
    func handshake() throws(TLSFailure) -> Bool {
        if isEstablished { return true }
        ERR_clear_error()
        let result = SSL_do_handshake(session)
        guard result == 1 else {
            guard SSL_get_error(session, result) == SSL_ERROR_WANT_READ else { throw failure() }
            return false
        }
        guard hasAcceptedName else { throw TLSFailure(description: "the certificate has none of the accepted names") }
        isEstablished = true
        return true
    }

    private var hasAcceptedName: Bool {
        if acceptedNames.isEmpty { return true }
        guard let certificate = SSL_get1_peer_certificate(session) else { return false }
        defer { X509_free(certificate) }
        return acceptedNames.contains { X509_check_host(certificate, $0, 0, 0, nil) == 1 }
    }

    /// Plain text that has come, up to a record of it; `nil` when there is no more now.
    func read() throws(TLSFailure) -> ArraySlice<UInt8>? {
        ERR_clear_error()
        let count = SSL_read(session, &scratch, Int32(scratch.count))
        if count > 0 { return scratch[..<Int(count)] }
        switch SSL_get_error(session, count) {
        case SSL_ERROR_WANT_READ: return nil
        case SSL_ERROR_ZERO_RETURN: throw TLSFailure(description: "the peer said goodbye")
        default: throw failure()
        }
    }

    /// - Precondition: the handshake is over.
    func write(_ bytes: UnsafeRawBufferPointer) throws(TLSFailure) {
        var start = 0
        while start < bytes.count {
            ERR_clear_error()
            let piece = min(bytes.count - start, 1 << 20)
            let count = SSL_write(session, bytes.baseAddress.map { $0 + start }, Int32(piece))
            guard count > 0 else { throw failure() }
            start += Int(count)
        }
    }

    /// Says goodbye; the answer is not waited for.
    func shutDown() {
        guard isEstablished else { return }
        ERR_clear_error()
        SSL_shutdown(session)
        ERR_clear_error()
    }

    /// How many bytes wait for the wire.
    var outputCount: Int { Int(BIO_ctrl_pending(outgoing)) }

    /// Moves bytes for the wire; gives how many.
    func takeOutput(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        max(0, Int(BIO_read(outgoing, buffer.baseAddress, Int32(clamping: buffer.count))))
    }

    private func failure() -> TLSFailure {
        let verification = SSL_get_verify_result(session)
        if verification != Int(X509_V_OK), let reason = X509_verify_cert_error_string(verification) {
            ERR_clear_error()
            return TLSFailure(description: "certificate: " + String(cString: reason))
        }
        return TLSFailure(description: Self.lastReason() ?? "TLS failed")
    }

    /// OpenSSL's words for what this thread did last, which are then forgotten.
    static func lastReason() -> String? {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return nil }
        return String(cString: reason)
    }
}
