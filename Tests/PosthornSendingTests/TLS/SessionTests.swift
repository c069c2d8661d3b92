import Glibc
import PosthornModel
@testable import PosthornSending
import PosthornTestSupport
import Testing

/// Real sessions, with a receiver that closes each connection, so that each request needs a handshake.
@Suite(.enabled(if: OpenSSLServer.isAvailable)) struct SessionTests {
    private let directory: TemporaryDirectory
    private let file: String

    init() throws {
        directory = try TemporaryDirectory()
        file = directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: "posthorn test", alternative: "IP:127.0.0.1", days: 2)
    }

    private func send(_ count: Int, _ bench: Bench, to url: String, certificate: ClientCertificate? = nil, key: Int64 = 1) throws {
        let target = SendTarget(
            key: key,
            url: try EndpointURL(url),
            method: .get,
            timeoutMilliseconds: 20_000,
            inFlightLimit: 32,
            ratePerSecond: nil,
            composer: CertificateComposer(.get, certificate)
        )
        for _ in 0..<count {
            let before = bench.results.count
            bench.pool.submit([Bench.job(1, target, body: "q=1")])
            #expect(bench.waitForResults(before + 1).count == before + 1)
        }
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"]) func aReceiverIsMetAgainOnAnyThread(_ version: String) throws {
        let server = try OpenSSLServer(certificate: file, options: [version])
        let bench = try Bench { $0.caFile = file }
        for key in 1...4 { try send(2, bench, to: server.url, key: Int64(key)) }
        #expect(bench.results.allSatisfy { $0.outcome.succeeded })
        #expect(bench.pool.statistics.connectionsOpened == 8)
        #expect(bench.pool.statistics.fullHandshakes == 1)
        #expect(bench.pool.statistics.resumedHandshakes == 7)
    }

    @Test func sessionsAreNotSharedBetweenCertificates() throws {
        var identities: [ClientCertificate?] = [nil]
        for name in ["first", "second"] {
            let path = directory.file("\(name).pem")
            try OpenSSLServer.makeCertificate(path, name: name, alternative: nil, days: 2)
            let certificate = Array(try OpenSSLServer.contents(of: path + ".crt").utf8)
            identities.append(ClientCertificate(certificate: certificate, key: Array(try OpenSSLServer.contents(of: path + ".key").utf8)))
        }
        let server = try OpenSSLServer(certificate: file, options: ["-verify", "1"])
        let bench = try Bench { $0.caFile = file }
        for _ in 0..<3 {
            for (key, identity) in identities.enumerated() {
                try send(1, bench, to: server.url, certificate: identity, key: Int64(key))
            }
        }
        #expect(bench.results.allSatisfy { $0.outcome.succeeded })
        #expect(bench.pool.statistics.fullHandshakes == 3)
        #expect(bench.pool.statistics.resumedHandshakes == 6)
    }

    @Test func newAuthoritiesWantTheCertificateAgain() throws {
        let server = try OpenSSLServer(certificate: file)
        let path = directory.file("bundle.pem")
        let content = try OpenSSLServer.contents(of: file)
        try OpenSSLServer.write(content, to: path)
        let bench = try Bench { $0.caFile = path }
        try send(2, bench, to: server.url)
        try OpenSSLServer.write(content + "# changed\n", to: path)
        try send(2, bench, to: server.url)
        #expect(bench.results.allSatisfy { $0.outcome.succeeded })
        #expect(bench.pool.statistics.fullHandshakes == 2)
        #expect(bench.pool.statistics.resumedHandshakes == 2)
        // Authorities that do not vouch for the receiver: no session gets it past them.
        let other = directory.file("other.pem")
        try OpenSSLServer.makeCertificate(other, name: "other", alternative: nil, days: 2)
        try OpenSSLServer.write(try OpenSSLServer.contents(of: other + ".crt"), to: path)
        try send(1, bench, to: server.url)
        #expect(bench.results.last?.outcome.error == .tls)
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"]) func theSessionOfAReceiverOfAnotherNameIsNotKept(_ version: String) throws {
        let wrong = directory.file("wrong.pem")
        try OpenSSLServer.makeCertificate(wrong, name: "posthorn test", alternative: "DNS:other.example", days: 2)
        let server = try OpenSSLServer(certificate: wrong, options: [version])
        let bench = try Bench { $0.caFile = wrong }
        try send(3, bench, to: server.url)
        #expect(bench.results.allSatisfy { $0.outcome.error == .tls })
        #expect(bench.pool.statistics.resumedHandshakes == 0)
    }

    @Test func withoutRoomEachHandshakeIsAFullOne() throws {
        let server = try OpenSSLServer(certificate: file)
        let bench = try Bench {
            $0.caFile = file
            $0.sessionLimitBytes = 0
        }
        try send(3, bench, to: server.url)
        #expect(bench.pool.statistics.fullHandshakes == 3)
    }
}
