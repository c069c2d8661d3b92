import PosthornModel
package import PosthornStore
package import PosthornText

/// Credentials and fixed headers, which often hold some, on their way into and out of a row: sealed when there is a key,
/// else as JSON.
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
        // What is sealed never begins so.
        let isClear = bytes.first == UInt8(ascii: "{")
        let plain = isClear ? bytes : try open(String(decoding: bytes, as: UTF8.self), ofEndpoint: id)
        guard case .object(let members)? = try? JSONValue.parse(plain) else { throw damaged("posthorn_endpoint", id) }
        return Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    private func open(_ sealed: String, ofEndpoint id: String) throws(OutboxProblem) -> [UInt8] {
        guard let sealing else {
            throw OutboxProblem(
                .key,
                "the credentials or fixed headers of endpoint \(InputProblem.printable(id)) in \(path) are sealed and no key was given",
                remedy: .giveKey
            )
        }
        return try sealing.open(sealed, ofEndpoint: id)
    }

    /// No header has an empty name, so that member can hold the sealed values; the others keep the names, for lists.
    private static let sealedMember = ""

    /// The text to store for fixed headers.
    func stored(_ headers: [EndpointSettings.Header], ofEndpoint id: String) throws(OutboxProblem) -> String {
        guard let sealing, !headers.isEmpty else {
            return JSONValue.object(headers.map { .init($0.name, .string($0.value)) }).text
        }
        // An array, so that it can never be taken for credentials, which are an object.
        let values = JSONValue.array(headers.map { .array([.string($0.name), .string($0.value)]) }).text
        let sealed = try sealing.seal(Array(values.utf8), ofEndpoint: id)
        return JSONValue.object(headers.map { .init($0.name, .string("")) } + [.init(Self.sealedMember, .string(sealed))]).text
    }

    /// Fixed headers as they stand in a row.
    struct StoredHeaders {
        fileprivate let members: [JSONValue.Member]

        /// None.
        init() { members = [] }

        /// `nil` when the text means nothing.
        init?(_ bytes: [UInt8]) {
            guard case .object(let members)? = try? JSONValue.parse(bytes) else { return nil }
            self.members = members
        }

        /// The sealed values, if they are sealed.
        fileprivate var sealed: String? { members.first { $0.key == SQLiteStore.sealedMember }?.value.stringValue }

        /// Whether their values are sealed.
        var isSealed: Bool { sealed != nil }
    }

    /// The fixed headers that stored ones stand for.
    /// - Parameter opening: Whether their values are wanted; without them no key is needed.
    func headers(
        _ stored: StoredHeaders,
        ofEndpoint id: String,
        opening: Bool
    ) throws(OutboxProblem) -> [EndpointSettings.Header] {
        guard opening else {
            return stored.members.filter { $0.key != Self.sealedMember }.map { EndpointSettings.Header(name: $0.key, value: "") }
        }
        guard let sealed = stored.sealed else {
            return stored.members.map { EndpointSettings.Header(name: $0.key, value: $0.value.stringValue ?? "") }
        }
        let plain = try open(sealed, ofEndpoint: id)
        guard case .array(let pairs)? = try? JSONValue.parse(plain) else { throw damaged("posthorn_endpoint", id) }
        return pairs.compactMap { pair in
            guard case .array(let parts) = pair, parts.count == 2 else { return nil }
            return EndpointSettings.Header(name: parts[0].stringValue ?? "", value: parts[1].stringValue ?? "")
        }
    }

    /// Replaces an endpoint's credentials and counts the topology's generation up.
    package func setCredentials(
        _ credentials: [String: JSONValue],
        ofEndpoint key: Int64,
        id: String,
        at now: Timestamp
    ) throws(OutboxProblem) {
        let statement = try connection.statement("UPDATE posthorn_endpoint SET credentials = ?, changed = ?, generation = ? WHERE key = ?")
        statement.bind(1, try stored(credentials, ofEndpoint: id))
        statement.bind(2, now.milliseconds)
        statement.bind(3, try nextTopologyGeneration())
        statement.bind(4, key)
        try statement.run()
        try strikeFaults(of: [id])
        try countTopologyUp()
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
        let credentials = try credentials(stored: row.credentials, ofEndpoint: row.id)
        guard let stored = StoredHeaders(row.headers) else { throw damaged("posthorn_endpoint", row.id) }
        let headers = try headers(stored, ofEndpoint: row.id, opening: true)
        return OpenedRow(key: row.key, id: row.id, credentials: credentials, headers: headers)
    }

    /// What stood there is overwritten in the database's pages (`secure_delete`); older copies in the write-ahead log and in
    /// backups are out of its reach.
    private func seal(_ rows: [OpenedRow], at now: Timestamp) throws(OutboxProblem) -> [String] {
        if rows.isEmpty { return [] }
        return try overwriting { () throws(OutboxProblem) in
            let update = try connection.statement("UPDATE posthorn_endpoint SET credentials = ?, headers = ?, changed = ? WHERE key = ?")
            for row in rows {
                update.bind(1, try stored(row.credentials, ofEndpoint: row.id))
                update.bind(2, try stored(row.headers, ofEndpoint: row.id))
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
