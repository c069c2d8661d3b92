import PosthornModel
package import PosthornStore
import PosthornText

extension SQLiteStore {
    /// Reads one endpoint with its credentials.
    package func endpoint(_ key: Int64) throws(OutboxProblem) -> StoredEndpoint? { try endpoint(key, withCredentials: true) }

    private func endpoint(_ key: Int64, withCredentials: Bool) throws(OutboxProblem) -> StoredEndpoint? {
        let row = try connection.prepare("\(Self.selectEndpoint) WHERE e.key = ?")
        row.bind(1, key)
        return try row.step() ? endpoint(row, withCredentials: withCredentials) : nil
    }

    /// Reads the endpoint with an id, a removed one too, with its credentials.
    package func endpoint(id: String) throws(OutboxProblem) -> StoredEndpoint? {
        let row = try connection.prepare("\(Self.selectEndpoint) WHERE e.id = ?")
        row.bind(1, id)
        return try row.step() ? endpoint(row, withCredentials: true) : nil
    }

    /// Reads the endpoint whose id looks like this one, a removed one too. The ids of all are read, but for an id that can be written in
    /// one way only.
    package func endpoint(lookingLike id: String, withCredentials: Bool) throws(OutboxProblem) -> StoredEndpoint? {
        if let key = try key(ofEndpoint: id) { return try endpoint(key, withCredentials: withCredentials) }
        if id.utf8.allSatisfy({ $0 < 0x80 }) { return nil }
        let rows = try connection.statement("SELECT id, key FROM posthorn_endpoint")
        defer { rows.reset() }
        while try rows.step() { if rows.text(0) == id { return try endpoint(rows.integer(1), withCredentials: withCredentials) } }
        return nil
    }

    private func key(ofEndpoint id: String) throws(OutboxProblem) -> Int64? {
        let row = try connection.statement("SELECT key FROM posthorn_endpoint WHERE id = ?")
        row.bind(1, id)
        defer { row.reset() }
        return try row.step() ? row.integer(0) : nil
    }

    /// Reads the endpoints of one node, without removed ones, with their credentials.
    package func endpoints(atNode node: String) throws(OutboxProblem) -> [StoredEndpoint] {
        let rows = try connection.prepare("\(Self.selectEndpointsOfNode) ORDER BY e.key")
        rows.bind(1, node)
        var endpoints: [StoredEndpoint] = []
        while try rows.step() { endpoints.append(endpoint(rows, withCredentials: true)) }
        return endpoints
    }

    static let selectEndpointsOfNode = "\(selectEndpoint) WHERE e.node = ? AND e.state <> 'removed'"

    static let selectEndpoint = """
        SELECT e.key, r.key, e.id, e.node, r.url, r.method, r.envelope, e.signature, e.credentials, e.events, e.headers,
            e.timeout_ms, e.max_in_flight, e.rate_per_second, e.retry, e.state, e.state_reason,
            e.lanes, e.on_exhausted, e.health
        FROM posthorn_endpoint e
        JOIN posthorn_endpoint_revision r
            ON r.key = (SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = e.key)
        """

    /// What a row of ``selectEndpoint`` holds.
    func endpoint(_ row: SQLiteStatement, withCredentials: Bool) -> StoredEndpoint {
        EndpointColumns(
            key: row.integer(0),
            revision: row.integer(1),
            id: row.text(2),
            node: row.text(3),
            url: row.text(4),
            method: row.text(5),
            envelope: row.text(6),
            signature: row.text(7),
            credentials: row.bytes(8),
            events: row.bytes(9),
            headers: row.bytes(10),
            timeoutMilliseconds: row.integer(11),
            inFlightLimit: row.integer(12),
            ratePerSecond: row.double(13),
            retry: row.bytes(14),
            state: row.text(15),
            stateReason: row.textOrNil(16),
            lanes: row.isNull(17) ? nil : row.bytes(17),
            onExhausted: row.textOrNil(18),
            health: row.isNull(19) ? nil : row.bytes(19)
        ).endpoint(secrets, withCredentials: withCredentials)
    }
}
