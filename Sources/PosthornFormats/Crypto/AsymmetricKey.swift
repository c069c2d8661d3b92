import CPosthornCrypto
import PosthornModel

/// A key pair, or a public key alone, that vendors sign with.
///
/// `@unchecked Sendable`: libcrypto only reads a key while it signs or checks, and nothing here changes it after it is made.
final class AsymmetricKey: @unchecked Sendable {
    /// The families of keys.
    enum Kind: String, Sendable {
        case p256 = "P-256"
        case rsa = "RSA"
        case ed25519 = "Ed25519"

        /// The name that libcrypto knows it by.
        fileprivate var name: String {
            switch self {
            case .p256: return "EC"
            case .rsa: return "RSA"
            case .ed25519: return "ED25519"
            }
        }
    }

    private let key: OpaquePointer
    /// Whether it can sign.
    let isPrivate: Bool

    /// Reads a private or a public key in PEM; `nil` when it is none of this kind.
    init?(pem: [UInt8], _ kind: Kind) {
        guard let (key, isPrivate) = Self.read(pem) else { return nil }
        let isOfKind = EVP_PKEY_is_a(key, kind.name) == 1 && Self.fits(kind, bits: EVP_PKEY_get_bits(key))
        guard isOfKind else {
            EVP_PKEY_free(key)
            return nil
        }
        (self.key, self.isPrivate) = (key, isPrivate)
    }

    /// An Ed25519 key of 32 bytes: the seed of a private one.
    init?(ed25519Seed seed: [UInt8]) {
        guard seed.count == Ed25519PrivateKey.keyByteCount, let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
        else { return nil }
        (self.key, isPrivate) = (key, true)
    }

    /// An Ed25519 public key of 32 bytes.
    init?(ed25519Public bytes: [UInt8]) {
        guard bytes.count == Ed25519PrivateKey.keyByteCount,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
        else { return nil }
        (self.key, isPrivate) = (key, false)
    }

    deinit { EVP_PKEY_free(key) }

    /// Signing with a larger RSA key holds up everyone whose requests the same thread makes.
    private static func fits(_ kind: Kind, bits: Int32) -> Bool {
        switch kind {
        case .p256: return bits == 256
        case .rsa: return bits <= CredentialLimits.signingKeyLimitBits
        case .ed25519: return true
        }
    }

    private static func read(_ pem: [UInt8]) -> (key: OpaquePointer, isPrivate: Bool)? {
        func attempt(_ read: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
            guard let source = BIO_new_mem_buf(pem, Int32(clamping: pem.count)) else { return nil }
            defer {
                BIO_free(source)
                ERR_clear_error()
            }
            return read(source)
        }
        // An encrypted key asks for its passphrase on the terminal unless there is a function to ask.
        if let key = attempt({ PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) }) { return (key, true) }
        if let key = attempt({ PEM_read_bio_PUBKEY($0, nil, { _, _, _, _ in -1 }, nil) }) { return (key, false) }
        return nil
    }

    /// The signature of a message; of P-256 as DER.
    /// - Parameter digest: `nil` for Ed25519, which has its own.
    func signature(of message: [UInt8], _ digest: DigestName?) throws(InputProblem) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw Libcrypto.failed("signing") }
        defer { EVP_MD_CTX_free(context) }
        let function = digest.flatMap { EVP_get_digestbyname($0.rawValue) }
        var count = 0
        guard EVP_DigestSignInit(context, nil, function, nil, key) == 1,
            EVP_DigestSign(context, nil, &count, message, message.count) == 1
        else { throw Libcrypto.failed("signing") }
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else { throw Libcrypto.failed("signing") }
        return Array(signature.prefix(count))
    }

    /// Whether a signature was made over a message with this key.
    func isValid(_ signature: [UInt8], of message: [UInt8], _ digest: DigestName?) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        let function = digest.flatMap { EVP_get_digestbyname($0.rawValue) }
        return EVP_DigestVerifyInit(context, nil, function, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

/// The two ways in which an ECDSA signature over P-256 is written: a DER sequence of two integers, or the integers in 32 bytes each.
enum ECDSASignature {
    private static let halfByteCount = 32

    /// DER as 64 bytes; `nil` when it is no such sequence.
    static func joined(der: [UInt8]) -> [UInt8]? {
        var rest = der[...]
        guard rest.popFirst() == 0x30, let length = rest.popFirst(), Int(length) == rest.count else { return nil }
        var joined: [UInt8] = []
        for _ in 0..<2 {
            guard rest.popFirst() == 0x02, let length = rest.popFirst(), length > 0, Int(length) <= rest.count else { return nil }
            let digits = rest.prefix(Int(length)).drop { $0 == 0 }
            rest = rest.dropFirst(Int(length))
            if digits.count > halfByteCount { return nil }
            joined += Array(repeating: 0, count: halfByteCount - digits.count) + digits
        }
        return rest.isEmpty ? joined : nil
    }

    /// 64 bytes as DER; `nil` for another count.
    static func der(joined: [UInt8]) -> [UInt8]? {
        guard joined.count == 2 * halfByteCount else { return nil }
        var content: [UInt8] = []
        for half in [joined[..<halfByteCount], joined[halfByteCount...]] {
            var digits = Array(half.drop { $0 == 0 })
            // A first bit would be a sign, and no digit at all no integer.
            if digits.first ?? 0x80 >= 0x80 { digits.insert(0, at: 0) }
            content += [0x02, UInt8(digits.count)] + digits
        }
        return [0x30, UInt8(content.count)] + content
    }
}
