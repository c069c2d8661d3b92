import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let notificationRules: [Rule] = [
        Rule("an exhaustion and its notification are one commit") { try $0.notificationIsWhole() },
        Rule("a round of attempts is told once") { try $0.roundsAreToldOnce() },
        Rule("notifications share a mail until it is closed") { try $0.mailsCollect() },
        Rule("a mail waits, is sent or is refused") { try $0.mailStates() },
        Rule("a refused mail can be tried again") { try $0.refusedMailsAreTriedAgain() },
        Rule("who has no contact is counted") { try $0.untoldIsCounted() },
        Rule("pruned deliveries leave no mail") { try $0.pruningTakesMails() },
        Rule("a result of a mail that was pruned belongs to no later mail") { try $0.lateResultsAreDropped() },
        Rule("mails follow a faster clock") { try $0.mailsAreCompressed() },
    ]

    static let hour: Int64 = 3_600_000

    /// Accepts events and returns their deliveries with the endpoint's key.
    func accepted(_ count: Int) throws -> (store: any OutboxStore, ids: [Int64], endpoint: Int64) {
        let (store, revisions) = try prepared()
        for i in 1...count { try accept(event("e\(i)"), revisions, in: store) }
        return (store, try ready(store), try #require(try store.topology().endpoints.first).key)
    }

    @discardableResult
    func notify(
        _ id: Int64,
        _ endpoint: Int64,
        in store: any OutboxStore,
        attempt: Int = 5,
        recipient: String? = "a@example.com",
        after milliseconds: Int64 = 0
    ) throws -> Notified {
        try store.write { () throws(OutboxProblem) in
            try store.notify(exhaustion(id, endpoint, attempt, recipient, milliseconds), spacingMilliseconds: Self.hour)
        }
    }

    /// A mail about an endpoint's health.
    /// - Returns: Its number.
    func queueNotice(aboutEndpoint endpoint: Int64, in store: any OutboxStore) throws -> Int64 {
        let notice = HealthNotice(percent: 75, reason: "timeout", failures: 9, failingSince: now, disabled: later(1000))
        try store.write { () throws(OutboxProblem) in
            try store.addNotice(notice, aboutEndpoint: endpoint, to: "b@example.com", at: later(5))
        }
        let keys = try (1...9).filter { try mailContents($0)?.notice != nil }
        return try #require(keys.last)
    }

    private func exhaustion(
        _ id: Int64,
        _ endpoint: Int64,
        _ attempt: Int = 5,
        _ recipient: String? = "a@example.com",
        _ milliseconds: Int64 = 0
    ) -> ExhaustedNotice {
        ExhaustedNotice(
            delivery: id,
            attempt: attempt,
            roundAttempts: 5,
            endpoint: endpoint,
            recipient: recipient,
            at: later(milliseconds)
        )
    }

    @discardableResult
    func close(_ key: Int64, in store: any OutboxStore, after milliseconds: Int64 = 0) throws -> QueuedMail? {
        try store.write { () throws(OutboxProblem) in try store.closeMail(key, at: later(milliseconds)) }
    }

    func recordMail(_ key: Int64, _ state: MailState, next: Timestamp? = nil, _ answer: String? = nil, in store: any OutboxStore) throws {
        try store.write { () throws(OutboxProblem) in
            try store.recordMail(MailAttempt(mail: key, state: state, nextAttemptAt: next, answer: answer))
        }
    }

    /// The mail that is due first, of whoever gets it.
    func dueMail(at moment: Timestamp) throws -> QueuedMail? {
        try waitingMails(dueBy: moment).min { ($0.nextAttemptAt ?? moment, $0.key) < ($1.nextAttemptAt ?? moment, $1.key) }
    }

    /// The first waiting mail with a greater number, due or not.
    func waitingMail(after key: Int64) throws -> QueuedMail? {
        try waitingMails(dueBy: Timestamp(milliseconds: .max)).filter { $0.key > key }.min { $0.key < $1.key }
    }

    private func waitingMails(dueBy due: Timestamp) throws -> [QueuedMail] {
        try read { (reader) throws(OutboxProblem) -> [QueuedMail] in
            var found: [QueuedMail] = []
            for contact in try reader.waitingRecipients() {
                found += try reader.waitingMails(to: contact.recipient, dueBy: due, limit: 1000)
            }
            return found
        }
    }

    func mailContents(_ key: Int64, limit: Int = 10) throws -> MailContents? { try read { try $0.mailContents(key, limit: limit) } }
    private func mailStatus() throws -> MailStatus { try read { try $0.status(at: now).mails } }

    // MARK: Rules

    private func notificationIsWhole() throws {
        let (store, ids, endpoint) = try accepted(1)
        for number in 1...4 { try record(ids[0], number, Transition(state: .pending, attempts: number, nextAttemptAt: now), in: store) }
        func last(_ failing: Bool) throws {
            try store.write { () throws(OutboxProblem) in
                try store.record([attempt(ids[0], 5, Transition(state: .exhausted, attempts: 5, nextAttemptAt: nil))])
                #expect(try store.notify(exhaustion(ids[0], endpoint), spacingMilliseconds: Self.hour) == .queued)
                if failing { throw OutboxProblem(.full, "no room") }
            }
        }
        #expect(throws: OutboxProblem.self) { try last(true) }
        #expect(try dueMail(at: now) == nil)
        #expect(try store.hasUnsettled())
        // The engine records the same result again once the store can be written.
        try last(false)
        let mail = try #require(try dueMail(at: now))
        #expect(try mailContents(mail.key)?.count == 1)
        #expect(try mailStatus().counts == [.waiting: 1])
    }

    private func roundsAreToldOnce() throws {
        let (store, ids, endpoint) = try accepted(2)
        #expect(try notify(ids[0], endpoint, in: store) == .notNeeded)
        try exhaust(ids[0], in: store)
        #expect(try notify(ids[0], endpoint, in: store) == .queued)
        #expect(try notify(ids[0], endpoint, in: store) == .notNeeded)
        // One more attempt by hand tells nobody again; a whole new round does.
        #expect(try notify(ids[0], endpoint, in: store, attempt: 6) == .notNeeded)
        #expect(try notify(ids[0], endpoint, in: store, attempt: 10) == .queued)
        #expect(try notify(999, endpoint, in: store) == .notNeeded)
    }

    private func mailsCollect() throws {
        let (store, ids, endpoint) = try accepted(6)
        for id in ids { try exhaust(id, in: store) }
        try notify(ids[0], endpoint, in: store)
        try notify(ids[1], endpoint, in: store, recipient: "b@example.com")
        let first = try #require(try dueMail(at: now))
        #expect(first.recipient == "a@example.com" && first.attempts == 0 && first.closed == nil && first.endpoint == "a")
        #expect(try close(first.key, in: store, after: 10)?.closed == later(10))
        // A second closing changes nothing: a repeat after a crash is the same mail.
        #expect(try close(first.key, in: store, after: 20)?.closed == later(10))
        for id in ids[2...4] { try notify(id, endpoint, in: store, after: 1000) }
        #expect(try mailContents(first.key)?.count == 1)
        let digest = try #require(try waitingMail(after: first.key + 1))
        #expect(digest.nextAttemptAt == later(10 + Self.hour))
        #expect(digest.id != first.id)
        #expect(try mailContents(digest.key)?.deliveries.map(\.id) == Array(ids[2...4]))
        try close(digest.key, in: store, after: 20 + Self.hour)
        // A quiet hour later the next one is at once.
        try notify(ids[5], endpoint, in: store, after: 3 * Self.hour)
        #expect(try waitingMail(after: digest.key)?.nextAttemptAt == later(3 * Self.hour))
    }

    private func mailStates() throws {
        let (store, ids, endpoint) = try accepted(1)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        try notify(ids[0], endpoint, in: store, attempt: 10, recipient: "b@example.com")
        let first = try #require(try waitingMail(after: 0))
        let second = try #require(try waitingMail(after: first.key))
        for mail in [first, second] { try close(mail.key, in: store) }
        try recordMail(first.key, .waiting, next: later(60_000), "the server replied 451", in: store)
        #expect(try dueMail(at: now)?.key == second.key)
        #expect(try mailStatus().answer == "the server replied 451")
        try recordMail(second.key, .refused, "550 no", in: store)
        #expect(try dueMail(at: now) == nil)
        #expect(try dueMail(at: later(60_000))?.attempts == 1)
        try recordMail(first.key, .sent, in: store)
        let status = try mailStatus()
        #expect(status.counts == [.sent: 1, .refused: 1])
        #expect(status.refused?.answer == "550 no" && status.refused?.recipient == "b@example.com")
        #expect(status.answer == nil && status.next == nil)
        #expect(try store.refusedMails(limit: 5).map(\.key) == [second.key])
        #expect(try close(first.key, in: store) == nil)
    }

    private func refusedMailsAreTriedAgain() throws {
        let (store, ids, endpoint) = try accepted(1)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        let mail = try #require(try waitingMail(after: 0))
        func retry() throws -> Bool {
            try store.write { () throws(OutboxProblem) in try store.retryMail(mail.key, to: "new@example.com", at: later(60_000)) }
        }
        let generation = try store.queueGeneration()
        #expect(try !retry())
        #expect(try store.queueGeneration() == generation)
        try close(mail.key, in: store)
        try recordMail(mail.key, .refused, "the server replied 550", in: store)
        #expect(try store.refusedMails(limit: 10).map(\.attempts) == [1])
        #expect(try retry())
        #expect(try store.queueGeneration() == generation + 1)
        #expect(try store.refusedMails(limit: 10).isEmpty)
        let again = try #require(try dueMail(at: later(60_000)))
        #expect(again.key == mail.key && again.id == mail.id && again.recipient == "new@example.com" && again.attempts == 0)
        #expect(try mailContents(again.key)?.deliveries.map(\.id) == [ids[0]])
        #expect(try !retry())
    }

    private func untoldIsCounted() throws {
        let (store, ids, endpoint) = try accepted(1)
        try exhaust(ids[0], in: store)
        #expect(try notify(ids[0], endpoint, in: store, recipient: nil) == .nobody)
        #expect(try mailStatus().withoutContact == 1)
        #expect(try waitingMail(after: 0) == nil)
    }

    private func pruningTakesMails() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...3 { try accept(event("e\(i)"), i == 3 ? revisions : [revisions[0]], in: store) }
        let endpoint = try #require(try store.endpoint(id: "a")).key
        // The third event goes on: its other delivery waits.
        let ids = Array(try ready(store)[...2])
        for id in ids { try exhaust(id, in: store) }
        try notify(ids[0], endpoint, in: store)
        let first = try #require(try dueMail(at: now))
        try close(first.key, in: store)
        try notify(ids[2], endpoint, in: store)
        let report = try prune(store, before: later(1))
        #expect(report.deliveries == 2 && report.attempts == 10)
        #expect(try mailContents(first.key) == nil)
        #expect(try mailStatus().counts == [.waiting: 1])
    }

    /// Sending a mail may take as long as its server lets it wait; a store may give its number out again meanwhile.
    private func lateResultsAreDropped() throws {
        let (store, ids, endpoint) = try accepted(3)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        let first = try #require(try dueMail(at: now))
        try close(first.key, in: store)
        _ = try prune(store, before: later(1))
        try exhaust(ids[1], in: store)
        try notify(ids[1], endpoint, in: store)
        try recordMail(first.key, .sent, in: store)
        let second = try #require(try dueMail(at: later(Self.hour)))
        #expect(second.id != first.id && second.closed == nil && second.attempts == 0)
    }

    private func mailsAreCompressed() throws {
        let (store, ids, endpoint) = try accepted(2)
        for id in ids { try exhaust(id, in: store) }
        try notify(ids[0], endpoint, in: store)
        let first = try #require(try dueMail(at: now)).key
        try close(first, in: store)
        try notify(ids[1], endpoint, in: store)
        let due = try waitingMail(after: first)?.nextAttemptAt
        let others = ShardSet.all.subtracting(ShardSet([ShardSet.mailShard]))
        try store.write { () throws(OutboxProblem) in try store.compressDueTimes(of: others, speed: 3600, at: now) }
        #expect(try waitingMail(after: first)?.nextAttemptAt == due)
        try store.write { () throws(OutboxProblem) in try store.compressDueTimes(of: .all, speed: 3600, at: now) }
        #expect(try waitingMail(after: first)?.nextAttemptAt == later(1001))
    }
}
