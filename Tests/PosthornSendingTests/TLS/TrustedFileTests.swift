import Glibc
import PosthornModel
@testable import PosthornSending
import PosthornTestSupport
import Testing

@Suite(.enabled(if: OpenSSLServer.isAvailable), .limited()) struct TrustedFileTests {
    private let pair: CertificatePair

    init() throws { pair = try CertificatePair() }

    @Test func connectionsOfAllThreadsAndHandlesShareOneParsedFile() throws {
        let servers = try (0..<4).map { _ in try OpenSSLServer(certificate: pair.first) }
        let bench = try Bench { $0.caFile = try pair.bundle([pair.first]) }
        for round in 0..<3 {
            for (key, server) in servers.enumerated() {
                let target = try Bench.target(server.url, key: Int64(key), method: .get)
                bench.pool.submit([Bench.job(Int64(round * 10 + key), target, body: "q=1")])
            }
        }
        #expect(bench.waitForResults(12).allSatisfy { $0.outcome.succeeded })
        let statistics = bench.pool.statistics
        #expect(statistics.fullHandshakes + statistics.resumedHandshakes == 12)
        #expect(statistics.certificateLoads == 1)
    }

    @Test func aRotatedFileCountsForTheNextConnection() throws {
        let server = try OpenSSLServer(certificate: pair.second)
        let path = try pair.bundle([pair.first])
        let bench = try Bench { $0.caFile = path }
        #expect(try bench.outcome(of: server.url, body: "q=1", method: .get)?.error == .tls)
        #expect(rename(try pair.bundle([pair.second], in: "new.pem"), path) == 0)
        #expect(try bench.outcome(of: server.url, body: "q=1", method: .get)?.succeeded == true)
        #expect(bench.pool.statistics.certificateLoads == 2)
    }

    @Test func withoutAuthoritiesRequestsWaitUntilThereAreSome() throws {
        let path = pair.directory.file("missing.pem")
        let (server, plain) = (try OpenSSLServer(certificate: pair.first), try MisbehavingReceiver { _ in .ok })
        let bench = try Bench { $0.caFile = path }
        bench.pool.submit([Bench.job(1, try Bench.target(server.url, method: .get), body: "q=1")])
        #expect(bench.waitForFaults(1) == ["no_certificate_authorities begins"])
        #expect(try bench.outcome(of: plain.url)?.succeeded == true)
        _ = try pair.bundle([pair.first], in: "missing.pem")
        let results = bench.waitForResults(2)
        #expect(results.count == 2 && results.allSatisfy { $0.outcome.succeeded })
        #expect(bench.waitForFaults(2).last == "no_certificate_authorities over")
    }

    @Test func aFileThatHasBecomeUnusableIsToldOnceAndWhatItHeldStays() throws {
        let path = try pair.bundle([pair.first])
        let server = try OpenSSLServer(certificate: pair.first)
        let bench = try Bench { $0.caFile = path }
        func isAccepted() throws -> Bool { try bench.outcome(of: server.url, body: "q=1", method: .get)?.succeeded == true }
        #expect(try isAccepted())
        for content in ["", "no certificate"] {
            try OpenSSLServer.write(content, to: path)
            #expect(try isAccepted())
        }
        #expect(bench.waitForFaults(1) == ["no_certificate_authorities begins"])
        _ = try pair.bundle([pair.first])
        #expect(try isAccepted())
        #expect(bench.waitForFaults(2) == ["no_certificate_authorities begins", "no_certificate_authorities over"])
    }
}
