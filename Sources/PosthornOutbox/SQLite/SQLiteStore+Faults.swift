import PosthornModel

/// What an engine has found that it cannot use, for those who ask later or with another key.
extension SQLiteStore {
    /// Endpoints that are written down: more would say no more.
    private static let faultLimit = 1000

    /// Writes down which endpoints the engine cannot use.
    public func write(faults: [String: String]) throws(OutboxProblem) {
        let members = faults.sorted { $0.key < $1.key }.prefix(Self.faultLimit).map { JSONValue.Member($0, .string($1)) }
        let text = JSONValue.object(members).text
        if try connection.text(Self.selectFaults) ?? Self.noFaults == text { return }
        let statement = try connection.statement("INSERT OR REPLACE INTO posthorn_setting (name, value) VALUES ('faults', ?)")
        statement.bind(1, text)
        try statement.run()
    }

    private static let noFaults = "{}"
    private static let selectFaults: StaticString = "SELECT value FROM posthorn_setting WHERE name = 'faults'"

    /// What was written down last.
    func writtenFaults() throws(OutboxProblem) -> [String: String] {
        guard let text = try connection.text(Self.selectFaults), case .object(let members)? = try? JSONValue.parse(Array(text.utf8))
        else { return [:] }
        return Dictionary(members.map { ($0.key, $0.value.stringValue ?? "") }, uniquingKeysWith: { $1 })
    }
}
