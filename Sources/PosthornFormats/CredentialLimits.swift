import CPosthornCrypto
import PosthornText
import PosthornModel

/// How short and how long credentials may be that are handed in. What is stored already is used as it is.
enum CredentialLimits {
    /// The shortest secret, in bytes of its text. A shorter one is guessed, and turns up by chance in texts that are masked.
    static let secretMinimumBytes = 8
    /// The longest credential but for those of TLS: what fits into a header.
    static let textLimitBytes = 8192
    /// The longest certificate chain in PEM. Receivers refuse longer ones (OpenSSL: 100 KiB in DER).
    static let certificateLimitBytes = 131_072
    /// Certificates in a chain: a client's own, and more authorities than anybody has above one.
    static let certificateLimit = 10
    /// The longest private key in PEM; one of 8192 bits has some 6,400 bytes.
    static let keyLimitBytes = 16_384
    /// The largest private key. Signing with a larger one costs each connection more than 100 ms of CPU time.
    static let keyLimitBits: Int32 = 8192

    /// The largest RSA key that a vendor's file signs with, in every request.
    static let signingKeyLimitBits: Int32 = 4096

    /// Throws when a credential is too short or too long, by its name and never with its value.
    static func check(_ credentials: [String: JSONValue], isSecret: (String) -> Bool) throws(InputProblem) {
        for (name, value) in credentials.sorted(by: { $0.key < $1.key }) {
            guard case .string(let text) = value else { continue }
            let bytes = text.utf8.count
            // One that is empty, or no PEM, is named by whoever needs it.
            if isSecret(name), name != TLSMember.key, bytes > 0, bytes < secretMinimumBytes {
                throw InputProblem(
                    .outOfRange,
                    field: CredentialReader.field(name),
                    reason: "has \(bytes) \(bytes == 1 ? "byte" : "bytes"); a secret needs at least \(secretMinimumBytes), so agree on "
                        + "a longer one"
                )
            }
            let limit = limitBytes(name)
            if bytes > limit {
                throw InputProblem(
                    .tooLarge,
                    field: CredentialReader.field(name),
                    reason: "has \(bytes) bytes; at most \(limit) are allowed"
                )
            }
        }
    }

    private static func limitBytes(_ name: String) -> Int {
        switch name {
        case TLSMember.certificate: certificateLimitBytes
        case TLSMember.key: keyLimitBytes
        default: textLimitBytes
        }
    }
}
