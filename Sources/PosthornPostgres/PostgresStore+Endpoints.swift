#if PostgreSQL
import PosthornModel
package import PosthornStore
import PosthornText

extension PostgresStore {
    /// Reads one endpoint with its credentials.
    package func endpoint(_ key: Int64) throws(OutboxProblem) -> StoredEndpoint? { try endpoint(key, withCredentials: true) }

    private func endpoint(_ key: Int64, withCredentials: Bool) throws(OutboxProblem) -> StoredEndpoint? {
        try run("\(Self.selectEndpoint) WHERE e.key = $1", .integer(key)).first.map { endpoint($0, withCredentials: withCredentials) }
    }

    /// Reads the endpoint with an id, a removed one too, with its credentials.
    package func endpoint(id: String) throws(OutboxProblem) -> StoredEndpoint? {
        try run("\(Self.selectEndpoint) WHERE e.id = $1", .text(id)).first.map { endpoint($0, withCredentials: true) }
    }

    /// Reads the endpoint whose id looks like this one, a removed one too. The ids of all are read, but for an id that can be written in
    /// one way only.
    package func endpoint(lookingLike id: String, withCredentials: Bool) throws(OutboxProblem) -> StoredEndpoint? {
        if let key = try run("SELECT key FROM posthorn_endpoint WHERE id = $1", .text(id)).first?.integer(0) {
            return try endpoint(key, withCredentials: withCredentials)
        }
        if id.utf8.allSatisfy({ $0 < 0x80 }) { return nil }
        for row in try run("SELECT id, key FROM posthorn_endpoint").all where row.text(0) == id {
            return try endpoint(row.integer(1), withCredentials: withCredentials)
        }
        return nil
    }

    /// Reads the endpoints of one node, without removed ones, with their credentials.
    package func endpoints(atNode node: String) throws(OutboxProblem) -> [StoredEndpoint] {
        try run("\(Self.selectEndpoint) WHERE e.node = $1 AND e.state <> 'removed' ORDER BY e.key", .text(node)).all
            .map { endpoint($0, withCredentials: true) }
    }

    static let selectEndpoint = """
        SELECT e.key, r.key, e.id, e.node, r.url, r.method, r.envelope, e.signature, e.credentials, e.events, e.headers,
            e.timeout_ms, e.max_in_flight, e.rate_per_second, e.retry, e.state, e.state_reason,
            e.lanes, e.on_exhausted, e.health
        FROM posthorn_endpoint e
        JOIN posthorn_endpoint_revision r
            ON r.key = (SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = e.key)
        """

    /// What a row of ``selectEndpoint`` holds.
    func endpoint(_ row: PostgresRow, withCredentials: Bool) -> StoredEndpoint {
        EndpointColumns(
            key: row.integer(0),
            revision: row.integer(1),
            id: row.text(2),
            node: row.text(3),
            url: row.text(4),
            method: row.text(5),
            envelope: row.text(6),
            signature: row.text(7),
            credentials: row.utf8(8),
            events: row.utf8(9),
            headers: row.utf8(10),
            timeoutMilliseconds: row.integer(11),
            inFlightLimit: row.integer(12),
            ratePerSecond: row.double(13),
            retry: row.utf8(14),
            state: row.text(15),
            stateReason: row.textOrNil(16),
            lanes: row.isNull(17) ? nil : row.utf8(17),
            onExhausted: row.textOrNil(18),
            health: row.isNull(19) ? nil : row.utf8(19)
        ).endpoint(secrets, withCredentials: withCredentials)
    }
}
#endif
