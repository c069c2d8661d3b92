import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let transactionRules: [Rule] = [
        Rule("a transaction that throws leaves nothing") { try $0.failureLeavesNothing() },
        Rule("a part of a transaction is undone alone") { try $0.partsAreUndoneAlone() },
        Rule("a transaction gives its result") { try $0.resultsAreHandedOn() },
        Rule("what is not committed is seen by its own store alone") { try $0.transactionsAreIsolated() },
        Rule("another's commit shows, an own one does not") { try $0.commitsByOthersShow() },
        Rule("a turn sees what was committed before it") { try $0.turnsSeeCommits() },
        Rule("commits are counted") { try $0.workIsCounted() },
        Rule("a signal for others' commits never waits for more than a second") { try $0.signalsAreBounded() },
    ]

    private func failureLeavesNothing() throws {
        let (store, revisions) = try prepared()
        #expect(throws: OutboxProblem(.refused, "no")) {
            try store.write { () throws(OutboxProblem) in
                let recipients = [try recipient(revisions[0], in: store)]
                _ = try store.accept([NewEventRow(event("e1"), createdByProducer: false, recipients: recipients)], at: now)
                throw OutboxProblem(.refused, "no")
            }
        }
        #expect(try ready(store).isEmpty)
        #expect(try accept(event("e1"), revisions, in: store) == .stored(deliveries: 1))
    }

    private func partsAreUndoneAlone() throws {
        let (store, revisions) = try prepared()
        let recipient = try recipient(revisions[0], in: store)
        try store.write { () throws(OutboxProblem) in
            _ = try store.accept([NewEventRow(event("kept"), createdByProducer: false, recipients: [recipient])], at: now)
            do throws(OutboxProblem) {
                try store.undoable { () throws(OutboxProblem) in
                    _ = try store.accept([NewEventRow(event("gone"), createdByProducer: false, recipients: [recipient])], at: now)
                    throw OutboxProblem(.refused, "no")
                }
            } catch {
                #expect(error.code == .refused)
            }
        }
        #expect(try ready(store).count == 1)
        #expect(try accept(event("kept"), revisions, in: store) == .known)
        #expect(try accept(event("gone"), revisions, in: store) == .stored(deliveries: 1))
    }

    private func resultsAreHandedOn() throws {
        let store = try open()
        let sum = try store.write { () throws(OutboxProblem) in 1 + (try store.undoable { () throws(OutboxProblem) in 2 }) }
        #expect(sum == 3)
    }

    private func transactionsAreIsolated() throws {
        let (store, revisions) = try prepared()
        let other = try open()
        try store.write { () throws(OutboxProblem) in
            let recipients = [try recipient(revisions[0], in: store)]
            _ = try store.accept([NewEventRow(event("e1"), createdByProducer: false, recipients: recipients)], at: now)
            #expect(try store.hasUnsettled())
            #expect(try !other.hasUnsettled())
        }
        #expect(try other.hasUnsettled())
    }

    private func commitsByOthersShow() throws {
        let (store, revisions) = try prepared()
        let before = try store.commitsByOthers()
        try accept(event("own"), revisions, in: store)
        #expect(try store.commitsByOthers() == before)
        try accept(event("other"), revisions, in: try open())
        #expect(try store.commitsByOthers() != before)
    }

    private func turnsSeeCommits() throws {
        let (store, revisions) = try prepared()
        let other = try open()
        func look() throws -> (generation: Int64, hasArrivals: Bool, ready: Int) {
            let seen = try store.turn { () throws(OutboxProblem) in
                _ = try store.commitsByOthers()
                var ready = 0
                _ = try store.scanReady(after: 0, limit: 10) { _ in
                    ready += 1
                    return true
                }
                return (try store.queueGeneration(), try store.hasArrivals(), ready)
            }
            // A turn that has nothing new is followed by one that may have.
            #expect(throws: OutboxProblem(.refused, "no")) {
                try store.turn { () throws(OutboxProblem) in throw OutboxProblem(.refused, "no") }
            }
            return seen
        }
        let before = try look()
        let again = try look()
        #expect(again == before && !before.hasArrivals && before.ready == 0)
        try other.write { () throws(OutboxProblem) in try other.countQueueUp() }
        #expect(try look().generation == before.generation + 1)
        try accept(event("e1"), revisions, in: other)
        #expect(try look().ready == revisions.count)
        try accept(event("e2"), revisions, in: store)
        #expect(try look().ready == 2 * revisions.count)
        try insert(event("e3"))
        #expect(try look().hasArrivals)
    }

    private func signalsAreBounded() throws {
        // Without one nobody else writes there.
        guard let signal = try open().makeChangeSignal() else { return }
        #expect((0...1000).contains(signal.delayMilliseconds()))
    }

    private func workIsCounted() throws {
        let (store, revisions) = try prepared()
        let before = store.counters
        for i in 0..<3 { try accept(event("e\(i)"), revisions, in: store) }
        #expect(store.counters.commits == before.commits + 3)
        #expect(store.counters.statements >= before.statements)
    }
}
