import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let payloadRules: [Rule] = [
        Rule("data is dropped before the rest, and its digest kept") { try $0.dataIsDropped() }
    ]

    private func dataIsDropped() throws {
        let (store, revisions) = try prepared(["a", "b"])
        let data = #"{"name": "J\u00fcrgen", "n": 1.10}"#
        for i in 1...3 { try accept(event("e\(i)", data: data), revisions, in: store) }
        let ids = try ready(store)
        // The first event is settled whole, the second half.
        for id in ids.prefix(3) { try deliver(id, in: store) }
        let retention = Retention(RetentionPolicy(keepPayloadsMilliseconds: 1000), at: later(1001))
        let all = try read { try $0.historiesWithData(beyond: 0, limit: 1000) }
        #expect(all.map(\.hasData) == [true, true, true] && all.filter(retention.permitsDroppingData).map(\.seq) == [all[0].seq])
        #expect(!all.contains(where: retention.permits))
        #expect(try read { try $0.data(ofEvent: all[0].seq) } == Array(data.utf8))
        func drop() throws -> Int {
            try store.write { () throws(OutboxProblem) in
                try store.dropData(all.map { (seq: $0.seq, digest: "d\($0.seq)") }, retention)
            }
        }
        #expect(try drop() == 1)
        #expect(try drop() == 0)
        // What has none keeps its digest.
        try store.write { () throws(OutboxProblem) in try store.dropData(ofEvent: all[0].seq, digest: "other") }
        #expect(try read { try $0.historiesWithData(beyond: 0, limit: 1000) }.map(\.seq) == all.dropFirst().map(\.seq))
        #expect(try read { try $0.data(ofEvent: all[0].seq) } == nil)
        let kept = try #require(try read { try $0.event(id: "e1") }).event
        #expect(!kept.hasData && kept.type == "T" && kept.created == now)
        #expect(try store.event(all[0].seq)?.event.hasData == false)
        #expect(try store.history(ofEvent: all[0].seq)?.hasData == false)
        // Its id is known, and everything but its data is compared.
        #expect(try accept(event("e1", data: data), revisions, in: store) == .knownWithoutData(digest: "d\(all[0].seq)"))
        #expect(try accept(event("e1", type: "U", data: data), revisions, in: store) == .conflict)
        #expect(try accept(event("e2", data: data), revisions, in: store) == .known)
        // Its deliveries say so in lists and counts.
        #expect(try read { try $0.visibleDelivery(ids[0]) }?.hasData == false && read { try $0.visibleDelivery(ids[2]) }?.hasData == true)
        var lacking = DeliveryFilter()
        lacking.lacksData = true
        let lacked = try read { [lacking] in try $0.deliveryCounts(lacking, states: [.pending, .delivered]) }
        #expect(lacked == ["a": [.delivered: 1], "b": [.delivered: 1]])
        // It cannot be sent again; it can be pruned.
        #expect(try store.deliveryRow(ids[0])?.hasData == false && store.deliveryRow(ids[2])?.hasData == true)
        let report = try store.write { () throws(OutboxProblem) in try store.resend([ids[0], ids[2]], at: now) }
        #expect(report.retried == 1 && report.refused == [.init(delivery: ids[0], state: .delivered, lacksData: true)])
        let replayed = try store.write { () throws(OutboxProblem) in try store.replay([ids[1]], at: now) }
        #expect(replayed.retried == 0 && replayed.refused.map(\.lacksData) == [true])
        #expect(try prune(store, before: later(1)).events == 1)
        #expect(try accept(event("e1"), [], in: store) == .stored(deliveries: 0))
    }
}
