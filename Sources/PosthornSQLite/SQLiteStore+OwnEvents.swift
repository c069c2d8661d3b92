import PosthornModel
package import PosthornStore
import PosthornText

extension SQLiteStore {
    /// What was told of an endpoint by events of Posthorn's own; `nil` when nothing was.
    package func ownEventRecord(ofEndpoint key: Int64) throws(OutboxProblem) -> OwnEventRecord? {
        let rows = try connection.statement(
            "SELECT told, hour, health, exhausted, withheld FROM posthorn_own_event WHERE endpoint = ?"
        )
        rows.bind(1, key)
        defer { rows.reset() }
        guard try rows.step() else { return nil }
        return OwnEventRecord(
            told: rows.textOrNil(0).flatMap { OwnEventType(rawValue: $0) },
            hour: Timestamp(milliseconds: rows.integer(1)),
            health: Int(rows.integer(2)),
            exhausted: Int(rows.integer(3)),
            withheld: Int(rows.integer(4))
        )
    }

    /// Writes down what was told of an endpoint; nothing of one that was deleted meanwhile.
    package func write(_ record: OwnEventRecord, ofEndpoint key: Int64) throws(OutboxProblem) {
        let statement = try connection.statement(
            """
            INSERT INTO posthorn_own_event (endpoint, told, hour, health, exhausted, withheld)
            SELECT key, ?2, ?3, ?4, ?5, ?6 FROM posthorn_endpoint WHERE key = ?1
            ON CONFLICT (endpoint) DO UPDATE SET told = ?2, hour = ?3, health = ?4, exhausted = ?5, withheld = ?6
            """
        )
        statement.bind(1, key)
        statement.bind(2, record.told?.rawValue)
        statement.bind(3, record.hour.milliseconds)
        statement.bind(4, Int64(record.health))
        statement.bind(5, Int64(record.exhausted))
        statement.bind(6, Int64(record.withheld))
        try statement.run()
    }
}
