import PosthornModel
package import PosthornStore
import PosthornMigrations

extension SQLiteStore {
    /// How the schema differs from what this program's migrations make, missing parts first.
    package func schemaDifferences() throws(OutboxProblem) -> [SchemaDifference] {
        let model = try SQLiteConnection(path: ":memory:", creating: false)
        model.allowSchemaWrites()
        for migration in Migrations.sqlite { try model.execute(String(decoding: migration.sql, as: UTF8.self)) }
        let (wanted, found) = (try Self.schema(model), try Self.schema(connection))
        let missing = wanted.filter { found[$0.key] == nil }.map { SchemaDifference(kind: .missing, $0.value) }
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

    /// Everything of Posthorn's but the list of migrations, by name. What SQLite makes by itself has no statement.
    private static func schema(_ connection: SQLiteConnection) throws(OutboxProblem) -> [String: Part] {
        let rows = try connection.prepare(
            "SELECT type, name, sql FROM sqlite_schema WHERE name GLOB 'posthorn_*' AND name <> 'posthorn_migration' AND sql IS NOT NULL"
        )
        var parts: [String: Part] = [:]
        while try rows.step() { parts[rows.text(1)] = Part(type: rows.text(0), name: rows.text(1), sql: rows.text(2)) }
        return parts
    }

    /// Counts deliveries that wait and point to no event, revision or endpoint. Reads all that wait.
    package func strayDeliveries() throws(OutboxProblem) -> StrayDeliveries {
        // Through the indexes of what waits: most of the table has been delivered.
        let waiting = (Self.rows(in: .pending) + Self.rows(in: .held)).map { "SELECT id, event, revision FROM posthorn_delivery \($0)" }
        let row = try connection.prepare(
            """
            SELECT count(*), min(d.id) FROM (\(waiting.joined(separator: " UNION ALL "))) d WHERE (
                NOT EXISTS (SELECT 1 FROM posthorn_outbox o WHERE o.seq = d.event)
                OR NOT EXISTS (
                    SELECT 1 FROM posthorn_endpoint_revision r JOIN posthorn_endpoint e ON e.key = r.endpoint WHERE r.key = d.revision))
            """
        )
        guard try row.step() else { return StrayDeliveries(count: 0, first: nil) }
        return StrayDeliveries(count: row.integer(0), first: row.isNull(1) ? nil : row.integer(1))
    }
}

extension SchemaDifference {
    fileprivate init(kind: Kind, _ part: SQLiteStore.Part) {
        self.init(kind: kind, type: part.type, name: part.name, sql: part.sql)
    }
}
