import PosthornModel
package import PosthornStore
package import PosthornText

/// What an engine has found that it cannot use, for those who ask later or with another key.
extension SQLiteStore {
    /// Endpoints that are written down: more would say no more.
    private static let faultLimit = 1000

    /// Writes down which endpoints the engine cannot use, and when it found so.
    package func write(faults: [String: String], at now: Timestamp) throws(OutboxProblem) {
        if faults.isEmpty, try writtenFaults().isEmpty { return }
        try keep(faults)
        let time = try connection.statement("INSERT OR REPLACE INTO posthorn_setting (name, value) VALUES ('faults_at', ?)")
        time.bind(1, now.milliseconds)
        try time.run()
    }

    /// What an engine found of endpoints that are written again is out of date.
    func strikeFaults(of ids: [String]) throws(OutboxProblem) {
        let written = try writtenFaults()
        let left = written.filter { !ids.contains($0.key) }
        if left.count < written.count { try keep(left) }
    }

    /// What the engine that runs, or the last one, could not use.
    package func faultsOfRun() throws(OutboxProblem) -> LastRunFaults {
        LastRunFaults(
            engine: OwnerSight(databasePath: path).process,
            at: try connection.integer("SELECT value FROM posthorn_setting WHERE name = 'faults_at'").map(Timestamp.init(milliseconds:)),
            reasons: try writtenFaults()
        )
    }

    private func keep(_ faults: [String: String]) throws(OutboxProblem) {
        let members = faults.sorted { $0.key < $1.key }.prefix(Self.faultLimit).map { JSONValue.Member($0, .string($1)) }
        let statement = try connection.statement("INSERT OR REPLACE INTO posthorn_setting (name, value) VALUES ('faults', ?)")
        statement.bind(1, JSONValue.object(members).text)
        try statement.run()
    }

    private func writtenFaults() throws(OutboxProblem) -> [String: String] {
        guard let text = try connection.text("SELECT value FROM posthorn_setting WHERE name = 'faults'"),
            case .object(let members)? = try? JSONValue.parse(Array(text.utf8))
        else { return [:] }
        return Dictionary(members.map { ($0.key, $0.value.stringValue ?? "") }, uniquingKeysWith: { $1 })
    }
}
