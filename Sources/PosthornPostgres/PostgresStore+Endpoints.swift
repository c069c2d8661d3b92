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

    /// What a row holds. What cannot be read is a fault of that endpoint alone: all others can still be served.
    func endpoint(_ row: PostgresRow, withCredentials: Bool) -> StoredEndpoint {
        let id = row.text(2)
        var reading = PostgresRowReading(damaged: damaged("posthorn_endpoint", id))
        let credentials = row.utf8(8)
        // Credentials first: when several things are wrong, a missing key is the one to tell of.
        let opened =
            withCredentials
            ? reading.credentials { () throws(OutboxProblem) in try secrets.credentials(stored: credentials, ofEndpoint: id) } : [:]
        let headers = reading.value(PostgresSecrets.StoredHeaders(row.utf8(10)), else: PostgresSecrets.StoredHeaders())
        var settings = EndpointSettings(
            id: id,
            node: row.text(3),
            url: row.text(4),
            method: reading.value(RequestMethod(rawValue: row.text(5)), else: .post),
            envelope: reading.value(Envelope(rawValue: row.text(6)), else: .raw),
            signature: reading.value(SignatureScheme(rawValue: row.text(7)), else: .none),
            credentials: opened,
            // Without its patterns an endpoint is given every type: prefer sending too much over dropping events.
            events: reading.value(patterns(row.utf8(9)), else: []),
            headers: reading.headers { () throws(OutboxProblem) in
                try secrets.headers(headers, ofEndpoint: id, opening: withCredentials)
            },
            timeoutMilliseconds: Int(row.integer(11)),
            inFlightLimit: Int(row.integer(12)),
            ratePerSecond: row.double(13),
            retry: reading.value(schedule(row.utf8(14)), else: .standard)
        )
        if row.textOrNil(17) != nil {
            // Without its order an endpoint would get events out of it: as one lane it keeps every order there can be.
            settings.order = reading.value(order(row.utf8(17), row.textOrNil(18)), else: DeliveryOrder(.endpoint))
        }
        if row.textOrNil(19) != nil { settings.health = reading.value(health(row.utf8(19)), else: HealthSettings()) }
        return StoredEndpoint(
            key: row.integer(0),
            revision: row.integer(1),
            settings: settings,
            state: reading.value(EndpointState(rawValue: row.text(15)), else: .disabled),
            stateReason: row.textOrNil(16),
            fault: reading.fault,
            isSealed: credentials.first != UInt8(ascii: "{") || headers.isSealed
        )
    }

    private func patterns(_ bytes: [UInt8]) -> [EventPattern]? {
        guard case .array(let events)? = try? JSONValue.parse(bytes) else { return nil }
        return try? events.map { (value) throws(InputProblem) in try EventPattern(value.stringValue ?? "") }
    }

    private func order(_ lanes: [UInt8], _ onExhausted: String?) -> DeliveryOrder? {
        guard let value = try? JSONValue.parse(lanes) else { return nil }
        return try? DeliveryOrder(order: value, onExhausted: onExhausted, at: "")
    }

    private func health(_ bytes: [UInt8]) -> HealthSettings? {
        guard let value = try? JSONValue.parse(bytes) else { return nil }
        return try? HealthSettings(json: value, at: "health")
    }

    private func schedule(_ bytes: [UInt8]) -> RetrySchedule? {
        guard case .array(let offsets)? = try? JSONValue.parse(bytes) else { return nil }
        return try? RetrySchedule(offsetsMilliseconds: offsets.map { Int64($0.text) ?? -1 })
    }
}
#endif
