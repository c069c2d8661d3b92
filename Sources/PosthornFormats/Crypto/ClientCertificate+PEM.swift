import CPosthornCrypto
public import PosthornModel
import PosthornText

extension ClientCertificate {
    /// The client certificate that credentials name; `nil` when they name none.
    ///
    /// What libcurl would find out at the first request is found out here: whether both can be read, and belong together.
    ///
    /// - Throws: Which of the two is missing or of no use, never with its value.
    static func read(_ reader: CredentialReader) throws(InputProblem) -> ClientCertificate? {
        let certificate = try reader.optional(TLSMember.certificate)
        let key = try reader.optional(TLSMember.key)
        guard let certificate, let key else {
            if certificate == nil && key == nil { return nil }
            let (there, missing) =
                certificate == nil ? (TLSMember.key, TLSMember.certificate) : (TLSMember.certificate, TLSMember.key)
            throw InputProblem(.missing, field: CredentialReader.field(missing), reason: "is missing beside \(there); give both or neither")
        }
        let pair = ClientCertificate(certificate: Array(certificate.utf8), key: Array(key.utf8))
        let leaf = try PEM.certificate(pair.certificate)
        defer { X509_free(leaf) }
        let privateKey = try PEM.privateKey(pair.key)
        defer { EVP_PKEY_free(privateKey) }
        defer { ERR_clear_error() }
        guard X509_check_private_key(leaf, privateKey) == 1 else {
            throw InputProblem(
                .mismatch,
                field: CredentialReader.field(TLSMember.key),
                reason:
                    "does not belong to client_certificate, whose first certificate must be the client's own; give the key it was made for"
            )
        }
        return pair
    }

    /// Throws when the chain has more certificates, or the key more bits, than a connection should cost.
    func checkSizes() throws(InputProblem) {
        let chain = try PEM.source(certificate)
        defer { BIO_free(chain) }
        defer { ERR_clear_error() }
        var count = 0
        while let one = PEM.nextCertificate(chain) {
            X509_free(one)
            count += 1
        }
        if count > CredentialLimits.certificateLimit {
            throw InputProblem(
                .tooLarge,
                field: CredentialReader.field(TLSMember.certificate),
                reason: "holds \(count) certificates; at most \(CredentialLimits.certificateLimit) are allowed, the client's own and "
                    + "those above it"
            )
        }
        let privateKey = try PEM.privateKey(key)
        defer { EVP_PKEY_free(privateKey) }
        let bits = EVP_PKEY_get_bits(privateKey)
        if bits > CredentialLimits.keyLimitBits {
            throw InputProblem(
                .tooLarge,
                field: CredentialReader.field(TLSMember.key),
                reason: "has \(bits) bits; at most \(CredentialLimits.keyLimitBits) are allowed, since each connection signs with it"
            )
        }
    }

    /// When the whole chain counts: from when its last certificate does until its first one ends. `nil` when it cannot be read.
    public var validity: CertificateValidity? {
        var chain: CertificateValidity?
        let source = try? PEM.source(certificate)
        guard let source else { return nil }
        defer { BIO_free(source) }
        defer { ERR_clear_error() }
        while let one = PEM.nextCertificate(source) {
            defer { X509_free(one) }
            guard let from = X509_get0_notBefore(one).flatMap(PEM.time), let until = X509_get0_notAfter(one).flatMap(PEM.time)
            else { return nil }
            chain = CertificateValidity(from: max(from, chain?.from ?? from), until: min(until, chain?.until ?? until))
        }
        return chain
    }
}

/// Members of credentials that are about the connection, whatever the signature.
enum TLSMember {
    static let certificate = "client_certificate"
    static let key = "client_key"
    static let all = [certificate, key]
}

/// Reads PEM (RFC 7468) with OpenSSL, which libcurl reads it with again.
private enum PEM {
    /// The next certificate of a text; `nil` when there is none that can be read.
    ///
    /// Any block of PEM may say that it is encrypted. Without an answer of ours OpenSSL would ask for a password on the
    /// terminal, or read it from the standard input, and wait.
    static func nextCertificate(_ source: OpaquePointer) -> OpaquePointer? {
        PEM_read_bio_X509(source, nil, { _, _, _, _ in -1 }, nil)
    }

    /// The first certificate. All others must be readable too.
    static func certificate(_ bytes: [UInt8]) throws(InputProblem) -> OpaquePointer {
        let field = CredentialReader.field(TLSMember.certificate)
        if String(decoding: bytes, as: UTF8.self).contains("PRIVATE KEY-----") {
            throw InputProblem(.notAllowed, field: field, reason: "holds a private key; move it to client_key")
        }
        let source = try source(bytes)
        defer { BIO_free(source) }
        ERR_clear_error()
        guard let first = nextCertificate(source) else {
            ERR_clear_error()
            throw InputProblem(field: field, reason: "is no certificate in PEM; it begins with -----BEGIN CERTIFICATE-----")
        }
        while let more = nextCertificate(source) { X509_free(more) }
        // The reading ends with this error when there is simply nothing more.
        let isWhole = posthorn_error_is_no_pem_start(ERR_peek_last_error()) == 1
        ERR_clear_error()
        if isWhole { return first }
        X509_free(first)
        throw InputProblem(field: field, reason: "holds a further certificate that cannot be read; give the whole chain in PEM")
    }

    static func privateKey(_ bytes: [UInt8]) throws(InputProblem) -> OpaquePointer {
        let source = try source(bytes)
        defer { BIO_free(source) }
        defer { ERR_clear_error() }
        // As above: nobody is asked for a password.
        if let key = PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil) { return key }
        let isEncrypted = String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED")
        throw InputProblem(
            field: CredentialReader.field(TLSMember.key),
            reason: isEncrypted
                ? "is encrypted; decrypt it (openssl pkey -in FILE), since Posthorn seals it with a key of its own"
                : "is no private key in PEM; it begins with -----BEGIN PRIVATE KEY-----"
        )
    }

    /// A certificate's time (ASN1_TIME_diff(3)); `nil` when it is none.
    static func time(_ time: UnsafePointer<ASN1_TIME>) -> Timestamp? {
        guard let start = ASN1_TIME_set(nil, 0) else { return nil }
        defer { ASN1_STRING_free(start) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, start, time) == 1 else { return nil }
        return Timestamp(milliseconds: (Int64(days) * 86_400 + Int64(seconds)) * 1000)
    }

    static func source(_ bytes: [UInt8]) throws(InputProblem) -> OpaquePointer {
        guard let source = BIO_new(BIO_s_mem()), BIO_write(source, bytes, Int32(clamping: bytes.count)) == bytes.count || bytes.isEmpty
        else { throw Libcrypto.failed("reading PEM") }
        return source
    }
}
