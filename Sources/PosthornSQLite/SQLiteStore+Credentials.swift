import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Credentials and fixed headers on their way into and out of a row.
    var secrets: StoredSecrets { StoredSecrets(sealing: sealing, place: path) }

    /// Replaces an endpoint's credentials and counts the topology's generation up.
    package func setCredentials(
        _ credentials: [String: JSONValue],
        ofEndpoint key: Int64,
        id: String,
        at now: Timestamp
    ) throws(OutboxProblem) {
        let statement = try connection.statement("UPDATE posthorn_endpoint SET credentials = ?, changed = ?, generation = ? WHERE key = ?")
        statement.bind(1, try secrets.stored(credentials, ofEndpoint: id))
        statement.bind(2, now.milliseconds)
        statement.bind(3, try nextTopologyGeneration())
        statement.bind(4, key)
        try statement.run()
        try strikeFaults(of: [id])
        try countTopologyUp()
    }

    /// Whether anything is sealed.
    package func hasSealedCredentials() throws(OutboxProblem) -> Bool {
        try connection.integer(
            """
            SELECT EXISTS (SELECT 1 FROM posthorn_endpoint WHERE state <> 'removed'
                AND (credentials NOT GLOB '{*' OR headers <> '{}' AND json_extract(headers, '$.""') IS NOT NULL))
            """
        ) == 1
    }

    /// Rows that hold something in the clear.
    private static let isClear =
        "(credentials <> '{}' AND credentials GLOB '{*' OR headers <> '{}' AND json_extract(headers, '$.\"\"') IS NULL)"

    /// Seals what is stored unencrypted, if there is a key. A row that cannot be read is left alone, to be repaired.
    /// - Returns: The ids of the endpoints whose credentials were sealed.
    package func sealClearCredentials(at now: Timestamp) throws(OutboxProblem) -> [String] {
        let rows = try secretRows("WHERE \(Self.isClear)").compactMap { row in try? opened(row) }
        return try seal(rows, at: now)
    }

    /// Seals all that is stored, removed endpoints' too, again with the store's key.
    /// - Returns: The ids of the endpoints.
    /// - Throws: What keeps one of them from being read; then none is to be kept.
    package func sealAnew(at now: Timestamp) throws(OutboxProblem) -> [String] {
        var rows: [OpenedRow] = []
        for row in try secretRows("WHERE credentials <> '{}' OR headers <> '{}'") { rows.append(try opened(row)) }
        return try seal(rows, at: now)
    }

    private struct SecretRow {
        let key: Int64
        let id: String
        let credentials: [UInt8]
        let headers: [UInt8]
    }

    private struct OpenedRow {
        let key: Int64
        let id: String
        let credentials: [String: JSONValue]
        let headers: [EndpointSettings.Header]
    }

    private func secretRows(_ condition: String) throws(OutboxProblem) -> [SecretRow] {
        guard sealing != nil else { return [] }
        let rows = try connection.prepare("SELECT key, id, credentials, headers FROM posthorn_endpoint \(condition) ORDER BY key")
        var found: [SecretRow] = []
        while try rows.step() {
            found.append(SecretRow(key: rows.integer(0), id: rows.text(1), credentials: rows.bytes(2), headers: rows.bytes(3)))
        }
        return found
    }

    private func opened(_ row: SecretRow) throws(OutboxProblem) -> OpenedRow {
        let credentials = try secrets.credentials(stored: row.credentials, ofEndpoint: row.id)
        guard let stored = StoredSecrets.StoredHeaders(row.headers) else { throw damaged("posthorn_endpoint", row.id) }
        let headers = try secrets.headers(stored, ofEndpoint: row.id, opening: true)
        return OpenedRow(key: row.key, id: row.id, credentials: credentials, headers: headers)
    }

    /// What stood there is overwritten in the database's pages (`secure_delete`); older copies in the write-ahead log and in
    /// backups are out of its reach.
    private func seal(_ rows: [OpenedRow], at now: Timestamp) throws(OutboxProblem) -> [String] {
        if rows.isEmpty { return [] }
        return try overwriting { () throws(OutboxProblem) in
            let update = try connection.statement("UPDATE posthorn_endpoint SET credentials = ?, headers = ?, changed = ? WHERE key = ?")
            for row in rows {
                update.bind(1, try secrets.stored(row.credentials, ofEndpoint: row.id))
                update.bind(2, try secrets.stored(row.headers, ofEndpoint: row.id))
                update.bind(3, now.milliseconds)
                update.bind(4, row.key)
                try update.run()
            }
            try strikeFaults(of: rows.map(\.id))
            return rows.map(\.id)
        }
    }

    /// Does something after which what it replaces or deletes is nowhere in the database's pages any more.
    func overwriting<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        _ = try connection.text("PRAGMA secure_delete = ON")
        defer { _ = try? connection.text("PRAGMA secure_delete = OFF") }
        return try body()
    }

    /// How credentials are stored. Needs no key.
    package func credentialStorage() throws(OutboxProblem) -> CredentialStorage {
        var storage = CredentialStorage()
        let rows = try connection.prepare(
            "SELECT \(Self.isClear), count(*) FROM posthorn_endpoint WHERE credentials <> '{}' OR headers <> '{}' GROUP BY 1"
        )
        defer { rows.reset() }
        while try rows.step() {
            if rows.integer(0) == 1 { storage.inTheClear = Int(rows.integer(1)) } else { storage.sealed = Int(rows.integer(1)) }
        }
        return storage
    }
}
