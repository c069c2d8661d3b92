import CPosthornTLS

/// What a receiver may make us compute in a handshake.
///
/// Without these it can choose finite-field Diffie-Hellman with 8,192 bits, which costs the sender's thread 300 times what it costs
/// the receiver, or have long chains and huge keys parsed and verified. What browsers accept is accepted here, and no more.
enum HandshakeLimits {
    /// Certificates in a chain, the receiver's own included; public ones have three or four.
    static let chainLimit = 10
    /// All of a chain's bytes.
    static let chainLimitBytes = 32_768
    static let rsaLimitBits = 8192
    /// A public exponent is 65,537; a long one makes verifying as dear as signing.
    static let exponentLimitBits = 64

    /// Sessions that are taken from one connection, since each is a copy; servers give one to four.
    static let sessionLimit = 8

    /// Ephemeral elliptic curves only: each other key exchange of TLS 1.2 is dearer or keeps no forward secrecy.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!eNULL"

    /// Sets them for a new connection.
    static func apply(to context: OpaquePointer) {
        posthorn_tls_limit(context, ciphers, chainLimitBytes)
        SSL_CTX_set_verify_depth(context, Int32(chainLimit))
    }

    /// Why a receiver's certificates are not looked at any further; `nil` when they may be verified.
    static func refusal(of verification: OpaquePointer) -> String? {
        let count = posthorn_tls_chain_count(verification)
        if count > chainLimit { return "the receiver's chain has \(count) certificates, more than \(chainLimit)" }
        for index in 0..<max(0, count) {
            let key = posthorn_tls_chain_key(verification, index)
            if let reason = refusal(of: key) { return "certificate \(index + 1) of the receiver's chain has \(reason)" }
        }
        return nil
    }

    /// Why a key is not used; `nil` when it may be.
    static func refusal(of key: posthorn_tls_key) -> String? {
        switch key.kind {
        case posthorn_tls_key_rsa:
            if key.bits > rsaLimitBits { return "an RSA key of \(key.bits) bits, more than \(rsaLimitBits)" }
            if key.exponent_bits > exponentLimitBits {
                return "an RSA key with a public exponent of \(key.exponent_bits) bits, more than \(exponentLimitBits)"
            }
            return nil
        case posthorn_tls_key_curve: return nil
        default: return "a key that is neither RSA nor on a common curve (P-256, P-384, P-521, Ed25519, Ed448)"
        }
    }
}
