#if PostgreSQL
import PosthornStore
import PosthornSystem

/// Whether the server still has what this store has read of it.
extension PostgresStore {
    /// Compares what was found over another session.
    func follow(_ connection: PostgresConnection) throws(OutboxProblem) {
        guard let found = try ServerHistory.read(connection) else { return }
        try follow(found)
    }

    /// The same in a statement that is run anyway: behind a pooler the server changes, and the session seems to stay.
    /// - Parameter columns: Those of ``ServerHistory/columns``.
    func follow(_ row: PostgresRow, columns first: Int) throws(OutboxProblem) {
        guard var found = history, let timeline = row.integerOrNil(first), let flushed = row.integerOrNil(first + 1) else { return }
        (found.timeline, found.flushed) = (timeline, flushed)
        try follow(found)
    }

    private func follow(_ found: ServerHistory) throws(OutboxProblem) {
        switch history?.sequel(found) ?? .same {
        case .same: history = found
        case .older:
            throw OutboxProblem(
                .unreachable,
                "the server of the outbox \(place.name) is on timeline \(found.timeline), and \(history?.timeline ?? 0) was seen: an old primary has "
                    + "come back; stop it, or start this program again if a backup was restored"
            )
        case .another:
            history = found
            forgetAll()
            if isWriting {
                throw OutboxProblem(
                    .fenced,
                    "the server of the outbox \(place.name) may lack the last commits (a standby has become the primary, or it was restored); "
                        + "what is in memory is read again"
                )
            }
        }
    }

    // MARK: A commit in doubt

    /// A transaction of which is not known whether it was committed, and the server's last crash before.
    struct Doubt {
        let transaction: String
        let crash: String?
    }

    /// How long a commit in doubt is asked about.
    private static let settlingNanoseconds: Int64 = 20_000_000_000

    func settle(_ doubt: Doubt) throws(OutboxProblem) -> Bool {
        let end = MonotonicClock.nanoseconds() + Self.settlingNanoseconds
        let pause = try? Waker()
        while true {
            do throws(OutboxProblem) {
                if connection.isLost { try reconnect() }
                return try isCommitted(doubt)
            } catch {
                guard error.mayPass, error.code != .fenced, MonotonicClock.nanoseconds() < end else { throw error }
            }
            pause?.wait(milliseconds: 50)
        }
    }

    /// Asks the server what became of a transaction.
    /// - Throws: ``OutboxProblem`` of code `busy` while it is still under way, and of code `fenced` when it cannot be known.
    func isCommitted(_ doubt: Doubt) throws(OutboxProblem) -> Bool {
        let row: PostgresRow?
        do throws(OutboxProblem) {
            let sql = "SELECT pg_xact_status($1::text::xid8), \(ServerHistory.columns)"
            row = try connection.run(sql, [.text(doubt.transaction)]).first
        } catch {
            // A crash has made the server forget the number: it will be given out again.
            if error.serverState == "22023" { return false }
            throw error
        }
        // Where commits were lost, another transaction may have the number by now.
        if let row { try follow(row, columns: 1) }
        switch row?.textOrNil(0) {
        case "committed":
            if history?.crash == doubt.crash { return true }
            // The same after a crash.
            doubtful = nil
            membership.mustLetGo()
            throw OutboxProblem(.fenced, "the server of the outbox \(place.name) has crashed, and may have given that number out again")
        case "aborted": return false
        default: throw OutboxProblem(.busy, "the outbox \(place.name) is still at work on transaction \(doubt.transaction)")
        }
    }
}
#endif
