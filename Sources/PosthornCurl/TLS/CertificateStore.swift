import CPosthornTLS
import Glibc

/// Certificate authorities as OpenSSL keeps them: parsed once, then read by any number of connections and threads.
final class CertificateStore: @unchecked Sendable {
    // The handle never changes, and OpenSSL locks a store whenever it looks into it (X509_STORE_lock).
    private let handle: OpaquePointer
    /// How many certificates it was made from.
    let count: Int
    /// Unique in the process; sessions that were verified by another store are not used again.
    let generation: UInt64

    /// Parses a PEM file's content.
    /// - Throws: A ``CertificateProblem`` when it holds no certificate, or one that can't be read.
    init(pem: [UInt8], generation: UInt64) throws(CertificateProblem) {
        guard let handle = X509_STORE_new() else { throw CertificateProblem(reason: "can't be parsed: no memory", isShortage: true) }
        self.handle = handle
        self.generation = generation
        // As libcurl does for a store of its own: an intermediate certificate in the file is trusted as an authority is.
        X509_STORE_set_flags(handle, posthorn_tls_store_flags)
        do throws(CertificateProblem) {
            count = try Self.fill(handle, pem)
        } catch {
            X509_STORE_free(handle)
            throw error
        }
    }

    deinit { X509_STORE_free(handle) }

    private static func fill(_ store: OpaquePointer, _ pem: [UInt8]) throws(CertificateProblem) -> Int {
        let source = pem.withUnsafeBytes { bytes in
            // A copy inside of OpenSSL: a buffer in memory would be read after Swift has taken its pointer back.
            BIO_new(BIO_s_mem()).map { source in
                _ = BIO_write(source, bytes.baseAddress, Int32(clamping: bytes.count))
                return source
            }
        }
        guard let source else { throw CertificateProblem(reason: "can't be parsed: no memory", isShortage: true) }
        defer { BIO_free(source) }
        var count = 0
        ERR_clear_error()
        // The same call as OpenSSL's own reader of such files (X509_load_cert_file); blocks that are no certificate are passed over.
        while let certificate = PEM_read_bio_X509_AUX(source, nil, nil, nil) {
            defer { X509_free(certificate) }
            guard X509_STORE_add_cert(store, certificate) == 1 else {
                throw CertificateProblem(reason: "can't be parsed: certificate \(count + 1) is not taken")
            }
            count += 1
        }
        let error = ERR_peek_last_error()
        ERR_clear_error()
        if posthorn_tls_error_is_no_pem_start(error) == 0 {
            throw CertificateProblem(reason: "can't be parsed: certificate \(count + 1) is damaged")
        }
        if count == 0 { throw CertificateProblem(reason: "holds no certificate") }
        return count
    }

    /// Makes a connection's context verify by this store.
    func install(in context: OpaquePointer) { SSL_CTX_set1_cert_store(context, handle) }
}
