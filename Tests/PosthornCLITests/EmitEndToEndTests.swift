import PosthornModel
import PosthornTestSupport
import Testing

/// `posthorn emit` as a process, with every bad input that concerns it.
@Suite(.limited()) struct EmitEndToEndTests {
    private func prepared() throws -> PosthornProcess {
        let posthorn = try PosthornProcess()
        let file = posthorn.write(SampleTopology.json(), to: "topology.json")
        let applied = try posthorn.run("apply", file)
        try #require(applied.status == 0, "\(applied.errors)")
        return posthorn
    }

    @Test func eventsFromStandardInputAreCounted() throws {
        let posthorn = try prepared()
        let result = try posthorn.run("emit", input: SampleTopology.event("e1") + "\n\n" + SampleTopology.event("e2"))
        #expect(result.status == 0)
        #expect(result.output == "2 events accepted, 2 deliveries\n")
        #expect(result.errors.isEmpty)
    }

    @Test func dashAndDevStdinAreStandardInput() throws {
        let posthorn = try prepared()
        for file in ["-", "/dev/stdin"] {
            let result = try posthorn.run("emit", file, input: SampleTopology.event())
            #expect(result.output == "1 event accepted, 1 delivery\n")
        }
    }

    @Test func theSameEventAgainIsKnown() throws {
        let posthorn = try prepared()
        let first = try posthorn.run("emit", "--json", input: SampleTopology.event("e1"))
        let second = try posthorn.run("emit", "--json", input: SampleTopology.event("e1"))
        #expect(first.output == #"{"line":1,"id":"e1","new":true,"deliveries":1}"# + "\n")
        #expect(second.output == #"{"line":1,"id":"e1","new":false,"deliveries":0}"# + "\n")
    }

    @Test func headersOfAnEventAreShownWithItAndTheirSecretsAreNot() throws {
        let posthorn = try prepared()
        let line = SampleTopology.event("e1").dropLast() + #","headers":{"X-Tenant":"acme","x-api-key":"hunter2"}}"#
        #expect(try posthorn.run("emit", input: String(line)).status == 0)
        #expect(try posthorn.run("event", "e1").output.contains("\nheader   x-tenant: acme\nheader   x-api-key: ***\n"))
        #expect(try posthorn.run("event", "e1", "--json").output.contains(#""headers":{"x-tenant":"acme","x-api-key":"***"}"#))
        let refused = try posthorn.run("emit", input: line.split(separator: #""X-Tenant""#).joined(separator: #""Content-Length""#))
        #expect(refused.status == 1 && refused.errors.hasPrefix(#"posthorn: line 1: headers.content-length: "content-length" is written"#))
    }

    @Test func aBadLineIsNamedAndItsBatchIsNotStored() throws {
        let posthorn = try prepared()
        let input = SampleTopology.event("e1") + "\n" + SampleTopology.event("e2", node: "x9") + "\n" + SampleTopology.event("e3")
        let result = try posthorn.run("emit", input: input)
        #expect(result.status == 1)
        #expect(result.errorLines.count == 1)
        #expect(result.errors.hasPrefix("posthorn: line 2: node: \"x9\" names no node"))
        #expect(result.errors.hasSuffix("nothing was accepted\n"))
        #expect(try posthorn.run("deliveries", "--json").output.isEmpty)
    }

    @Test func keepGoingLeavesBadLinesOut() throws {
        let posthorn = try prepared()
        let input = SampleTopology.event("e1") + "\n{\n" + SampleTopology.event("e2", node: "x9") + "\n" + SampleTopology.event("e3")
        let result = try posthorn.run("emit", "--keep-going", input: input)
        #expect(result.status == 1)
        #expect(result.output == "2 events accepted, 2 deliveries; 2 lines refused\n")
        #expect(result.errorLines.map { $0.prefix(17) } == ["posthorn: line 2:", "posthorn: line 3:"])
    }

    /// A mistyped type, or a node beside the endpoints', is the usual reason.
    @Test func eventsThatNobodyGetsAreToldOfOnce() throws {
        let posthorn = try prepared()
        let nobody = { (id: String) in SampleTopology.event(id, node: "d1") + "\n" }
        let one = try posthorn.run("emit", input: SampleTopology.event("e1") + "\n" + nobody("e2"))
        #expect(one.status == 0 && one.output == "2 events accepted, 1 delivery\n")
        #expect(one.errorLines.count == 1 && one.errors.hasPrefix("posthorn: no endpoint gets the event of line 2: "), "\(one.errors)")
        // Many batches and one line; what is known already is no news.
        let many = try posthorn.run("emit", input: nobody("e2") + "\n" + (0..<2500).map { nobody("n\($0)") }.joined())
        #expect(many.errorLines.count == 1 && many.errors.contains("gets 2,500 events, the first of line 3: "), "\(many.errors)")
        let json = try posthorn.run("emit", "--json", input: nobody("e3"))
        #expect(json.errors.isEmpty && json.output.contains(#""new":true,"deliveries":0}"#))
    }

    @Test func anEndpointThatCannotCarryAnEventIsNamedAndKeepsItFromNobody() throws {
        let posthorn = try prepared()
        let topology = { (host: String) in
            let odd = #"{"id": "w", "node": "s1", "url": "https://\#(host)/", "envelope": "webio"}"#
            return SampleTopology.json().replacing(#""endpoints": ["#, with: #""endpoints": [\#(odd), "#)
        }
        #expect(try posthorn.run("apply", posthorn.write(topology("w.example"), to: "w.json")).errors.isEmpty)
        let event = { (id: String) in #"{"type":"T","node":"s1","id":"\#(id)","data":{"type":"U"}}"# + "\n" }
        let result = try posthorn.run("emit", input: SampleTopology.event("e1") + "\n" + event("e2") + event("e3"))
        #expect(result.status == 0 && result.output == "3 events accepted, 6 deliveries\n")
        #expect(result.errorLines.count == 1, "\(result.errors)")
        #expect(result.errors.hasPrefix("posthorn: endpoint w cannot carry 2 events, the first of line 2: data.type: has another value"))
        #expect(result.errors.hasSuffix("; for it alone these deliveries fail at once, as unbuildable\n"))
        let json = try posthorn.run("emit", "--json", input: event("e4"))
        let named = #""deliveries":2,"unbuildable":[{"endpoint":"w","reason":"data.type: has another value"#
        #expect(json.output.contains(named), "\(json.output)")
        // And by apply, when the endpoint comes to be such a one.
        let applied = try posthorn.run("apply", posthorn.write(topology("x.example"), to: "x.json"))
        let warning = "posthorn: warning: endpoint w cannot carry 3 of the newest 4 events at its node and below: data.type: has another"
        #expect(applied.status == 0 && applied.errors.hasPrefix(warning), "\(applied.errors)")
    }

    @Test func theLinesBeforeABadBatchAreNamed() throws {
        let posthorn = try prepared()
        let good = (1...1500).map { SampleTopology.event("e\($0)") }.joined(separator: "\n")
        let result = try posthorn.run("emit", input: good + "\nnonsense\n")
        #expect(result.status == 1)
        #expect(result.output == "1,000 events accepted, 1,000 deliveries\n")
        #expect(result.errors.hasPrefix("posthorn: line 1501: not valid JSON"))
        #expect(result.errors.hasSuffix("; lines 1 to 1000 were accepted, nothing after them\n"))
    }

    /// A line that must be refused.
    struct BadLine: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]

        init(_ name: String, _ text: String) {
            testDescription = name
            bytes = Array(text.utf8)
        }

        /// A line whose data holds one byte inside a string.
        init(_ name: String, byte: UInt8) {
            testDescription = name
            let start = Array(#"{"type":"A","node":"s1","data":{"a":""#.utf8)
            bytes = start + [byte] + Array("\"}}".utf8)
        }
    }

    static let badLines: [BadLine] = [
        BadLine("truncated", #"{"type":"A","node":"s1","data":{"id":1}"#),
        BadLine("ten thousand levels", #"{"type":"A","node":"s1","data":"# + String(repeating: "[", count: 10_000)),
        BadLine("duplicate keys", #"{"type":"A","type":"B","node":"s1","data":{}}"#),
        BadLine("duplicate keys in data", #"{"type":"A","node":"s1","data":{"a":1,"a":2}}"#),
        BadLine("not UTF-8", byte: 0xFF),
        BadLine("NUL", byte: 0),
        BadLine("unknown field", #"{"type":"A","node":"s1","data":{},"extra":1}"#),
        BadLine("wrong type", #"{"type":5,"node":"s1","data":{}}"#),
        BadLine("data missing", #"{"type":"A","node":"s1"}"#),
        BadLine("escape sequence", #"{"type":"A\u001b[2J","node":"s1","data":{}}"#),
        BadLine("too long", String(repeating: "a", count: EventLine.lineLimitBytes + 1)),
    ]

    @Test(arguments: badLines)
    func badInputIsOneClearLine(line: BadLine) throws {
        let posthorn = try prepared()
        let result = try posthorn.run(["emit"], input: line.bytes)
        #expect(result.status == 1)
        #expect(result.errorLines.count == 1, "\(result.errors)")
        #expect(result.errors.hasPrefix("posthorn: line 1: "), "\(result.errors)")
        #expect(result.errors.utf8.count < 400)
        #expect(!result.errors.utf8.contains(0x1B))
        #expect(try posthorn.run("deliveries", "--json").output.isEmpty)
    }

    @Test func anIdWithOtherContentIsAnError() throws {
        let posthorn = try prepared()
        _ = try posthorn.run("emit", input: SampleTopology.event("e1"))
        let result = try posthorn.run("emit", input: #"{"type":"MEETING_ENDED","node":"s1","data":{},"id":"e1"}"#)
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("posthorn: line 1: id: \"e1\" is the id of another event"))
    }
}
