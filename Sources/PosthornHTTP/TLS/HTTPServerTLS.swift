import CPosthornTLS
import Glibc

/// What a server proves itself with to clients that speak TLS 1.2 or 1.3.
///
/// Several servers may use one at once.
public final class HTTPServerTLS: @unchecked Sendable {
    // The handle never changes once `init` has returned, and OpenSSL locks a context where connections share it (SSL_new).
    let context: OpaquePointer
    /// Until when, and from when on, the certificate counts, as far as it does not now.
    public let validity: Validity

    /// Whether a certificate counts at a moment.
    public enum Validity: Equatable, Sendable {
        /// It counts.
        case valid
        /// It has expired.
        case expired
        /// Its first day is still to come.
        case notYetValid
    }

    /// - Parameters:
    ///   - certificate: The content of a PEM file: the server's certificate, then those that lead to its authority.
    ///   - key: The content of a PEM file with the certificate's private key, without a passphrase; may be the same file.
    /// - Throws: Which of the two is wrong, and why.
    public init(certificate: [UInt8], key: [UInt8]) throws(HTTPTLSProblem) {
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw HTTPTLSProblem(.certificate, "cannot be used: no memory is left for it")
        }
        do throws(HTTPTLSProblem) {
            guard posthorn_tls_prepare_server(context) == 1 else {
                throw HTTPTLSProblem(.certificate, "cannot be used: this machine's OpenSSL has no TLS 1.2 (\(Self.reason))")
            }
            validity = try Self.readCertificates(certificate, into: context)
            try Self.readKey(key, into: context)
        } catch {
            SSL_CTX_free(context)
            throw error
        }
        self.context = context
    }

    deinit { SSL_CTX_free(context) }

    /// What OpenSSL's last error says; the queue is empty afterwards.
    static var reason: String {
        let error = ERR_peek_last_error()
        ERR_clear_error()
        return ERR_reason_error_string(error).map { String(cString: $0) } ?? "no reason given"
    }

    private static func readCertificates(_ pem: [UInt8], into context: OpaquePointer) throws(HTTPTLSProblem) -> Validity {
        let source = try self.source(pem, .certificate)
        defer { BIO_free(source) }
        var validity: Validity?
        var count = 0
        ERR_clear_error()
        while let certificate = PEM_read_bio_X509_AUX(source, nil, nil, nil) {
            defer { X509_free(certificate) }
            count += 1
            let isTaken =
                validity == nil ? SSL_CTX_use_certificate(context, certificate) : posthorn_tls_add_chain(context, certificate)
            guard isTaken == 1 else {
                throw HTTPTLSProblem(
                    .certificate,
                    "has a certificate that OpenSSL refuses (number \(count): \(reason)); make one with an RSA key of 2048 bits or on P-256"
                )
            }
            if validity == nil { validity = Self.validity(of: certificate) }
        }
        let error = ERR_peek_last_error()
        ERR_clear_error()
        if posthorn_tls_error_is_no_pem_start(error) == 0 {
            throw HTTPTLSProblem(.certificate, "has a damaged certificate, number \(count + 1); write the file again")
        }
        guard let validity else {
            // An object of ASN.1 begins so: what is in the file may be a certificate all the same.
            throw HTTPTLSProblem(
                .certificate,
                pem.first == 0x30
                    ? "is not in PEM; convert it with openssl x509 -inform der -in FILE -out FILE.pem"
                    : "holds no certificate in PEM; name the file that has -----BEGIN CERTIFICATE-----"
            )
        }
        return validity
    }

    private static func validity(of certificate: OpaquePointer) -> Validity {
        if X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0 { return .expired }
        return X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0 ? .notYetValid : .valid
    }

    private static func readKey(_ pem: [UInt8], into context: OpaquePointer) throws(HTTPTLSProblem) {
        let source = try self.source(pem, .key)
        defer { BIO_free(source) }
        var wantsPassphrase = false
        ERR_clear_error()
        let key = PEM_read_bio_PrivateKey(
            source,
            nil,
            { _, _, _, mark in
                // No one is asked: a receiver in a script would wait for ever.
                mark?.assumingMemoryBound(to: Bool.self).pointee = true
                return -1
            },
            &wantsPassphrase
        )
        guard let key else {
            ERR_clear_error()
            throw HTTPTLSProblem(
                .key,
                wantsPassphrase
                    ? "is encrypted; write it without a passphrase: openssl pkey -in FILE -out PLAIN"
                    : "holds no private key in PEM; name the file that has -----BEGIN PRIVATE KEY-----"
            )
        }
        defer { EVP_PKEY_free(key) }
        guard SSL_CTX_use_PrivateKey(context, key) == 1, SSL_CTX_check_private_key(context) == 1 else {
            ERR_clear_error()
            throw HTTPTLSProblem(.key, "is not the key of this certificate; name the one that the certificate was made with")
        }
    }

    /// A copy inside of OpenSSL: a buffer in memory would be read after Swift has taken its pointer back.
    private static func source(_ pem: [UInt8], _ part: HTTPTLSProblem.Part) throws(HTTPTLSProblem) -> OpaquePointer {
        guard let source = BIO_new(BIO_s_mem()) else { throw HTTPTLSProblem(part, "cannot be read: no memory is left for it") }
        _ = pem.withUnsafeBytes { BIO_write(source, $0.baseAddress, Int32(clamping: $0.count)) }
        return source
    }
}
