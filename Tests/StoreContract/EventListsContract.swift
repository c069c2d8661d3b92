import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let eventListRules: [Rule] = [
        Rule("an event is found by its id") { try $0.eventsAreFound() },
        Rule("events are listed in the order in which they were stored, and the newest backwards") { try $0.eventsAreListed() },
        Rule("large events make short pages") { try $0.largeEventsMakeShortPages() },
        Rule("a node is known for as long as an event has it") { try $0.nodesAreKnown() },
    ]

    private func eventsAreFound() throws {
        let (store, revisions) = try prepared()
        let event = event("e1", data: #"{"a":1.10}"#)
        try accept(event, revisions, in: store)
        try insert(self.event("e2"))
        let (first, second) = try read { (try $0.event(id: "e1"), try $0.event(id: "e2")) }
        #expect(first?.event == event && first?.waitsForFanOut == false)
        #expect(second?.event == self.event("e2") && second?.waitsForFanOut == true)
        #expect(try read { try $0.event(id: "e3") } == nil)
        #expect(try read { [try $0.knowsEvent("e1"), try $0.knowsEvent("e3")] } == [true, false])
    }

    private func eventsAreListed() throws {
        let (store, _) = try prepared()
        for i in 1...5 { try accept(event("e\(i)", type: i.isMultiple(of: 2) ? "USER_CREATED" : "MEETING_WAIT"), [], in: store) }
        func ids(_ pattern: EventPattern?, beyond last: Int64 = .min) throws -> [String] {
            try read { try $0.events(ofType: pattern, beyond: last).page.map(\.id) }
        }
        #expect(try ids(nil) == ["e1", "e2", "e3", "e4", "e5"])
        #expect(try ids(EventPattern("USER_*")) == ["e2", "e4"] && ids(EventPattern("USER")).isEmpty)
        let last = try read { try $0.events(ofType: nil, beyond: .min).last }
        #expect(try ids(nil, beyond: last - 1) == ["e5"] && ids(nil, beyond: last).isEmpty)
        #expect(try read { try $0.newestEvents(limit: 2).map(\.id) } == ["e5", "e4"])
    }

    private func largeEventsMakeShortPages() throws {
        let (store, _) = try prepared()
        let large = #"{"pad":"\#(String(repeating: "x", count: 3 << 20))"}"#
        for i in 1...5 { try accept(event("e\(i)", data: large), [], in: store) }
        for i in 6...10 { try insert(event("e\(i)", data: large)) }
        // A page ends with the event that fills 8 MiB.
        let (page, last) = try read { try $0.events(ofType: nil, beyond: .min) }
        #expect(page.map(\.id) == ["e1", "e2", "e3"])
        #expect(try read { try $0.events(ofType: nil, beyond: last).page.map(\.id) } == ["e4", "e5", "e6"])
        #expect(try read { try $0.newestEvents(limit: 9).count } == 3)
        #expect(try store.arrivals(limit: 9).map(\.event.id) == ["e6", "e7", "e8"])
    }

    private func nodesAreKnown() throws {
        let (store, _) = try prepared()
        try accept(event("e1"), [], in: store)
        #expect(try read { [try $0.knowsNode("n"), try $0.knowsNode("x")] } == [true, false])
        try apply(try Topology(nodes: [Node(id: "m", level: .company)], endpoints: []), to: store, prune: true)
        #expect(try read { [try $0.knowsNode("n"), try $0.knowsNode("m")] } == [true, true])
    }
}
