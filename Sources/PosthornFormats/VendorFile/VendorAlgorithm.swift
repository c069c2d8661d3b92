/// What a vendor signs with.
enum VendorAlgorithm: Hashable, Sendable {
    /// How a JSON Web Token is signed.
    enum Token: String, CaseIterable, Sendable {
        case hs256, es256, rs256
    }

    case hmac(DigestName)
    /// A hash of content that holds the key itself.
    case digest(DigestName)
    case ecdsaP256
    case rsa(DigestName)
    case ed25519
    case jwt(Token)
    /// The key as it is.
    case token
    /// The key, `name:password`, as HTTP's basic authentication writes it.
    case basic

    /// `nil` for a word that is none.
    init?(_ text: String) {
        guard let known = Self.all.first(where: { $0.name == text }) else { return nil }
        self = known
    }

    var name: String {
        switch self {
        case .hmac(let digest): return "hmac-\(digest.rawValue)"
        case .digest(let digest): return digest.rawValue
        case .ecdsaP256: return "ecdsa-p256-sha256"
        case .rsa(let digest): return "rsa-\(digest.rawValue)"
        case .ed25519: return "ed25519"
        case .jwt(let token): return "jwt-\(token.rawValue)"
        case .token: return "token"
        case .basic: return "basic"
        }
    }

    static let all: [VendorAlgorithm] =
        DigestName.allCases.map { .hmac($0) } + DigestName.allCases.map { .digest($0) } + [
            .ecdsaP256, .rsa(.sha1), .rsa(.sha256), .ed25519,
        ]
        + Token.allCases.map { .jwt($0) } + [.token, .basic]

    /// The kind of key pair that it needs; `nil` for one with a shared key.
    var pair: AsymmetricKey.Kind? {
        switch self {
        case .ecdsaP256, .jwt(.es256): return .p256
        case .rsa, .jwt(.rs256): return .rsa
        case .ed25519: return .ed25519
        case .hmac, .digest, .jwt(.hs256), .token, .basic: return nil
        }
    }

    /// Whether the same message has the same signature each time.
    var isDeterministic: Bool { pair != .p256 }

    /// Whether it signs anything at all.
    var isSecretItself: Bool { self == .token || self == .basic }

    /// Whether its text follows from the algorithm, so that no encoding is chosen.
    var hasOwnEncoding: Bool {
        if case .jwt = self { return true }
        return isSecretItself
    }
}
