#if PostgreSQL
package import PosthornStore
import PosthornSystem
import PosthornText

extension ServerFacts {
    /// The settings that matter to an outbox.
    private static let names = [
        "fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names", "autovacuum", "default_transaction_read_only",
        "statement_timeout", "transaction_read_only",
    ]

    /// Asks a server, over a session of its own, which is closed afterwards. Nothing is written, and no lock is waited for.
    /// - Parameter address: What libpq takes for a connection.
    package static func read(_ address: String) throws(OutboxProblem) -> ServerFacts {
        let place = try PostgresPlace(address)
        let connection = try PostgresConnection(place, session: [("statement_timeout", "30s"), ("lock_timeout", "1s")])
        var facts = ServerFacts()
        facts.addressHasPassword = place.hasPassword
        facts.tlsMode = connection.option("sslmode") ?? ""
        try facts.readServer(connection)
        try facts.readClock(connection)
        try facts.readReplication(connection)
        try facts.readSessions(connection)
        try facts.readRole(connection)
        try facts.readTables(connection)
        return facts
    }

    private mutating func readServer(_ connection: PostgresConnection) throws(OutboxProblem) {
        let row = try connection.runOnce(
            """
            SELECT current_setting('server_version'), current_setting('server_version_num')::bigint, current_setting('server_encoding'),
                pg_is_in_recovery(), inet_server_addr() IS NULL, (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl)
            """,
            []
        ).first
        guard let row else { return }
        (version, versionNumber, encoding) = (row.text(0), row.integer(1), row.text(2))
        (isStandby, isLocal, tls) = (row.boolean(3), row.boolean(4), row.textOrNil(5))
        // As sessions of this role have it, without what this one was set to.
        for row in try connection.runOnce("SELECT name, reset_val FROM pg_settings WHERE name = ANY ($1::text[])", [.texts(Self.names)]).all
        {
            settings[row.text(0)] = row.text(1)
        }
    }

    private mutating func readClock(_ connection: PostgresConnection) throws(OutboxProblem) {
        let before = SystemClock().now().milliseconds
        let row = try connection.runOnce("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint", []).first
        let after = SystemClock().now().milliseconds
        guard let server = row?.integer(0) else { return }
        clockAheadMilliseconds = max(0, before - server) + min(0, after - server)
    }

    private mutating func readReplication(_ connection: PostgresConnection) throws(OutboxProblem) {
        let end = "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END"
        standbys = try connection.runOnce(
            """
            SELECT coalesce(nullif(application_name, ''), pid::text), coalesce(state, ''), coalesce(sync_state, ''),
                pg_wal_lsn_diff(\(end), replay_lsn)::bigint
            FROM pg_stat_replication ORDER BY 1, pid LIMIT 100
            """,
            []
        ).all.map { Standby(name: $0.text(0), state: $0.text(1), role: $0.text(2), lagBytes: $0.integerOrNil(3)) }
        slots = try connection.runOnce(
            """
            SELECT slot_name, active, coalesce(pg_wal_lsn_diff(\(end), restart_lsn), 0)::bigint,
                greatest(age(xmin), age(catalog_xmin))::bigint
            FROM pg_replication_slots WHERE database IS NULL OR database = current_database() ORDER BY 1 LIMIT 100
            """,
            []
        ).all.map { Slot(name: $0.text(0), isActive: $0.boolean(1), keptBytes: $0.integer(2), keptTransactions: $0.integerOrNil(3)) }
    }

    private mutating func readSessions(_ connection: PostgresConnection) throws(OutboxProblem) {
        holders = try connection.runOnce(
            """
            SELECT 'process ' || pid || ' of ' || coalesce(usename, '?') || coalesce(' (' || nullif(application_name, '') || ')', '')
                    || coalesce(', ' || state, ''), 'SELECT pg_terminate_backend(' || pid || ')',
                floor(extract(epoch FROM clock_timestamp() - coalesce(xact_start, backend_start)) * 1000)::bigint
            FROM pg_stat_activity WHERE (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND pid <> pg_backend_pid()
                AND backend_type IN ('client backend', 'walsender') AND (datname = current_database() OR datname IS NULL OR backend_xid IS NOT NULL)
            UNION ALL SELECT 'the prepared transaction ' || gid, 'ROLLBACK PREPARED ' || quote_literal(gid),
                floor(extract(epoch FROM clock_timestamp() - prepared) * 1000)::bigint FROM pg_prepared_xacts
            ORDER BY 3 DESC LIMIT 20
            """,
            []
        ).all.map { Holder(who: $0.text(0), remedy: $0.text(1), milliseconds: $0.integer(2)) }
        lockWaits = try connection.runOnce(
            """
            SELECT c.relname, l.pid, b.pid, coalesce(a.application_name, '') FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
            CROSS JOIN LATERAL unnest(pg_blocking_pids(l.pid)) b (pid) LEFT JOIN pg_stat_activity a ON a.pid = b.pid
            WHERE NOT l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND c.relname LIKE 'posthorn\\_%' ORDER BY 1, 2, 3 LIMIT 20
            """,
            []
        ).all.map { LockWait(table: $0.text(0), waiting: $0.integer(1), holding: $0.integer(2), application: $0.text(3)) }
        sessions = try connection.runOnce(
            """
            SELECT 'of the server', (SELECT sum(numbackends) FROM pg_stat_database)::bigint,
                current_setting('max_connections')::bigint - CASE WHEN r.rolsuper THEN 0
                    ELSE current_setting('superuser_reserved_connections')::bigint END FROM pg_roles r WHERE rolname = current_user
            UNION ALL SELECT 'of the role ' || rolname, (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user), rolconnlimit
            FROM pg_roles WHERE rolname = current_user AND rolconnlimit >= 0
            UNION ALL SELECT 'of the database ' || d.datname, s.numbackends, d.datconnlimit
            FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid WHERE d.datname = current_database() AND d.datconnlimit >= 0
            """,
            []
        ).all.map { Headroom(what: $0.text(0), taken: $0.integer(1), limit: $0.integer(2)) }
    }

    private mutating func readRole(_ connection: PostgresConnection) throws(OutboxProblem) {
        let row = try connection.runOnce(
            """
            SELECT current_user, rolsuper, rolsuper OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
            FROM pg_roles WHERE rolname = current_user
            """,
            []
        ).first
        guard let row else { return }
        (role, isSuperuser, hidesSessions) = (row.text(0), row.boolean(1), !row.boolean(2))
        missingRights = try connection.runOnce(
            """
            SELECT r.word || ' on ' || c.relname FROM pg_class c, (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) r (word)
            WHERE c.relkind = 'r' AND c.relname LIKE 'posthorn\\_%' AND pg_table_is_visible(c.oid)
                AND NOT has_table_privilege(c.oid, r.word)
            UNION ALL SELECT 'USAGE on ' || c.relname FROM pg_class c
            WHERE c.relname LIKE 'posthorn\\_%' AND pg_table_is_visible(c.oid)
                AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE') ELSE false END
            ORDER BY 1
            """,
            []
        ).all.map { $0.text(0) }
        let foreign = try connection.runOnce(
            """
            SELECT EXISTS (SELECT 1 FROM pg_class WHERE relkind = 'r' AND relname LIKE 'posthorn\\_%' AND pg_table_is_visible(oid)
                AND NOT pg_has_role(relowner, 'USAGE'))
            """,
            []
        )
        ownsTables = foreign.first?.boolean(0) != true
        unendableRoles = try connection.runOnce(
            """
            SELECT DISTINCT r.rolname FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
            WHERE a.datname = current_database() AND a.application_name = $1 AND NOT \(PostgresHeart.mayEnd)
                AND has_table_privilege(r.oid, to_regclass('posthorn_dispatcher'), 'UPDATE') ORDER BY 1
            """,
            [.text(PostgresConnection.applicationName)]
        ).all.map { $0.text(0) }
    }

    private mutating func readTables(_ connection: PostgresConnection) throws(OutboxProblem) {
        tables = try connection.runOnce(
            """
            SELECT c.relname, s.n_live_tup, s.n_dead_tup,
                NOT coalesce(c.reloptions && ARRAY['autovacuum_enabled=off', 'autovacuum_enabled=false', 'autovacuum_enabled=0'], false)
            FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
            WHERE c.relname IN ('posthorn_pending', 'posthorn_arrival', 'posthorn_count', 'posthorn_dispatcher')
                AND pg_table_is_visible(c.oid) ORDER BY 1
            """,
            []
        ).all.map { Table(name: $0.text(0), live: $0.integer(1), dead: $0.integer(2), isVacuumed: $0.boolean(3)) }
    }
}
#endif
