import CPosthornCrypto
package import PosthornModel
public import PosthornText

extension Credentials {
    /// Bytes of randomness in a secret that is made here.
    private static let madeSecretByteCount = 32

    /// A new secret of the kind that the endpoint uses, and what the receiver has to be given.
    static func makeSecret(
        like settings: EndpointSettings,
        random: (Int) -> [UInt8]
    ) throws(InputProblem) -> (secret: String, shown: String) {
        try settings.signature.format.makeSecret(like: settings, from: random(madeSecretByteCount))
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
        if case .string(let replaced) = stored["secret"], .string(replaced) != current,
            settings.signature.format.accepts(secret: replaced, settings)
        {
            list.insert(PreviousSecret(text: replaced, validUntil: now.advanced(byMilliseconds: graceMilliseconds)), at: 0)
        }
        list.removeAll { $0.validUntil <= now || .string($0.text) == current }
        return list.isEmpty ? nil : .array(list.prefix(previousSecretLimit).map(\.value))
    }

    /// Until when each secret that was replaced still signs, newest first.
    public static func replacedSecretsSign(_ credentials: [String: JSONValue], at now: Timestamp) -> [Timestamp] {
        let list = (try? PreviousSecret.list(credentials[KeptMember.previousSecrets])) ?? []
        return list.map(\.validUntil).filter { $0 > now }
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

    /// Whether settings name a secret that was rotated away, in whose place the present one is kept.
    package static func namesRotatedSecret(_ settings: EndpointSettings, stored: [String: JSONValue]) -> Bool {
        guard let member = settings.signature.format.rotatedMember, case .string(let text) = settings.credentials[member] else {
            return false
        }
        return rotatedDigests(stored).contains(digest(text))
    }

    /// The digests that stored credentials hold.
    static func rotatedDigests(_ stored: [String: JSONValue]) -> [String] {
        guard case .array(let elements) = stored[KeptMember.rotatedFrom] else { return [] }
        return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// SHA-256 in hexadecimal: recognises a secret without keeping it.
    static func digest(_ secret: String) -> String { MessageDigest.sha256(Array(secret.utf8)) }
}
