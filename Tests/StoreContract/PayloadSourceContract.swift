import PosthornModel
import PosthornStore
import Testing

extension StoreContract {
    static let payloadSourceRules: [Rule] = [
        Rule("events with data are read page by page, and the data of one") { try $0.dataIsRead() }
    ]

    private func dataIsRead() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...3 { try accept(event("e\(i)", data: "{\"n\":\(i)}"), revisions, in: store) }
        let all = try read { try $0.historiesWithData(beyond: 0, limit: 1000) }
        #expect(all.map(\.deliveries.count) == [2, 2, 2])
        let first = try read { try $0.historiesWithData(beyond: 0, limit: 1) }
        #expect(first == [all[0]])
        #expect(try read { try $0.historiesWithData(beyond: all[0].seq, limit: 1000) } == [all[1], all[2]])
        #expect(try read { try $0.data(ofEvent: all[1].seq) } == Array("{\"n\":2}".utf8))
        #expect(try read { try $0.data(ofEvent: all[2].seq + 1) } == nil)
    }
}
