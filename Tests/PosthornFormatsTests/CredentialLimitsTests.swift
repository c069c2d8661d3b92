import PosthornText
import PosthornModel
import PosthornTestSupport
import Testing

@testable import PosthornFormats

@Suite struct CredentialLimitsTests {
    private func refusal(_ settings: EndpointSettings) -> String? {
        do throws(InputProblem) {
            _ = try Credentials.created(settings, at: someMoment)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        (Vendor.diio, "signing_secret"), (.conference, "token"), (.voiso, "key"), (.voiso, "authorization_token"), (.webio, "api_key"),
        (.webio, "secret"), (.standard, "secret"),
    ])
    func aShortSecretIsRefusedForEverySignature(_ vendor: Vendor, _ name: String) throws {
        for text in ["k", "1234567"] {
            var endpoint = settings(vendor)
            endpoint.credentials[name] = .string(text)
            let reason = try #require(refusal(endpoint))
            #expect(reason.hasPrefix("credentials.\(name): has \(text.utf8.count) byte") && reason.contains("at least 8"), "\(reason)")
        }
    }

    @Test func aShortSecretIsRefusedForHMACToo() throws {
        #expect(refusal(hmac(["secret": "1234567", "header": "x-s"]))?.contains("has 7 bytes") == true)
        #expect(refusal(hmac(["secret": "12345678", "header": "x-s"])) == nil)
        for vendor in [Vendor.diio, .conference, .voiso] {
            #expect(throws: InputProblem.self) { try Credentials.rotated(settings(vendor), newSecret: "1234567", at: someMoment) }
        }
    }

    /// An outbox of the first release may hold one.
    @Test func aShortSecretThatIsStoredSignsOn() throws {
        #expect(throws: Never.self) { try EndpointComposer(settings(.conference, ["token": .string("k")]), now: someMoment) }
    }

    @Test func aLongCredentialIsRefused() throws {
        let long = JSONValue.string(String(repeating: "a", count: 8193))
        let diio = refusal(settings(.diio, ["signing_secret": long]))
        #expect(diio == "credentials.signing_secret: has 8193 bytes; at most 8192 are allowed")
        var voiso = settings(.voiso)
        voiso.credentials["name"] = long
        #expect(refusal(voiso)?.hasPrefix("credentials.name: has 8193 bytes") == true)
    }

    @Test(.enabled(if: OpenSSLServer.isAvailable)) func clientCertificatesAndKeysHaveALargestSize() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("client.pem")
        try OpenSSLServer.makeCertificate(file, name: "client", alternative: nil, days: 2)
        let (certificate, key) = (try OpenSSLServer.contents(of: file + ".crt"), try OpenSSLServer.contents(of: file + ".key"))
        func endpoint(_ certificate: String, _ key: String) -> EndpointSettings {
            settings(.weseedo, ["client_certificate": .string(certificate), "client_key": .string(key)])
        }
        #expect(refusal(endpoint(String(repeating: certificate, count: 10), key)) == nil)
        #expect(refusal(endpoint(String(repeating: certificate, count: 11), key))?.contains("holds 11 certificates; at most 10") == true)
        let padding = String(repeating: "# comment\n", count: 14_000)
        #expect(refusal(endpoint(padding + certificate, key))?.contains("client_certificate: has ") == true)
        #expect(refusal(endpoint(certificate, padding + key))?.contains("client_key: has ") == true)
        // Of five primes, which are found faster than two.
        let (largeKey, largeCertificate) = (directory.file("large.key"), directory.file("large.crt"))
        try OpenSSLServer.run(["genrsa", "-primes", "5", "-out", largeKey, "8200"])
        try OpenSSLServer.run(["req", "-x509", "-new", "-key", largeKey, "-subj", "/CN=large", "-days", "2", "-out", largeCertificate])
        let large = endpoint(try OpenSSLServer.contents(of: largeCertificate), try OpenSSLServer.contents(of: largeKey))
        #expect(refusal(large)?.contains("client_key: has 8200 bits; at most 8192") == true)
    }
}
