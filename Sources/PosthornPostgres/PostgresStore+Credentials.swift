#if PostgreSQL
import PosthornModel
package import PosthornStore
package import PosthornText

/// Credentials and fixed headers, sealed where there is a key.
extension PostgresStore {
    /// How they stand in a row.
    var secrets: StoredSecrets { StoredSecrets(sealing: sealing, place: place.name) }

    /// Replaces an endpoint's credentials and counts the topology's generation up.
    package func setCredentials(
        _ credentials: [String: JSONValue],
        ofEndpoint key: Int64,
        id: String,
        at now: Timestamp
    ) throws(OutboxProblem) {
        let generation = try nextTopologyGeneration()
        try run(
            "UPDATE posthorn_endpoint SET credentials = $1, changed = $2, generation = $3 WHERE key = $4",
            .text(try secrets.stored(credentials, ofEndpoint: id)),
            .integer(now.milliseconds),
            .integer(generation),
            .integer(key)
        )
        try strikeFaults(of: [id])
        countTopologyUp()
    }

    /// Whether anything is sealed.
    package func hasSealedCredentials() throws(OutboxProblem) -> Bool {
        try run(
            """
            SELECT 1 FROM posthorn_endpoint WHERE state <> 'removed'
                AND (credentials NOT LIKE '{%' OR headers <> '{}' AND strpos(headers, '"":') > 0) LIMIT 1
            """
        ).first != nil
    }

    /// Rows that hold something in the clear.
    private static let isClear =
        "(credentials <> '{}' AND credentials LIKE '{%' OR headers <> '{}' AND strpos(headers, '\"\":') = 0)"

    /// Seals what is stored unencrypted, if there is a key. A row that cannot be read is left alone, to be repaired.
    package func sealClearCredentials(at now: Timestamp) throws(OutboxProblem) -> [String] {
        let rows = try secretRows("WHERE \(Self.isClear)").compactMap { row in try? opened(row) }
        return try seal(rows, at: now)
    }

    /// Seals all that is stored, removed endpoints' too, again with the store's key.
    package func sealAnew(at now: Timestamp) throws(OutboxProblem) -> [String] {
        var rows: [OpenedRow] = []
        for row in try secretRows("WHERE credentials <> '{}' OR headers <> '{}'") { rows.append(try opened(row)) }
        return try seal(rows, at: now)
    }

    private struct OpenedRow {
        let key: Int64
        let id: String
        let credentials: [String: JSONValue]
        let headers: [EndpointSettings.Header]
    }

    private func secretRows(_ condition: String) throws(OutboxProblem) -> [PostgresRow] {
        guard sealing != nil else { return [] }
        return try runOnce("SELECT key, id, credentials, headers FROM posthorn_endpoint \(condition) ORDER BY key FOR UPDATE").all
    }

    private func opened(_ row: PostgresRow) throws(OutboxProblem) -> OpenedRow {
        let id = row.text(1)
        let credentials = try secrets.credentials(stored: row.utf8(2), ofEndpoint: id)
        guard let stored = StoredSecrets.StoredHeaders(row.utf8(3)) else { throw damaged("posthorn_endpoint", id) }
        let headers = try secrets.headers(stored, ofEndpoint: id, opening: true)
        return OpenedRow(key: row.integer(0), id: id, credentials: credentials, headers: headers)
    }

    private func seal(_ rows: [OpenedRow], at now: Timestamp) throws(OutboxProblem) -> [String] {
        for row in rows {
            try run(
                "UPDATE posthorn_endpoint SET credentials = $1, headers = $2, changed = $3 WHERE key = $4",
                .text(try secrets.stored(row.credentials, ofEndpoint: row.id)),
                .text(try secrets.stored(row.headers, ofEndpoint: row.id)),
                .integer(now.milliseconds),
                .integer(row.key)
            )
        }
        if !rows.isEmpty { try strikeFaults(of: rows.map(\.id)) }
        return rows.map(\.id)
    }

    /// How credentials are stored. Needs no key.
    package func credentialStorage() throws(OutboxProblem) -> CredentialStorage {
        var storage = CredentialStorage()
        let rows = try run(
            "SELECT \(Self.isClear), count(*) FROM posthorn_endpoint WHERE credentials <> '{}' OR headers <> '{}' GROUP BY 1"
        )
        for row in rows.all {
            if row.boolean(0) { storage.inTheClear = Int(row.integer(1)) } else { storage.sealed = Int(row.integer(1)) }
        }
        return storage
    }
}
#endif
