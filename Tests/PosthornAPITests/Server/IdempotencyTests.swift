import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// Requests that are done once, however often they are sent.
@Suite(.limited()) struct IdempotencyTests {
    private let bench: APIBench

    init() throws { bench = try APIBench() }

    private func post(_ target: String, _ body: String, _ name: String, key: String? = nil) -> Answer {
        bench.ask("POST", target, key: key, body: body, headers: [(Idempotency.header, name)])
    }

    @Test func aRepetitionIsAnsweredAsTheFirstAndDoesNothing() throws {
        let body = #"{"node":"c1","url":"https://n.example/","vendor":"weseedo"}"#
        let first = post("/v1/endpoints", body, "once")
        let second = post("/v1/endpoints", body, "once")
        #expect(first.status == 201 && second.status == 201 && second.text == first.text)
        #expect(second.headers["Location"] == first.headers["Location"] && second.headers["Idempotency-Replayed"] == "true")
        #expect(first.headers["Idempotency-Replayed"] == nil && second.headers["Content-Type"] == "application/json")
        #expect(bench.ask("GET", "/v1/endpoints").data.count == 4)
        #expect(post("/v1/endpoints", body, "twice").status == 201)
        #expect(bench.ask("GET", "/v1/endpoints").data.count == 5)
        bench.clock.advance(by: RepeatableRequest.keptMilliseconds + 1)
        #expect(post("/v1/endpoints", body, "once").headers["Idempotency-Replayed"] == nil)
    }

    @Test func anotherRequestWithTheSameNameIsRefused() throws {
        #expect(post("/v1/replays", "{}", "n").status == 201)
        #expect(post("/v1/replays", #"{"endpoint":"mine"}"#, "n").problem == "idempotency-key-reused")
        #expect(post("/v1/endpoints/mine/enable", "", "n").status == 422)
        #expect(bench.ask("GET", "/v1/replays").data.count == 1)
        for wrong in ["", "a b", String(repeating: "x", count: 256)] { #expect(post("/v1/replays", "{}", wrong).problem == "malformed") }
    }

    @Test func aRefusalIsNotKept() throws {
        #expect(post("/v1/endpoints/late/enable", "", "n").status == 404)
        _ = try bench.outbox.apply(Topology(nodes: [], endpoints: [EndpointSettings(id: "late", node: "c1", url: "https://l.example/")]))
        #expect(post("/v1/endpoints/late/enable", "", "n").status == 200)
    }

    @Test func anAnswerWithASecretIsNotKept() throws {
        let body = #"{"rights":["read"],"node":"c1"}"#
        let key = try bench.key(nil, .admin)
        let first = post("/v1/keys", body, "n", key: key)
        #expect(first.status == 201 && first.json["key"] != nil)
        let second = post("/v1/keys", body, "n", key: key)
        #expect(second.problem == "conflict" && second.json["detail"]?.string.contains("was not kept") == true)
        #expect(try bench.outbox.accessKeys().count == 2)
    }

    @Test func theNamesOfOneKeyAreNotThoseOfAnother() throws {
        let (one, other) = (try bench.key("c1", .retry), try bench.key("c1", .retry))
        #expect(post("/v1/replays", "{}", "n", key: one).json["id"] == .string("1"))
        #expect(post("/v1/replays", "{}", "n", key: other).json["id"] == .string("2"))
    }
}
