import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn
@testable import PosthornAPI

/// Deliveries that are tried again, by their next attempts.
@Suite(.limited()) struct RetryListTests {
    private let bench: APIBench

    /// What failed once, with the seconds until its next attempt; the sixth event of each endpoint has had no attempt.
    init() throws {
        bench = try APIBench()
        for number in 0...5 { try bench.emit("e\(number)") }
        try bench.emit("far", node: "s2")
        let now = bench.clock.now()
        let (mine, far) = (try bench.deliveries(of: "mine").sorted(), try bench.deliveries(of: "far"))
        let seconds: [Int64] = [50, 10, 40, 10, 30, 20]
        let records = zip(mine.prefix(5) + far, seconds).map { number, seconds in
            AttemptRecord(
                delivery: number,
                number: 1,
                outcome: AttemptOutcome(started: now, durationMicroseconds: 1000, status: 500, error: .status),
                transition: Transition(state: .pending, attempts: 1, nextAttemptAt: now.advanced(byMilliseconds: seconds * 1000))
            )
        }
        _ = try bench.outbox.writer.perform { (store) throws(OutboxProblem) in try store.record(records) }
    }

    private func events(_ query: String, key: String? = nil) -> [String] {
        bench.ask("GET", "/v1/deliveries?order=next_attempt\(query)", key: key).all("event")
    }

    @Test func theNextComesFirst() throws {
        #expect(events("") == ["e1", "e3", "far", "e4", "e2", "e0"])
        #expect(events("&state=pending&attempts_min=1&endpoint=mine") == ["e1", "e3", "e4", "e2", "e0"])
        #expect(events("&node=c2") == ["far"] && events("&event=e2") == ["e2"] && events("&status_class=4") == [])
        #expect(events("&state=held") == [] && events("&state=held&state=pending").count == 6 && events("&attempts_min=2") == [])
        #expect(bench.ask("GET", "/v1/deliveries?order=next").faults == ["order"])
        let key = try bench.key("c1", .readMetadata)
        #expect(events("", key: key) == ["e1", "e3", "e4", "e2", "e0"])
        #expect(bench.ask("GET", "/v1/deliveries?order=next_attempt&endpoint=far", key: key).status == 404)
    }

    @Test func partsGoBothWays() throws {
        func part(_ cursor: JSONValue?) -> Answer {
            bench.ask("GET", "/v1/deliveries?order=next_attempt&limit=2" + (cursor.map { "&cursor=\($0.string)" } ?? ""))
        }
        let first = part(nil)
        #expect(first.all("event") == ["e1", "e3"] && first.json["previous_cursor"] == .null)
        let second = part(first.json["next_cursor"])
        let third = part(second.json["next_cursor"])
        #expect(second.all("event") == ["far", "e4"] && third.all("event") == ["e2", "e0"])
        let end = part(third.json["next_cursor"])
        #expect(end.data.isEmpty && end.json["next_cursor"] == .null)
        #expect(part(end.json["previous_cursor"]).all("event") == ["e2", "e0"])
        let back = part(third.json["previous_cursor"])
        #expect(back.text == second.text)
        #expect(part(back.json["previous_cursor"]).all("event") == ["e1", "e3"])
        // A cursor has the order of its part, whatever else is asked for.
        let cursor = first.json["next_cursor"]?.string ?? ""
        #expect(bench.ask("GET", "/v1/deliveries?limit=2&cursor=\(cursor)").text == second.text)
        for wrong in ["n.1.", "n..1", "n.1.2.3", "n.1.x", "x.1.2"] {
            #expect(bench.ask("GET", "/v1/deliveries?cursor=\(wrong)").faults == ["cursor"], "\(wrong)")
        }
        #expect(bench.ask("GET", "/v1/events?cursor=n.1.2").faults == ["cursor"])
    }
}
