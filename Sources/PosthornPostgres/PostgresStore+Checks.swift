#if PostgreSQL
import PosthornMigrations
package import PosthornStore

/// What can be checked of an outbox.
extension PostgresStore {
    /// How the schema differs from what this program's migrations make, missing parts first.
    package func schemaDifferences() throws(OutboxProblem) -> [SchemaDifference] {
        // A session of its own makes them once more, in a schema that goes with its transaction.
        let other = try PostgresConnection(place)
        let model = "posthorn_model_\(other.backend)"
        try other.execute("BEGIN; CREATE SCHEMA \(model); SET LOCAL search_path = \(model)")
        for migration in Migrations.postgreSQL { try other.execute(String(decoding: migration.sql, as: UTF8.self)) }
        let wanted = try Self.schema(try other.runOnce(Self.schemaParts, []))
        try other.execute("ROLLBACK")
        let found = try Self.schema(try runOnce(Self.schemaParts))
        let missing = wanted.filter { found[$0.key] == nil }.map { SchemaDifference(kind: .missing, $0.value) }
        // A newer version may have added what this one leaves alone.
        let list = try runOnce("SELECT count(*) FROM posthorn_migration WHERE number < \(CopyGate.number)").first?.integer(0) ?? 0
        if list > Int64(Migrations.postgreSQL.count) { return missing.sorted { $0.name < $1.name } }
        let changed = wanted.filter { found[$0.key].map { part in part.sql != wanted[part.name]?.sql } ?? false }
            .map { SchemaDifference(kind: .changed, $0.value) }
        let unknown = found.filter { wanted[$0.key] == nil }
            .map { SchemaDifference(kind: .unknown, type: $0.value.type, name: $0.key, sql: nil) }
        return [missing, changed, unknown].flatMap { $0.sorted { $0.name < $1.name } }
    }

    fileprivate struct Part {
        let type: String
        let name: String
        let sql: String
    }

    private static func schema(_ rows: PostgresRows) throws(OutboxProblem) -> [String: Part] {
        Dictionary(
            rows.all.map { ($0.text(1), Part(type: $0.text(0), name: $0.text(1), sql: $0.text(2))) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Everything of Posthorn's in the current schema but the list of migrations: its kind, its name, and what it is, without the schema's
    /// name.
    private static let schemaParts = """
        SELECT kind, name, replace(replace(definition, quote_ident(current_schema()) || '.', ''), '''' || current_schema() || '''', '') FROM (
            SELECT 'table' AS kind, c.relname::text AS name, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
                || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), ''), ', ' ORDER BY a.attname) AS definition
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE c.relkind = 'r' AND c.relnamespace = quote_ident(current_schema())::regnamespace GROUP BY c.oid, c.relname
            UNION ALL SELECT 'view', c.relname::text, pg_get_viewdef(c.oid) FROM pg_class c
            WHERE c.relkind = 'v' AND c.relnamespace = quote_ident(current_schema())::regnamespace
            UNION ALL SELECT 'index', c.relname::text, pg_get_indexdef(c.oid) FROM pg_class c
            WHERE c.relkind = 'i' AND c.relnamespace = quote_ident(current_schema())::regnamespace
            UNION ALL SELECT 'constraint', r.conname::text, pg_get_constraintdef(r.oid) FROM pg_constraint r
            WHERE r.connamespace = quote_ident(current_schema())::regnamespace AND r.contype IN ('c', 'f')
            UNION ALL SELECT 'trigger', t.tgname::text, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE NOT t.tgisinternal AND c.relnamespace = quote_ident(current_schema())::regnamespace
            UNION ALL SELECT 'function', p.proname::text, p.prosrc || p.prosecdef FROM pg_proc p
            WHERE p.pronamespace = quote_ident(current_schema())::regnamespace) part
        WHERE name LIKE 'posthorn\\_%' AND name NOT LIKE 'posthorn\\_migration%'
        """

    /// Counts deliveries that wait and point to no event, revision or endpoint. Reads all that wait.
    package func strayDeliveries() throws(OutboxProblem) -> StrayDeliveries {
        let row = try run(
            """
            SELECT count(*), min(d.id) FROM posthorn_pending d WHERE NOT EXISTS (SELECT 1 FROM posthorn_outbox o WHERE o.seq = d.event)
                OR NOT EXISTS (
                    SELECT 1 FROM posthorn_endpoint_revision r JOIN posthorn_endpoint e ON e.key = r.endpoint WHERE r.key = d.revision)
            """
        ).first
        return StrayDeliveries(count: row?.integer(0) ?? 0, first: row?.integerOrNil(1))
    }

    /// What contradicts itself: indexes that the server has given up, and deliveries that wait and are settled at once. Whether the pages
    /// on the disk are whole is for the server's own tools (`pg_amcheck`).
    package func integrityProblems() throws(OutboxProblem) -> [String] {
        let indexes = try run(
            """
            SELECT 'index ' || c.relname || ' is invalid' FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE NOT i.indisvalid AND c.relname LIKE 'posthorn\\_%' AND pg_table_is_visible(i.indrelid) ORDER BY 1
            """
        )
        let doubled = try run(
            """
            SELECT 'delivery ' || p.id || ' waits and is settled' FROM posthorn_pending p JOIN posthorn_settled s ON s.id = p.id
            ORDER BY p.id LIMIT 20
            """
        )
        return (indexes.all + doubled.all).map { $0.text(0) }
    }

    /// The server's version, such as `15.4`.
    package func databaseVersion() throws(OutboxProblem) -> String { connection.serverVersion }
}

extension SchemaDifference {
    fileprivate init(kind: Kind, _ part: PostgresStore.Part) {
        self.init(kind: kind, type: part.type, name: part.name, sql: part.sql)
    }
}
#endif
