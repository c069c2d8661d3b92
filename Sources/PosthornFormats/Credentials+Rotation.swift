import CPosthornCrypto
import PosthornModel
import PosthornText

extension Credentials {
    /// The member that a rotation replaces.
    static func secretMember(_ settings: EndpointSettings) -> String? {
        switch settings.signature {
        case .none: return nil
        case .diio: return "signing_secret"
        case .conferenceToken: return "token"
        case .voisoKey: return "key"
        case .webioJWT, .standardWebhooks, .hmac: return "secret"
        }
    }

    /// Bytes of randomness in a secret that is made here.
    private static let madeSecretByteCount = 32

    /// A new secret of the kind that the endpoint uses, and what the receiver has to be given.
    static func makeSecret(
        like settings: EndpointSettings,
        random: (Int) -> [UInt8]
    ) throws(InputProblem) -> (secret: String, shown: String) {
        let bytes = random(madeSecretByteCount)
        let secret: String
        switch settings.signature {
        case .standardWebhooks:
            if case .string(let current) = settings.credentials["secret"], current.hasPrefix(StandardSecret.privatePrefix) {
                guard let key = Ed25519PrivateKey(seed: bytes) else { throw Libcrypto.failed("making an ed25519 key") }
                return (StandardSecret.privatePrefix + Base64.text(bytes + key.publicKey), StandardSecret.publicText(key))
            }
            secret = StandardSecret.symmetricPrefix + Base64.text(bytes)
        case .hmac where settings.credentials["secret_encoding"] == .string(HMACTemplate.SecretEncoding.base64.rawValue):
            secret = Base64.text(bytes)
        default: secret = Hex.text(bytes)
        }
        return (secret, secret)
    }

    /// Keeps the token of unchanged settings, so that applying the same file again sends the same token.
    static func keepToken(of stored: [String: JSONValue], in credentials: inout [String: JSONValue]) {
        let isSame = ["api_key", "secret", "organisation_id"].allSatisfy { stored[$0] == credentials[$0] }
        if isSame, let issuedAt = stored[KeptMember.issuedAt] { credentials[KeptMember.issuedAt] = issuedAt }
    }

    /// The moment of the next token: now, or a second after the last one if that was made just now, so that the two differ.
    static func nextTokenMoment(_ stored: [String: JSONValue], at now: Timestamp) -> JSONValue {
        guard case .number(let text) = stored[KeptMember.issuedAt], let last = Int64(text) else {
            return .number(String(now.unixSeconds))
        }
        return .number(String(max(now.unixSeconds, last + 1)))
    }

    /// The replaced secrets that still sign, newest first; `nil` when there are none.
    static func previousSecrets(
        _ stored: [String: JSONValue],
        of settings: EndpointSettings,
        unless current: JSONValue?,
        at now: Timestamp,
        graceMilliseconds: Int64
    ) throws(InputProblem) -> JSONValue? {
        var list = try PreviousSecret.list(stored[KeptMember.previousSecrets])
        // A secret from before the endpoint changed to this signature has another form and signs nothing here.
        if case .string(let replaced) = stored["secret"], .string(replaced) != current, signs(replaced, for: settings) {
            list.insert(PreviousSecret(text: replaced, validUntil: now.advanced(byMilliseconds: graceMilliseconds)), at: 0)
        }
        list.removeAll { $0.validUntil <= now || .string($0.text) == current }
        return list.isEmpty ? nil : .array(list.prefix(previousSecretLimit).map(\.value))
    }

    /// Whether a secret has a form that an endpoint's signature can use.
    private static func signs(_ secret: String, for settings: EndpointSettings) -> Bool {
        if settings.signature == .standardWebhooks { return (try? StandardSecret(secret, field: "")) != nil }
        let encoding = settings.credentials["secret_encoding"].flatMap { value -> HMACTemplate.SecretEncoding? in
            if case .string(let text) = value { HMACTemplate.SecretEncoding(rawValue: text) } else { nil }
        }
        return (try? HMACTemplate.secret(secret, encoding ?? .text)) != nil
    }

    /// Replaced secrets that sign at once: each adds about 50 bytes to every request's header.
    static let previousSecretLimit = 8

    /// Digests that are remembered: enough for a file that lags many rotations behind.
    private static let rotatedDigestLimit = 32

    /// The digests of all secrets rotated away, newest first, with the one that is replaced now.
    static func digestsAfterRotation(_ stored: [String: JSONValue], _ member: String) -> JSONValue {
        var digests = rotatedDigests(stored)
        if case .string(let replaced) = stored[member] { digests.insert(digest(replaced), at: 0) }
        return .array(digests.prefix(rotatedDigestLimit).map { .string($0) })
    }

    /// The digests that stored credentials hold.
    static func rotatedDigests(_ stored: [String: JSONValue]) -> [String] {
        guard case .array(let elements) = stored[KeptMember.rotatedFrom] else { return [] }
        return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// SHA-256 in hexadecimal: recognises a secret without keeping it.
    static func digest(_ secret: String) -> String { MessageDigest.sha256(Array(secret.utf8)) }
}
