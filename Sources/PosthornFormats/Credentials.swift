public import PosthornModel
public import PosthornText

/// Credentials that the engine stores and keeps up: pure functions over the stored object.
///
/// Beside what a topology file says, stored credentials hold `issued_at` (when Webio's token was made, so that the same
/// token goes out until a new one is asked for), `previous_secrets` (replaced secrets of formats with several signatures, which sign too
/// until their grace period ends) and `rotated_from` (digests of secrets that were rotated away, so that applying a
/// topology file that still has the old one does not undo the rotation). A topology file may not hold these three.
public enum Credentials {
    /// A replaced secret signs for 24 hours more.
    public static let defaultGraceMilliseconds: Int64 = 86_400_000

    /// The credentials to store for an endpoint that is new.
    ///
    /// - Throws: What is missing, unknown or of no use in them.
    public static func created(_ settings: EndpointSettings, at now: Timestamp) throws(InputProblem) -> [String: JSONValue] {
        try created(settings, at: now, stored: [:])
    }

    /// - Parameter stored: What is in use already, whatever its length.
    private static func created(
        _ settings: EndpointSettings,
        at now: Timestamp,
        stored: [String: JSONValue]
    ) throws(InputProblem) -> [String: JSONValue] {
        _ = try CredentialReader(settings, allowingKept: false)
        let digests = rotatedDigests(stored)
        let rotated = settings.signature.format.rotatedMembers(settings)
        func isKnown(_ name: String, _ value: JSONValue) -> Bool {
            if stored[name] == value { return true }
            guard case .string(let text) = value, rotated.contains(name) else { return false }
            return digests.contains(digest(text))
        }
        let isSecret = secrets(of: settings.credentials)
        try CredentialLimits.check(settings.credentials.filter { !isKnown($0.key, $0.value) }, isSecret: isSecret)
        if settings.signature == .vendorFile, stored[VendorDocument.member] != settings.credentials[VendorDocument.member] {
            try KeptVendor.prove(settings)
        }
        let composer = try EndpointComposer(settings, now: now)
        if let certificate = composer.clientCertificate {
            if !TLSMember.all.allSatisfy({ stored[$0] == settings.credentials[$0] }) { try certificate.checkSizes() }
            try refuseWithoutTLS(settings)
        }
        var credentials = settings.credentials.filter { $0.value != .null }
        settings.signature.format.stamp(&credentials, at: now)
        return credentials
    }

    private static func refuseWithoutTLS(_ settings: EndpointSettings) throws(InputProblem) {
        if String(decoding: settings.url.utf8.prefix(8), as: UTF8.self).lowercased() != "https://" {
            throw InputProblem(
                .incompatible,
                field: CredentialReader.field(TLSMember.certificate),
                reason: "is of no use with a url of plain http; use https, or leave it and client_key out"
            )
        }
    }

    /// The credentials to store when a topology file is applied to an endpoint that exists already.
    ///
    /// What is kept stays as it is unless what it belongs to changed: a new Webio key, secret or organisation gets a new
    /// token, and a replaced Standard Webhooks secret signs on for the grace period. A secret that a rotation replaced is
    /// recognised, and the rotated one stays.
    ///
    /// - Parameters:
    ///   - stored: What is stored for the endpoint.
    ///   - settings: What the topology file says now.
    ///   - now: The moment of the change.
    ///   - graceMilliseconds: How long a replaced secret signs on, where the format can carry it.
    public static func updated(
        _ stored: [String: JSONValue],
        to settings: EndpointSettings,
        at now: Timestamp,
        graceMilliseconds: Int64 = defaultGraceMilliseconds
    ) throws(InputProblem) -> [String: JSONValue] {
        var credentials = try created(settings, at: now, stored: stored)
        let secrets = settings.signature.format.rotatedMembers(settings).compactMap { member in
            if case .string(let text) = credentials[member] { (member: member, text: text) } else { nil }
        }
        if secrets.isEmpty { return credentials }
        let digests = rotatedDigests(stored)
        if !digests.isEmpty {
            for (member, text) in secrets where digests.contains(digest(text)) {
                if let current = stored[member] { credentials[member] = current }
            }
            credentials[KeptMember.rotatedFrom] = .array(digests.map { .string($0) })
        }
        settings.signature.format.keep(of: stored, in: &credentials)
        if carriesSeveralSignatures(settings) {
            credentials[KeptMember.previousSecrets] = try previousSecrets(
                stored,
                of: settings,
                unless: credentials,
                at: now,
                graceMilliseconds: graceMilliseconds
            )
        }
        var next = settings
        next.credentials = credentials
        _ = try EndpointComposer(next, now: now)
        return credentials
    }

    /// Whether a replaced secret can sign beside its successor: Standard Webhooks' format carries any number of signatures, a configured
    /// HMAC does with `previous_value`, and a vendor's file with `repeat`. The others carry one.
    public static func carriesSeveralSignatures(_ settings: EndpointSettings) -> Bool {
        settings.signature.format.carriesSeveral(settings)
    }

    /// What a rotation made.
    public struct Rotation: Sendable {
        /// The credentials to store.
        public let credentials: [String: JSONValue]
        /// What the receiver has to be given: a secret that was made, or a new ed25519 key's public half (`whpk_…`).
        /// Shown this once. `nil` when the caller brought the secret, and for a Webio token signed with the secret as it was.
        public let shownOnce: String?
    }

    /// Replaces the secret of an endpoint.
    ///
    /// Webio: a new token from the next attempt on, with a new secret only if one is given. Formats
    /// that carry several signatures: the replaced secret signs too until the grace period ends. The others: the new secret from the
    /// next attempt on.
    ///
    /// - Parameters:
    ///   - settings: The endpoint with its stored credentials.
    ///   - name: Which secret, where a vendor's file names several.
    ///   - newSecret: The new secret; `nil` to have one made.
    ///   - now: The moment of the rotation.
    ///   - graceMilliseconds: How long a replaced secret signs on, where the format can carry it.
    ///   - random: Gives that many random bytes.
    /// - Throws: Why the endpoint has nothing to rotate, or why the new secret cannot be used.
    public static func rotated(
        _ settings: EndpointSettings,
        name: String? = nil,
        newSecret: String?,
        at now: Timestamp,
        graceMilliseconds: Int64 = defaultGraceMilliseconds,
        random: (Int) -> [UInt8] = SecureRandom.bytes
    ) throws(InputProblem) -> Rotation {
        let member = try rotatedMember(settings, named: name)
        var next = settings
        var shownOnce: String?
        let format = settings.signature.format
        format.renew(&next.credentials, at: now)
        if !format.renewsWithoutSecret || newSecret != nil {
            let made = newSecret == nil ? try makeSecret(member, like: settings, random: random) : nil
            let secret = newSecret ?? made?.secret ?? ""
            if settings.credentials[member] == .string(secret) {
                throw InputProblem(
                    .conflict,
                    field: CredentialReader.field(member),
                    reason: "is the secret already in use; give another one"
                )
            }
            try CredentialLimits.check([member: .string(secret)], isSecret: secrets(of: settings.credentials))
            shownOnce = made?.shown
            next.credentials[member] = .string(secret)
            next.credentials[KeptMember.rotatedFrom] = digestsAfterRotation(settings.credentials, member)
        }
        if carriesSeveralSignatures(settings) {
            next.credentials[KeptMember.previousSecrets] = try previousSecrets(
                settings.credentials,
                of: settings,
                unless: next.credentials,
                at: now,
                graceMilliseconds: graceMilliseconds
            )
        }
        _ = try EndpointComposer(next, now: now)
        return Rotation(credentials: next.credentials, shownOnce: shownOnce)
    }

    /// Members that are secret, whatever the signature; `previous_secrets` is secret as a whole.
    public static let secretMembers = Set(SignatureScheme.allCases.flatMap { $0.format.secretMembers })
        .union([TLSMember.key, KeptMember.previousSecrets, KeptMember.rotatedFrom])

    /// Which names of credentials are secrets: those of ``secretMembers`` and, beside a vendor's file, each that the file does not call
    /// configuration.
    package static func secrets(of credentials: [String: JSONValue]) -> (String) -> Bool {
        guard case .object? = credentials[VendorDocument.member], let document = credentials[VendorDocument.member] else {
            return { secretMembers.contains($0) }
        }
        return { secretMembers.contains($0) || KeptVendor.isSecret($0, document) }
    }

    /// The shortest secret that is accepted, in bytes of its text.
    public static let secretMinimumBytes = CredentialLimits.secretMinimumBytes

    /// Credentials for people's eyes: secret members show that they are set and nothing else.
    public static func redacted(_ credentials: [String: JSONValue]) -> [String: JSONValue] {
        let isSecret = secrets(of: credentials)
        return Dictionary(uniqueKeysWithValues: credentials.map { ($0.key, isSecret($0.key) ? .string("***") : $0.value) })
    }

    /// Credentials without what Posthorn keeps beside them: as a topology file has them.
    public static func configured(_ credentials: [String: JSONValue]) -> [String: JSONValue] {
        credentials.filter { !KeptMember.all.contains($0.key) }
    }

    /// Every secret text in credentials, to look for in what is about to be stored or shown.
    public static func secretTexts(_ credentials: [String: JSONValue]) -> [String] {
        let isSecret = secrets(of: credentials)
        return credentials.flatMap { name, value -> [String] in
            guard isSecret(name), name != KeptMember.rotatedFrom else { return [] }
            switch value {
            case .string(let text): return [text]
            case .array(let elements): return elements.compactMap { if case .string(let text) = $0["secret"] { text } else { nil } }
            default: return []
            }
        }
    }
}
