import PosthornModel
import PosthornSending
import PosthornTestSupport
import Testing

@Suite(.enabled(if: OpenSSLServer.isAvailable), .limited()) struct TLSTests {
    private func outcome(
        name: String = "posthorn test",
        alternative: String? = "IP:127.0.0.1",
        days: Int = 2,
        isTrusted: Bool = true,
        options: [String] = []
    ) throws -> AttemptOutcome {
        let directory = try TemporaryDirectory()
        let file = directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: name, alternative: alternative, days: days)
        let server = try OpenSSLServer(certificate: file, options: options)
        let bench = try Bench { if isTrusted { $0.caFile = file } }
        return try #require(try bench.outcome(of: server.url, body: "q=1", method: .get))
    }

    @Test func aTrustedCertificateForTheHostIsAccepted() throws {
        let outcome = try outcome()
        #expect(outcome.succeeded, "\(outcome)")
    }

    @Test func aCertificateNobodyTrustsIsRefused() throws {
        let outcome = try outcome(isTrusted: false)
        #expect(outcome.error == .tls, "\(outcome)")
        #expect(outcome.errorText.contains("certificate"))
    }

    @Test(arguments: ["DNS:other.example", "IP:127.0.0.2"])
    func aCertificateForAnotherHostIsRefused(_ alternative: String) throws {
        #expect(try outcome(alternative: alternative).error == .tls)
    }

    @Test func aCertificateWithoutAnAlternativeNameIsRefused() throws {
        #expect(try outcome(name: "localhost", alternative: nil).error == .tls)
    }

    @Test func anExpiredCertificateIsRefused() throws {
        let outcome = try outcome(days: -1)
        #expect(outcome.error == .tls, "\(outcome)")
        #expect(outcome.errorText.contains("expired"))
    }

    @Test func lessThanTLS12IsRefused() throws {
        #expect(try outcome(options: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]).error == .tls)
    }

    @Test func aDemandForAClientCertificateFails() throws {
        let outcome = try outcome(options: ["-Verify", "1", "-verify_return_error"])
        #expect(outcome.error == .tls, "\(outcome)")
    }

    @Test func aReceiverWithoutTLSBehindHTTPSFails() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        let outcome = try #require(try bench.outcome(of: "https://127.0.0.1:\(receiver.port)/", timeout: 1000))
        #expect(outcome.error == .tls || outcome.error == .timeout, "\(outcome)")
        #expect(receiver.requests.isEmpty)
    }

    /// The stale answer waits in OpenSSL's own buffer, where a look at the socket does not find it: the first answer's body
    /// ends inside a record of which libcurl has asked for that many bytes only.
    @Test func anExtraAnswerInsideATLSRecordIsNeverReadAsTheNextOnes() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: "posthorn test", alternative: "IP:127.0.0.1", days: 2)
        let server = try OpenSSLServer(certificate: file, options: ["-max_send_frag", "512"], isScripted: true)
        let bench = try Bench { $0.caFile = file }
        let target = try Bench.target(server.url)
        bench.pool.submit([Bench.job(1, target, body: "{first}")])
        #expect(server.waitFor("{first}"))
        let start = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: "
        let head = start + String(repeating: "a", count: 512 - start.utf8.count - 4) + "\r\n\r\n"
        server.write(head + "ok" + "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstale")
        #expect(bench.waitForResults(1).first?.outcome.response == Array("ok".utf8))
        bench.pool.submit([Bench.job(2, target, body: "{second}")])
        #expect(server.waitFor("{second}"))
        server.write("HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\nreal")
        #expect(bench.waitForResults(2).last?.outcome.status == 500)
        #expect(bench.results.last?.outcome.response == Array("real".utf8))
        #expect(bench.pool.statistics.connectionsOpened == 2)
    }

    @Test func connectionsOverTLSAreUsedAgain() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: "posthorn test", alternative: "IP:127.0.0.1", days: 2)
        let server = try OpenSSLServer(certificate: file, isScripted: true)
        let bench = try Bench { $0.caFile = file }
        let target = try Bench.target(server.url)
        for number in 1...3 {
            bench.pool.submit([Bench.job(Int64(number), target, body: "{\(number)}")])
            #expect(server.waitFor("{\(number)}"))
            server.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            #expect(bench.waitForResults(number).last?.outcome.succeeded == true)
        }
        #expect(bench.pool.statistics.connectionsOpened == 1)
    }
}
