import PosthornFormats
import PosthornModel
import PosthornText
import Testing

/// A rotation of a configured HMAC: old and new secret side by side, where the header has room for both.
@Suite struct OverlapTests {
    private let body = #"{"a":1}"#

    /// Stripe's header, in which each secret has a `v1` of its own.
    private func stripe(_ more: [String: String] = [:]) -> EndpointSettings {
        let members = [
            "secret": "whsec_test", "header": "Stripe-Signature", "value": "t={timestamp},v1={signature}",
            "content": "{timestamp}.{body}", "previous_value": ",v1={signature}",
        ]
        return hmac(members.merging(more) { $1 })
    }

    private func header(_ settings: EndpointSettings, at now: Timestamp) throws -> String {
        try #require(try compose(settings, data: body, at: now).header("stripe-signature"))
    }

    private func rotated(_ settings: EndpointSettings, to secret: String, at now: Timestamp = someMoment) throws -> EndpointSettings {
        var next = settings
        next.credentials = try Credentials.rotated(settings, newSecret: secret, at: now).credentials
        return next
    }

    /// `printf '1594816394.{"a":1}' | openssl dgst -sha256 -hmac SECRET` for each.
    private let signatures = [
        "whsec_test": "3576fdbe866f1704875d3839ff050187a9c74e9d41f18221d8615ec8682a8bbf",
        "second-secret": "42ab5d650fd65851712cc5b94299b94592d99745027b055bbd6b0c27a1bdcef6",
    ]

    @Test func bothSecretsSignUntilTheGraceIsOver() throws {
        let endpoint = try rotated(stripe(), to: "second-secret")
        let both = try header(endpoint, at: someMoment).split(separator: ",")
        let expected = ["second-secret", "whsec_test"].map { "v1=\(signatures[$0] ?? "")" }
        #expect(both.map(String.init) == ["t=1594816394"] + expected)
        let end = someMoment.advanced(byMilliseconds: Credentials.defaultGraceMilliseconds)
        #expect(try header(endpoint, at: end.advanced(byMilliseconds: -1)).split(separator: ",").count == 3)
        #expect(try header(endpoint, at: end).split(separator: ",").count == 2)
        // The newer signature is what the new secret alone makes.
        let alone = try header(stripe(["secret": "second-secret"]), at: someMoment)
        #expect(alone == both[0...1].joined(separator: ","))
    }

    /// One that has the old secret, and one that has the new one already.
    @Test func receiversOnEitherSideOfTheRotationTakeIt() throws {
        let endpoint = try rotated(rotated(stripe(), to: "second-secret"), to: "third-secret")
        let request = try compose(endpoint, data: body)
        for (secret, isKnown) in [("whsec_test", true), ("second-secret", true), ("third-secret", true), ("another-one", false)] {
            let verifier = try SignatureVerifier(stripe(["secret": secret]))
            let verdict = verifier.verify(.init(headers: request.headerPairs, body: request.body), now: someMoment)
            #expect((verdict == .genuine) == isKnown, "\(secret)")
        }
        // A receiver in its own rotation takes what is signed with the secret before.
        let old = try compose(stripe(), data: body)
        let verdict = try SignatureVerifier(endpoint).verify(.init(headers: old.headerPairs, body: old.body), now: someMoment)
        #expect(verdict == .genuine)
    }

    @Test func aHeaderForOneSignatureHasNoOverlap() throws {
        let github = hmac(["secret": "first-secret", "header": "X-Hub-Signature-256", "prefix": "sha256="])
        #expect(!Credentials.carriesSeveralSignatures(github) && Credentials.carriesSeveralSignatures(stripe()))
        let endpoint = try rotated(github, to: "second-secret")
        #expect(endpoint.credentials["previous_secrets"] == nil)
        #expect(try compose(endpoint, data: body).header("x-hub-signature-256")?.count == "sha256=".count + 64)
        for vendor in [Vendor.diio, .conference, .webio, .voiso] { #expect(!Credentials.carriesSeveralSignatures(settings(vendor))) }
        #expect(Credentials.carriesSeveralSignatures(settings(.standard)))
    }

    /// A file with a new secret replaces the stored one as a rotation does.
    @Test func aNewSecretInTheFileOverlapsToo() throws {
        let first = try Credentials.created(stripe(), at: someMoment)
        var endpoint = stripe(["secret": "second-secret"])
        endpoint.credentials = try Credentials.updated(first, to: endpoint, at: someMoment)
        #expect(try header(endpoint, at: someMoment).split(separator: ",").count == 3)
        #expect(Credentials.secretTexts(endpoint.credentials).contains("whsec_test"))
        // Without room for it, it does not stay.
        var single = stripe(["secret": "second-secret"])
        single.credentials["previous_value"] = nil
        #expect(try Credentials.updated(endpoint.credentials, to: single, at: someMoment)["previous_secrets"] == nil)
    }

    @Test(arguments: ["{signature}", ",v1=", "v1={body}", "a\r\n{signature}"])
    func aTextThatCannotFollowTheValueIsRefused(_ text: String) {
        let problem = #expect(throws: InputProblem.self) { try EndpointComposer(stripe(["previous_value": text]), now: someMoment) }
        #expect(problem?.field == "credentials.previous_value")
    }
}
