import PosthornModel
import PosthornText
import PosthornFormats
import Testing

/// Bodies and headers as each vendor has them.
@Suite struct ComposerTests {
    private static let common = "content-type: application/json\r\nuser-agent: Posthorn/\(PosthornVersion.text)"

    @Test func weseedoHasItsMembersInOrderWithoutBlanks() throws {
        let request = try compose(settings(.weseedo), attempt: 3, data: #"{"id":1.10,"n":"\u00e9"}"#)
        #expect(
            request.bodyText
                == #"{"id":"26edf51b5ed353431566fdf1","created":"2020-07-15T12:33:14.000Z","attempt":3,"#
                + #""type":"MEETING_CREATED","data":{"id":1.10,"n":"\u00e9"}}"#
        )
        #expect(request.headerText == Self.common)
        #expect(request.query.isEmpty)
    }

    @Test func diioPutsTheActionFirst() throws {
        let request = try compose(settings(.diio), type: "meeting.pending", data: #"{"id":"7b29","n":1.10}"#)
        #expect(request.bodyText == #"{"action":"meeting.pending","id":"7b29","n":1.10}"#)
        #expect(request.headerText.hasPrefix(Self.common + "\r\nDO-Timestamp: 1594816394\r\nDO-Signature: "))
    }

    @Test func insertionKeepsBlanksAndEmptyObjects() throws {
        let raw = settings(envelope: .webio, .none)
        #expect(try compose(raw, type: "payment", data: "{}").bodyText == #"{"type":"payment"}"#)
        #expect(try compose(raw, type: "payment", data: " { \n} ").bodyText == " {\"type\":\"payment\" \n} ")
        #expect(try compose(raw, type: "payment", data: "{ \"a\" : 1 }").bodyText == #"{"type":"payment", "a" : 1 }"#)
    }

    @Test func dataThatNamesItsTypeAlreadyIsLeftAlone() throws {
        let data = #"{"id":"x","action":"meeting.finished"}"#
        #expect(try compose(settings(.diio), type: "meeting.finished", data: data).bodyText == data)
    }

    @Test func dataThatNamesAnotherTypeIsRefused() throws {
        for data in [#"{"id":"x","action":"other"}"#, #"{"id":"x","\u0061ction":null}"#] {
            let composer = try EndpointComposer(settings(.diio), now: someMoment)
            #expect(throws: InputProblem.self) { try composer.check(type: "meeting.finished", data: Array(data.utf8)) }
        }
        let nested = #"{"id":"x","more":{"action":"other"}}"#
        #expect(try compose(settings(.diio), type: "t", data: nested).bodyText == #"{"action":"t","# + nested.dropFirst())
    }

    @Test func diioNeedsAnObjectID() throws {
        let composer = try EndpointComposer(settings(.diio), now: someMoment)
        #expect(composer.needsCheck)
        for data in ["{}", #"{"id":7}"#, #"{"a":{"id":"x"}}"#, #"{"id":null}"#] {
            let problem = #expect(throws: InputProblem.self) { try composer.check(type: "t", data: Array(data.utf8)) }
            #expect(problem?.field == "data.id")
        }
        try composer.check(type: "t", data: Array(#"{"a":[1,"}"],"id":"x"}"#.utf8))
    }

    @Test func conferenceCarriesTheDataAsOneString() throws {
        let request = try compose(
            settings(.conference),
            type: "conference_end",
            data: #"{"conference_id":1258835,"host_id":61803}"#,
            created: Timestamp(milliseconds: 1_661_374_615_000)
        )
        #expect(
            request.bodyText
                == #"{"event":"conference_end","payload":"{\"conference_id\":1258835,\"host_id\":61803}","#
                + #""timestamp":"2022-08-24T20:56:55.000Z"}"#
        )
        #expect(request.headerText == Self.common + "\r\nx-signing-token: token-of-1")
    }

    @Test func voisoHasNameEntityAndKeyAroundThePayload() throws {
        var endpoint = settings(.voiso)
        endpoint.credentials["authorization_token"] = .string("abc")
        let moment = Timestamp(milliseconds: 1_718_807_413_999)
        let request = try compose(endpoint, type: "inbound.call.hangup", data: #"{"id":28982}"#, created: moment)
        #expect(
            request.bodyText
                == #"{"name":"hook","event":"inbound.call.hangup","entity":"call","timestamp":"2024-06-19T14:30:13+0000","#
                + #""key":"fiv39qu4","payload":{"id":28982}}"#
        )
        #expect(request.headerText == Self.common + "\r\nAuthorization: Bearer abc")
        endpoint.credentials["authorization_prefix"] = .string("Token")
        #expect(try compose(endpoint, data: "{}").header("authorization") == "Token abc")
        endpoint.credentials["authorization_prefix"] = .string("")
        #expect(try compose(endpoint, data: "{}").header("authorization") == "abc")
    }

    @Test func voisoNamesItselfByItsEndpointAndLeavesTheKeyOutWithoutItsSignature() throws {
        let request = try compose(settings(envelope: .voiso, .none), type: "t", data: "{}")
        #expect(
            request.bodyText
                == #"{"name":"e1","event":"t","entity":"call","timestamp":"2020-07-15T12:33:14+0000","payload":{}}"#
        )
    }

    @Test func voisoGetSendsASortedFormEncodedQuery() throws {
        var endpoint = settings(.voiso)
        endpoint.method = .get
        let data = """
            {"callcenter":"client_name","agent_name":"John Smith","agent_email":"john@example.com","ani":"443336006114",
             "call_start_time":1630664544.661,"vip":true,"queue":null,"n":1.10,"caf\\u00e9 &=":"\\u2028\\n+"}
            """
        let request = try compose(endpoint, type: "inbound.call.answered", data: data)
        #expect(request.body.isEmpty)
        #expect(request.headerText == "user-agent: Posthorn/\(PosthornVersion.text)")
        #expect(
            request.queryText
                == "agent_email=john%40example.com&agent_name=John+Smith&ani=443336006114&caf%C3%A9+%26%3D=%E2%80%A8%0A%2B"
                + "&call_start_time=1630664544.661&callcenter=client_name&n=1.10&queue=&vip=true"
        )
    }

    @Test func voisoGetRefusesNestedMembers() throws {
        var endpoint = settings(.voiso)
        endpoint.method = .get
        let composer = try EndpointComposer(endpoint, now: someMoment)
        for value in ["{}", "[]", "[1]"] {
            let problem = #expect(throws: InputProblem.self) { try composer.check(type: "t", data: Array("{\"team\":\(value)}".utf8)) }
            #expect(problem?.field == "data.team")
        }
    }

    @Test func standardAndRawStandAsWritten() throws {
        let standard = try compose(settings(envelope: .standard, .none), type: "a.b", data: #"{"x":1}"#)
        #expect(standard.bodyText == #"{"type":"a.b","timestamp":"2020-07-15T12:33:14.000Z","data":{"x":1}}"#)
        #expect(try compose(settings(envelope: .raw, .none), data: " {\"x\": 1}\n").bodyText == " {\"x\": 1}\n")
    }

    @Test func fixedHeadersComeLast() throws {
        var endpoint = settings(.conference)
        endpoint.headers = [.init(name: "x-b", value: "2"), .init(name: "x-a", value: "1")]
        let names = try compose(endpoint, data: "{}").headerPairs.map(\.name)
        #expect(names == ["content-type", "user-agent", "x-signing-token", "x-b", "x-a"])
    }

    private static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func headersOfTracedEvent(_ endpoint: EndpointSettings) throws -> OutboundRequest {
        var request = OutboundRequest()
        let data = Array(#"{"id":"m1"}"#.utf8)
        let event = Event(id: "e", type: "T", node: "n1", created: someMoment, data: data, traceparent: Self.traceparent)
        try EndpointComposer(endpoint, now: someMoment).compose(AcceptedEvent(event), attempt: 1, at: someMoment, into: &request)
        return request
    }

    @Test(arguments: Vendor.allCases)
    func theTraceOfAnEventIsItsRequestsLastHeader(_ vendor: Vendor) throws {
        var endpoint = settings(vendor)
        endpoint.headers = [.init(name: "x-b", value: "2")]
        let traced = try headersOfTracedEvent(endpoint)
        #expect(traced.headerPairs.suffix(2).map(\.name) == ["x-b", "traceparent"])
        #expect(traced.header("traceparent") == Self.traceparent)
        #expect(try compose(endpoint, data: #"{"id":"m1"}"#).header("traceparent") == nil)
    }

    @Test func theTraceOfAnEventTakesThePlaceOfNoHeaderOfTheEndpoint() throws {
        var endpoint = settings(.conference)
        endpoint.headers = [.init(name: "TraceParent", value: "fixed")]
        #expect(try headersOfTracedEvent(endpoint).header("traceparent") == "fixed")
        let signing = settings(envelope: .raw, .hmac, ["secret": .string("It's a Secret"), "header": .string("Traceparent")])
        let signed = try headersOfTracedEvent(signing)
        #expect(signed.header("traceparent").map { $0 != Self.traceparent } == true)
    }

    @Test func aQueryWithoutEventCarriesTheTokenButNoContentType() throws {
        var request = OutboundRequest()
        try EndpointComposer(settings(.webio), now: someMoment).composeQuery(Array("a=b".utf8), into: &request)
        #expect(request.queryText == "a=b")
        #expect(request.headerPairs.map(\.name) == ["user-agent", "x-webio-token"])
        #expect(request.body.isEmpty)
    }

    @Test func onlyFormatsWithDemandsLookAtEvents() throws {
        let looking = try Vendor.allCases.filter { try EndpointComposer(settings($0), now: someMoment).needsCheck }
        #expect(looking == [.diio, .webio])
    }

    @Test func everyEnvelopeTakesEverySignatureButVoisosKey() throws {
        for envelope in Envelope.allCases {
            for signature in SignatureScheme.allCases {
                let works = (try? EndpointComposer(settings(envelope: envelope, signature), now: someMoment)) != nil
                #expect(works == (signature != .voisoKey || envelope == .voiso), "\(envelope) \(signature)")
            }
        }
    }

    @Test func oneComposerServesManyThreads() async throws {
        let composer = try EndpointComposer(settings(.standard), now: someMoment)
        let expected = try compose(settings(.standard), data: #"{"x":1}"#)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<200).allSatisfy { _ in
                        var request = OutboundRequest()
                        try? composer.compose(event(data: #"{"x":1}"#), attempt: 1, at: someMoment, into: &request)
                        return request.headers == expected.headers && request.body == expected.body
                    }
                }
            }
            for await same in group { #expect(same) }
        }
    }
}
