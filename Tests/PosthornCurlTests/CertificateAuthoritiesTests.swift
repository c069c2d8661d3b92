import Glibc
@testable import PosthornCurl
import PosthornTestSupport
import Testing

@Suite(.enabled(if: OpenSSLServer.isAvailable), .limited()) struct CertificateAuthoritiesTests {
    private let pair: CertificatePair

    init() throws { pair = try CertificatePair() }

    @Test func aFileIsParsedOnceWhoeverAsks() throws {
        let path = try pair.bundle([pair.first + ".crt", pair.second])
        let authorities = CertificateAuthorities.of(path)
        #expect(try authorities.current().count == 2)
        #expect(try CertificateAuthorities.of(path).current() === authorities.current())
        #expect(authorities.loads == 1)
    }

    @Test func aChangedFileIsParsedAgain() throws {
        let path = try pair.bundle([pair.first])
        let authorities = CertificateAuthorities(path: path)
        let old = try authorities.current()
        #expect(rename(try pair.bundle([pair.first, pair.second], in: "new.pem"), path) == 0)
        let new = try authorities.current()
        #expect(new.count == 2 && new.generation != old.generation)
        #expect(authorities.loads == 2)
    }

    @Test func authoritiesStayTrustedWhileTheFileIsBeingReplaced() throws {
        let path = try pair.bundle([pair.first])
        let authorities = CertificateAuthorities(path: path)
        let good = try authorities.current()
        unlink(path)
        #expect(try authorities.current() === good)
        #expect(authorities.problem?.reason.contains("No such file") == true)
        try OpenSSLServer.write("", to: path)
        #expect(try authorities.current() === good)
        #expect(authorities.problem?.reason == "holds no certificate")
        _ = try pair.bundle([pair.second])
        #expect(try authorities.current() !== good)
        #expect(authorities.problem == nil)
    }

    @Test func aFileWithoutACertificateIsRefused() throws {
        let damaged = try OpenSSLServer.contents(of: pair.first + ".crt").replacing("MII", with: "MIJ")
        for (content, reason) in [
            ("", "holds no certificate"), ("# nothing\n", "holds no certificate"), (damaged, "can't be parsed: certificate 1 is damaged"),
        ] {
            let path = pair.directory.file("bad.pem")
            try OpenSSLServer.write(content, to: path)
            let authorities = CertificateAuthorities(path: path)
            #expect(throws: CertificateProblem(reason: reason)) { try authorities.current() }
            // It is not parsed again for every connection.
            #expect(throws: CertificateProblem(reason: reason)) { try authorities.current() }
            #expect(authorities.loads == 1)
        }
        #expect(throws: CertificateProblem(reason: "is not a regular file")) {
            try CertificateAuthorities(path: pair.directory.file("")).current()
        }
    }

    @Test func onlyALibcurlOnOpenSSLWillDo() {
        #expect(CurlLibrary.problem == nil)
        #expect(CurlLibrary.problem(ofTLS: "OpenSSL/3.0.19") == nil)
        #expect(CurlLibrary.problem(ofTLS: "GnuTLS/3.7.9")?.contains("uses GnuTLS/3.7.9") == true)
        #expect(CurlLibrary.problem(ofTLS: "")?.contains("has no TLS") == true)
    }
}
