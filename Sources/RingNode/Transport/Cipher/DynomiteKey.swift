// The RSA key that all nodes of a ring share, in which payload keys of links are wrapped.
//
// Every node has the same private key. Whoever opens a link draws 32 random bytes and sends them, wrapped by RSA-OAEP with
// SHA-1, in the `data` of its first encrypted frame. This is as strong as Dynomite's cipher is, which is not very: the same
// bytes are key and IV, and nothing is authenticated. It is for rings that have such nodes; TLS is for the others.

import COpenSSL
import RingCore

/// Why a key cannot be used.
package enum LinkKeyError: Error, Equatable, Sendable {
    /// No private RSA key in PEM, or one that needs a pass phrase.
    case unreadable
    /// RSA keys below 1,024 bits are no keys.
    case tooShort(bits: Int)
}

/// Something could not be encrypted or decrypted. There is no more to know: each detail would help who guesses keys.
package struct CipherError: Error, Equatable, Sendable {}

/// A ring's private RSA key.
///
/// `@unchecked Sendable`: the key is immutable once read; OpenSSL lets any number of threads use it, each with its own context.
package final class DynomiteKey: LinkKey, @unchecked Sendable {
    /// Bytes of plain text that are encrypted as one piece: what Dynomite has room for in one of its buffers.
    package static let standardChunk = 16_384 - 64

    private let key: OpaquePointer
    private let chunk: Int

    /// Dynomite's own buffers hold wrapped keys of 1,024 bits and no more.
    package var bits: Int { Int(EVP_PKEY_get_bits(key)) }

    /// - Parameter pem: PKCS#1 or PKCS#8.
    /// - Parameter chunk: the peers' `mbuf_size` minus 64.
    package init(pem: [UInt8], chunk: Int = DynomiteKey.standardChunk) throws(LinkKeyError) {
        let found = pem.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer { BIO_free(source) }
            // Nobody is asked for a pass phrase: a server has no terminal.
            return PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        }
        ERR_clear_error()
        guard let found else { throw .unreadable }
        let bits = Int(EVP_PKEY_get_bits(found))
        guard EVP_PKEY_get_base_id(found) == EVP_PKEY_RSA, bits >= 1024 else {
            let isRSA = EVP_PKEY_get_base_id(found) == EVP_PKEY_RSA
            EVP_PKEY_free(found)
            throw isRSA ? .tooShort(bits: bits) : .unreadable
        }
        key = found
        self.chunk = max(chunk, 16)
    }

    deinit { EVP_PKEY_free(key) }

    /// Random bytes, as many as travel.
    private static let drawnLength = 32

    package func makeSession() throws -> any LinkCipher {
        var drawn = [UInt8](repeating: 0, count: Self.drawnLength)
        guard RAND_bytes(&drawn, Int32(drawn.count)) == 1 else { throw CipherError() }
        return DynomiteCipher(drawn: drawn, wrappedKey: try wrap(drawn), chunk: chunk)
    }

    package func openSession(wrappedKey: [UInt8]) throws -> any LinkCipher {
        let drawn = try transform(wrappedKey, EVP_PKEY_decrypt_init, EVP_PKEY_decrypt)
        guard drawn.count == Self.drawnLength else { throw CipherError() }
        return DynomiteCipher(drawn: drawn, wrappedKey: wrappedKey, chunk: chunk)
    }

    func wrap(_ drawn: [UInt8]) throws(CipherError) -> [UInt8] {
        try transform(drawn, EVP_PKEY_encrypt_init, EVP_PKEY_encrypt)
    }

    private typealias Transform = (
        OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?, UnsafePointer<UInt8>?, Int
    ) -> Int32

    private func transform(
        _ input: [UInt8], _ begin: (OpaquePointer?) -> Int32, _ run: Transform
    ) throws(CipherError) -> [UInt8] {
        // Refused inputs leave their reasons in a queue of this thread.
        defer { ERR_clear_error() }
        guard let context = EVP_PKEY_CTX_new(key, nil) else { throw CipherError() }
        defer { EVP_PKEY_CTX_free(context) }
        guard begin(context) == 1, EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1,
            EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha1()) == 1,
            EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha1()) == 1
        else { throw CipherError() }
        var output = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(key)))
        var length = output.count
        guard run(context, &output, &length, input, input.count) == 1, length <= output.count else {
            throw CipherError()
        }
        return Array(output[..<length])
    }
}
