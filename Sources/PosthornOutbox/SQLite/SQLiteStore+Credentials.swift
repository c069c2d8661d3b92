public import PosthornModel

/// Credentials on their way into and out of a row: sealed when there is a key, else as JSON.
extension SQLiteStore {
    /// What an endpoint without credentials stores, sealed or not: there is nothing to hide.
    private static let none = "{}"

    /// The text to store for credentials.
    func stored(_ credentials: [String: JSONValue], ofEndpoint id: String) throws(OutboxProblem) -> String {
        let text = JSONValue.object(credentials.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }).text
        guard let sealing, text != Self.none else { return text }
        return try sealing.seal(Array(text.utf8), ofEndpoint: id)
    }

    /// The credentials that a stored text stands for.
    func credentials(stored bytes: [UInt8], ofEndpoint id: String) throws(OutboxProblem) -> [String: JSONValue] {
        var plain = bytes
        if Self.isSealed(bytes) {
            guard let sealing else {
                throw OutboxProblem(
                    .key,
                    "the credentials of endpoint \(InputProblem.printable(id)) in \(path) are sealed and no key was given; give the key "
                        + "they were sealed with (POSTHORN_KEY or --key-file)"
                )
            }
            plain = try sealing.open(String(decoding: bytes, as: UTF8.self), ofEndpoint: id)
        }
        guard case .object(let members)? = try? JSONValue.parse(plain) else { throw damaged("posthorn_endpoint", id) }
        return Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    private static func isSealed(_ bytes: [UInt8]) -> Bool { bytes.first != UInt8(ascii: "{") }

    /// Replaces an endpoint's credentials and counts the topology's generation up.
    public func setCredentials(
        _ credentials: [String: JSONValue],
        ofEndpoint key: Int64,
        id: String,
        at now: Timestamp
    ) throws(OutboxProblem) {
        try write(stored(credentials, ofEndpoint: id), ofEndpoint: key, at: now)
        try countUp("topology")
    }

    private func write(_ text: String, ofEndpoint key: Int64, at now: Timestamp) throws(OutboxProblem) {
        let statement = try connection.statement("UPDATE posthorn_endpoint SET credentials = ?, changed = ? WHERE key = ?")
        statement.bind(1, text)
        statement.bind(2, now.milliseconds)
        statement.bind(3, key)
        try statement.run()
    }

    /// Seals what is stored in the clear, if there is a key.
    ///
    /// What stood there is overwritten in the database's pages (`secure_delete`); older copies in the write-ahead log and in
    /// backups are out of its reach.
    /// - Returns: The ids of the endpoints whose credentials were sealed.
    public func sealClearCredentials(at now: Timestamp) throws(OutboxProblem) -> [String] {
        guard sealing != nil else { return [] }
        var clear: [(key: Int64, id: String, bytes: [UInt8])] = []
        let rows = try connection.statement(
            "SELECT key, id, credentials FROM posthorn_endpoint WHERE credentials <> '{}' AND credentials GLOB '{*'"
        )
        defer { rows.reset() }
        while try rows.step() { clear.append((rows.integer(0), rows.text(1), rows.bytes(2))) }
        if clear.isEmpty { return [] }
        _ = try connection.text("PRAGMA secure_delete = ON")
        defer { _ = try? connection.text("PRAGMA secure_delete = OFF") }
        for row in clear {
            try write(stored(credentials(stored: row.bytes, ofEndpoint: row.id), ofEndpoint: row.id), ofEndpoint: row.key, at: now)
        }
        return clear.map(\.id)
    }

    /// How credentials are stored. Needs no key.
    public func credentialStorage() throws(OutboxProblem) -> CredentialStorage {
        var storage = CredentialStorage()
        let rows = try connection.statement(
            "SELECT credentials GLOB '{*', count(*) FROM posthorn_endpoint WHERE credentials <> '{}' GROUP BY 1"
        )
        defer { rows.reset() }
        while try rows.step() {
            if rows.integer(0) == 1 { storage.inTheClear = Int(rows.integer(1)) } else { storage.sealed = Int(rows.integer(1)) }
        }
        return storage
    }
}
