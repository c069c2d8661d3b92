import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let notificationRowRules: [Rule] = [
        Rule("what a mail reports is read back") { try $0.reportsAreReadBack() },
        Rule("the newest mail of an endpoint for a recipient is found") { try $0.latestMailIsFound() },
        Rule("a mail about an endpoint's health collects no deliveries") { try $0.noticesAreMails() },
        Rule("deliveries without a contact are counted") { try $0.withoutContactIsCounted() },
    ]

    private func reportsAreReadBack() throws {
        let (store, ids, endpoint) = try accepted(1)
        #expect(try store.lastReport(ofDelivery: 999) == nil)
        let before = try #require(try store.lastReport(ofDelivery: ids[0]))
        #expect(before.state == .pending && before.attempt == nil)
        try exhaust(ids[0], in: store)
        try store.write { () throws(OutboxProblem) in
            let mail = try store.addMail(aboutEndpoint: endpoint, to: "a@example.com", at: now, due: later(5))
            for attempt in [5, 10] { try store.addNotification(ofDelivery: ids[0], attempt: attempt, to: mail, at: now) }
        }
        let after = try #require(try store.lastReport(ofDelivery: ids[0]))
        #expect(after.state == .exhausted && after.attempt == 10)
        #expect(try dueMail(at: later(4)) == nil)
        #expect(try dueMail(at: later(5))?.recipient == "a@example.com")
    }

    private func latestMailIsFound() throws {
        let (store, _, endpoint) = try accepted(1)
        func latest(_ recipient: String) throws -> LatestMail? { try store.latestMail(aboutEndpoint: endpoint, to: recipient) }
        #expect(try latest("a@example.com") == nil)
        var keys: [Int64] = []
        for recipient in ["a@example.com", "a@example.com", "b@example.com"] {
            keys.append(
                try store.write { () throws(OutboxProblem) in
                    try store.addMail(aboutEndpoint: endpoint, to: recipient, at: now, due: now)
                }
            )
        }
        #expect(try latest("a@example.com") == LatestMail(key: keys[1], closed: nil))
        try close(keys[1], in: store, after: 10)
        #expect(try latest("a@example.com") == LatestMail(key: keys[1], closed: later(10)))
        #expect(try latest("b@example.com") == LatestMail(key: keys[2], closed: nil))
        #expect(try store.latestMail(aboutEndpoint: 999, to: "a@example.com") == nil)
    }

    private func noticesAreMails() throws {
        let (store, _, endpoint) = try accepted(1)
        let notice = HealthNotice(percent: 75, reason: "timeout", failures: 9, failingSince: now, disabled: later(1000))
        try store.write { () throws(OutboxProblem) in
            try store.addNotice(notice, aboutEndpoint: endpoint, to: "a@example.com", at: later(5))
        }
        let mail = try #require(try dueMail(at: later(5)))
        #expect(mail.closed == later(5) && mail.recipient == "a@example.com")
        let contents = try #require(try mailContents(mail.key))
        #expect(contents.notice == notice && contents.endpoint == "a" && contents.node == "n" && contents.count == 0)
        // One about a delivery is another mail, due at once.
        #expect(try store.latestMail(aboutEndpoint: endpoint, to: "a@example.com") == nil)
    }

    private func withoutContactIsCounted() throws {
        let store = try open()
        try store.write { () throws(OutboxProblem) in try store.countWithoutContact() }
        #expect(try read { try $0.status(at: now).mails.withoutContact } == 1)
    }
}
