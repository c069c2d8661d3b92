import PosthornModel
import PosthornText
import Testing

@testable import PosthornFormats

/// Rotations of the keys that a vendor's file names.
@Suite struct VendorRotationTests {
    private static let body = Array(#"{"id":"x"}"#.utf8)

    private static func endpoint(_ document: JSONValue, _ credentials: [String: String]) -> EndpointSettings {
        EndpointSettings(
            id: "e",
            node: "n",
            url: "https://receiver.example/hook",
            envelope: .raw,
            signature: .vendorFile,
            credentials: credentials.mapValues { .string($0) }.merging([VendorDocument.member: document]) { $1 }
        )
    }

    /// Stripe's format; with `repeat`, a `v1` for each key.
    private static func stripe(repeated: Bool = true, secret: String = "whsec_agreed") throws -> EndpointSettings {
        var text = sampleVendorFile.text
        if repeated {
            text = text.replacing(
                #""place":{"header":"Stripe-Signature""#,
                with: #""repeat":{"value":",v1={signature}"},"place":{"header":"Stripe-Signature""#
            )
        }
        return endpoint(try JSONValue.parse(Array(text.utf8)), ["secret": secret])
    }

    private static func header(_ settings: EndpointSettings, at now: Timestamp) throws -> [Substring] {
        let event = Event(id: "evt-1", type: "charge.succeeded", node: "n", created: now, data: body)
        var request = OutboundRequest()
        try EndpointComposer(settings, now: now).compose(AcceptedEvent(event), attempt: 1, at: now, into: &request)
        let value = try #require(FileVendor.headers(of: request).first { $0.name == "Stripe-Signature" }?.value)
        return value.split(separator: ",")
    }

    private static func rotated(_ settings: EndpointSettings, name: String? = nil, to secret: String?, at now: Timestamp = someMoment)
        throws
        -> EndpointSettings
    {
        var next = settings
        next.credentials = try Credentials.rotated(settings, name: name, newSecret: secret, at: now).credentials
        return next
    }

    @Test func bothSecretsSignUntilTheGraceIsOver() throws {
        let first = try Self.stripe()
        #expect(Credentials.carriesSeveralSignatures(first))
        let second = try Self.rotated(first, to: "whsec_second")
        let alone = (try Self.header(first, at: someMoment)[1], try Self.header(Self.stripe(secret: "whsec_second"), at: someMoment)[1])
        let both = try Self.header(second, at: someMoment)
        #expect(both.count == 3 && both[1] == alone.1 && both[2] == alone.0)
        #expect(Credentials.replacedSecretsSign(second.credentials, at: someMoment).count == 1)
        let end = someMoment.advanced(byMilliseconds: Credentials.defaultGraceMilliseconds)
        #expect(try Self.header(second, at: end.advanced(byMilliseconds: -1000)).count == 3)
        #expect(try Self.header(second, at: end).count == 2)
        // A receiver with either key takes it, and one with a third does not.
        let third = try Self.rotated(second, to: "whsec_third_one")
        #expect(try Self.header(third, at: someMoment).count == 4)
        #expect(Credentials.secretTexts(third.credentials).sorted() == ["whsec_agreed", "whsec_second", "whsec_third_one"])
        // What a topology file has of it can be applied again, and changes nothing.
        var exported = third
        exported.credentials = Credentials.configured(third.credentials)
        #expect(try Credentials.updated(third.credentials, to: exported, at: someMoment) == third.credentials)
    }

    /// A topology file that still has the replaced secret does not bring it back, and one with a new secret overlaps.
    @Test func aFileWithTheReplacedSecretKeepsTheNewOne() throws {
        let stored = try Self.rotated(try Self.stripe(), to: "whsec_second").credentials
        let kept = try Credentials.updated(stored, to: try Self.stripe(), at: someMoment)
        #expect(kept["secret"] == .string("whsec_second") && kept["previous_secrets"] == stored["previous_secrets"])
        var fresh = try Self.stripe(secret: "whsec_from_file")
        fresh.credentials = try Credentials.updated(stored, to: fresh, at: someMoment)
        #expect(try Self.header(fresh, at: someMoment).count == 4)
        // Without `repeat` in the file, what was kept signs no more.
        var single = try Self.stripe(repeated: false, secret: "whsec_from_file")
        single.credentials = try Credentials.updated(stored, to: single, at: someMoment)
        #expect(single.credentials["previous_secrets"] == nil)
        #expect(try Self.header(single, at: someMoment).count == 2)
    }

    @Test func aFormatOfOneSignatureHasNoOverlap() throws {
        let single = try Self.stripe(repeated: false)
        #expect(!Credentials.carriesSeveralSignatures(single))
        let next = try Self.rotated(single, to: nil)
        #expect(next.credentials["previous_secrets"] == nil && next.credentials["secret"] != single.credentials["secret"])
        #expect(try Self.header(next, at: someMoment).count == 2)
    }

    /// A made key has the form that the file names, so that the signature can be made with it.
    @Test(arguments: VendorFileTests.files) func aKeyIsMadeInTheFormOfTheFile(path: String) throws {
        let file = try VendorFileTests.file(path)
        let settings = Self.endpoint(file.kept, VendorFileTests.credentials(file).sending)
        let names = file.description.keyNames
        if names.count != 1 {
            let problem = #expect(throws: InputProblem.self) { try Credentials.rotated(settings, newSecret: nil, at: someMoment) }
            #expect(problem?.field == (names.isEmpty ? "signature" : "name"))
        }
        for name in names {
            let algorithm = try #require(file.description.algorithm(ofKey: name))
            let isMade = algorithm.hasPrefix("hmac") || algorithm == "jwt-hs256" || algorithm == "token" || algorithm.hasPrefix("sha")
            if isMade {
                let rotation = try Credentials.rotated(settings, name: name, newSecret: nil, at: someMoment)
                let secret = try #require(rotation.shownOnce)
                #expect(secret.utf8.count >= 32 && rotation.credentials[name] == .string(secret), "\(name)")
                var next = settings
                next.credentials = rotation.credentials
                _ = try EndpointComposer(next, now: someMoment)
            } else {
                let problem = #expect(throws: InputProblem.self) {
                    try Credentials.rotated(settings, name: name, newSecret: nil, at: someMoment)
                }
                #expect(problem?.field == "credentials.\(name)" && problem?.reason.contains("not made here") == true, "\(algorithm)")
            }
        }
    }

    @Test func theNameSaysWhichOfSeveral() throws {
        var text = sampleVendorFile.text
        text = text.replacing(
            #""signatures":["#,
            with: #""signatures":[{"algorithm":"token","key":{"name":"token"},"place":{"header":"X-Token","value":"{signature}"}},"#
        )
        let settings = Self.endpoint(try JSONValue.parse(Array(text.utf8)), ["secret": "whsec_agreed", "token": "agreed-token"])
        let unnamed = #expect(throws: InputProblem.self) { try Self.rotated(settings, to: "another-secret") }
        #expect(unnamed?.field == "name" && unnamed?.reason.contains("secret, token") == true)
        let wrong = #expect(throws: InputProblem.self) { try Self.rotated(settings, name: "tokn", to: "another-secret") }
        #expect(wrong?.field == "name" && wrong?.reason.contains("token") == true)
        let next = try Self.rotated(settings, name: "token", to: "another-token")
        #expect(next.credentials["token"] == .string("another-token") && next.credentials["secret"] == .string("whsec_agreed"))
        #expect(Credentials.namesRotatedSecret(settings, stored: next.credentials))
    }
}
