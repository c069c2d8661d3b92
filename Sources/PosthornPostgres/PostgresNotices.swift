#if PostgreSQL
import PosthornStore
import PosthornSystem

/// Notices that something was committed (`LISTEN`), over the writer's own session and used by its thread alone.
///
/// PostgreSQL makes commits that notify one after the other, so none does unless an engine sleeps. A sleeping engine holds an advisory
/// lock alone; a commit that has news tries to share it, holds it until it is done, and notifies only where it could not. So a commit that
/// did not see the sleeper is over before the engine has the lock, and the engine looks once more after it has it.
final class PostgresNotices {
    /// Of the lock of a sleeping engine, as the function `posthorn_wake` has it.
    static let sleepingLock: Int64 = 8_102_367_204

    private unowned let store: PostgresStore
    private(set) var pace = NoticePace()
    /// The session that all of this is about; over another one everything begins again.
    private weak var session: PostgresConnection?
    private var isListening = false
    private var holdsLock = false

    init(_ store: PostgresStore) { self.store = store }

    /// Readable when a notice has come in.
    var descriptor: Int32 { pace.canListen == true && !store.connection.isLost ? store.connection.descriptor : -1 }

    /// Takes the notices that have come in.
    func take() {
        if store.connection !== session { begin() }
        if store.connection.takeNotices() { pace.noticed(at: MonotonicClock.nanoseconds()) }
    }

    private func begin() {
        (session, isListening, holdsLock) = (store.connection, false, false)
        pace.sessionChanged()
    }

    /// Notes whether a look has found events of others: after one that no notice told of, notices are not relied on.
    func looked(found: Bool) {
        if !found { return }
        pace.found(at: MonotonicClock.nanoseconds())
        if !pace.isCovered { return }
        take()
        pace.foundWithoutNotice()
    }

    /// Lets go of the lock, once awake; with whatever is asked next.
    func wake() {
        if pace.isCovered || !holdsLock || store.connection !== session { return }
        holdsLock = false
        store.waiting.append(PostgresStep("SELECT pg_advisory_unlock($1)", [.integer(Self.sleepingLock)]))
    }

    /// How long to wait at most before the next look, in milliseconds.
    func delay() -> Int64 {
        take()
        if pace.wantsLock(at: MonotonicClock.nanoseconds()) {
            do throws(OutboxProblem) { try lieDown() } catch { pace.sessionChanged() }
        }
        return pace.delayMilliseconds(at: MonotonicClock.nanoseconds())
    }

    private func lieDown() throws(OutboxProblem) {
        let connection = store.connection
        if pace.canListen == nil {
            // A pooler answers with a process of its own making, and its sessions are not ours; a transaction that was prepared (2PC) must not
            // notify.
            let row = try store.run(
                "SELECT pg_backend_pid() = $1 AND current_setting('max_prepared_transactions') = '0'",
                .integer(connection.backend)
            ).first
            pace.canListen = row?.boolean(0) ?? false
            if pace.canListen != true { return }
        }
        if !isListening {
            try connection.execute("LISTEN posthorn")
            isListening = true
        }
        if holdsLock { return pace.covered() }
        let row = try store.run(
            """
            SELECT CASE WHEN pg_try_advisory_lock($1) THEN 1 WHEN EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
                AND mode = 'ExclusiveLock' AND objsubid = 1 AND classid::bigint = $1 >> 32 AND objid::bigint = $1 & 4294967295
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN 2 ELSE 0 END
            """,
            .integer(Self.sleepingLock)
        ).first
        // Another engine that sleeps has every commit notify, and all hear it.
        switch row?.integer(0) {
        case 1:
            holdsLock = true
            pace.covered()
        case 2: pace.covered()
        default: pace.commitsAreUnderWay()
        }
    }
}
#endif
