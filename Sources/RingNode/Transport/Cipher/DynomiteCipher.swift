// AES-128-CBC as Dynomite's links have it.
//
//   drawn:  k0 .. k15 | k16 .. k31        the first half is the key, and the IV of every piece; the rest is unused
//
//   payload     ├──── 16,320 bytes ────┤├──── 16,320 bytes ────┤├─ rest ─┤
//   encrypted   ├──── 16,336 bytes ─────┤├──── 16,336 bytes ─────┤├─ rest, padded ─┤
//
// Each piece is padded (PKCS#7) and encrypted by itself. An empty payload is one piece of padding.

import COpenSSL

struct DynomiteCipher: LinkCipher {
    let wrappedKey: [UInt8]
    private let key: [UInt8]
    private let chunk: Int

    private static let blockLength = 16

    init(drawn: [UInt8], wrappedKey: [UInt8], chunk: Int) {
        key = Array(drawn.prefix(Self.blockLength))
        self.wrappedKey = wrappedKey
        self.chunk = chunk
    }

    func encrypt(_ payload: [UInt8]) throws -> [UInt8] {
        try transform(payload, piece: chunk, encrypting: true)
    }

    func decrypt(_ payload: [UInt8]) throws -> [UInt8] {
        guard !payload.isEmpty, payload.count % Self.blockLength == 0 else { throw CipherError() }
        return try transform(
            payload, piece: (chunk / Self.blockLength + 1) * Self.blockLength, encrypting: false)
    }

    /// Runs each piece of `piece` bytes through the cipher.
    private func transform(_ input: [UInt8], piece: Int, encrypting: Bool) throws(CipherError) -> [UInt8] {
        defer { ERR_clear_error() }
        guard key.count == Self.blockLength, let context = EVP_CIPHER_CTX_new() else { throw CipherError() }
        defer { EVP_CIPHER_CTX_free(context) }
        // Every piece may grow by a block.
        var output = [UInt8](repeating: 0, count: input.count + (input.count / piece + 2) * Self.blockLength)
        var total = 0
        var start = 0
        repeat {
            let count = min(piece, input.count - start)
            let written = input.withUnsafeBufferPointer { input in
                output.withUnsafeMutableBufferPointer { output -> Int? in
                    guard let out = output.baseAddress else { return nil }
                    var body: Int32 = 0
                    var tail: Int32 = 0
                    guard EVP_CipherInit_ex(context, EVP_aes_128_cbc(), nil, key, key, encrypting ? 1 : 0) == 1,
                        EVP_CipherUpdate(
                            context, out + total, &body, input.baseAddress.map { $0 + start }, Int32(count)) == 1,
                        EVP_CipherFinal_ex(context, out + total + Int(body), &tail) == 1
                    else { return nil }
                    return Int(body) + Int(tail)
                }
            }
            guard let written else { throw CipherError() }
            total += written
            start += count
        } while start < input.count
        output.removeLast(output.count - total)
        return output
    }
}
