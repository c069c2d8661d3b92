import PosthornModel
@testable import PosthornCurl
@testable import PosthornSending
import PosthornTestSupport
import Testing

/// One tenant's receivers do harm, and another's deliveries go on.
@Suite(.limited()) struct TenantFairnessTests {
    private static let deliveries = 20

    /// Jobs of a tenant's endpoints, so many for each.
    private func jobs(
        _ tenant: String,
        endpoints: Range<Int>,
        each: Int,
        method: RequestMethod = .post,
        timeout: Int = 600_000,
        url: (Int) -> String
    ) throws -> [SendJob] {
        try endpoints.flatMap { number in
            let target = try Bench.target(
                url(number),
                key: Int64(number),
                method: method,
                timeout: timeout,
                owners: [tenant, "\(tenant)-site-\(number % 7)"]
            )
            return (0..<each).map { Bench.job(Int64(number * 1000 + $0), target, body: "q=1") }
        }
    }

    private func count(_ results: [SendResult], of tenant: String) -> Int { results.count { $0.job.target.owners.first == tenant } }

    @Test func requestsThatHangAtASharedAddressHoldUpNobodyElses() throws {
        let receiver = try MisbehavingReceiver { $0.target == "/hook" ? .ok : .silence }
        let bench = try Bench { $0.threads = 1 }
        bench.pool.submit(try jobs("bad", endpoints: 0..<40, each: 20) { "http://127.0.0.1:\(receiver.port)/hang/\($0)" })
        receiver.waitForRequests(3)
        bench.pool.submit(try jobs("good", endpoints: 100..<101, each: Self.deliveries) { _ in receiver.url })
        let results = bench.waitForResults(Self.deliveries)
        #expect(results.allSatisfy { $0.outcome.succeeded } && count(results, of: "good") == Self.deliveries, "\(results)")
        // All 800 of the other tenant came before, and most of them still wait.
        #expect(bench.pool.statistics.waitingForConnections > 400)
    }

    @Test func requestsThatHangTakeNotAllPlacesOfSlowOnes() throws {
        let silent = try MisbehavingReceiver { _ in .silence }
        let healthy = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench {
            $0.threads = 1
            $0.slowInFlightLimit = 64
            $0.youngMilliseconds = 1
        }
        bench.pool.submit(try jobs("bad", endpoints: 0..<200, each: 1) { "http://127.0.0.1:\(silent.port)/\($0)" })
        // Three quarters of the places; what is not counted, as long as few are slow, comes on top of that.
        silent.waitForRequests(48)
        bench.pool.submit(try jobs("good", endpoints: 300..<301, each: Self.deliveries) { _ in healthy.url })
        let results = bench.waitForResults(Self.deliveries)
        #expect(results.allSatisfy { $0.outcome.succeeded } && count(results, of: "good") == Self.deliveries, "\(results)")
        #expect(bench.pool.statistics.inFlight < 64)
        // What waits is taken back like everything else.
        bench.pool.recall(keys: nil)
        #expect(bench.waitForRecalled(200 - 64).count + bench.pool.statistics.inFlight == 200)
    }

    /// Receivers that accept connections and never say a word, so that handshakes last as long as the time limit.
    @Test func handshakesThatHangLeaveRoomForOthers() throws {
        var options = MisbehavingReceiver.Options()
        options.greeting = .silence
        options.host = "0.0.0.0"
        let mute = try MisbehavingReceiver(options) { _ in .silence }
        let healthy = try MisbehavingReceiver { _ in Reply.ok.then(.close) }
        let bench = try Bench {
            $0.threads = 1
            $0.handshakesInFlightLimit = 8
            // However slow this machine is, none of them makes room by its age.
            $0.handshakeMilliseconds = 600_000
        }
        // A tenant is known from its first delivery on.
        bench.pool.submit(try jobs("good", endpoints: 100..<101, each: 1) { _ in healthy.url })
        bench.waitForResults(1)
        bench.pool.submit(try jobs("bad", endpoints: 0..<60, each: 8) { "https://127.0.1.\($0 + 1):\(mute.port)/" })
        mute.waitForConnections(6)
        bench.pool.submit(try jobs("good", endpoints: 101..<105, each: 5) { _ in healthy.url })
        let results = bench.waitForResults(1 + Self.deliveries)
        #expect(results.allSatisfy { $0.outcome.succeeded } && count(results, of: "good") == 1 + Self.deliveries, "\(results)")
        #expect(mute.connectionCount == 6)
        #expect(healthy.connectionCount == 1 + Self.deliveries)
    }

    /// Its kept connections die under requests, while another endpoint of the same host leaves idle ones.
    @Test func anEndpointInDoubtOpensConnectionsWithinTheLimits() throws {
        let receiver = try MisbehavingReceiver { request in
            if request.target == "/held" { return Reply.ok.held }
            return request.target == "/bad" && request.indexOnConnection > 0 ? .close : .ok
        }
        let bench = try Bench {
            $0.threads = 1
            $0.handshakesInFlightLimit = 4
            $0.youngMilliseconds = 600_000
        }
        let url = "http://127.0.0.1:\(receiver.port)"
        // Several connections that stay idle.
        let warm = try Bench.target(url + "/held", key: 1, owners: ["good"])
        bench.pool.submit((0..<4).map { Bench.job(Int64($0), warm) })
        receiver.waitForRequests(4)
        receiver.release()
        bench.waitForResults(4)
        // The endpoint's second request goes over a kept connection, and is in doubt from then on.
        let bad = try Bench.target(url + "/bad", key: 2, timeout: 600_000, owners: ["bad"])
        bench.pool.submit([Bench.job(10, bad)])
        bench.waitForResults(5)
        let before = bench.pool.statistics.connectionsOpened
        bench.pool.submit((100..<200).map { Bench.job(Int64($0), bad) })
        #expect(bench.waitForResults(105).suffix(100).count { $0.outcome.succeeded } > 80)
        let statistics = bench.pool.statistics
        #expect(statistics.connectionsOpened - before >= 80)
        #expect(statistics.inFlight == 0 && statistics.waitingForConnections == 0)
    }
}

/// The same with real TLS on the other side.
@Suite(.limited(), .enabled(if: OpenSSLServer.isAvailable)) struct HostileTLSTests {
    private let directory: TemporaryDirectory
    private let file: String

    init() throws {
        directory = try TemporaryDirectory()
        file = directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: "posthorn test", alternative: "IP:127.0.0.1", days: 2)
    }

    private func target(_ server: OpenSSLServer, _ tenant: String, _ key: Int64, timeout: Int = 600_000) throws -> SendTarget {
        try Bench.target(server.url, key: key, method: .get, timeout: timeout, owners: [tenant])
    }

    /// As large a chain as is looked at, and tickets without end; each answer ends its connection, so all of it is handshakes.
    @Test func dearHandshakesOfOneTenantLeaveAnothersTheirTurns() throws {
        let chain = directory.file("chain.pem")
        let one = try OpenSSLServer.contents(of: file + ".crt")
        try OpenSSLServer.write(String(repeating: one, count: HandshakeLimits.chainLimit - 1), to: chain)
        let dear = try OpenSSLServer(certificate: file, options: ["-cert_chain", chain])
        let flood = try OpenSSLServer(certificate: file, options: ["-tls1_3", "-num_tickets", "2000000000"])
        let healthy = try OpenSSLServer(certificate: file)
        let bench = try Bench {
            $0.threads = 1
            $0.caFile = file
        }
        for key in 0..<40 {
            let target = try target(dear, "bad", Int64(key))
            bench.pool.submit((0..<10).map { Bench.job(Int64(1000 + key * 10 + $0), target, body: "q=1") })
        }
        bench.pool.submit([Bench.job(9000, try target(flood, "bad", 50), body: "q=1")])
        bench.waitForResults(1)
        let good = try target(healthy, "good", 60)
        bench.pool.submit((0..<10).map { Bench.job(Int64($0), good, body: "q=1") })
        var count = 10
        while bench.waitForResults(count).count(where: { $0.job.id < 1000 }) < 10, count <= 410 { count += 1 }
        let results = bench.results
        #expect(results.filter { $0.job.id < 1000 }.allSatisfy { $0.outcome.succeeded }, "\(results)")
        // Turn and turn about, so far from all of the 400 before them have ended.
        #expect(results.count { $0.job.id >= 1000 } < 200)
    }
}
