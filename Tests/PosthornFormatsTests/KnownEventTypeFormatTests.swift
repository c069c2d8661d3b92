import PosthornFormats
import PosthornModel
import PosthornText
import Testing

/// Every example of the catalogue is one that the vendor's format carries.
@Suite struct KnownEventTypeFormatTests {
    private static let credentials: [Vendor: [String: String]] = [
        .weseedo: [:], .diio: ["signing_secret": "s3cr3t-of-diio"], .conference: ["token": "token-of-iotum"],
        .webio: ["api_key": "pk_live_9f3", "secret": "0123456789abcdef0123456789abcdef", "organisation_id": "4711"],
        .voiso: ["key": "key-of-voiso"], .standard: [:],
    ]

    @Test(arguments: KnownEventType.all)
    func theFormatCarriesTheExample(_ type: KnownEventType) throws {
        var settings = EndpointSettings(id: "e", node: "n", url: "https://e.example/")
        (settings.envelope, settings.signature) = (type.vendor.envelope, type.vendor.signature)
        settings.credentials = (Self.credentials[type.vendor] ?? [:]).mapValues { .string($0) }
        let now = Timestamp(milliseconds: 1_594_816_394_000)
        let composer = try EndpointComposer(settings, now: now)
        let data = Array(type.example.text.utf8)
        try composer.check(type: type.type, data: data)
        var request = OutboundRequest()
        let event = Event(id: "m1", type: type.type, node: "n", created: now, data: data)
        try composer.compose(AcceptedEvent(event), attempt: 1, at: now, into: &request)
        #expect(!request.body.isEmpty)
    }
}
