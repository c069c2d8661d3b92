import CPosthornCurl
import PosthornModel
import PosthornSystem
import PosthornTestSupport
import Testing

@testable import PosthornSending

/// Requests through a proxy on a real socket.
@Suite(.limited()) struct ProxyTests {
    private static func proxy(
        _ proxy: SmallProxy,
        _ kind: SmallProxy.Kind,
        user: String = "",
        password: String? = nil
    ) throws -> OutboundProxy {
        let at = user.isEmpty ? "" : "\(user)@"
        return try OutboundProxy("\(kind == .http ? "http" : "socks5h")://\(at)127.0.0.1:\(proxy.port)", password: password)
    }

    private static func bench(_ proxy: OutboundProxy, allow: String = "0.0.0.0/0") throws -> Bench {
        // No name is ever looked up here: the proxy does that.
        let names = try FakeNames([:])
        return try Bench(lookup: names.ask) {
            $0.guard = EgressGuard(allow: [try CIDR(allow)])
            $0.guard.proxy = proxy
            // Hosts in a row are counted by each thread.
            $0.threads = 1
        }
    }

    @Test(arguments: [SmallProxy.Kind.http, .socks5])
    func requestsGoThroughByName(_ kind: SmallProxy.Kind) throws {
        let receiver = try MisbehavingReceiver { _ in .status(200, body: "ok") }
        let proxy = try SmallProxy(kind, to: receiver.port)
        let bench = try Self.bench(try Self.proxy(proxy, kind))
        let target = try Bench.target("http://hooks.shop.invalid:8080/x", inFlight: 1)
        bench.pool.submit((1...3).map { Bench.job($0, target) })
        let results = bench.waitForResults(3)
        #expect(results.count == 3 && results.allSatisfy { $0.outcome.succeeded && $0.outcome.response == Array("ok".utf8) })
        // Through one tunnel, and the receiver sees what it would see without a proxy.
        #expect(proxy.asked == ["hooks.shop.invalid:8080"] && results.allSatisfy { $0.outcome.address == "127.0.0.1:\(proxy.port)" })
        #expect(receiver.requests.count == 3)
        #expect(receiver.requests.allSatisfy { $0.target == "/x" && $0.header("host") == "hooks.shop.invalid:8080" })
        #expect(receiver.requests.allSatisfy { $0.header("proxy-connection") == nil && $0.header("proxy-authorization") == nil })
    }

    @Test(arguments: [(SmallProxy.Kind.http, "Basic bWU6czNjcjN0"), (.socks5, "me:s3cr3t")])
    func theProxyGetsUserAndPassword(_ kind: SmallProxy.Kind, _ login: String) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let proxy = try SmallProxy(kind, to: receiver.port, login: login)
        let known = try Self.proxy(proxy, kind, user: "me", password: "s3cr3t")
        #expect(!"\(known)".contains("me@") && !"\(known)".contains("s3cr3t"))
        let bench = try Self.bench(known)
        bench.pool.submit([Bench.job(1, try Bench.target("http://hooks.shop.invalid/"))])
        #expect(bench.waitForResults(1).first?.outcome.succeeded == true)
        #expect(proxy.logins == [login] && receiver.requests.allSatisfy { $0.header("proxy-authorization") == nil })
        // Another password is refused, which is no attempt.
        let wrong = try Self.bench(try Self.proxy(proxy, kind, user: "me", password: "other"))
        wrong.pool.submit([Bench.job(2, try Bench.target("http://hooks.shop.invalid/"))])
        #expect(wrong.waitForFaults(1) == ["proxy begins"] && wrong.results.isEmpty)
    }

    /// Whatever the proxy does wrong, the delivery waits and goes out when it is mended.
    @Test(arguments: [
        (SmallProxy.Kind.http, SmallProxy.Manner.answers(403)), (.http, .answers(407)), (.http, .answers(429)), (.http, .closes),
        (.socks5, .answers(2)), (.socks5, .closes),
    ])
    func whatTheProxyRefusesIsNoAttempt(_ kind: SmallProxy.Kind, _ manner: SmallProxy.Manner) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let proxy = try SmallProxy(kind, to: receiver.port)
        proxy.set(manner)
        let bench = try Self.bench(try Self.proxy(proxy, kind))
        bench.pool.submit([Bench.job(1, try Bench.target("http://hooks.shop.invalid/"))])
        #expect(bench.waitForFaults(1) == ["proxy begins"] && bench.results.isEmpty)
        proxy.set(.works)
        #expect(bench.waitForResults(1).first?.outcome.succeeded == true)
        #expect(bench.waitForFaults(2) == ["proxy begins", "proxy over"] && receiver.requests.count == 1)
    }

    @Test func aProxyThatIsNotThereIsNoAttempt() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let port = try SmallProxy(.http, to: receiver.port).port
        let bench = try Self.bench(try OutboundProxy("http://127.0.0.1:\(port)"))
        bench.pool.submit([Bench.job(1, try Bench.target("http://hooks.shop.invalid/"))])
        #expect(bench.waitForFaults(1) == ["proxy begins"] && bench.results.isEmpty)
        let proxy = try SmallProxy(.http, to: receiver.port, port: port)
        #expect(bench.waitForResults(1).first?.outcome.succeeded == true && proxy.asked.count == 1)
    }

    @Test(arguments: [(SmallProxy.Kind.http, UInt16(502)), (.http, 503), (.http, 504), (.socks5, 5), (.socks5, 4), (.socks5, 1)])
    func aReceiverThatTheProxyDoesNotReachFails(_ kind: SmallProxy.Kind, _ code: UInt16) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let proxy = try SmallProxy(kind, to: receiver.port)
        proxy.set(.answers(code))
        let bench = try Self.bench(try Self.proxy(proxy, kind))
        bench.pool.submit([Bench.job(1, try Bench.target("http://hooks.shop.invalid/"))])
        let outcome = try #require(bench.waitForResults(1).first?.outcome)
        #expect(outcome.error == .connect && outcome.status == nil, "\(outcome)")
        #expect(receiver.requests.isEmpty)
    }

    /// One host for which the proxy has no answer is that host's matter; several in a row are the proxy's.
    @Test func aSilentProxyIsToldFromASilentReceiver() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let proxy = try SmallProxy(.http, to: receiver.port)
        proxy.set(.silent)
        let bench = try Self.bench(try Self.proxy(proxy, .http))
        func submit(_ id: Int64) throws {
            bench.pool.submit([Bench.job(id, try Bench.target("http://hooks\(id).shop.invalid/", key: id, timeout: 50))])
        }
        for id: Int64 in 1...2 {
            try submit(id)
            #expect(bench.waitForResults(Int(id)).last?.outcome.error == .timeout)
        }
        try submit(3)
        #expect(bench.waitForFaults(1) == ["proxy begins"] && bench.results.count == 2)
    }

    @Test func theGuardJudgesNamesAndLiteralAddresses() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let proxy = try SmallProxy(.http, to: receiver.port)
        let bench = try Self.bench(try Self.proxy(proxy, .http), allow: "203.0.113.0/24")
        let refused = [
            "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", "https://localhost/", "https://db.internal/",
            "https://printer.local/", "https://intranet/", "https://metadata.google.internal./", "http://hooks.shop.com/",
        ]
        for (id, url) in refused.enumerated() { bench.pool.submit([Bench.job(Int64(id), try Bench.target(url, key: Int64(id)))]) }
        let results = bench.waitForResults(refused.count)
        #expect(results.count == refused.count && results.allSatisfy { $0.outcome.error == .refusedAddress })
        // What is opened goes through, in clear text too.
        bench.pool.submit([Bench.job(99, try Bench.target("http://203.0.113.7/", key: 99))])
        #expect(bench.waitForResults(refused.count + 1).last?.outcome.succeeded == true)
        #expect(proxy.asked == ["203.0.113.7:80"])
    }

    /// TLS goes through from end to end: it is the receiver's certificate that is judged.
    @Test(.enabled(if: OpenSSLServer.isAvailable), arguments: [SmallProxy.Kind.http, .socks5])
    func tlsIsTheReceiversOwn(_ kind: SmallProxy.Kind) throws {
        let folder = try TemporaryDirectory()
        let certificate = folder.file("server.pem")
        try OpenSSLServer.makeCertificate(certificate, name: "posthorn test", alternative: "DNS:hooks.shop.invalid", days: 2)
        let server = try OpenSSLServer(certificate: certificate)
        let proxy = try SmallProxy(kind, to: server.port)
        var egress = EgressGuard(allow: [try CIDR("0.0.0.0/0")])
        egress.proxy = try Self.proxy(proxy, kind)
        func ask(_ host: String) throws -> SingleResponse {
            try SingleRequest.perform(try EndpointURL("https://\(host)/"), timeoutMilliseconds: 20_000, guard: egress, caFile: certificate)
        }
        #expect(try ask("hooks.shop.invalid").status == 200 && proxy.asked == ["hooks.shop.invalid:443"])
        #expect { _ = try ask("other.shop.invalid") } throws: { ($0 as? SingleRequestProblem)?.error == .tls }
    }

    @Test(arguments: [
        "socks5://h:1", "socks4://h:1", "https://h:1", "http://h", "http://me:pw@h:1", "http://h:1/path", "h:1", "http://h:0",
        "http://a b:1",
    ])
    func otherURLsAreRefusedWithoutShowingSecrets(_ text: String) {
        #expect { _ = try OutboundProxy(text) } throws: { !"\($0)".contains("pw") && !"\($0)".contains("me:") }
    }

    @Test func requestsLeaveFromTheSourceAddress() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let proxy = try SmallProxy(.http, to: receiver.port)
        let bench = try Bench {
            $0.guard = EgressGuard(allow: [try CIDR("0.0.0.0/0"), try CIDR("::/0")])
            $0.guard.source = try SourceAddress("127.0.0.9")
        }
        // As a receiver it closes the connection.
        bench.pool.submit([Bench.job(1, try Bench.target("http://127.0.0.1:\(proxy.port)/"))])
        #expect(bench.waitForResults(1).first?.outcome.error == .closed)
        #expect(proxy.peers == [NetworkAddress("127.0.0.9")])
        // None of IPv6 leaves then.
        bench.pool.submit([Bench.job(2, try Bench.target("http://[::1]:9/", key: 2))])
        let other = try #require(bench.waitForResults(2).last?.outcome)
        #expect(other.error == .connect && other.errorText.contains("no source address"), "\(other)")
    }

    @Test func aSourceAddressThatIsNotHereIsNoAttempt() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench { $0.guard.source = try SourceAddress("192.0.2.77") }
        bench.send(to: receiver)
        #expect(bench.waitForFaults(1) == ["no_source_address begins"] && bench.results.isEmpty && receiver.requests.isEmpty)
    }

    @Test(arguments: ["", "eth0", "1.2.3.4,1.2.3.5", "::1,::2", "1.2.3.4,", "1.2.3.4/8"])
    func otherSourceAddressesAreRefused(_ text: String) { #expect(throws: InputProblem.self) { try SourceAddress(text) } }
}

/// What the end of a try through a proxy says.
@Suite struct ProxyTroubleTests {
    private func trouble(_ code: CURLcode, _ status: Int = 0, connected: Bool = true) -> ProxyTrouble {
        ProxyTrouble(code, isConnected: connected, status: status, proxyCode: CURLPX_OK)
    }

    private func isProxys(_ trouble: ProxyTrouble) -> Bool { if case .proxy = trouble { true } else { false } }

    @Test func whoseMatterItIs() {
        #expect(isProxys(trouble(CURLE_COULDNT_CONNECT, connected: false)) && isProxys(trouble(CURLE_COULDNT_RESOLVE_PROXY)))
        #expect(isProxys(trouble(CURLE_OPERATION_TIMEDOUT, connected: false)) && trouble(CURLE_OPERATION_TIMEDOUT) == .silence)
        for status in [400, 401, 403, 405, 407, 429, 501, 505] { #expect(isProxys(trouble(CURLE_RECV_ERROR, status)), "\(status)") }
        for status in [500, 502, 503, 504] {
            guard case .receiver = trouble(CURLE_RECV_ERROR, status) else { Issue.record("\(status)"); continue }
        }
        #expect(isProxys(trouble(CURLE_RECV_ERROR)) && trouble(CURLE_OUT_OF_MEMORY) == .other)
    }

    @Test func severalSilentHostsInARowAreTheProxys() {
        var watch = TunnelWatch()
        let first = ["a", "a", "b", "a"].map { watch.wasSilent($0) }
        watch.opened()
        let second = ["a", "b", "c", "a"].map { watch.wasSilent($0) }
        #expect(first == [false, false, false, false] && second == [false, false, true, true])
    }
}
