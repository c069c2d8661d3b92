/// A file of certificate authorities, for those who are about to trust it.
package enum CertificateFile {
    /// What is wrong with it, to be read behind its path: it cannot be read or parsed, or holds no certificate; `nil` when it will do.
    package static func problem(_ path: String) -> String? {
        let authorities = CertificateAuthorities.of(path)
        do throws(CertificateProblem) {
            _ = try authorities.current()
            return authorities.problem?.reason
        } catch {
            return error.reason
        }
    }

    /// The file that is trusted when none is named: the one in `SSL_CERT_FILE`, or the system's.
    package static var usual: String { CertificateAuthorities.path(configured: nil) }
}
