import CPosthornCrypto
package import PosthornModel
public import PosthornText

extension Credentials {
    /// Bytes of randomness in a secret that is made here.
    private static let madeSecretByteCount = 32

    /// A new secret of the kind that the endpoint uses, and what the receiver has to be given.
    static func makeSecret(
        _ member: String,
        like settings: EndpointSettings,
        random: (Int) -> [UInt8]
    ) throws(InputProblem) -> (secret: String, shown: String) {
        try settings.signature.format.makeSecret(member, like: settings, from: random(madeSecretByteCount))
    }

    /// The secret that a rotation replaces.
    /// - Parameter name: Which one, where a vendor's file names several.
    /// - Throws: Why there is none, or which there are.
    package static func rotatedMember(_ settings: EndpointSettings, named name: String?) throws(InputProblem) -> String {
        let members = settings.signature.format.rotatedMembers(settings)
        guard let first = members.first else {
            throw InputProblem(.incompatible, field: "signature", value: settings.signature.rawValue, reason: "has no secret to rotate")
        }
        if let name {
            if members.contains(name) { return name }
            let advice = Suggestion.advice(for: name, among: members, otherwise: "there is")
            throw InputProblem(.unknownWord, field: "name", value: name, reason: "names no secret of this endpoint; \(advice)")
        }
        if members.count > 1 {
            let all = members.joined(separator: ", ")
            throw InputProblem(.missing, field: "name", reason: "is missing: the vendor file has several secrets; name one of \(all)")
        }
        return first
    }

    /// Whether a replaced secret of this name can sign beside its successor.
    package static func carriesSeveralSignatures(_ settings: EndpointSettings, member: String) -> Bool {
        settings.signature.format.carriesSeveral(settings, member)
    }

    /// The replaced secrets that still sign, newest first; `nil` when there are none.
    static func previousSecrets(
        _ stored: [String: JSONValue],
        of settings: EndpointSettings,
        unless current: [String: JSONValue],
        at now: Timestamp,
        graceMilliseconds: Int64
    ) throws(InputProblem) -> JSONValue? {
        var list = try PreviousSecret.list(stored[KeptMember.previousSecrets])
        let format = settings.signature.format
        for member in format.rotatedMembers(settings) where format.carriesSeveral(settings, member) {
            // A secret from before the endpoint changed to this signature has another form and signs nothing here.
            if case .string(let replaced) = stored[member], .string(replaced) != current[member],
                format.accepts(secret: replaced, as: member, settings)
            {
                let end = now.advanced(byMilliseconds: graceMilliseconds)
                let name = format.rotatedMember == nil ? member : nil
                list.insert(PreviousSecret(text: replaced, validUntil: end, name: name), at: 0)
            }
        }
        list.removeAll { $0.validUntil <= now || .string($0.text) == current[$0.name ?? format.rotatedMember ?? ""] }
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
        let digests = rotatedDigests(stored)
        return settings.signature.format.rotatedMembers(settings).contains { member in
            if case .string(let text) = settings.credentials[member] { digests.contains(digest(text)) } else { false }
        }
    }

    /// The digests that stored credentials hold.
    static func rotatedDigests(_ stored: [String: JSONValue]) -> [String] {
        guard case .array(let elements) = stored[KeptMember.rotatedFrom] else { return [] }
        return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// SHA-256 in hexadecimal: recognises a secret without keeping it.
    static func digest(_ secret: String) -> String { MessageDigest.sha256(Array(secret.utf8)) }
}
