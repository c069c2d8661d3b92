#if PostgreSQL
import Dispatch
import PosthornStore
import PosthornSystem
import Synchronization

/// Counts an engine's number up once a second, over a session of its own, and takes the shards away from engines that have ceased to do so.
///
/// A thread of its own does it, so that a long transaction of the engine's keeps no other waiting for a sign of life.
final class PostgresHeart: Sendable {
    private let id: Int64
    private let place: PostgresPlace
    private let timeline: Int64?
    private let waker: Waker
    private let state: Mutex<State>
    private let thread = Mutex<WorkerThread?>(nil)
    private let ended = DispatchSemaphore(value: 0)
    /// How long its end is waited for: a server that says nothing any more must not keep an engine from ending, or from joining again.
    private static let endSeconds = 3

    private struct State {
        var beganAt: Int64
        var isStopping = false
    }

    /// - Parameters:
    ///   - id: The engine's number.
    ///   - place: Where the outbox is.
    ///   - now: When its lease has begun, by ``BootClock``.
    ///   - timeline: Of the server that the engine has joined at: what another one says, be it an old primary that has come back or a standby that
    ///     has taken its place, keeps no lease.
    init(of id: Int64, in place: PostgresPlace, since now: Int64, timeline: Int64?) throws(SystemProblem) {
        self.id = id
        self.place = place
        self.timeline = timeline
        waker = try Waker()
        state = Mutex(State(beganAt: now))
        let started = try WorkerThread(name: "posthorn-beat") { [self] in
            live()
            ended.signal()
        }
        thread.withLock { $0 = started }
    }

    /// When the last beat that has arrived was sent, by ``BootClock``.
    var beganAt: Int64 { state.withLock { $0.beganAt } }

    /// Ends it, and waits for that, but not for long.
    func stop() {
        state.withLock { $0.isStopping = true }
        waker.signal()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let running else { return }
        if ended.wait(timeout: .now() + .seconds(Self.endSeconds)) == .success { running.join() } else { running.detach() }
    }

    /// How many looks there are between two at the tables: a minute.
    private static let looksPerVacuum = 240

    private func live() {
        var connection: PostgresConnection?
        var observer = BeatObserver()
        let vacuum = PostgresVacuum(place)
        var looks = 0
        while !state.withLock({ $0.isStopping }) {
            do throws(OutboxProblem) {
                let session: PostgresConnection
                if let known = connection {
                    session = known
                } else {
                    session = try PostgresConnection(place, session: SessionSettings.heart)
                }
                connection = session
                if MembershipRules.beats(atLook: looks) { try beat(session) }
                looks += 1
                let all = try PostgresHeart.beats(session)
                let others = all.filter { $0.engine != id }
                try PostgresHeart.remove(observer.look(others, at: MonotonicClock.nanoseconds()), session)
                // One of them does it for all.
                if looks.isMultiple(of: Self.looksPerVacuum), all.map(\.engine).min() == id { try vacuum.look(session) }
            } catch {
                // A session that is lost is made again; the lease goes on for as long as the last beat says.
                connection = nil
                looks = 0
            }
            waker.wait(milliseconds: MembershipRules.lookMilliseconds)
        }
    }

    private func beat(_ connection: PostgresConnection) throws(OutboxProblem) {
        let now = BootClock.nanoseconds()
        let rows = try connection.run(
            "UPDATE posthorn_dispatcher SET beat = beat + 1, beaten = clock_timestamp() WHERE id = $1 RETURNING \(ServerHistory.columns)",
            [.integer(id)]
        )
        // Without its row it is dead, and its lease comes to an end.
        guard let row = rows.first else { return }
        let found = row.integerOrNil(0)
        if timeline == nil || found == nil || found == timeline { state.withLock { $0.beganAt = now } }
    }

    /// The numbers of all engines.
    static func beats(_ connection: PostgresConnection) throws(OutboxProblem) -> [BeatObserver.Beat] {
        try connection.run("SELECT id, beat FROM posthorn_dispatcher", []).all
            .map { BeatObserver.Beat(engine: $0.integer(0), beat: $0.integer(1)) }
    }

    /// Removes engines that are dead, and frees their shards. One that is about to record something, or has come to life again, stays.
    /// - Parameter stuckSeconds: For how long a session may wait in the middle of a message from such a one.
    static func remove(
        _ dead: [BeatObserver.Beat],
        _ connection: PostgresConnection,
        stuckSeconds: Int64 = stuckSeconds
    ) throws(OutboxProblem) {
        if dead.isEmpty { return }
        try connection.execute("BEGIN")
        let found: PostgresRows
        do throws(OutboxProblem) {
            found = try connection.run(
                """
                SELECT d.id FROM posthorn_dispatcher d JOIN unnest($1::bigint[], $2::bigint[]) AS s (id, beat)
                    ON s.id = d.id AND s.beat = d.beat ORDER BY d.id FOR UPDATE OF d SKIP LOCKED
                """,
                [.integers(dead.map(\.engine)), .integers(dead.map(\.beat))]
            )
            let ids = PostgresValue.integers(found.all.map { $0.integer(0) })
            try connection.run("UPDATE posthorn_shard SET dispatcher = NULL WHERE dispatcher = ANY ($1::bigint[])", [ids])
            try connection.run("DELETE FROM posthorn_dispatcher WHERE id = ANY ($1::bigint[])", [ids])
            try connection.execute("SELECT posthorn_wake(); COMMIT")
        } catch {
            if connection.isInTransaction { _ = try? connection.execute("ROLLBACK") }
            throw error
        }
        if found.count < dead.count { try endStuckRecording(connection, seconds: stuckSeconds) }
    }

    /// Ends sessions that hold an engine's row and wait in the middle of a message: its process was stopped, or its network is gone, while it
    /// sent or received. No time-out of the server's ends those, since they are not idle. The next look removes the engine. Sessions of other
    /// roles are ended where this one has those roles, or both `pg_signal_backend` and `pg_read_all_stats`, without which it does not see
    /// what they wait for.
    static func endStuckRecording(_ connection: PostgresConnection, seconds: Int64 = stuckSeconds) throws(OutboxProblem) {
        try connection.run(
            """
            SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
            WHERE a.datname = current_database() AND a.state = 'active' AND a.wait_event IN ('ClientRead', 'ClientWrite')
                AND a.query_start <= clock_timestamp() - $1 * interval '1 second'
                AND \(mayEnd)
                AND EXISTS (
                    SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.relation = to_regclass('posthorn_dispatcher')
                        AND l.mode = 'RowShareLock' AND l.granted)
            """,
            [.integer(seconds)]
        )
    }

    /// Whether this role may see what sessions of the role `r` do, and end them.
    static let mayEnd = """
        ((pg_has_role(r.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE') AND pg_has_role('pg_read_all_stats', 'USAGE'))
            AND (NOT r.rolsuper OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)))
        """

    /// For how long a session may wait in the middle of a message from an engine that gives no sign of life: as long as one in a transaction.
    static let stuckSeconds: Int64 = 10
}
#endif
