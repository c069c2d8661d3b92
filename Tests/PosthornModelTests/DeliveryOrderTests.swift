import PosthornText
import Testing

@testable import PosthornModel

@Suite struct DeliveryOrderTests {
    /// The examples of RFC 6901, section 5.
    @Test(arguments: [
        ("/foo", #"["bar","baz"]"#), ("/foo/0", #""bar""#), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"), ("/e^f", "3"), ("/g|h", "4"),
        (#"/i\j"#, "5"), (#"/k"l"#, "6"), ("/ ", "7"), ("/m~0n", "8"),
    ])
    func pointersFindWhatTheStandardSays(_ text: String, _ value: String) throws {
        let document = #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#
        let pointer = try #require(JSONPointer(text))
        #expect(pointer.value(in: try JSONValue.parse(Array(document.utf8)))?.text == value)
    }

    @Test(arguments: ["/foo/2", "/foo/01", "/foo/-", "/foo/bar", "/nothing", "/foo/0/x", "//"])
    func pointersFindNothingElse(_ text: String) throws {
        let pointer = try #require(JSONPointer(text))
        #expect(pointer.value(in: try JSONValue.parse(Array(#"{"foo":["bar","baz"]}"#.utf8))) == nil)
    }

    @Test(arguments: ["", "foo", "#/foo", "/a~2", "/a~", "/" + String(repeating: "x", count: 256)])
    func whatIsNoPointerIsRefused(_ text: String) { #expect(JSONPointer(text) == nil) }

    private func lane(_ order: DeliveryOrder, node: String = "n", _ data: String) -> Int64? {
        order.lane(of: Event(id: "e", type: "T", node: node, created: Timestamp(milliseconds: 0), data: Array(data.utf8)))
    }

    @Test func lanesFollowTheEndpointTheNodeOrTheKey() throws {
        #expect(lane(DeliveryOrder(.endpoint), node: "a", "{}") == lane(DeliveryOrder(.endpoint), node: "b", #"{"k":1}"#))
        #expect(lane(DeliveryOrder(.node), node: "a", "{}") == lane(DeliveryOrder(.node), node: "a", #"{"k":1}"#))
        #expect(lane(DeliveryOrder(.node), node: "a", "{}") != lane(DeliveryOrder(.node), node: "b", "{}"))
        let key = DeliveryOrder(.key(try #require(JSONPointer("/k"))))
        #expect(lane(key, node: "a", #"{"k":"x"}"#) == lane(key, node: "b", #"{"z":0, "k": "\u0078"}"#))
        #expect(lane(key, #"{"k":"1"}"#) != lane(key, #"{"k":1}"#))
        #expect(lane(key, #"{"k":null}"#) == nil && lane(key, "{}") == nil)
    }

    private func topology(_ members: String) throws(InputProblem) -> EndpointSettings? {
        let endpoint = #"{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", \#(members)}"#
        return try Topology(json: Array(#"{"nodes": [{"id": "n", "level": "company"}], "endpoints": [\#(endpoint)]}"#.utf8)).endpoints.first
    }

    @Test(arguments: [
        #""order":"endpoint""#, #""order":"node","on_exhausted":"skip""#, #""order":{"key":"/customer/id"}"#,
    ])
    func filesAreReadAndWrittenAgain(_ members: String) throws {
        let settings = try #require(try topology(members))
        #expect(settings.order != nil)
        let text = TopologyWriter.text(nodes: [Node(id: "n", level: .company)], endpoints: [settings])
        #expect(text.contains(members))
        #expect(try Topology(json: Array(text.utf8)).endpoints == [settings])
    }

    @Test(arguments: [
        (#""order":"key""#, #"endpoints[0].order: "key" must be "endpoint", "node" or {"key": "/customer/id"}"#),
        (#""order":1"#, #"endpoints[0].order: "1" must be "endpoint", "node" or {"key": "/customer/id"}, not a number"#),
        (#""order":{}"#, "endpoints[0].order.key: is missing"),
        (#""order":{"key":"customer"}"#, "endpoints[0].order.key: \"customer\" must be a JSON pointer"),
        (#""order":{"key":"/a","x":1}"#, "endpoints[0].order.x: is not known here"),
        (#""on_exhausted":"skip""#, "endpoints[0].on_exhausted: says what an order does, and there is none"),
        (#""order":"node","on_exhausted":"wait""#, "endpoints[0].on_exhausted: \"wait\""),
    ])
    func whatIsWrongIsSaidInOneLine(_ members: String, _ message: String) {
        #expect { try topology(members) } throws: { "\($0)".hasPrefix(message) && !"\($0)".contains("\n") }
    }
}
