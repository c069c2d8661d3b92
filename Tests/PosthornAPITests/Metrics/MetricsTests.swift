import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// `/metrics`: who gets it, and what stands there.
@Suite(.limited()) struct MetricsTests {
    @Test func itSaysWhatCameInAndWhatWaits() throws {
        let bench = try APIBench()
        let event = #"{"id":"e1","type":"MEETING_STARTED","node":"s1","data":{"id":"m1"}}"#
        for _ in 0..<2 { #expect(bench.ask("POST", "/v1/events", body: event).status == 202) }
        try bench.emit("e2")
        let answer = bench.ask("GET", "/metrics")
        #expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        let lines = Set(answer.text.split(separator: "\n"))
        for line in [
            "posthorn_build_info{version=\"\(PosthornVersion.text)\"} 1", #"posthorn_events_accepted_total{source="http"} 1"#,
            #"posthorn_events_accepted_total{source="library"} 1"#, "posthorn_events_duplicate_total 1",
            #"posthorn_deliveries{state="pending"} 4"#, #"posthorn_endpoints{state="active"} 3"#, "posthorn_outbox_readable 1",
            "posthorn_engine_delivering 0", "posthorn_commit_failures_total 0",
        ] { #expect(lines.contains(line[...]), "\(line)\n\(answer.text)") }
    }

    @Test func howLateTheMostOverdueDeliveryIsGrowsWithTheClock() throws {
        let bench = try APIBench()
        try bench.emit("e1")
        bench.clock.advance(by: 90_500)
        #expect(bench.ask("GET", "/metrics").text.contains("\nposthorn_schedule_lag_seconds 90.5\n"))
    }

    @Test func noLabelComesFromATenant() throws {
        let bench = try APIBench()
        try bench.emit("e1", type: "A_TYPE_OF_A_TENANT")
        let text = bench.ask("GET", "/metrics").text
        for word in ["mine", "top", "far", "s1", "c1", "A_TYPE_OF_A_TENANT", "example"] {
            #expect(!text.contains("\"\(word)"), "\(word)")
        }
    }

    @Test func keysOfANodeAreRefusedAndSoAreThoseWithoutTheRight() throws {
        let bench = try APIBench()
        let own = try bench.key("c1", .read)
        #expect(bench.ask("GET", "/metrics", key: own).problem == "forbidden")
        let emitter = try bench.key(nil, .emit)
        #expect(bench.ask("GET", "/metrics", key: emitter).status == 403)
        let monitor = try bench.key(nil, .readMetadata)
        #expect(bench.ask("GET", "/metrics", key: monitor).status == 200)
        #expect(bench.ask("GET", "/metrics").status == 401)
    }

    @Test func requestsAreCountedByRouteAndNeverByPath() throws {
        let bench = try APIBench()
        let meter = RequestMeter(bench.api.table.routes)
        func count(_ method: String, _ target: String, _ status: Int?) {
            let match = bench.api.table.match(method: method, HTTPTarget(target).segments)
            let route: Route? = if case .route(let route, _) = match { route } else { nil }
            meter.count(route, status: status, nanoseconds: 3_000_000)
        }
        count("GET", "/v1/endpoints/mine", 200)
        count("HEAD", "/v1/endpoints/other", 200)
        count("GET", "/v1/endpoints/xxx", 404)
        count("GET", "/etc/passwd", 404)
        count("POST", "/v1/events", nil)
        let found = meter.figures.map { "\($0.key.method) \($0.key.route) \($0.key.statusClass) \($0.microseconds.count)" }
        #expect(
            found == [
                "GET /v1/endpoints/{id} 2xx 2", "GET /v1/endpoints/{id} 4xx 1", "POST /v1/events none 1", "none none 4xx 1",
            ]
        )
        #expect(meter.figures[0].microseconds.sum == 6000)
    }

    @Test func anOutboxThatCannotBeReadTakesNothingFromTheRest() {
        let text = MetricsPage.text(MetricsSample())
        #expect(text.contains("\nposthorn_outbox_readable 0\n") && text.contains("\nposthorn_commit_failures_total 0\n"))
        #expect(!text.contains("posthorn_deliveries{"))
    }
}
