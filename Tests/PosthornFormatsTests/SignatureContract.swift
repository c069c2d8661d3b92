import PosthornModel
import PosthornText
import Testing

@testable import PosthornFormats

/// What holds for every signature: its own requests are genuine, changed ones are not.
@Suite struct SignatureContract {
    private static let configurations: [EndpointSettings] =
        SignatureScheme.allCases.flatMap { signature in
            Envelope.allCases.filter { signature != .voisoKey || $0 == .voiso }.map { settings(envelope: $0, signature) }
        } + [
            hmac(["secret": "s", "header": "stripe-signature", "value": "t={timestamp},v1={signature}", "content": "{timestamp}.{body}"]),
            hmac(["secret": "s", "header": "x-a", "encoding": "base64", "content": "{id}{body}", "id_header": "x-id"]),
            settings(.standard, ["secret": .string("whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]),
        ]

    private static func received(_ request: OutboundRequest) -> SignatureVerifier.Request {
        .init(query: request.query, headers: request.headerPairs, body: request.body)
    }

    @Test(arguments: configurations) func itsOwnRequestsAreGenuine(endpoint: EndpointSettings) throws {
        let request = Self.received(try compose(endpoint, type: "a.b", data: #"{"id":"x","n":1}"#))
        let verdict = try SignatureVerifier(endpoint).verify(request, now: someMoment)
        #expect(verdict == (endpoint.signature == .none ? .unsigned : .genuine))
    }

    @Test(arguments: configurations) func withoutItsHeadersARequestIsRefused(endpoint: EndpointSettings) throws {
        guard endpoint.signature != .none, endpoint.signature != .voisoKey else { return }
        var request = Self.received(try compose(endpoint, data: #"{"id":"x"}"#))
        let verifier = try SignatureVerifier(endpoint)
        let signed = request.headers.dropFirst(2)
        for header in signed {
            var fewer = request
            fewer.headers.removeAll { $0.name == header.name }
            guard case .refused(let problem) = verifier.verify(fewer, now: someMoment) else {
                Issue.record("\(endpoint.signature) without \(header.name)")
                continue
            }
            #expect(problem.field.lowercased() == header.name.lowercased())
            var changed = request
            changed.headers = request.headers.map { $0.name == header.name ? ($0.name, $0.value + "1") : $0 }
            #expect(verifier.verify(changed, now: someMoment) != .genuine, "\(header.name)")
        }
        request.headers += signed
        #expect(verifier.verify(request, now: someMoment) != .genuine)
    }

    @Test func aChangedBodyIsRefused() throws {
        for endpoint in [settings(.diio), settings(.voiso), settings(.standard), settings(envelope: .weseedo, .hmac)] {
            var request = Self.received(try compose(endpoint, data: #"{"id":"x"}"#))
            let verifier = try SignatureVerifier(endpoint)
            let text = String(decoding: request.body, as: UTF8.self)
            request.body = Array(text.replacing("\"x\"", with: "\"y\"").replacing("fiv39", with: "fiv38").utf8)
            #expect(verifier.verify(request, now: someMoment) != .genuine, "\(endpoint.signature)")
            request.body = []
            #expect(verifier.verify(request, now: someMoment) != .genuine)
        }
    }

    @Test func otherCredentialsAreRefused() throws {
        for vendor in Vendor.allCases where vendor != .weseedo {
            let request = Self.received(try compose(settings(vendor), data: #"{"id":"x"}"#))
            let other = try Credentials.rotated(settings(vendor), newSecret: vendor == .webio ? Hexadecimal.random() : nil, at: someMoment)
            var endpoint = settings(vendor)
            endpoint.credentials = other.credentials.filter { $0.key != "previous_secrets" }
            #expect(try SignatureVerifier(endpoint).verify(request, now: someMoment) != .genuine)
        }
    }

    @Test func signedTimestampsAreBoundedBothWays() throws {
        for endpoint in [settings(.diio), settings(.standard), Self.configurations[Self.configurations.count - 3]] {
            let request = Self.received(try compose(endpoint, data: #"{"id":"x"}"#))
            let verifier = try SignatureVerifier(endpoint, toleranceSeconds: 60)
            for (seconds, isGenuine) in [(0, true), (60, true), (61, false), (-60, true), (-61, false)] {
                let now = someMoment.advanced(byMilliseconds: Int64(seconds) * 1000)
                #expect((verifier.verify(request, now: now) == .genuine) == isGenuine)
            }
        }
    }

    @Test func aTokenThatNamesAnotherAlgorithmIsRefused() throws {
        let request = Self.received(try compose(settings(.webio), data: "{}"))
        let verifier = try SignatureVerifier(settings(.webio))
        let token = try request.header("x-webio-token").split(separator: ".")
        for header in [#"{"alg":"none"}"#, #"{"alg":"HS512","typ":"JWT"}"#] {
            var forged = request
            forged.headers[2].value = Base64.text(Array(header.utf8), .urlWithoutPadding) + ".\(token[1]).\(token[2])"
            #expect(verifier.verify(forged, now: someMoment) != .genuine)
            forged.headers[2].value = Base64.text(Array(header.utf8), .urlWithoutPadding) + ".\(token[1])."
            #expect(verifier.verify(forged, now: someMoment) != .genuine)
        }
    }

    /// `jwt.encode({"apiKey": "key-ü", "organisationId": "org/1", "iat": 1700000000}, "s" * 40, algorithm="HS256")`, PyJWT;
    /// its claims are escaped in another way than ours.
    @Test func aTokenFromAnotherLibraryIsGenuine() throws {
        let credentials: [String: JSONValue] = [
            "api_key": .string("key-ü"), "organisation_id": .string("org/1"), "secret": .string(String(repeating: "s", count: 40)),
        ]
        let token =
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhcGlLZXkiOiJrZXktXHUwMGZjIiwib3JnYW5pc2F0aW9uSWQiOiJvcmcvMSIsImlhdCI6MTcwMDAwMDAwMH0."
            + "hUDkDoKCDypsqTyZxlwerADIzzYOTl3KDDUWmmFtpiw"
        let verifier = try SignatureVerifier(settings(.webio, credentials))
        #expect(verifier.verify(.init(headers: [("X-Webio-Token", token)], body: []), now: someMoment) == .genuine)
    }

    @Test func aVoisoGetIsKnownByItsAuthorizationAlone() throws {
        var endpoint = settings(.voiso)
        endpoint.method = .get
        let bare = try compose(endpoint, data: "{}")
        let get = SignatureVerifier.Request(method: .get, query: bare.query, headers: bare.headerPairs, body: [])
        #expect(try SignatureVerifier(endpoint).verify(get, now: someMoment) == .unsigned)
        endpoint.credentials["authorization_token"] = .string("abc")
        #expect(try SignatureVerifier(endpoint).verify(get, now: someMoment) != .genuine)
        var known = get
        known.headers = try compose(endpoint, data: "{}").headerPairs
        #expect(try SignatureVerifier(endpoint).verify(known, now: someMoment) == .genuine)
    }
}
