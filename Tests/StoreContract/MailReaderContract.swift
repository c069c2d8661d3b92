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
        let (store, ids, endpoint) = try accepted(4)
        for id in ids { try exhaust(id, in: store) }
        #expect(try read { try $0.waitingRecipients() }.isEmpty)
        try notify(ids[0], endpoint, in: store, recipient: "a@example.com", after: 2000)
        try notify(ids[1], endpoint, in: store, recipient: "b@example.com", after: 1000)
        try notify(ids[2], endpoint, in: store, recipient: "b@example.com", after: 3000)
        let contacts = try read { try $0.waitingRecipients() }.sorted { $0.recipient < $1.recipient }
        #expect(
            contacts == [
                WaitingRecipient(recipient: "a@example.com", due: later(2000)),
                WaitingRecipient(recipient: "b@example.com", due: later(1000)),
            ]
        )
        func mails(_ recipient: String, dueBy due: Timestamp, limit: Int = 9) throws -> [QueuedMail] {
            try read { try $0.waitingMails(to: recipient, dueBy: due, limit: limit) }
        }
        #expect(try mails("b@example.com", dueBy: later(999)).isEmpty && mails("c@example.com", dueBy: later(5000)).isEmpty)
        let first = try #require(try mails("b@example.com", dueBy: later(1000)).first)
        #expect(first.recipient == "b@example.com" && first.nextAttemptAt == later(1000))
        // Taken for sending, it still waits; what comes after it is another one.
        _ = try store.write { () throws(OutboxProblem) in try store.closeMail(first.key, at: later(1000)) }
        try notify(ids[3], endpoint, in: store, recipient: "b@example.com", after: 4000)
        let both = try mails("b@example.com", dueBy: Timestamp(milliseconds: .max))
        #expect(both.count == 2 && both.first?.key == first.key)
        #expect(try mails("b@example.com", dueBy: Timestamp(milliseconds: .max), limit: 1).map(\.key) == [first.key])
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
