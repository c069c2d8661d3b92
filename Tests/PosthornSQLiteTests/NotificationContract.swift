import PosthornText
import PosthornModel
@testable import PosthornSQLite
import PosthornStore
import Testing

/// What every store must do with the mails about exhausted deliveries; part of the contract.
extension OutboxStoreContract {
    static let notificationRules: [Rule] = [
        ("an exhaustion and its notification are one commit", { try $0.notificationIsWhole() }),
        ("a round of attempts is told once", { try $0.roundsAreToldOnce() }),
        ("notifications share a mail until it is closed", { try $0.mailsCollect() }),
        ("a mail tells what was tried", { try $0.mailTellsEverything() }),
        ("a mail waits, is sent or is refused", { try $0.mailStates() }),
        ("a refused mail can be tried again", { try $0.refusedMailsAreTriedAgain() }),
        ("who has no contact is counted", { try $0.untoldIsCounted() }),
        ("pruned deliveries leave no mail", { try $0.pruningTakesMails() }),
        ("a result of a mail that was pruned belongs to no later mail", { try $0.lateResultsAreDropped() }),
        ("mails follow a faster clock", { try $0.mailsAreCompressed() }),
    ]

    private static let hour: Int64 = 3_600_000

    /// Accepts events and returns their deliveries with the endpoint's key.
    private func deliveries(_ count: Int) throws -> (store: any OutboxStore, ids: [Int64], endpoint: Int64) {
        let (store, revisions) = try prepared()
        for i in 1...count { try accept(event("e\(i)"), revisions, in: store) }
        return (store, try ready(store), try #require(try store.topology().endpoints.first).key)
    }

    private func exhaust(_ id: Int64, in store: any OutboxStore, attempts: Int = 5) throws {
        for number in 1...attempts {
            let isLast = number == attempts
            let next = isLast ? nil : now
            try record(id, number, Transition(state: isLast ? .exhausted : .pending, attempts: number, nextAttemptAt: next), in: store)
        }
    }

    @discardableResult
    private func notify(
        _ id: Int64,
        _ endpoint: Int64,
        in store: any OutboxStore,
        attempt: Int = 5,
        recipient: String? = "a@example.com",
        after milliseconds: Int64 = 0
    ) throws -> Notified {
        try store.write { () throws(OutboxProblem) in
            try store.notify(
                Exhaustion(
                    delivery: id,
                    attempt: attempt,
                    roundAttempts: 5,
                    endpoint: endpoint,
                    recipient: recipient,
                    at: now.advanced(byMilliseconds: milliseconds)
                ),
                spacingMilliseconds: Self.hour
            )
        }
    }

    private func close(_ key: Int64, in store: any OutboxStore, after milliseconds: Int64 = 0) throws -> QueuedMail? {
        try store.write { () throws(OutboxProblem) in try store.closeMail(key, at: now.advanced(byMilliseconds: milliseconds)) }
    }

    // MARK: Rules

    private func notificationIsWhole() throws {
        let (store, ids, endpoint) = try deliveries(1)
        for number in 1...4 { try record(ids[0], number, Transition(state: .pending, attempts: number, nextAttemptAt: now), in: store) }
        func last(_ failing: Bool) throws {
            try store.write { () throws(OutboxProblem) in
                let outcome = AttemptOutcome(started: now, durationMicroseconds: 1, status: 500, error: .status)
                let transition = Transition(state: .exhausted, attempts: 5, nextAttemptAt: nil)
                try store.record([AttemptRecord(delivery: ids[0], number: 5, outcome: outcome, transition: transition)])
                let exhaustion = Exhaustion(
                    delivery: ids[0],
                    attempt: 5,
                    roundAttempts: 5,
                    endpoint: endpoint,
                    recipient: "a@example.com",
                    at: now
                )
                #expect(try store.notify(exhaustion, spacingMilliseconds: Self.hour) == .queued)
                if failing { throw OutboxProblem(.full, "no room") }
            }
        }
        #expect(throws: OutboxProblem.self) { try last(true) }
        #expect(try store.dueMail(at: now) == nil)
        #expect(try store.hasUnsettled())
        // The engine records the same result again once the store can be written.
        try last(false)
        let mail = try #require(try store.dueMail(at: now))
        #expect(try store.mailContents(mail.key, limit: 10)?.count == 1)
        #expect(try open().mailStatus().counts == [.waiting: 1])
    }

    private func roundsAreToldOnce() throws {
        let (store, ids, endpoint) = try deliveries(2)
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
        let (store, ids, endpoint) = try deliveries(6)
        for id in ids { try exhaust(id, in: store) }
        try notify(ids[0], endpoint, in: store)
        try notify(ids[1], endpoint, in: store, recipient: "b@example.com")
        let first = try #require(try store.dueMail(at: now))
        #expect(first.recipient == "a@example.com" && first.attempts == 0 && first.closed == nil && first.endpoint == "a")
        #expect(try close(first.key, in: store, after: 10)?.closed == now.advanced(byMilliseconds: 10))
        // A second closing changes nothing: a repeat after a crash is the same mail.
        #expect(try close(first.key, in: store, after: 20)?.closed == now.advanced(byMilliseconds: 10))
        for id in ids[2...4] { try notify(id, endpoint, in: store, after: 1000) }
        #expect(try store.mailContents(first.key, limit: 10)?.count == 1)
        let digest = try #require(try store.waitingMail(after: first.key + 1))
        #expect(digest.nextAttemptAt == now.advanced(byMilliseconds: 10 + Self.hour))
        #expect(digest.id != first.id)
        let contents = try #require(try store.mailContents(digest.key, limit: 2))
        #expect(contents.count == 3)
        #expect(contents.deliveries.map(\.id) == Array(ids[2...3]))
        _ = try close(digest.key, in: store, after: 20 + Self.hour)
        // A quiet hour later the next one is at once.
        try notify(ids[5], endpoint, in: store, after: 3 * Self.hour)
        let later = try #require(try store.waitingMail(after: digest.key))
        #expect(later.nextAttemptAt == now.advanced(byMilliseconds: 3 * Self.hour))
    }

    private func mailTellsEverything() throws {
        let (store, ids, endpoint) = try deliveries(1)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        let mail = try #require(try store.dueMail(at: now))
        // An attempt by hand after that is not part of it.
        _ = try store.write { () throws(OutboxProblem) in
            try store.retry(ids, RetryManner(), at: now)
        }
        try record(ids[0], 6, Transition(state: .exhausted, attempts: 6, nextAttemptAt: nil), in: store)
        let contents = try #require(try store.mailContents(mail.key, limit: 10))
        #expect(contents.endpoint == "a" && contents.node == "n" && contents.oldestEvent == now)
        let delivery = try #require(contents.deliveries.first)
        #expect(delivery.event == "e1" && delivery.type == "T" && delivery.url == "https://a.example/" && delivery.exhaustedAt == now)
        #expect(delivery.attempts.map(\.number) == [1, 2, 3, 4, 5])
        #expect(delivery.attempts.allSatisfy { $0.outcome.errorText == "answered 503" && $0.outcome.response == Array("body".utf8) })
        #expect(try store.mailContents(999, limit: 10) == nil)
    }

    private func refusedMailsAreTriedAgain() throws {
        let (store, ids, endpoint) = try deliveries(1)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        let mail = try #require(try store.waitingMail(after: 0))
        let later = now.advanced(byMilliseconds: 60_000)
        func retry() throws -> Bool {
            try store.write { () throws(OutboxProblem) in try store.retryMail(mail.key, to: "new@example.com", at: later) }
        }
        let generation = try store.queueGeneration()
        #expect(try !retry())
        #expect(try store.queueGeneration() == generation)
        _ = try close(mail.key, in: store)
        try store.write { () throws(OutboxProblem) in
            try store.record(MailAttempt(mail: mail.key, state: .refused, nextAttemptAt: nil, answer: "the server replied 550"))
        }
        #expect(try store.refusedMails(limit: 10).map(\.attempts) == [1])
        #expect(try retry())
        #expect(try store.queueGeneration() == generation + 1)
        #expect(try store.refusedMails(limit: 10).isEmpty)
        let again = try #require(try store.dueMail(at: later))
        #expect(again.key == mail.key && again.id == mail.id && again.recipient == "new@example.com" && again.attempts == 0)
        #expect(try store.mailContents(again.key, limit: 10)?.deliveries.map(\.id) == [ids[0]])
        #expect(try !retry())
    }

    private func mailStates() throws {
        let (store, ids, endpoint) = try deliveries(1)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        try notify(ids[0], endpoint, in: store, attempt: 10, recipient: "b@example.com")
        let first = try #require(try store.waitingMail(after: 0))
        let second = try #require(try store.waitingMail(after: first.key))
        let later = now.advanced(byMilliseconds: 60_000)
        for mail in [first, second] { _ = try close(mail.key, in: store) }
        try store.write { () throws(OutboxProblem) in
            try store.record(MailAttempt(mail: first.key, state: .waiting, nextAttemptAt: later, answer: "the server replied 451"))
        }
        #expect(try store.dueMail(at: now)?.key == second.key)
        #expect(try store.mailStatus().answer == "the server replied 451")
        try store.write { () throws(OutboxProblem) in
            try store.record(MailAttempt(mail: second.key, state: .refused, nextAttemptAt: nil, answer: "550 no"))
        }
        #expect(try store.dueMail(at: now) == nil)
        #expect(try store.nextMail() == later)
        #expect(try store.dueMail(at: later)?.attempts == 1)
        try store.write { () throws(OutboxProblem) in
            try store.record(MailAttempt(mail: first.key, state: .sent, nextAttemptAt: nil, answer: nil))
        }
        let status = try store.mailStatus()
        #expect(status.counts == [.sent: 1, .refused: 1])
        #expect(status.refused?.answer == "550 no" && status.refused?.recipient == "b@example.com")
        #expect(status.answer == nil && status.next == nil)
        #expect(try store.refusedMails(limit: 5).map(\.key) == [second.key])
        #expect(try close(first.key, in: store) == nil)
    }

    private func untoldIsCounted() throws {
        let (store, ids, endpoint) = try deliveries(1)
        try exhaust(ids[0], in: store)
        #expect(try notify(ids[0], endpoint, in: store, recipient: nil) == .nobody)
        #expect(try store.mailStatus().untold == 1)
        #expect(try store.nextMail() == nil)
    }

    private func pruningTakesMails() throws {
        let (store, ids, endpoint) = try deliveries(3)
        for id in ids { try exhaust(id, in: store) }
        try notify(ids[0], endpoint, in: store)
        let first = try #require(try store.dueMail(at: now))
        _ = try close(first.key, in: store)
        try notify(ids[2], endpoint, in: store)
        let later = now.advanced(byMilliseconds: 1)
        let report = try prune(before: later, in: store)
        #expect(report.deliveries == 2 && report.attempts == 10)
        #expect(try store.mailContents(first.key, limit: 1) == nil)
        #expect(try store.mailStatus().counts == [.waiting: 1])
    }

    /// Whoever sends a mail may be at it for as long as the server lets it wait; a store may give its number out again meanwhile.
    private func lateResultsAreDropped() throws {
        let (store, ids, endpoint) = try deliveries(3)
        try exhaust(ids[0], in: store)
        try notify(ids[0], endpoint, in: store)
        let first = try #require(try store.dueMail(at: now))
        _ = try close(first.key, in: store)
        let later = now.advanced(byMilliseconds: 1)
        _ = try prune(before: later, in: store)
        try exhaust(ids[1], in: store)
        try notify(ids[1], endpoint, in: store)
        try store.write { () throws(OutboxProblem) in
            try store.record(MailAttempt(mail: first.key, state: .sent, nextAttemptAt: nil, answer: nil))
        }
        let second = try #require(try store.dueMail(at: now.advanced(byMilliseconds: Self.hour)))
        #expect(second.id != first.id && second.closed == nil && second.attempts == 0)
    }

    private func mailsAreCompressed() throws {
        let (store, ids, endpoint) = try deliveries(2)
        for id in ids { try exhaust(id, in: store) }
        try notify(ids[0], endpoint, in: store)
        _ = try close(try #require(try store.dueMail(at: now)).key, in: store)
        try notify(ids[1], endpoint, in: store)
        try store.write { () throws(OutboxProblem) in try store.compressDueTimes(speed: 3600, at: now) }
        let due = try #require(try store.waitingMail(after: 1)?.nextAttemptAt)
        #expect(due == now.advanced(byMilliseconds: 1001))
    }
}
