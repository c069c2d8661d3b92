import PosthornModel
import PosthornText
import Testing

@testable import PosthornFormats

/// Endpoints that keep a vendor's file among their credentials.
@Suite struct KeptVendorTests {
    private static let url = "https://receiver.example/hook?tenant=5"

    private static func endpoint(_ document: JSONValue, _ credentials: [String: String]) -> EndpointSettings {
        EndpointSettings(
            id: "e",
            node: "n",
            url: url,
            envelope: .raw,
            signature: .vendorFile,
            credentials: credentials.mapValues { .string($0) }.merging([VendorDocument.member: document]) { $1 }
        )
    }

    /// What an endpoint keeps is less than the file, and makes the same requests.
    @Test(arguments: VendorFileTests.files) func whatIsKeptMakesTheRequestsOfTheFile(path: String) throws {
        let file = try VendorFileTests.file(path)
        let sending = VendorFileTests.credentials(file).sending
        let ofFile = try FileVendor(file, credentials: sending).composer(url: Self.url)
        let settings = Self.endpoint(file.kept, sending)
        try KeptVendor.prove(settings)
        let kept = try EndpointComposer(settings, now: someMoment)
        #expect(try VendorFile(kept: file.kept, isProved: false).kept == file.kept)
        #expect(kept.success == file.description.success)
        for kind in file.types {
            let event = AcceptedEvent(Event(id: "evt-1", type: kind.name, node: "n", created: someMoment, data: kind.samples[0]))
            var (one, other) = (OutboundRequest(), OutboundRequest())
            try ofFile.compose(event, attempt: 2, at: someMoment, into: &one)
            try kept.compose(event, attempt: 2, at: someMoment, into: &other)
            #expect(one.body == other.body && one.query == other.query, "\(kind.name)")
            // Signatures of some key pairs are different each time.
            let isRandom = path.hasSuffix("plaid.json") || path.hasSuffix("sendgrid.json")
            if isRandom {
                #expect(FileVendor.headers(of: one).map(\.name) == FileVendor.headers(of: other).map(\.name), "\(kind.name)")
            } else {
                #expect(one.headers == other.headers, "\(kind.name)")
            }
        }
    }

    @Test func aFileIsProvedWhenItIsAppliedAndNotWhenItIsRead() throws {
        let wrong = sampleVendorFile.text.replacing("v1=3dd4", with: "v1=4dd4")
        let settings = Self.endpoint(try JSONValue.parse(Array(wrong.utf8)), ["secret": "whsec_agreed"])
        let problem = #expect(throws: InputProblem.self) { try Credentials.created(settings, at: someMoment) }
        #expect(problem?.field == "vendor/x-webhook-sender/vectors/0/Stripe-Signature")
        _ = try EndpointComposer(settings, now: someMoment)
        // What is stored already was proved when it came.
        _ = try Credentials.updated(settings.credentials, to: settings, at: someMoment)
    }

    @Test func whatTheFileCallsConfigurationIsShownAndNothingElse() throws {
        var document = sampleVendorFile.text
        document = document.replacing(
            #""success":"#,
            with: #""config":{"account":""},"headers":{"X-Account":"{config:account}"},"success":"#
        )
        let settings = Self.endpoint(
            try JSONValue.parse(Array(document.utf8)),
            ["secret": "whsec_agreed", "secret.2": "whsec_before", "account": "acct_1"]
        )
        // Further keys belong to signatures that carry several.
        #expect(throws: InputProblem.self) { try EndpointComposer(settings, now: someMoment) }
        let shown = Credentials.redacted(settings.credentials)
        #expect(shown["secret"] == .string("***") && shown["secret.2"] == .string("***") && shown["account"] == .string("acct_1"))
        #expect(shown[VendorDocument.member] == settings.credentials[VendorDocument.member])
        #expect(Set(Credentials.secretTexts(settings.credentials)) == ["whsec_agreed", "whsec_before"])
    }

    @Test func secretsAreHeldToTheSameLimitsAsOthers() throws {
        let short = #expect(throws: InputProblem.self) {
            try Credentials.created(Self.endpoint(sampleVendorFile, ["secret": "short"]), at: someMoment)
        }
        #expect(short?.field == "credentials.secret" && short?.reason.contains("at least 8") == true)
        let padding = String(repeating: "x", count: KeptVendor.limitBytes)
        let large = sampleVendorFile.text.replacing(#""title":"Stripe""#, with: "\"title\":\"Stripe\",\"summary\":\"\(padding)\"")
        let problem = #expect(throws: InputProblem.self) {
            try Credentials.created(Self.endpoint(try JSONValue.parse(Array(large.utf8)), ["secret": "whsec_agreed"]), at: someMoment)
        }
        #expect(problem?.field == "vendor" && problem?.code == .tooLarge)
    }

    @Test func anEndpointsOwnHeadersStayBesideThoseOfTheFile() throws {
        var settings = Self.endpoint(sampleVendorFile, ["secret": "whsec_agreed"])
        settings.headers = [.init(name: "x-tenant", value: "5")]
        let event = Event(
            id: "evt-1",
            type: "charge.succeeded",
            node: "n",
            created: someMoment,
            data: Array(#"{"id":"x"}"#.utf8),
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        )
        var request = OutboundRequest()
        try EndpointComposer(settings, now: someMoment).compose(AcceptedEvent(event), attempt: 1, at: someMoment, into: &request)
        #expect(
            FileVendor.headers(of: request).map(\.name) == ["content-type", "user-agent", "Stripe-Signature", "x-tenant", "traceparent"]
        )
        settings.headers = [.init(name: "stripe-signature", value: "mine")]
        let problem = #expect(throws: InputProblem.self) { try EndpointComposer(settings, now: someMoment) }
        #expect(problem?.field == "headers.stripe-signature")
    }

    /// An event that has no place for what the file writes into it is known before it is sent.
    @Test func anEventWithoutAPlaceIsRefusedBeforeItIsSent() throws {
        let adyen = try VendorFileTests.file("Examples/vendors/adyen.json")
        let composer = try EndpointComposer(Self.endpoint(adyen.kept, VendorFileTests.credentials(adyen).sending), now: someMoment)
        #expect(composer.needsCheck)
        #expect(throws: InputProblem.self) { try composer.check(type: "AUTHORISATION", data: Array(#"{"id":"1"}"#.utf8)) }
        try composer.check(type: "AUTHORISATION", data: adyen.types[0].samples[0])
        let stripe = try EndpointComposer(Self.endpoint(sampleVendorFile, ["secret": "whsec_agreed"]), now: someMoment)
        #expect(!stripe.needsCheck)
    }
}
