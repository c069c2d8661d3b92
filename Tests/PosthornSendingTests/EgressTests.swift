import PosthornModel
@testable import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Testing

@Suite(.limited()) struct EgressGuardTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.1.1",
        "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
        "255.255.255.255", "168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2620:4f:8000::1", "3fff::1", "fc00::1",
        "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "5f00::1",
    ])
    func reservedAddressesAreForbidden(_ text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(EgressGuard().verdict(address: address, isPlainHTTP: false) == .forbiddenAddress)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "168.63.129.17", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "64:ff9b::808:808",
    ])
    func publicAddressesArePermittedWithTLSOnly(_ text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(EgressGuard().verdict(address: address, isPlainHTTP: false) == .permitted)
        #expect(EgressGuard().verdict(address: address, isPlainHTTP: true) == .plainHTTP)
    }

    @Test func openedRangesTakePlainHTTPAndClosedOnesNothing() throws {
        let home = try #require(NetworkAddress("10.1.2.3"))
        let other = try #require(NetworkAddress("10.2.0.1"))
        let open = EgressGuard(allow: [try CIDR("10.0.0.0/8")], close: [try CIDR("10.2.0.0/16"), try CIDR("8.8.8.0/24")])
        #expect(open.verdict(address: home, isPlainHTTP: true) == .permitted)
        #expect(open.verdict(address: other, isPlainHTTP: true) == .forbiddenAddress)
        #expect(open.verdict(address: NetworkAddress(ipv4: 0x0808_0808), isPlainHTTP: false) == .forbiddenAddress)
        #expect(
            EgressGuard(allow: [try CIDR("10.0.0.0/8")], close: [try CIDR("10.0.0.0/8")]).verdict(address: home, isPlainHTTP: false)
                == .forbiddenAddress
        )
    }

    @Test(arguments: [
        "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/8/8", "localhost", "", "fd00::1/8", "10.0.0/8", "::/129", "10.0.0.0/+8",
    ])
    func badRangesAreRefused(_ text: String) { #expect(throws: CIDRProblem.self) { try CIDR(text) } }

    @Test func rangesPrintAsTheyAreWritten() throws {
        for text in ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8", "0.0.0.0/0", "::/0"] { #expect(try CIDR(text).description == text) }
        #expect(try CIDR("127.0.0.1").description == "127.0.0.1/32")
    }
}

/// The guard in front of real sockets: 0 bytes reach what it forbids.
@Suite(.limited()) struct EgressTests {
    @Test(arguments: [
        "127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0x7f000001", "0", "0.0.0.0", "%31%32%37.0.0.1", "localhost",
        "[::ffff:127.0.0.1]", "[::1]", "[::ffff:7f00:1]", "127.0.0.1.", "LOCALHOST",
    ])
    func noSpellingOfTheLoopbackIsReached(_ host: String) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let url: String = "http://\(host):\(receiver.port)/hook"
        let bench = try Bench { $0.guard = EgressGuard() }
        guard (try? EndpointURL(url)) != nil else { return }
        let outcome = try #require(try bench.outcome(of: url))
        #expect(outcome.error == .refusedAddress || outcome.error == .dns, "\(host): \(outcome)")
        #expect(receiver.connectionCount == 0)
        #expect(receiver.byteCount == 0)
    }

    /// Ways in which others have been talked into calling themselves: each is refused when it is set, or when it is called.
    @Test(arguments: SSRFCorpus.hosts)
    func noWayOfWritingAForbiddenAddressIsReached(_ host: String) throws {
        let receivers = try SSRFCorpus.receivers()
        let bench = try Bench { $0.guard = EgressGuard() }
        for receiver in receivers {
            for url in SSRFCorpus.urls(host, port: receiver.port) {
                guard let endpoint = try? EndpointURL(url) else { continue }
                let outcome = try #require(try bench.outcome(of: url, timeout: 5000))
                #expect(outcome.error == .refusedAddress || outcome.error == .dns, "\(url): \(outcome)")
                // The handshake and the value request go out another way.
                #expect(throws: SingleRequestProblem.self, "\(url)") {
                    try SingleRequest.perform(endpoint, timeoutMilliseconds: 5000, guard: EgressGuard())
                }
            }
        }
        for receiver in receivers {
            #expect(receiver.connectionCount == 0, "\(host)")
            #expect(receiver.byteCount == 0, "\(host)")
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func aRedirectToAForbiddenAddressIsNotCalled(_ status: Int) throws {
        let inner = try MisbehavingReceiver { _ in .ok }
        let outer = try MisbehavingReceiver { _ in .status(status, headers: [("location", "http://127.0.0.1:\(inner.port)/")]) }
        let bench = try Bench()
        #expect(try bench.outcome(of: outer.url)?.status == status)
        let egress = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        #expect(try SingleRequest.perform(EndpointURL(outer.url), timeoutMilliseconds: 5000, guard: egress).status == status)
        #expect(outer.requests.count == 2)
        #expect(inner.connectionCount == 0)
    }

    @Test func anAddressThatOnlyTheKernelTurnsIntoTheLoopbackIsRefused() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench { $0.guard = EgressGuard(allow: [try CIDR("0.0.0.0/32")]) }
        let outcome = try #require(try bench.outcome(of: "http://0.0.0.0:\(receiver.port)/hook"))
        #expect(outcome.error == .refusedAddress, "\(outcome)")
        #expect(receiver.byteCount == 0)
    }

    @Test func namesAreResolvedAndOnlyPermittedAddressesUsed() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        for _ in 0..<3 {
            let outcome = try #require(try bench.outcome(of: "http://localhost:\(receiver.port)/hook"))
            #expect(outcome.succeeded, "\(outcome)")
            #expect(outcome.address == "127.0.0.1:\(receiver.port)")
        }
        #expect(receiver.connectionCount == 1)
        #expect(receiver.requests.allSatisfy { $0.header("host") == "localhost:\(receiver.port)" })
    }

    @Test func aNameNobodyKnowsIsADNSFailure() throws {
        let outcome = try #require(try Bench().outcome(of: "https://nobody.invalid/"))
        #expect(outcome.error == .dns, "\(outcome)")
        #expect(outcome.address.isEmpty)
    }
}
