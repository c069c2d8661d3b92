import PosthornModel
import PosthornText
import Testing

@testable import PosthornFormats

@Suite struct CredentialNamesTests {
    private static let now = Timestamp(milliseconds: 1_750_000_000_000)

    /// Values that every signature takes.
    private static func value(_ name: String, _ signature: SignatureScheme) -> JSONValue {
        switch (signature, name) {
        case (.standardWebhooks, "secret"): return .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        case (.vendorFile, VendorDocument.member): return sampleVendorFile
        case (.hmac, "header"): return .string("x-signature")
        default: return .string("0123456789abcdef0123456789abcdef")
        }
    }

    private static func settings(_ signature: SignatureScheme, without left: String? = nil) -> EndpointSettings {
        let envelope: Envelope = signature == .voisoKey ? .voiso : .weseedo
        var settings = EndpointSettings(id: "e", node: "n", url: "http://h/", envelope: envelope, signature: signature)
        // A vendor's file names more of them.
        for _ in 0..<2 {
            for name in Credentials.required(settings) where name != left { settings.credentials[name] = value(name, signature) }
        }
        return settings
    }

    /// The list is held against what the composers really ask for.
    @Test(arguments: SignatureScheme.allCases)
    func theRequiredCredentialsAreEnoughAndEachIsNeeded(signature: SignatureScheme) throws {
        let whole = Self.settings(signature)
        _ = try EndpointComposer(whole, now: Self.now)
        for name in Credentials.required(whole) {
            let problem = #expect(throws: InputProblem.self) {
                try EndpointComposer(Self.settings(signature, without: name), now: Self.now)
            }
            #expect(problem?.field == "credentials.\(name)")
            #expect(Credentials.allowed(whole).contains(name))
        }
    }
}
