import PosthornSystem
import Testing

@testable import PosthornHTTP

/// Whose word about a client's address counts.
@Suite struct ProxyTrustTests {
    private func client(_ headers: HTTPHeaders, _ field: ProxyTrust.Field = .xForwardedFor) throws -> String? {
        let trust = ProxyTrust(ranges: [try CIDR("10.0.0.0/8"), try CIDR("fd00::/8")], field: field)
        return trust.client(headers)?.description
    }

    @Test func theLastAddressThatIsNoProxysIsTheClients() throws {
        #expect(try client(["X-Forwarded-For": "192.0.2.9, 198.51.100.1 ,10.0.0.2"]) == "198.51.100.1")
        #expect(try client(["X-Forwarded-For": "192.0.2.9", "x-forwarded-for": "2001:db8::1, fd00::7"]) == "2001:db8::1")
    }

    @Test func forwardedAddressesWrittenByTheClientAreIgnored() throws {
        #expect(try client(["X-Forwarded-For": "127.0.0.1, nonsense, 198.51.100.1"]) == "198.51.100.1")
        #expect(try client(["X-Forwarded-For": "127.0.0.1, nonsense, 10.0.0.9"]) == "10.0.0.9")
        #expect(try client(["X-Forwarded-For": "127.0.0.1, nonsense"]) == nil)
        #expect(try client([:]) == nil)
    }

    @Test func onlyTheNamedFieldIsRead() throws {
        #expect(try client(["Forwarded": "for=198.51.100.1"]) == nil)
        #expect(try client(["X-Forwarded-For": "198.51.100.1"], .forwarded) == nil)
    }

    @Test(
        arguments: [
            ("for=198.51.100.1;proto=http, for=10.1.1.1", "198.51.100.1"), ("proto=https; For=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("for=\"198.51.100.1:80\"", "198.51.100.1"), ("for=_hidden", nil), ("by=10.0.0.1", nil), ("for=\"", nil), ("", nil),
        ] as [(String, String?)]
    )
    func forwardedIsReadInItsForms(_ value: String, _ expected: String?) throws {
        #expect(try client(["Forwarded": value], .forwarded) == expected)
    }

    @Test func anAddressMayHaveAPort() throws {
        #expect(try client(["X-Forwarded-For": "198.51.100.1:5000"]) == "198.51.100.1")
        #expect(try client(["X-Forwarded-For": "[2001:db8::1]:5000"]) == "2001:db8::1")
    }

    @Test func whetherAClientTalksTLSIsWhatTheNearestProxyWrote() {
        func isSecure(_ headers: HTTPHeaders, _ field: ProxyTrust.Field = .xForwardedFor) -> Bool {
            ProxyTrust(ranges: [], field: field).isSecure(headers)
        }
        #expect(isSecure(["X-Forwarded-Proto": "https"]) && isSecure(["X-Forwarded-Proto": "http, HTTPS"]))
        #expect(!isSecure(["X-Forwarded-Proto": "https, http"]) && !isSecure([:]) && !isSecure(["X-Forwarded-Proto": ""]))
        #expect(!isSecure(["X-Forwarded-Proto": "https", "x-forwarded-proto": "http"]))
        #expect(isSecure(["Forwarded": "for=a;proto=http, for=b; Proto=\"https\""], .forwarded))
        #expect(!isSecure(["Forwarded": "for=a;proto=https, for=b"], .forwarded) && !isSecure(["Forwarded": "proto=https"]))
        #expect(!isSecure(["X-Forwarded-Proto": "https"], .forwarded))
    }

    @Test func aUnixSocketsPeerIsAProxyOnlyWhereItIsSaid() {
        #expect(!ProxyTrust(ranges: []).trusts(nil))
        #expect(ProxyTrust(ranges: [], trustsUnixSocket: true).trusts(nil))
    }

    @Test func clientsOfOneCustomerShareAKey() throws {
        func key(_ text: String) throws -> UInt128 { ClientTable.key(try #require(NetworkAddress(text))) }
        #expect(try key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::9"))
        #expect(try key("2001:db8:1:2::1") != key("2001:db8:1:3::1"))
        #expect(try key("192.0.2.1") != key("192.0.2.2"))
        #expect(try key("::ffff:192.0.2.1") == key("192.0.2.1"))
    }
}
