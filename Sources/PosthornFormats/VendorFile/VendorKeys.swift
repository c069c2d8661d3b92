import PosthornModel
import PosthornText

/// One key of a vendor's signature, ready for use.
enum VendorKey: Sendable {
    case hmac(HMACKey)
    case plain([UInt8])
    case pair(AsymmetricKey)
}

/// The keys of a vendor's signatures, and what is agreed upon beside them.
struct VendorKeys: Sendable {
    /// Of each signature: the key, and further ones while a sender rotates.
    let keys: [[VendorKey]]
    /// Until when each of them signs; `nil` for one that signs on.
    let ends: [[Timestamp?]]
    let config: [String: [UInt8]]

    /// A sender may have this many keys at once.
    private static let countLimit = 100

    /// - Parameters:
    ///   - values: Keys and settings by their names; a further key of `secret` is `secret.2`.
    ///   - ends: Until when further keys sign, by their names, where they do not sign on.
    ///   - isSending: Whether a public key is not enough.
    ///   - wanted: Which signatures; those of a vector that shows only some have no keys for the others.
    init(
        _ description: VendorDescription,
        _ values: [String: String],
        ends: [String: Timestamp] = [:],
        isSending: Bool,
        wanted: (VendorDescription.Signature) -> Bool = { _ in true }
    ) throws(InputProblem) {
        let known = description.credentialNames
        for name in values.keys.sorted() where !known.contains(name) && !Self.isFurther(name, description) {
            let advice = known.isEmpty ? "this vendor has none" : Suggestion.advice(for: name, among: known, otherwise: "the file names")
            throw InputProblem(
                .unknownWord,
                field: Self.field(InputProblem.printable(name)),
                reason: "is not known to the vendor file; \(advice)"
            )
        }
        let names = description.signatures.map { signature in
            if !wanted(signature) { return [] as [String] }
            return [signature.key.name] + (2...Self.countLimit).map { "\(signature.key.name).\($0)" }.prefix { values[$0] != nil }
        }
        self.ends = names.map { $0.map { ends[$0] } }
        var keys: [[VendorKey]] = []
        for (signature, names) in zip(description.signatures, names) {
            let ofSignature = try names.map { (name) throws(InputProblem) in
                guard let text = values[name], !text.isEmpty else {
                    throw InputProblem(
                        .missing,
                        field: Self.field(name),
                        reason: "is missing; the vendor file names it as the key of \(signature.algorithm.name)"
                    )
                }
                return try Self.key(text, signature, name, isSending)
            }
            keys.append(ofSignature)
        }
        self.keys = keys
        var config: [String: [UInt8]] = [:]
        for (name, standard) in description.config {
            guard let value = values[name] ?? standard else {
                throw InputProblem(.missing, field: Self.field(name), reason: "is missing; the vendor file has no value for it")
            }
            try HeaderRules.check(value: value, field: Self.field(name))
            config[name] = Array(value.utf8)
        }
        self.config = config
    }

    private static func isFurther(_ name: String, _ description: VendorDescription) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, let number = Int(parts[parts.count - 1]), (2...countLimit).contains(number) else { return false }
        let key = parts.dropLast().joined(separator: ".")
        return description.signatures.contains { $0.key.name == key && $0.repetition != nil }
    }

    private static func field(_ name: String) -> String { CredentialReader.field(name) }

    private static func key(
        _ text: String,
        _ signature: VendorDescription.Signature,
        _ name: String,
        _ isSending: Bool
    ) throws(InputProblem) -> VendorKey {
        let algorithm = signature.algorithm
        let bytes = try bytes(text, signature.key, name)
        guard let kind = algorithm.pair else {
            switch algorithm {
            case .hmac(let digest): return .hmac(try HMACKey(digest: digest.rawValue, key: bytes))
            case .jwt: return .hmac(try HMACKey(.sha256, key: bytes))
            default:
                if algorithm.isSecretItself { try CredentialReader.checkHeaderValue(text, name) }
                return .plain(bytes)
            }
        }
        let pair: AsymmetricKey?
        if signature.key.encoding == .pem {
            pair = AsymmetricKey(pem: bytes, kind)
        } else {
            // The seed of a private key and a public key have the same length: a sender has the former, a receiver the latter.
            pair = isSending ? AsymmetricKey(ed25519Seed: bytes) : AsymmetricKey(ed25519Public: bytes)
        }
        guard let pair else {
            let form =
                signature.key.encoding == .pem
                ? "a \(kind.rawValue) key in PEM\(kind == .rsa ? " of at most \(CredentialLimits.signingKeyLimitBits) bits" : "")"
                : "an Ed25519 key of 32 bytes in \(signature.key.encoding.rawValue)"
            throw InputProblem(field: field(name), reason: "is not \(form)")
        }
        if isSending, !pair.isPrivate {
            throw InputProblem(field: field(name), reason: "is a public key, with which nothing can be signed; give the private one")
        }
        return .pair(pair)
    }

    private static func bytes(_ text: String, _ key: VendorDescription.Key, _ name: String) throws(InputProblem) -> [UInt8] {
        var text = text
        if let prefix = key.prefix, text.hasPrefix(prefix) { text.removeFirst(prefix.count) }
        let bytes: [UInt8]?
        switch key.encoding {
        case .text, .pem: bytes = Array(text.utf8)
        case .hex: bytes = Hex.decode(text.utf8)
        case .base64: bytes = Base64.decode(text.utf8)
        case .base64url: bytes = Base64.decode(text.utf8, .urlWithoutPadding)
        }
        guard let bytes, !bytes.isEmpty else { throw InputProblem(field: field(name), reason: "is not \(key.encoding.rawValue)") }
        return bytes
    }
}
