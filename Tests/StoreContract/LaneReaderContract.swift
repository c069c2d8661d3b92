import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let laneReaderRules: [Rule] = [
        Rule("lanes are listed with what waits in them") { try $0.lanesAreListed() },
        Rule("long lanes are counted as far as rows may be looked at, and hide no others") { try $0.longLanesAreBounded() },
    ]

    private func longLanesAreBounded() throws {
        let (store, recipient) = try preparedInOrder()
        // Before a stopped lane there are two long ones, and one behind it.
        let lanes: [Int64: Int] = [1: 90, 2: 90, 5: 60, 7: 3]
        var heads: [Int64: Int64] = [:]
        for (lane, count) in lanes.sorted(by: { $0.key < $1.key }) {
            for number in 0..<count {
                let id = try accept("\(lane)-\(number)", recipient, lane: lane, in: store)
                if number == 0 { heads[lane] = id }
            }
        }
        try exhaust(try #require(heads[5]), in: store)
        func counted(_ rows: Int) throws -> (summary: LaneSummary, looked: Int) {
            try read { reader in
                var left = rows
                let summary = try reader.lanes(ofEndpoint: recipient.endpoint, stops: true, limit: 10, rows: &left)
                #expect(left >= 0)
                return (summary, rows - left)
            }
        }
        let (whole, _) = try counted(1000)
        #expect(!whole.isAtLeast && whole.page.allSatisfy { !$0.isAtLeast })
        #expect((whole.lanes, whole.stopped, whole.waiting, whole.stoppedWaiting) == (4, 1, 239, 59))
        #expect(whole.page.map(\.head) == [5, 1, 2, 7].map { heads[$0] } && whole.page.map(\.waiting) == [59, 89, 89, 2])
        // Enough to find all lanes and to count what the stopped one holds up.
        let (part, looked) = try counted(220)
        #expect(part.isAtLeast && looked <= 220 && part.lanes == 4 && part.stopped == 1 && part.stoppedWaiting == 59 && part.waiting < 239)
        #expect(part.page.first?.isAtLeast == false && part.page.contains { $0.isAtLeast })
        for rows in [1, 2, 10, 60] {
            let (little, looked) = try counted(rows)
            #expect(looked <= rows && little.isAtLeast && little.lanes >= 1 && little.waiting <= rows, "\(rows): \(little)")
        }
    }

    private func lanesAreListed() throws {
        let (store, recipient) = try preparedInOrder()
        // One lane of three, one of two whose head is exhausted, one of one.
        let ids = try [1, 2, 1, 2, 1, 3].enumerated().map { try accept("e\($0)", recipient, lane: $1, in: store) }
        try exhaust(ids[1], in: store)
        func lanes(stops: Bool = true, limit: Int = 10) throws -> LaneSummary {
            var rows = 100
            let summary = try read { try $0.lanes(ofEndpoint: recipient.endpoint, stops: stops, limit: limit, rows: &rows) }
            return summary
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
        var none = 10
        #expect(try read { try $0.lanes(ofEndpoint: 99, stops: true, limit: 1, rows: &none) } == LaneSummary())
        #expect(none == 10)
        // What is delivered is in no lane, whether the lane was told or not.
        try deliver(ids[5], in: store)
        #expect(try lanes().lanes == 2)
    }
}
