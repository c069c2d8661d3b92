import CPosthornTLS
import Glibc

/// Why there are no certificate authorities to verify with.
package struct CertificateProblem: Error, Hashable {
    /// What is wrong with the file, to be read behind its path.
    package let reason: String
    /// Whether only descriptors or memory were missing, so that it says nothing about the file.
    package let isShortage: Bool

    package init(reason: String, isShortage: Bool = false) {
        self.reason = reason
        self.isShortage = isShortage
    }
}
