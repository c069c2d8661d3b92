import PosthornModel
import PosthornText
import PosthornFormats
import Testing

/// The headers of an event in its requests: each format has them, and none takes the place of another's.
@Suite struct EventHeaderComposerTests {
    private static let headers = [EventHeader(name: "x-tenant", value: "acme"), EventHeader(name: "x-b", value: "event's")]

    private func request(_ endpoint: EndpointSettings, _ headers: [EventHeader] = headers, traceparent: String? = nil) throws
        -> OutboundRequest
    {
        let event = Event(
            id: "e",
            type: "T",
            node: "n1",
            created: someMoment,
            data: Array(#"{"id":"m1"}"#.utf8),
            traceparent: traceparent,
            headers: headers
        )
        var request = OutboundRequest()
        try EndpointComposer(endpoint, now: someMoment).compose(AcceptedEvent(event), attempt: 1, at: someMoment, into: &request)
        return request
    }

    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test(arguments: Vendor.allCases)
    func everyVendorsRequestsHaveThemBehindAllOthers(_ vendor: Vendor) throws {
        let plain = try request(settings(vendor), [])
        let with = try request(settings(vendor), traceparent: Self.trace)
        #expect(with.headerText == plain.headerText + "\r\nx-tenant: acme\r\nx-b: event's\r\ntraceparent: \(Self.trace)")
        #expect(with.body == plain.body)
    }

    @Test func aGETHasThemToo() throws {
        var endpoint = settings(.voiso)
        endpoint.method = .get
        #expect(try request(endpoint).header("x-tenant") == "acme")
    }

    @Test func aFixedHeaderOfTheEndpointIsTheOneThatIsSent() throws {
        var endpoint = settings(.weseedo)
        endpoint.headers = [.init(name: "X-B", value: "endpoint's")]
        let sent = try request(endpoint).headerPairs.filter { $0.name.lowercased() == "x-b" }
        #expect(sent.map(\.value) == ["endpoint's"])
    }

    @Test func aHeaderOfASignatureOfOnesOwnIsTheOneThatIsSent() throws {
        let endpoint = settings(
            envelope: .raw,
            .hmac,
            [
                "secret": .string("It's a Secret"), "header": .string("X-Tenant"), "timestamp_header": .string("X-B"),
                "id_header": .string("x-id"),
            ]
        )
        let sent = try request(endpoint, Self.headers + [EventHeader(name: "x-id", value: "forged"), EventHeader(name: "x-c", value: "3")])
        #expect(sent.headerPairs.map { $0.name.lowercased() } == ["content-type", "user-agent", "x-id", "x-b", "x-tenant", "x-c"])
        #expect(sent.header("x-id") == "e" && sent.header("x-tenant") != "acme" && sent.header("x-b") == "1594816394")
    }

    /// A receiver takes such a header for its vendor's word, so no event may have one, whatever endpoints there are.
    @Test(arguments: Vendor.allCases)
    func theHeadersOfAVendorsSignatureAreReserved(_ vendor: Vendor) throws {
        for (name, _) in try request(settings(vendor), []).headerPairs {
            #expect(throws: InputProblem.self) { try EventHeaders.check([EventHeader(name: name, value: "v")]) }
        }
    }

    /// The last door before the wire, for rows that were not checked on their way in.
    @Test(arguments: [("x-a", "1\r\nx-admin: 1"), ("x-a\r\nx-admin", "1"), ("x-a", "1\0"), ("", "1"), ("x a", "1"), ("x-a", "")])
    func whatWouldBreakOutOfItsLineIsNotSent(_ name: String, _ value: String) {
        #expect(throws: InputProblem.self) { try request(settings(.weseedo), [EventHeader(name: name, value: value)]) }
    }
}
