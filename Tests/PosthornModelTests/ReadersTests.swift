import PosthornModel
import PosthornText
import Testing

@Suite struct ReadersTests {
    private func problem(ofLine text: String) -> String? {
        do throws(InputProblem) {
            _ = try EventLine(Array(text.utf8))
            return nil
        } catch {
            return error.description
        }
    }

    private func problem(ofTopology text: String) -> String? {
        do throws(InputProblem) {
            _ = try Topology(json: Array(text.utf8))
            return nil
        } catch {
            return error.description
        }
    }

    @Test func anEventLineKeepsTheDataBytes() throws {
        let data = #"{"n" : 1.10, "big":12345678901234567890, "e":"\u00e9", "a":[ ]}"#
        let line = try EventLine(Array(#" {"data": \#(data) ,"node":"s1","type":"MEETING_STARTED"} "#.utf8))
        #expect(String(decoding: line.data, as: UTF8.self) == data)
        #expect(line.type == "MEETING_STARTED")
        #expect(line.node == "s1")
        #expect(line.id == nil)
        #expect(line.created == nil)
    }

    @Test(arguments: [
        (#"{"type":"A","node":"n"}"#, "data: is missing"), (#"{"node":"n","data":{}}"#, "type: is missing"),
        (#"{"type":"A","data":{}}"#, "node: is missing"), (#"{"type":"A","node":"n","data":[]}"#, "data: is not a JSON object"),
        (#"{"type":"A b","node":"n","data":{}}"#, "type: \"A b\""), (#"{"type":"A","node":"n","data":{},"x":1}"#, "x: is not known"),
        (#"{"type":"A","node":"n","data":{},"id":""}"#, "id:"), (#"{"type":"A","node":"n","data":{},"id":"a b"}"#, "id: \"a b\""),
        (#"{"type":"A","node":"n","data":{},"created":"yesterday"}"#, "created: \"yesterday\""),
        (#"{"type":"A","node":"n","data":{},"created":"2020-02-31T00:00:00Z"}"#, "created:"),
        (#"{"type":"A","node":"n","data":{},"traceparent":"00-1-2-01"}"#, #"traceparent: "00-1-2-01" is not a traceparent; write"#),
        (#"{"type":"A","node":"n","data":{},"traceparent":7}"#, "traceparent: \"7\" must be a string"),
        (#"{"type":1,"node":"n","data":{}}"#, "must be a string"), (#"{"type":"A","node":"n","data":{"#, "over several lines"),
        (#"{"type":"A","type":"A","node":"n","data":{}}"#, "occurs twice"), ("[]", "is the start of a JSON array"),
        (#"{"type":"A","node":"n","data":{"a":foo}}"#, "at byte 36: the word that begins here is not false"), ("", "{ should stand here"),
    ])
    func aBadEventLineIsRefusedByName(_ line: String, _ reason: String) {
        #expect(problem(ofLine: line)?.contains(reason) == true, "\(problem(ofLine: line) ?? "accepted")")
    }

    @Test func limitsOfANodeAreWrittenAsTheyAreRead() throws {
        let limits = #"{"rate_per_second": 2.5, "max_in_flight": 50}"#
        let text = #"{"nodes": [{"id": "r", "level": "reseller", "limits": \#(limits)}, {"id": "s", "level": "site"}]}"#
        let topology = try Topology(json: Array(text.utf8))
        #expect(topology.nodes.map(\.limits) == [DeliveryLimits(ratePerSecond: 2.5, inFlightLimit: 50), nil])
        let again = try Topology(json: Array(TopologyWriter.text(nodes: topology.nodes, endpoints: []).utf8))
        #expect(again.nodes == topology.nodes)
        #expect(throws: InputProblem.self) {
            try Topology(nodes: [Node(id: "r", level: .reseller, limits: DeliveryLimits(inFlightLimit: 0))], endpoints: [])
        }
    }

    @Test func aTopologyIsReadWithItsDefaults() throws {
        let topology = try Topology(
            json: Array(
                #"""
                {"nodes": [{"id": "r", "level": "reseller"}, {"id": "s", "level": "site", "parent": "r",
                    "notification_contact": {"email": "a@b.example"}}],
                 "endpoints": [{"id": "e", "node": "s", "url": "https://x.example/", "vendor": "diio",
                    "credentials": {"signing_secret": "k"}, "events": ["meeting.*"], "headers": {"X-A": "b"}, "retry": ["0", "1m"]}]}
                """#.utf8
            )
        )
        let endpoint = try #require(topology.endpoints.first)
        #expect(endpoint.envelope == .diio)
        #expect(endpoint.signature == .diio)
        #expect(endpoint.timeoutMilliseconds == 15_000)
        #expect(endpoint.retry.offsetsMilliseconds == [0, 60_000])
        #expect(endpoint.headers == [.init(name: "x-a", value: "b")])
        #expect(topology.hierarchy.notificationEmail(for: "s") == "a@b.example")
    }

    @Test(arguments: [
        (#"{"nodes": [{"id": "a", "level": "boss"}]}"#, #"nodes[0].level: "boss""#),
        (#"{"nodes": [{"id": "a", "level": "site", "parent": "a"}]}"#, "nodes[0].parent"),
        (#"{"nodes": [{"id": "a", "level": "site"}, {"id": "b", "level": "site", "parent": "a"}]}"#, "does not stand above"),
        (#"{"nodes": [{"id": "a", "level": "site"}, {"id": "a", "level": "site"}]}"#, "occurs twice"),
        (#"{"nodes": [{"id": 7, "level": "site"}]}"#, "nodes[0].id: \"7\" must be a string"),
        (#"{"nodes": [{"id": "a", "level": "site", "colour": 1}]}"#, "nodes[0].colour: is not known here"),
        (#"{"nodes": [{"id": "a", "level": "site", "limits": {}}]}"#, "nodes[0].limits: limits nothing"),
        (#"{"nodes": [{"id": "a", "level": "site", "limits": 7}]}"#, "nodes[0].limits: must be an object"),
        (#"{"nodes": [{"id": "a", "level": "site", "limits": {"rate": 7}}]}"#, "nodes[0].limits.rate: is not known here"),
        (
            #"{"nodes": [{"id": "a", "level": "site", "limits": {"rate_per_second": 0}}]}"#,
            #"nodes[0].limits.rate_per_second: "0" must be a number from 0.001"#
        ),
        (
            #"{"nodes": [{"id": "a", "level": "site", "limits": {"max_in_flight": 5000}}]}"#,
            #"nodes[0].limits.max_in_flight: "5000" must be a whole number from 1 to 4096"#
        ),
        (#"{"nodes": {}}"#, "nodes: must be an array"), (#"[]"#, "is a JSON array; a topology is one object"),
        (
            #"{"nodes": [{"id": "a", "level": "site", "notification_contact": {"email": "a@b\r\nBcc: c@d"}}]}"#,
            "is not a plain e-mail address"
        ),
        // What the mail's sender would refuse is refused here already.
        (
            #"{"nodes": [{"id": "a", "level": "site", "notification_contact": {"email": "a..b@c.example"}}]}"#,
            "is not a plain e-mail address"
        ),
        (#"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/"}]}"#, "endpoints[0].vendor: is missing"),
        (#"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "acme"}]}"#, #"endpoints[0].vendor: "acme""#),
        (#"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", "timeout_ms": 0}]}"#, "timeout_ms: \"0\""),
        (
            #"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", "timeout_ms": "1s"}]}"#,
            "timeout_ms: \"1s\" must be a whole number from 1 to 600000, not a string"
        ),
        (#"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", "max_in_flight": 1.5}]}"#, "max_in_flight"),
        (
            #"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", "rate_per_second": "5"}]}"#,
            "rate_per_second: \"5\" must be a number above 0, at most 1000000, not a string"
        ),
        (#"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", "rate_per_second": -1}]}"#, "rate_per_second"),
        (
            #"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", "retry": ["1m"]}]}"#,
            "endpoints[0].retry: \"1m\" must start with 0"
        ),
        (#"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", "headers": {"Host": "x"}}]}"#, "itself"),
        (#"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", "headers": {"a": "b\r\nc: d"}}]}"#, "control"),
        (#"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", "events": ["a b"]}]}"#, "events[0]"),
        ("{\"nodes\": [\n\n{]}", "line 3"),
    ])
    func aBadTopologyIsRefusedByName(_ text: String, _ reason: String) {
        #expect(problem(ofTopology: text)?.contains(reason) == true, "\(problem(ofTopology: text) ?? "accepted")")
    }

    /// A header that is written in another place or form than meant may hold a secret.
    @Test(arguments: [
        #""headers": ["Authorization: Bearer hunter2"]"#, #""headers": "Authorization: Bearer hunter2""#,
        #""headers": {"Authorization: Bearer hunter2": ""}"#, #""headers": {"Authorization": ["Bearer hunter2"]}"#,
        #""headers": {"Authorization: Bearer hunter2": 1}"#, #""credentials": "hunter2""#, #""credentials": ["hunter2"]"#,
        #""timeout_ms": ["hunter2"]"#, #""method": {"token": "hunter2"}"#, #""events": [{"token": "hunter2"}]"#,
        #""retry": [{"token": "hunter2"}]"#,
    ])
    func valuesThatMayBeSecretsAreNotRepeated(_ member: String) throws {
        let text = #"{"endpoints": [{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", \#(member)}]}"#
        let found = try #require(problem(ofTopology: text))
        #expect(!found.contains("hunter2") && found.contains("endpoints[0]."), "\(found)")
    }

    @Test func timesAreReadAndWrittenAlike() {
        for text in ["2020-07-15T12:33:14.000Z", "1970-01-01T00:00:00.001Z", "2024-02-29T23:59:59.999Z", "1969-12-31T23:59:59.500Z"] {
            #expect(Timestamp(iso8601: text)?.description == text)
        }
        #expect(Timestamp(iso8601: "2024-06-19T14:30:13+0200")?.description == "2024-06-19T12:30:13.000Z")
        #expect(Timestamp(iso8601: "2024-06-19T14:30:13.1234567-01:30")?.description == "2024-06-19T16:00:13.123Z")
        for text in ["", "2020", "2020-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2020-07-15T12:33:14", "2020-07-15T12:33:14.Z"] {
            #expect(Timestamp(iso8601: text) == nil)
        }
    }

    @Test(arguments: [
        ("*", "anything", true), ("MEETING_*", "MEETING_STARTED", true), ("MEETING_*", "USER_CREATED", false),
        ("meeting.*", "meeting.", true),
        ("*.error", "meeting.error", true), ("*.error", "meeting.errors", false), ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXcYb", false),
        ("A", "A", true), ("A", "AB", false), ("**", "x", true),
    ])
    func patternsMatchWholeTypes(_ pattern: String, _ type: String, _ matches: Bool) throws {
        #expect(try EventPattern(pattern).matches(type) == matches)
    }

    @Test func anEndpointHasABoundedNumberOfPatterns() throws {
        let patterns = try (0...EndpointSettings.patternLimit).map { try EventPattern("*_\($0)") }
        func topology(_ events: [EventPattern]) throws(InputProblem) -> Topology {
            try Topology(nodes: [Node(id: "n", level: .company)], endpoints: [.init(id: "e", node: "n", url: "https://x/", events: events)])
        }
        #expect(try topology(patterns.dropLast()).endpoints.count == 1)
        #expect(throws: InputProblem.self) { try topology(patterns) }
    }

    /// A program that builds its endpoints itself meets the same limits as a file.
    @Test func anEndpointsNumbersAreBounded() throws {
        func check(_ change: (inout EndpointSettings) -> Void) throws(InputProblem) {
            var endpoint = EndpointSettings(id: "e", node: "n", url: "https://x/")
            change(&endpoint)
            _ = try Topology(nodes: [Node(id: "n", level: .company)], endpoints: [endpoint])
        }
        try check { $0.timeoutMilliseconds = 600_000 }
        try check { $0.inFlightLimit = 1024 }
        try check { $0.ratePerSecond = 0.001 }
        #expect(throws: InputProblem.self) { try check { $0.timeoutMilliseconds = 600_001 } }
        #expect(throws: InputProblem.self) { try check { $0.timeoutMilliseconds = 0 } }
        #expect(throws: InputProblem.self) { try check { $0.inFlightLimit = 1025 } }
        #expect(throws: InputProblem.self) { try check { $0.ratePerSecond = 0 } }
        #expect(throws: InputProblem.self) { try check { $0.ratePerSecond = .nan } }
    }

    @Test func theEndsOfTimeAreNoTrap() {
        #expect(Timestamp(milliseconds: .min).unixSeconds == Int64.min / 1000 - 1)
        #expect(Timestamp(milliseconds: -1).unixSeconds == -1)
        #expect(Timestamp(milliseconds: .min).description == "out of range")
        #expect(Timestamp(milliseconds: .max).description == "out of range")
    }

    @Test(arguments: [(-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z")])
    func anEventHappensInAYearThatCanBeWritten(milliseconds: Int64, text: String) throws {
        func event(_ milliseconds: Int64) throws(InputProblem) -> Event {
            try Event(checking: "a", type: "T", node: "s", created: Timestamp(milliseconds: milliseconds), data: Array("{}".utf8))
        }
        #expect(try event(milliseconds).created.description == text)
        for beyond in [milliseconds + milliseconds.signum(), milliseconds < 0 ? .min : .max] {
            #expect(throws: InputProblem.self) { try event(beyond) }
            #expect(Timestamp(milliseconds: beyond).description == "out of range")
        }
    }

    @Test func idsStartWithTheirSecond() {
        let id = EventID.make(at: Timestamp(milliseconds: 1_594_816_394_123), random: 0xDEAD_BEEF_0123_4567)
        #expect(id == "5f0ef78adeadbeef01234567")
    }
}
