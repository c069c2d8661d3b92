import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let eventLogRules: [Rule] = [
        Rule("an event and its deliveries are there together") { try $0.fanOutIsWhole() },
        Rule("an id is accepted once") { try $0.idsAreIdempotent() },
        Rule("the time of a known event counts where its producer said it") { try $0.producersTimesCount() },
        Rule("an inserted event waits for its deliveries, oldest first") { try $0.arrivalsWait() },
        Rule("an event is read as it was stored, and who checked it") { try $0.eventsAreReadBack() },
        Rule("an event's headers are a part of it, in whatever order") { try $0.headersAreAPartOfAnEvent() },
    ]

    private func fanOutIsWhole() throws {
        let (store, revisions) = try prepared(["a", "b", "c"])
        #expect(try accept(event("e1"), revisions, in: store) == .stored(deliveries: 3))
        #expect(try ready(store).count == 3)
        #expect(try accept(event("e2"), [], in: store) == .stored(deliveries: 0))
        #expect(try store.hasUnsettled())
        // Several events in one call, and one of them twice.
        let news = ["e3", "e4", "e3"].map { NewEventRow(event($0), createdByProducer: false, recipients: []) }
        let results = try store.write { () throws(OutboxProblem) in try store.accept(news, at: now) }
        #expect(results == [.stored(deliveries: 0), .stored(deliveries: 0), .known])
    }

    private func idsAreIdempotent() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1", data: #"{"a":1}"#), revisions, in: store)
        #expect(try accept(event("e1", data: #"{"a":1}"#), revisions, in: store) == .known)
        #expect(try accept(event("e1", data: #"{"a": 1}"#), revisions, in: store) == .conflict)
        #expect(try accept(event("e1", type: "U", data: #"{"a":1}"#), revisions, in: store) == .conflict)
        #expect(try ready(store).count == 1)
    }

    private func producersTimesCount() throws {
        let (store, _) = try prepared()
        try accept(event("e1"), [], in: store)
        let copy = Event(id: "e1", type: "T", node: "n", created: later(1), data: Array("{}".utf8))
        func again(createdByProducer: Bool) throws -> [InsertResult] {
            try store.write { () throws(OutboxProblem) in
                try store.accept([NewEventRow(copy, createdByProducer: createdByProducer, recipients: [])], at: now)
            }
        }
        #expect(try again(createdByProducer: false) == [.known])
        #expect(try again(createdByProducer: true) == [.conflict])
    }

    private func arrivalsWait() throws {
        let (store, revisions) = try prepared()
        #expect(try !store.hasArrivals())
        for id in ["e1", "e2", "e3"] { try insert(event(id)) }
        #expect(try store.hasArrivals() && store.hasUnsettled())
        #expect(try store.arrivals(limit: 2).map(\.event.id) == ["e1", "e2"])
        let first = try #require(try store.arrivals(limit: 9).first)
        #expect(first.event == event("e1"))
        let recipients = [try recipient(revisions[0], in: store)]
        try store.write { () throws(OutboxProblem) in try store.fanOut([(first.seq, recipients)], at: now) }
        #expect(try ready(store).count == 1)
        #expect(try store.arrivals(limit: 9).map(\.event.id) == ["e2", "e3"])
        // Accepted by the library it is the same event.
        #expect(try accept(event("e2"), revisions, in: store) == .known)
        // Several at once, each with its own.
        let rest = try store.arrivals(limit: 9)
        try store.write { () throws(OutboxProblem) in try store.fanOut([(rest[0].seq, []), (rest[1].seq, recipients)], at: now) }
        #expect(try !store.hasArrivals() && ready(store).count == 2)
    }

    private func traced(_ event: Event, _ traceparent: String) -> Event {
        Event(id: event.id, type: event.type, node: event.node, created: event.created, data: event.data, traceparent: traceparent)
    }

    private func eventsAreReadBack() throws {
        let (store, revisions) = try prepared()
        let plain = event("e1", data: #"{"n":1.10,"e":"é\u0000 /"}"#)
        let event = traced(plain, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        try accept(event, revisions, in: store)
        var rows: [ReadyRow] = []
        _ = try store.scanReady(after: 0, limit: 9) {
            rows.append($0)
            return true
        }
        let row = try #require(rows.first)
        #expect(row.revision == revisions[0])
        let accepted = try #require(try store.event(row.event))
        #expect(accepted.event == event && accepted.isChecked)
        // Who emits it again does so in another span.
        #expect(try accept(plain, revisions, in: store) == .known)
        #expect(try store.event(row.event)?.event == event)
        #expect(try read { try $0.event(id: "e1")?.event == event })
        let inserted = traced(self.event("e2"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
        try insert(inserted)
        let arrival = try #require(try store.arrivals(limit: 1).first)
        #expect(arrival.event == inserted)
        #expect(try store.event(arrival.seq)?.isChecked == false)
        #expect(try store.event(999) == nil)
    }

    private func withHeaders(_ event: Event, _ headers: [(String, String)]) -> Event {
        let headers = headers.map { EventHeader(name: $0, value: $1) }
        return Event(id: event.id, type: event.type, node: event.node, created: event.created, data: event.data, headers: headers)
    }

    private func headersAreAPartOfAnEvent() throws {
        let (store, revisions) = try prepared()
        let plain = event("e1")
        let accepted = withHeaders(plain, [("x-b", "2"), ("x-a", #"say "a\b""#)])
        try accept(accepted, revisions, in: store)
        let seq = try #require(try firstReadyEvent(store))
        #expect(try store.event(seq)?.event == accepted)
        #expect(try read { try $0.event(id: "e1")?.event == accepted && $0.newestEvents(limit: 1) == [accepted] })
        #expect(try read { try $0.events(ofType: nil, beyond: 0).page } == [accepted])
        #expect(try accept(withHeaders(plain, [("X-A", #"say "a\b""#), ("x-b", "2")]), revisions, in: store) == .known)
        for other in [[], [("x-b", "2")], [("x-b", "2"), ("x-a", "1")], [("x-b", "2"), ("x-a", #"say "a\b""#), ("x-c", "3")]] {
            #expect(try accept(withHeaders(plain, other), revisions, in: store) == .conflict)
        }
        // The same by another program.
        let inserted = withHeaders(event("e2"), [("x-b", "2"), ("x-a", "1")])
        try insert(inserted)
        #expect(try store.arrivals(limit: 1).first?.event == inserted)
        #expect(try accept(withHeaders(event("e2"), [("x-a", "1"), ("x-b", "2")]), revisions, in: store) == .known)
        #expect(try accept(event("e2"), revisions, in: store) == .conflict)
    }

    private func firstReadyEvent(_ store: any OutboxStore) throws -> Int64? {
        var event: Int64?
        _ = try store.scanReady(after: 0, limit: 1) {
            event = $0.event
            return true
        }
        return event
    }
}
