import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let mailReaderRules: [Rule] = [
        Rule("mails are found by their time and in their order") { try $0.mailsAreFound() },
        Rule("a mail tells what was tried") { try $0.mailTellsEverything() },
        Rule("of a long mail the first deliveries are read, all are counted") { try $0.longMailsAreBounded() },
    ]

    private func mailsAreFound() throws {
        let (store, ids, endpoint) = try accepted(2)
        for id in ids { try exhaust(id, in: store) }
        let nothing = try read { (try $0.dueMail(at: later(Self.hour)), try $0.waitingMail(after: 0), try $0.nextMail()) }
        #expect(nothing == (nil, nil, nil))
        try notify(ids[0], endpoint, in: store, recipient: "a@example.com", after: 2000)
        try notify(ids[1], endpoint, in: store, recipient: "b@example.com", after: 1000)
        let first = try #require(try read { try $0.dueMail(at: later(5000)) })
        #expect(first.recipient == "b@example.com" && first.nextAttemptAt == later(1000))
        #expect(try read { try $0.dueMail(at: later(999)) } == nil)
        #expect(try read { try $0.nextMail() } == later(1000))
        // By number it is the other way round.
        let lowest = try #require(try read { try $0.waitingMail(after: 0) })
        #expect(lowest.recipient == "a@example.com")
        #expect(try read { try $0.waitingMail(after: lowest.key) } == first)
        #expect(try read { try $0.waitingMail(after: first.key) } == nil)
    }

    private func mailTellsEverything() throws {
        let (store, ids, endpoint) = try accepted(1)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        let mail = try #require(try dueMail(at: now))
        // An attempt by hand after that is not part of it.
        _ = try store.write { () throws(OutboxProblem) in try store.retry(ids, RetryManner(), at: now) }
        try record(ids[0], 6, Transition(state: .exhausted, attempts: 6, nextAttemptAt: nil), in: store)
        let contents = try #require(try read { try $0.mailContents(mail.key, limit: 10) })
        #expect(contents.endpoint == "a" && contents.node == "n" && contents.oldestEvent == now && contents.count == 1)
        let delivery = try #require(contents.deliveries.first)
        #expect(delivery.event == "e1" && delivery.type == "T" && delivery.url == "https://a.example/" && delivery.exhaustedAt == now)
        #expect(delivery.id == ids[0] && delivery.node == "n" && delivery.created == now)
        #expect(delivery.attempts.map(\.number) == [1, 2, 3, 4, 5])
        #expect(delivery.attempts.allSatisfy { $0.outcome.errorText == "answered 503" && $0.outcome.response == Array("body".utf8) })
        #expect(try read { try $0.mailContents(999, limit: 10) } == nil)
    }

    private func longMailsAreBounded() throws {
        let (store, ids, endpoint) = try accepted(4)
        for id in ids {
            try exhaust(id, in: store)
            try notify(id, endpoint, in: store)
        }
        let mail = try #require(try dueMail(at: now))
        let contents = try #require(try read { try $0.mailContents(mail.key, limit: 2) })
        #expect(contents.count == 4 && contents.deliveries.map(\.id) == Array(ids[0...1]))
    }
}
