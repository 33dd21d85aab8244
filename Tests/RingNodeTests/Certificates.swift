// An authority and certificates for tests, made anew each time.

import COpenSSL
import Foundation

@testable import RingNode

/// An authority that signs certificates of nodes, in a folder that goes with it.
///
/// `@unchecked Sendable`: used by one test at a time.
final class Authority: @unchecked Sendable {
    private let folder: URL
    private let key: OpaquePointer?
    private let certificate: OpaquePointer?
    private var count = 1

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        key = Self.makeKey()
        certificate = Self.makeCertificate(name: nil, serial: 1, key: key, issuer: nil, issuerKey: key)
        try write(certificate: certificate, to: "authority.pem")
    }

    deinit {
        EVP_PKEY_free(key)
        X509_free(certificate)
        try? FileManager.default.removeItem(at: folder)  // gone already is fine
    }

    /// A certificate for a DNS name.
    func files(for name: String) throws -> PeerTLS.Files {
        count += 1
        let nodeKey = Self.makeKey()
        defer { EVP_PKEY_free(nodeKey) }
        let signed = Self.makeCertificate(
            name: name, serial: count, key: nodeKey, issuer: certificate, issuerKey: key)
        defer { X509_free(signed) }
        try write(certificate: signed, to: "node\(count).pem")
        let sink = BIO_new(BIO_s_mem())
        PEM_write_bio_PrivateKey(sink, nodeKey, nil, nil, 0, nil, nil)
        try write(sink, to: "node\(count).key")
        return PeerTLS.Files(
            certificate: path("node\(count).pem"), key: path("node\(count).key"), authority: path("authority.pem"))
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func write(certificate: OpaquePointer?, to name: String) throws {
        let sink = BIO_new(BIO_s_mem())
        PEM_write_bio_X509(sink, certificate)
        try write(sink, to: name)
    }

    private func write(_ sink: OpaquePointer?, to name: String) throws {
        defer { BIO_free(sink) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = BIO_read(sink, &bytes, Int32(bytes.count))
        try Data(bytes[..<Int(max(count, 0))]).write(to: folder.appendingPathComponent(name))
    }

    private static func makeKey() -> OpaquePointer? {
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil)
        defer { EVP_PKEY_CTX_free(context) }
        EVP_PKEY_keygen_init(context)
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048)
        var key: OpaquePointer?
        EVP_PKEY_keygen(context, &key)
        return key
    }

    /// Signed by `issuer`, or by itself.
    private static func makeCertificate(
        name: String?, serial: Int, key: OpaquePointer?, issuer: OpaquePointer?, issuerKey: OpaquePointer?
    ) -> OpaquePointer? {
        let certificate = X509_new()
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial)
        X509_gmtime_adj(X509_getm_notBefore(certificate), -60)
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600)
        X509_set_pubkey(certificate, key)
        let subject = X509_get_subject_name(certificate)
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name ?? "authority", -1, -1, 0)
        X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0) } ?? subject)
        add(NID_basic_constraints, name == nil ? "critical,CA:TRUE" : "CA:FALSE", to: certificate)
        if let name { add(NID_subject_alt_name, "DNS:\(name)", to: certificate) }
        X509_sign(certificate, issuerKey, EVP_sha256())
        return certificate
    }

    private static func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer?) {
        let found = X509V3_EXT_conf_nid(nil, nil, kind, value)
        defer { X509_EXTENSION_free(found) }
        X509_add_ext(certificate, found, -1)
    }
}
