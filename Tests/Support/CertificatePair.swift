import Glibc

/// Two certificates of this machine that know nothing of each other, with bundles of either or both.
public struct CertificatePair {
    /// Where they are, each with its key; the certificate alone is beside it with `.crt`.
    public let first: String
    /// The other one.
    public let second: String
    /// Where both and their bundles are.
    public let directory: TemporaryDirectory

    /// Makes them.
    public init() throws {
        directory = try TemporaryDirectory()
        first = directory.file("first.pem")
        second = directory.file("second.pem")
        for file in [first, second] { try OpenSSLServer.makeCertificate(file, name: "posthorn test", alternative: "IP:127.0.0.1", days: 2) }
    }

    /// Writes some files into one, and returns its path.
    public func bundle(_ files: [String], in name: String = "bundle.pem") throws -> String {
        let path = directory.file(name)
        try OpenSSLServer.write(try files.map { try OpenSSLServer.contents(of: $0) }.joined(), to: path)
        return path
    }
}
