import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let laneReaderRules: [Rule] = [Rule("lanes are listed with what waits in them") { try $0.lanesAreListed() }]

    private func lanesAreListed() throws {
        let (store, recipient) = try preparedInOrder()
        // One lane of three, one of two whose head is exhausted, one of one.
        let ids = try [1, 2, 1, 2, 1, 3].enumerated().map { try accept("e\($0)", recipient, lane: $1, in: store) }
        try exhaust(ids[1], in: store)
        func lanes(stops: Bool = true, limit: Int = 10) throws -> LaneSummary {
            try read { try $0.lanes(ofEndpoint: recipient.endpoint, stops: stops, limit: limit) }
        }
        var summary = try lanes()
        #expect((summary.lanes, summary.stopped, summary.waiting, summary.stoppedWaiting) == (3, 1, 3, 1))
        #expect(
            summary.page == [
                .init(head: ids[1], state: .exhausted, event: "e1", node: "n", waiting: 1, since: now),
                .init(head: ids[0], state: .pending, event: "e0", node: "n", waiting: 2, since: now),
            ]
        )
        #expect(try lanes(limit: 1).page.map(\.head) == [ids[1]])
        summary = try lanes(stops: false)
        #expect((summary.lanes, summary.stopped, summary.waiting, summary.stoppedWaiting) == (3, 0, 2, 0))
        #expect(try read { try $0.lanes(ofEndpoint: 99, stops: true, limit: 1) } == LaneSummary())
        // What is delivered is in no lane, whether the lane was told or not.
        try deliver(ids[5], in: store)
        #expect(try lanes().lanes == 2)
    }
}
