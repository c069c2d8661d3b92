import PosthornModel
import PosthornText
import PosthornFormats
import Testing

/// What cannot work is refused when the endpoint is made, by its field and without its value.
@Suite struct SettingsTests {
    private func problem(_ endpoint: EndpointSettings) -> InputProblem? {
        do throws(InputProblem) {
            _ = try EndpointComposer(endpoint, now: someMoment)
            return nil
        } catch {
            return error
        }
    }

    @Test func everyRequiredCredentialIsAskedForByName() {
        for signature in SignatureScheme.allCases where signature != .none {
            let envelope: Envelope = signature == .voisoKey ? .voiso : .weseedo
            for name in sampleCredentials[signature, default: [:]].keys where !["name", "entity"].contains(name) {
                for wrong in [nil, JSONValue.string(""), .number("7"), .null] {
                    var endpoint = settings(envelope: envelope, signature)
                    endpoint.credentials[name] = wrong
                    #expect(problem(endpoint)?.field == "credentials.\(name)", "\(signature) \(name)")
                }
            }
        }
    }

    @Test func unknownCredentialsAreRefusedByName() {
        for vendor in Vendor.allCases {
            var endpoint = settings(vendor)
            endpoint.credentials["sekret"] = .string("canary")
            #expect(problem(endpoint)?.field == "credentials.sekret")
        }
    }

    @Test func noProblemShowsASecret() {
        let canary = "canary-5d1f"
        for vendor in Vendor.allCases {
            for name in sampleCredentials[vendor.signature, default: [:]].keys {
                for text in [canary, "whsec_\(canary)", "whsk_\(canary)", "\(canary)\r\nx: y", " \(canary)"] {
                    var endpoint = settings(vendor)
                    endpoint.credentials[name] = .string(text)
                    if let problem = problem(endpoint) { #expect(!problem.description.contains(canary), "\(problem)") }
                }
            }
        }
    }

    @Test func controlCharactersInTokensAreRefused() {
        for text in ["a\r\nb: c", "a\nb", "a\0b", "a\u{7F}", " a", "a\t"] {
            var endpoint = settings(.conference)
            endpoint.credentials["token"] = .string(text)
            #expect(problem(endpoint)?.field == "credentials.token")
            var voiso = settings(.voiso)
            voiso.credentials["authorization_token"] = .string(text)
            #expect(problem(voiso)?.field == "credentials.authorization_token")
            voiso.credentials["authorization_token"] = .string("a")
            voiso.credentials["authorization_prefix"] = .string(text)
            #expect(problem(voiso)?.field == "credentials.authorization_prefix")
            var extra = settings(.weseedo)
            extra.headers = [.init(name: "x-a", value: text)]
            #expect(problem(extra)?.field == ([" a", "a\t"].contains(text) ? nil : "headers.x-a"))
        }
    }

    @Test func webioSecretsHaveAtLeast32Bytes() {
        var endpoint = settings(.webio)
        endpoint.credentials["secret"] = .string(String(repeating: "s", count: 31))
        #expect(problem(endpoint)?.reason.contains("at least 32") == true)
        endpoint.credentials["secret"] = .string(String(repeating: "£", count: 16))
        #expect(problem(endpoint) == nil)
    }

    @Test func standardSecretsHaveTheSpecifiedForm() {
        for text in [
            "plain", "whsec_", "whsec_c2hvcnQ=", "whsec_***", "whsk_c2hvcnQ=", "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
            "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==",
        ] {
            var endpoint = settings(.standard)
            endpoint.credentials["secret"] = .string(text)
            #expect(problem(endpoint)?.field == "credentials.secret", "\(text)")
        }
    }

    @Test func getIsForVoisoAlone() {
        for envelope in Envelope.allCases {
            var endpoint = settings(envelope: envelope, .none)
            endpoint.method = .get
            #expect(problem(endpoint)?.field == (envelope == .voiso ? nil : "method"))
        }
    }

    @Test func aSignedBodyNeedsPost() {
        var standard = settings(envelope: .voiso, .standardWebhooks)
        standard.method = .get
        #expect(problem(standard)?.field == "signature")
        var generic = settings(envelope: .voiso, .hmac)
        generic.method = .get
        #expect(problem(generic)?.field == "credentials.content")
    }

    @Test func aVoisoGetNeedsNoKey() throws {
        var endpoint = settings(.voiso, [:])
        #expect(problem(endpoint)?.field == "credentials.key")
        endpoint.method = .get
        #expect(problem(endpoint) == nil)
    }

    @Test func anAuthorizationPrefixAloneIsAMistake() {
        var endpoint = settings(.voiso)
        endpoint.credentials["authorization_prefix"] = .string("Bearer")
        #expect(problem(endpoint)?.field == "credentials.authorization_prefix")
    }

    @Test func fixedHeadersDoNotDoubleTheSignatures() {
        for (signature, name) in [
            (SignatureScheme.diio, "do-signature"), (.conferenceToken, "x-signing-token"), (.webioJWT, "x-webio-token"),
            (.standardWebhooks, "webhook-id"), (.hmac, "x-signature"),
        ] {
            var endpoint = settings(envelope: .weseedo, signature)
            endpoint.headers = [.init(name: name, value: "1")]
            #expect(problem(endpoint)?.field == "headers.\(name)")
            endpoint.signature = .none
            endpoint.credentials = [:]
            #expect(problem(endpoint) == nil)
        }
    }

    @Test func fixedHeadersAreBoundedTogether() {
        var endpoint = settings(envelope: .weseedo, .none)
        endpoint.headers = (0..<8).map { .init(name: "x-\($0)", value: String(repeating: "v", count: 8189)) }
        #expect(problem(endpoint) == nil)
        endpoint.headers.append(.init(name: "x", value: ""))
        #expect(problem(endpoint)?.field == "headers")
    }

    @Test(arguments: [
        ["header": "bad name"], ["header": "content-type"], ["algorithm": "md5"], ["encoding": "base32"], ["content": "constant"],
        ["content": "{boddy}"], ["content": "{body"], ["content": "body}"], ["value": "v1="], ["value": "{body}"],
        ["value": "a{signature}\r\nb: c"], ["prefix": "a\nb"], ["prefix": "{id}"], ["prefix": "a", "value": "{signature}"],
        ["timestamp_header": "host"], ["timestamp_header": "X-Signature"], ["content": "{timestamp}.{body}"],
        ["content": "{id}.{body}"], ["secret": "xyz", "secret_encoding": "hex"], ["secret": "a", "secret_encoding": "base64"],
        ["secret_encoding": "latin1"],
    ])
    func hmacConfigurationThatCannotWorkIsRefused(changes: [String: String]) {
        let base = ["secret": "s", "header": "x-signature"]
        #expect(problem(hmac(base)) == nil)
        #expect(problem(hmac(base.merging(changes) { $1 })) != nil)
    }

    @Test func anIDThatWouldBreakAHeaderIsStoppedBeforeTheWire() throws {
        #expect(throws: InputProblem.self) { try compose(settings(.standard), data: "{}", id: "a\r\nb: c") }
        let body = try compose(settings(.weseedo), data: "{}", id: "a\"b\n").bodyText
        #expect(body.hasPrefix(#"{"id":"a\"b\n","#))
    }
}
