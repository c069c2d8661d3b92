#if PostgreSQL
import PosthornModel
package import PosthornStore
import PosthornText

extension PostgresStore {
    /// What was told of an endpoint by events of Posthorn's own; `nil` when nothing was.
    package func ownEventRecord(ofEndpoint key: Int64) throws(OutboxProblem) -> OwnEventRecord? {
        let row = try run("SELECT told, hour, health, exhausted, withheld FROM posthorn_own_event WHERE endpoint = $1", .integer(key)).first
        return row.map { row in
            OwnEventRecord(
                told: row.textOrNil(0).flatMap { OwnEventType(rawValue: $0) },
                hour: Timestamp(milliseconds: row.integer(1)),
                health: Int(row.integer(2)),
                exhausted: Int(row.integer(3)),
                withheld: Int(row.integer(4))
            )
        }
    }

    /// Writes down what was told of an endpoint; nothing of one that was deleted meanwhile.
    package func write(_ record: OwnEventRecord, ofEndpoint key: Int64) throws(OutboxProblem) {
        try run(
            """
            INSERT INTO posthorn_own_event (endpoint, told, hour, health, exhausted, withheld)
            SELECT key, $2, $3, $4, $5, $6 FROM posthorn_endpoint WHERE key = $1
            ON CONFLICT (endpoint) DO UPDATE SET told = $2, hour = $3, health = $4, exhausted = $5, withheld = $6
            """,
            .integer(key),
            .text(record.told?.rawValue),
            .integer(record.hour.milliseconds),
            .integer(Int64(record.health)),
            .integer(Int64(record.exhausted)),
            .integer(Int64(record.withheld))
        )
    }
}
#endif
