import PosthornModel
import PosthornText

/// A signing secret in the form that the Standard Webhooks specification gives it.
enum StandardSecret: Sendable {
    /// `whsec_` and 24 to 64 bytes in base64: HMAC-SHA256, signatures `v1,…`.
    case symmetric(HMACKey)
    /// `whsk_` and an ed25519 private key in base64: signatures `v1a,…`.
    case asymmetric(Ed25519PrivateKey)

    /// Bytes that a symmetric secret may have, from the specification.
    static let symmetricByteCounts = 24...64
    static let symmetricPrefix = "whsec_"
    static let privatePrefix = "whsk_"
    static let publicPrefix = "whpk_"

    /// Reads a secret; `field` is where it stands.
    init(_ text: String, field: String) throws(InputProblem) {
        if text.hasPrefix(Self.symmetricPrefix) {
            guard let key = Base64.decode(text.utf8.dropFirst(Self.symmetricPrefix.utf8.count)) else {
                throw InputProblem(field: field, reason: "is not base64 after whsec_")
            }
            guard Self.symmetricByteCounts.contains(key.count) else {
                throw InputProblem(.outOfRange, field: field, reason: "has \(key.count) bytes; Standard Webhooks wants 24 to 64")
            }
            self = .symmetric(try HMACKey(.sha256, key: key))
        } else if text.hasPrefix(Self.privatePrefix) {
            guard let bytes = Base64.decode(text.utf8.dropFirst(Self.privatePrefix.utf8.count)) else {
                throw InputProblem(field: field, reason: "is not base64 after whsk_")
            }
            self = .asymmetric(try Self.privateKey(bytes, field: field))
        } else if text.hasPrefix(Self.publicPrefix) {
            throw InputProblem(
                .incompatible,
                field: field,
                reason: "is a public key (whpk_), which cannot sign; give the private one (whsk_)"
            )
        } else {
            throw InputProblem(field: field, reason: "must start with whsec_ (HMAC) or whsk_ (ed25519)")
        }
    }

    /// Libraries write a private key as its 32-byte seed, or as the seed followed by the public key.
    private static func privateKey(_ bytes: [UInt8], field: String) throws(InputProblem) -> Ed25519PrivateKey {
        let seedCount = Ed25519PrivateKey.keyByteCount
        guard bytes.count == seedCount || bytes.count == 2 * seedCount,
            let key = Ed25519PrivateKey(seed: Array(bytes.prefix(seedCount)))
        else {
            throw InputProblem(
                .outOfRange,
                field: field,
                reason: "has \(bytes.count) bytes; an ed25519 key has 32, or 64 with its public key"
            )
        }
        guard bytes.count == seedCount || Array(bytes.suffix(seedCount)) == key.publicKey else {
            throw InputProblem(.mismatch, field: field, reason: "holds a public key that does not belong to its private key")
        }
        return key
    }

    /// The public key of a `whsk_` secret in its `whpk_` form.
    static func publicText(_ key: Ed25519PrivateKey) -> String { publicPrefix + Base64.text(key.publicKey) }
}

/// A key that Standard Webhooks' signatures are checked with.
struct StandardVerifyingKey: Sendable {
    private enum Key: Sendable {
        case symmetric(HMACKey)
        case publicKey([UInt8])
    }

    private let key: Key
    /// The end of the grace period of a secret that was replaced; `nil` for the current one.
    let validUntil: Timestamp?

    /// The current secret's key and those of secrets in their grace period.
    static func all(_ reader: CredentialReader) throws(InputProblem) -> [StandardVerifyingKey] {
        let text = try reader.required("secret")
        if text.hasPrefix(StandardSecret.publicPrefix) {
            guard let key = Base64.decode(text.utf8.dropFirst(StandardSecret.publicPrefix.utf8.count)),
                key.count == Ed25519PrivateKey.keyByteCount
            else { throw InputProblem(field: CredentialReader.field("secret"), reason: "is not 32 bytes in base64 after whpk_") }
            return [StandardVerifyingKey(key: .publicKey(key), validUntil: nil)]
        }
        return try StandardSignature.entries(reader).map { entry in
            switch entry.secret {
            case .symmetric(let key): return StandardVerifyingKey(key: .symmetric(key), validUntil: entry.validUntil)
            case .asymmetric(let key): return StandardVerifyingKey(key: .publicKey(key.publicKey), validUntil: entry.validUntil)
            }
        }
    }

    /// Whether one `version,base64` signature is this key's.
    func isValid(_ signature: String, of message: [UInt8]) throws(InputProblem) -> Bool {
        switch key {
        case .symmetric(let key):
            guard signature.hasPrefix("v1,"), let bytes = Base64.decode(signature.utf8.dropFirst(3)) else { return false }
            return ConstantTime.equal(bytes, try key.code(of: message))
        case .publicKey(let key):
            guard signature.hasPrefix("v1a,"), let bytes = Base64.decode(signature.utf8.dropFirst(4)) else { return false }
            return Ed25519.isValid(bytes, of: message, publicKey: key)
        }
    }
}
