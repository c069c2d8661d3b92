import PosthornModel
import PosthornText
import Testing

/// What the headers of an event may be (RFC 9110, sections 5.1, 5.5 and 5.6.2), and which names are others' to write.
@Suite struct EventHeaderTests {
    private func refusal(_ headers: [EventHeader]) -> InputProblem? {
        do throws(InputProblem) { try EventHeaders.check(headers) } catch { return error }
        return nil
    }

    private func refusal(_ name: String, _ value: String = "v") -> InputProblem? { refusal([EventHeader(name: name, value: value)]) }

    @Test(arguments: [
        ("x-tenant", "acme"), ("X-Tenant", "a b"), ("tracestate", "vendor=1"), ("x", "!~ \"'\\"), ("!#$%&'*+.^_`|~-", "1"),
        (String(repeating: "n", count: 128), "v"), ("contents", "v"), ("x-te", "v"),
    ])
    func aHeaderOfTheProducersIsTaken(_ name: String, _ value: String) { #expect(refusal(name, value) == nil) }

    @Test(arguments: [
        "", "x tenant", "x:", "x\r\nhost", "x\0", "é", "x-é", ":path", "x(", String(repeating: "n", count: 129), "\u{212A}ey",
    ])
    func whatIsNoNameIsRefused(_ name: String) {
        let problem = refusal(name)
        #expect(problem?.code == .malformed && problem?.reason.contains("is not a header name") == true, "\(name)")
        #expect(problem?.description.contains(where: \.isNewline) == false)
    }

    @Test(arguments: ["", " ", " v", "v ", "v\r\nx-admin: 1", "v\n", "v\r", "v\0", "v\tw", "v\u{7F}", "é", "v\u{85}w", "\u{2028}"])
    func whatIsNoValueIsRefusedAndNotRepeated(_ value: String) {
        let problem = refusal("x-a", value)
        #expect(problem?.code == .malformed && problem?.field == "headers.x-a" && problem?.value == nil)
    }

    @Test(arguments: [
        "Host", "content-type", "Content-Length", "content-encoding", "transfer-encoding", "Connection", "keep-alive", "te", "trailer",
        "upgrade", "expect", "proxy-authorization", "Proxy-Anything", "user-agent", "accept", "accept-encoding", "authorization", "cookie",
        "date", "forwarded", "X-Forwarded-For", "via", "max-forwards", "http2-settings", "traceparent", "webhook-id", "Webhook-Signature",
        "DO-Signature", "do-timestamp", "x-signing-token", "x-webio-token",
    ])
    func whatOthersWriteIsRefused(_ name: String) {
        let problem = refusal(name)
        #expect(problem?.code == .notAllowed && problem?.field == "headers.\(name.lowercased())")
    }

    /// Whatever an endpoint's headers may not be, an event's may not be either.
    @Test func namesThatEndpointsMayNotHaveAreReserved() {
        for name in HeaderRules.reserved { #expect(refusal(name)?.code == .notAllowed, "\(name)") }
    }

    @Test func aRefusalSaysWhereItBelongsInstead() {
        #expect(refusal("authorization")?.reason.contains("give it to the endpoint") == true)
        #expect(refusal("traceparent")?.reason.contains("write traceparent beside headers") == true)
    }

    @Test func thereIsABoundOnCountAndBytes() {
        func many(_ count: Int) -> [EventHeader] { (0..<count).map { EventHeader(name: "x-\($0)", value: "v") } }
        #expect(refusal(many(16)) == nil)
        #expect(refusal(many(17))?.code == .tooLarge)
        #expect(refusal("x-a", String(repeating: "v", count: 4093)) == nil)
        let large = refusal("x-a", String(repeating: "v", count: 4094))
        #expect(large?.code == .tooLarge && large?.reason.contains("4097 bytes") == true)
    }

    @Test func aNameIsThereOnceInWhateverCase() {
        let problem = refusal([EventHeader(name: "X-A", value: "1"), EventHeader(name: "x-a", value: "1")])
        #expect(problem?.code == .conflict && problem?.field == "headers.x-a")
    }

    @Test func theirOrderAndTheCaseOfTheirNamesMakeNoOtherEvent() {
        let (a, b) = (EventHeader(name: "x-a", value: "1"), EventHeader(name: "X-B", value: "2"))
        #expect(EventHeaders.areSame([a, b], [EventHeader(name: "x-b", value: "2"), a]))
        #expect(!EventHeaders.areSame([a, b], [a]) && !EventHeaders.areSame([], [a]))
        #expect(!EventHeaders.areSame([a], [EventHeader(name: "x-a", value: "A")]))
    }

    @Test func aTextOfThemIsReadBack() {
        let headers = [EventHeader(name: "x-b", value: #"say "a\b""#), EventHeader(name: "x-a", value: "1")]
        #expect(EventHeaders.text([]) == nil && EventHeaders.stored(nil).isEmpty && EventHeaders.stored("{}").isEmpty)
        #expect(EventHeaders.stored(EventHeaders.text(headers)) == headers)
        #expect(EventHeaders.stored(#"{"X-A" : "\u002B"}"#) == [EventHeader(name: "x-a", value: "+")])
        for damaged in ["", "[]", #"{"x-a":1}"#, #"{"x-a":"1"}}"#, #"{"x-a":"\ud800"}"#, #"{"x-a":"1","x-a":"2"}"#] {
            #expect(refusal(EventHeaders.stored(damaged)) != nil, "\(damaged)")
        }
    }

    @Test func anEventLineHasThemInTheirOrder() throws {
        let line = try EventLine(Array(#"{"type":"A","node":"n","data":{},"headers":{"X-B":"2","x-a":"1"}}"#.utf8))
        #expect(line.headers.map(\.name) == ["x-b", "x-a"] && line.headers.map(\.value) == ["2", "1"])
        #expect(try EventLine(Array(#"{"type":"A","node":"n","data":{},"headers":{}}"#.utf8)).headers.isEmpty)
    }

    @Test(arguments: [
        (#"7"#, "headers: must be an object of names and values, such as"), (#"["x-a"]"#, "headers: must be an object"),
        (#"{"x-a":1}"#, "headers.x-a: must be a string"), (#"{"x-a":null}"#, "headers.x-a: must be a string"),
        (#"{"x-a":"b\r\nhost: c"}"#, "headers.x-a: must be visible ASCII"), (#"{"x-a":"1","x-a":"2"}"#, "occurs twice"),
        (#"{"host":"a"}"#, #"headers.host: "host" is written by Posthorn"#), (#"{"x-a: secret":"b"}"#, #"headers.x-a…: "x-a…" is not"#),
    ])
    func aBadEventLineIsRefusedByName(_ headers: String, _ reason: String) {
        do throws(InputProblem) {
            _ = try EventLine(Array(#"{"type":"A","node":"n","data":{},"headers":\#(headers)}"#.utf8))
            Issue.record("accepted: \(headers)")
        } catch {
            #expect(error.description.contains(reason), "\(error)")
        }
    }

    @Test func anEventIsCheckedWithThem() throws {
        func event(_ headers: [EventHeader]) throws(InputProblem) -> Event {
            let now = Timestamp(milliseconds: 0)
            return try Event(checking: "e", type: "T", node: "n", created: now, data: Array("{}".utf8), headers: headers)
        }
        #expect(try event([EventHeader(name: "x-a", value: "1")]).headers.count == 1)
        #expect(throws: InputProblem.self) { try event([EventHeader(name: "x-a", value: "1\r\nx-admin: 1")]) }
    }

    /// What came in by SQL was checked by the tables alone.
    @Test func headersInsertedBySQLAreCheckedBeforeTheyAreSent() {
        func problem(_ headers: [EventHeader]) -> InputProblem? {
            let event = Event(
                id: "e",
                type: "T",
                node: "n",
                created: Timestamp(milliseconds: 0),
                data: Array("{}".utf8),
                headers: headers
            )
            return AcceptedEvent(event, isChecked: false).problem
        }
        #expect(problem([EventHeader(name: "x-a", value: "1")]) == nil)
        #expect(problem([EventHeader(name: "x-a", value: "1\0\r\nx-admin: 1")])?.field == "headers.x-a")
        #expect(problem(EventHeaders.stored("damaged"))?.field.hasPrefix("headers") == true)
    }

    @Test(arguments: [("x-api-key", true), ("X-Auth", true), ("x-session-id", true), ("x-password", true), ("x-tenant", false)])
    func aNameThatTellsOfASecretHidesItsValue(_ name: String, _ isHidden: Bool) {
        let header = EventHeader(name: name, value: "hunter2")
        #expect(header.shownValue == (isHidden ? "***" : "hunter2"))
        #expect("\(header)" == "\(name.lowercased()): ***")
    }
}
