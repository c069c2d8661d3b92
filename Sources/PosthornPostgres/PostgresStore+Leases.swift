#if PostgreSQL
import Glibc
import PosthornMigrations
package import PosthornStore
import PosthornSystem

/// The engines that deliver from this outbox, and their shards.
extension PostgresStore {
    /// Of the advisory lock under which engines join one after the other.
    static let joiningLock: Int64 = 8_102_367_203

    /// Joins the engines that deliver from this outbox, without waiting. Those that are in the way and have been dead for long enough, as
    /// this store has seen at earlier calls, are removed.
    package func join(alone: Bool) throws(OutboxProblem) -> Bool {
        if membership.id != nil { return false }
        // Over a session that is made again if it was lost.
        let present = try run("SELECT id, beat FROM posthorn_dispatcher").all
            .map { BeatObserver.Beat(engine: $0.integer(0), beat: $0.integer(1)) }
        try PostgresHeart.remove(membership.observer.look(present, at: MonotonicClock.nanoseconds()), connection)
        let now = BootClock.nanoseconds()
        try connection.execute("BEGIN; SELECT pg_advisory_xact_lock(\(Self.joiningLock))")
        let id: Int64?
        do throws(OutboxProblem) {
            // This one may have slept while a newer version changed the schema.
            try membership.schema.noting { () throws(OutboxProblem) in
                try PostgresMigrator.refuseNewer(connection, place.name)
            }
            id = try add(alone: alone)
            try connection.execute("SELECT posthorn_wake(); COMMIT")
        } catch {
            if connection.isInTransaction { _ = try? connection.execute("ROLLBACK") }
            throw error
        }
        guard let id else { return false }
        try membership.joined(id, alone: alone, at: now, timeline: history?.timeline)
        return true
    }

    private func add(alone: Bool) throws(OutboxProblem) -> Int64? {
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        return try run(
            """
            INSERT INTO posthorn_dispatcher (id, alone, process, host, schema)
            SELECT ('x' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 15))::bit(60)::bigint, $1::boolean, $2, $3, $4
            WHERE NOT EXISTS (SELECT 1 FROM posthorn_dispatcher WHERE alone OR $1::boolean) RETURNING id
            """,
            .text(alone ? "t" : "f"),
            .integer(Int64(getpid())),
            .text(String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)),
            .integer(Int64(Migrations.postgreSQL.count))
        ).first?.integer(0)
    }

    /// The shards that it has now.
    package func lease() throws(OutboxProblem) -> ShardLease {
        if membership.isOut { return try leaseAnew() }
        guard let id = membership.id else { return .none }
        // Read with what the turn or the transaction has asked for before.
        let read = if let facts { facts } else { try readFacts() }
        guard case .follow(let plan) = MembershipRules.turn(of: id, engines: read.engines, owners: read.owners) else {
            membership.mustLetGo()
            return try leaseAnew()
        }
        // That reading may have found that the server lacks something.
        if membership.isOut { return try leaseAnew() }
        // In a transaction that may be undone nothing is taken.
        if !plan.wanted.isEmpty { facts = nil }
        let taken = plan.wanted.isEmpty || isWriting ? ShardSet.none : try take(plan.wanted, id, from: plan.gone)
        let lease = MembershipRules.lease(plan, taken: taken, endsAt: membership.endsAt)
        membership.leased = lease.shards
        return lease
    }

    /// It begins again, as a new engine would, once its engine has let go of everything: others may have had the same shards meanwhile.
    private func leaseAnew() throws(OutboxProblem) -> ShardLease {
        // Not in a transaction, in which it could come to nothing.
        if isWriting || !membership.hasLetGo {
            membership.letGo()
            return .none
        }
        let isAlone = membership.isAlone
        facts = nil
        if let id = membership.left() { remove(id) }
        return try join(alone: isAlone) ? try lease() : .none
    }

    /// Takes shards that are free still, unless this engine is being removed at the moment.
    /// - Parameter gone: Whose shards are free too. Asked for by name: one that has joined just now is not there yet for this statement.
    private func take(_ shards: ShardSet, _ id: Int64, from gone: [Int64]) throws(OutboxProblem) -> ShardSet {
        let taken = try run(
            """
            WITH me AS (SELECT id FROM posthorn_dispatcher WHERE id = $1 FOR KEY SHARE),
            free AS (
                SELECT shard FROM posthorn_shard
                WHERE shard = ANY ($2::smallint[]) AND (dispatcher IS NULL OR dispatcher = ANY ($3::bigint[])) ORDER BY shard
                FOR UPDATE SKIP LOCKED)
            UPDATE posthorn_shard s SET dispatcher = me.id FROM me, free WHERE s.shard = free.shard RETURNING s.shard
            """,
            .integer(id),
            .integers(shards.numbers.map { Int64($0) }),
            .integers(gone)
        )
        return ShardSet(taken.all.map { Int($0.integer(0)) })
    }

    /// Gives recalled shards back.
    package func release(_ shards: ShardSet) throws(OutboxProblem) {
        if shards.isEmpty { return }
        try run(
            "UPDATE posthorn_shard SET dispatcher = NULL WHERE dispatcher = $1 AND shard = ANY ($2::smallint[])",
            .integer(membership.id ?? 0),
            .integers(shards.numbers.map { Int64($0) })
        )
        try run("SELECT posthorn_wake()")
    }

    /// Gives all shards back at once.
    package func leave() {
        membership.stay()
        if let id = membership.left() { remove(id) }
    }

    private func remove(_ id: Int64) {
        // What cannot be given back is taken, once others see that the engine is gone.
        _ = try? run(
            """
            WITH gone AS (DELETE FROM posthorn_dispatcher WHERE id = $1 RETURNING id)
            UPDATE posthorn_shard s SET dispatcher = NULL FROM gone WHERE s.dispatcher = gone.id
            """,
            .integer(id)
        )
        _ = try? run("SELECT posthorn_wake()")
    }

    /// Engines come and go, and newer programs may change the schema; what else happens to a database its sessions tell.
    package func makeWatch() -> any StoreWatch { PostgresWatch(schema: membership.schema) }

    /// The process of an engine that has given a sign of life in the last ten seconds, by the server's clock.
    func engineProcess() throws(OutboxProblem) -> Int32? {
        try run(
            """
            SELECT process FROM posthorn_dispatcher WHERE beaten > clock_timestamp() - interval '10 seconds' ORDER BY joined LIMIT 1
            """
        ).first.map { Int32(truncatingIfNeeded: $0.integer(0)) }
    }
}
#endif
