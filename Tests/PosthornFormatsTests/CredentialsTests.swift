import PosthornModel
import PosthornText
import PosthornFormats
import Testing

@Suite struct CredentialsTests {
    private let later = someMoment.advanced(byMilliseconds: 3_600_000)

    private func stored(_ endpoint: EndpointSettings, _ credentials: [String: JSONValue]) -> EndpointSettings {
        var endpoint = endpoint
        endpoint.credentials = credentials
        return endpoint
    }

    private func signatureHeader(_ endpoint: EndpointSettings, at now: Timestamp) throws -> [Substring] {
        try #require(try compose(endpoint, data: #"{"id":"x"}"#, at: now).header("webhook-signature")).split(separator: " ")
    }

    @Test func webioKeepsItsTokenUntilItIsRotated() throws {
        let endpoint = settings(.webio)
        let first = try Credentials.created(endpoint, at: someMoment)
        #expect(first["issued_at"] == .number("1594816394"))
        let token = try compose(stored(endpoint, first), data: "{}").header("x-webio-token")
        #expect(try compose(stored(endpoint, first), data: "{}", at: later).header("x-webio-token") == token)
        #expect(try Credentials.updated(first, to: endpoint, at: later) == first)

        let rotation = try Credentials.rotated(stored(endpoint, first), newSecret: nil, at: later)
        #expect(rotation.shownOnce == nil)
        #expect(rotation.credentials["issued_at"] == .number("1594819994"))
        #expect(try compose(stored(endpoint, rotation.credentials), data: "{}").header("x-webio-token") != token)
        #expect(try Credentials.updated(rotation.credentials, to: endpoint, at: later) == rotation.credentials)
    }

    @Test func aWebioTokenRotatedInTheSameSecondStillDiffers() throws {
        let endpoint = settings(.webio)
        var credentials = try Credentials.created(endpoint, at: someMoment)
        for expected in ["1594816395", "1594816396"] {
            credentials = try Credentials.rotated(stored(endpoint, credentials), newSecret: nil, at: someMoment).credentials
            #expect(credentials["issued_at"] == .number(expected))
        }
    }

    @Test func aChangedWebioSecretGetsANewToken() throws {
        var endpoint = settings(.webio)
        let first = try Credentials.created(endpoint, at: someMoment)
        endpoint.credentials["secret"] = .string(String(repeating: "n", count: 32))
        #expect(try Credentials.updated(first, to: endpoint, at: later)["issued_at"] == .number("1594819994"))
    }

    @Test func aRotatedStandardSecretSignsUntilItsGracePeriodEnds() throws {
        let endpoint = settings(.standard)
        let first = try Credentials.created(endpoint, at: someMoment)
        #expect(first == endpoint.credentials)
        let old = try signatureHeader(stored(endpoint, first), at: later)
        let rotation = try Credentials.rotated(stored(endpoint, first), newSecret: nil, at: someMoment)
        let secret = try #require(rotation.shownOnce)
        #expect(secret.hasPrefix("whsec_"))
        #expect(rotation.credentials["secret"] == .string(secret))

        let both = try signatureHeader(stored(endpoint, rotation.credentials), at: later)
        #expect(both.count == 2)
        #expect(both[1] == old[0])
        let end = someMoment.advanced(byMilliseconds: Credentials.defaultGraceMilliseconds)
        let last = end.advanced(byMilliseconds: -1)
        #expect(try signatureHeader(stored(endpoint, rotation.credentials), at: last).count == 2)
        #expect(try signatureHeader(stored(endpoint, rotation.credentials), at: end).count == 1)
    }

    @Test func aReceiverTakesTheReplacedSecretAsLongAsTheSenderUsesIt() throws {
        let endpoint = settings(.standard)
        let rotation = try Credentials.rotated(endpoint, newSecret: nil, at: someMoment, graceMilliseconds: 60_000)
        let receiver = try SignatureVerifier(stored(endpoint, rotation.credentials))
        for (milliseconds, isGenuine) in [(Int64(59_999), true), (60_000, false)] {
            let now = someMoment.advanced(byMilliseconds: milliseconds)
            let request = try compose(endpoint, data: "{}", at: now)
            let verdict = receiver.verify(.init(headers: request.headerPairs, body: request.body), now: now)
            #expect((verdict == .genuine) == isGenuine)
        }
    }

    @Test func applyingTheSameFileDoesNotUndoARotation() throws {
        for vendor in [Vendor.diio, .conference, .voiso, .standard, .webio] {
            let endpoint = settings(vendor)
            var credentials = try Credentials.created(endpoint, at: someMoment)
            for _ in 0..<2 {
                let secret = vendor == .webio ? Hexadecimal.random() : nil
                credentials = try Credentials.rotated(stored(endpoint, credentials), newSecret: secret, at: later).credentials
                #expect(try Credentials.updated(credentials, to: endpoint, at: later) == credentials, "\(vendor)")
            }
        }
    }

    @Test func aNewSecretInTheFileReplacesARotatedOne() throws {
        var endpoint = settings(.standard)
        let first = try Credentials.created(endpoint, at: someMoment)
        let rotated = try Credentials.rotated(stored(endpoint, first), newSecret: nil, at: someMoment).credentials
        endpoint.credentials["secret"] = .string("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
        let updated = try Credentials.updated(rotated, to: endpoint, at: later)
        #expect(updated["secret"] == endpoint.credentials["secret"])
        #expect(try signatureHeader(stored(endpoint, updated), at: later).count == 3)
    }

    @Test func anAsymmetricKeyIsReplacedByOneAndItsPublicHalfIsShown() throws {
        let endpoint = settings(.standard, ["secret": .string("whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")])
        let rotation = try Credentials.rotated(endpoint, newSecret: nil, at: someMoment)
        let publicKey = try #require(rotation.shownOnce)
        #expect(publicKey.hasPrefix("whpk_"))
        let signatures = try signatureHeader(stored(endpoint, rotation.credentials), at: later)
        #expect(signatures.map { $0.prefix(4) } == ["v1a,", "v1a,"])
        let receiver = try SignatureVerifier(settings(.standard, ["secret": .string(publicKey)]))
        let request = try compose(stored(endpoint, rotation.credentials), data: "{}")
        #expect(receiver.verify(.init(headers: request.headerPairs, body: request.body), now: someMoment) == .genuine)
    }

    @Test func theOthersReplaceTheirSecret() throws {
        for vendor in [Vendor.diio, .conference, .voiso] {
            let endpoint = settings(vendor)
            let made = try Credentials.rotated(endpoint, newSecret: nil, at: someMoment)
            #expect(made.shownOnce?.count == 64)
            let given = try Credentials.rotated(endpoint, newSecret: "brought-along", at: someMoment)
            #expect(given.shownOnce == nil)
            #expect(given.credentials.values.contains(.string("brought-along")))
        }
    }

    @Test func rotationsThatCannotWorkAreRefused() throws {
        #expect(throws: InputProblem.self) { try Credentials.rotated(settings(.weseedo), newSecret: nil, at: someMoment) }
        #expect(throws: InputProblem.self) { try Credentials.rotated(settings(.webio), newSecret: "short", at: someMoment) }
        #expect(throws: InputProblem.self) { try Credentials.rotated(settings(.standard), newSecret: "whsec_x", at: someMoment) }
        #expect(throws: InputProblem.self) { try Credentials.rotated(settings(.conference), newSecret: "token-of-1", at: someMoment) }
        #expect(throws: InputProblem.self) { try Credentials.rotated(settings(.conference), newSecret: "a\r\nb", at: someMoment) }
    }

    @Test func aFileMayNotHoldWhatPosthornKeeps() throws {
        var endpoint = settings(.webio)
        endpoint.credentials["issued_at"] = .number("1")
        #expect(throws: InputProblem.self) { try Credentials.created(endpoint, at: someMoment) }
        #expect(throws: InputProblem.self) { try Credentials.updated([:], to: endpoint, at: someMoment) }
    }

    @Test func anotherSignatureLeavesNothingOfTheFormerOne() throws {
        let hmac = hmac(["secret": "s3cr3t-of-hmac", "header": "x-s"])
        let former = try Credentials.rotated(hmac, newSecret: nil, at: someMoment).credentials
        let updated = try Credentials.updated(former, to: settings(.standard), at: later)
        #expect(updated["secret"] == sampleCredentials[.standardWebhooks]?["secret"])
        #expect(updated["previous_secrets"] == nil)
        #expect(try Credentials.updated(former, to: settings(.weseedo), at: later).isEmpty)
    }

    @Test func redactionLeavesNoSecret() throws {
        for vendor in Vendor.allCases where vendor != .weseedo {
            let endpoint = settings(vendor)
            let secret = vendor == .webio ? Hexadecimal.random() : nil
            let credentials = try Credentials.rotated(endpoint, newSecret: secret, at: someMoment).credentials
            let shown = JSONValue.object(Credentials.redacted(credentials).map { .init($0.key, $0.value) }).text
            let secrets = Credentials.secretTexts(credentials)
            #expect(secrets.count >= (vendor == .webio || vendor == .standard ? 2 : 1))
            for secret in secrets { #expect(!shown.contains(secret)) }
        }
        #expect(Credentials.redacted(["organisation_id": .string("4711")]) == ["organisation_id": .string("4711")])
    }
}

/// Secrets for tests.
enum Hexadecimal {
    static func random() -> String { SecureRandom.bytes(32).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
}
