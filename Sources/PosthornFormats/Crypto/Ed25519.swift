import CPosthornCrypto
import PosthornModel

/// An ed25519 private key (RFC 8032).
///
/// `@unchecked Sendable`: libcrypto only reads a key while it signs, and nothing here changes it after it is made.
final class Ed25519PrivateKey: @unchecked Sendable {
    /// Bytes of a seed, and of a public key.
    static let keyByteCount = 32
    /// Bytes of a signature.
    static let signatureByteCount = 64
    private let key: OpaquePointer
    /// The public key that belongs to it.
    let publicKey: [UInt8]

    /// `nil` unless `seed` has 32 bytes.
    init?(seed: [UInt8]) {
        guard seed.count == Self.keyByteCount,
            let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
        else { return nil }
        self.key = key
        var count = Self.keyByteCount
        var bytes = [UInt8](repeating: 0, count: count)
        let isRead = EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1
        publicKey = bytes
        if !isRead { return nil }
    }

    deinit { EVP_PKEY_free(key) }

    /// The signature of a message.
    func signature(of message: [UInt8]) throws(InputProblem) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw Libcrypto.failed("ed25519") }
        defer { EVP_MD_CTX_free(context) }
        var count = Self.signatureByteCount
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else { throw Libcrypto.failed("ed25519") }
        return signature
    }
}

/// Checking ed25519 signatures.
enum Ed25519 {
    /// Whether `signature` was made over `message` with the private key that belongs to `publicKey`.
    static func isValid(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard publicKey.count == Ed25519PrivateKey.keyByteCount,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
