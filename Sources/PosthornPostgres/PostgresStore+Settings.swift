#if PostgreSQL
package import PosthornStore

/// Single values of the outbox's own.
extension PostgresStore {
    func setting(_ name: String) throws(OutboxProblem) -> Int64 {
        try run("SELECT value FROM posthorn_setting WHERE name = $1", .text(name)).first?.integer(0) ?? 0
    }

    func countUp(_ name: String) {
        hasNews = true
        if name == "topology" || name == "queue" { addedNews += 1 }
        runLater("UPDATE posthorn_setting SET value = value + 1 WHERE name = $1", .text(name))
    }

    func words(_ name: String) throws(OutboxProblem) -> String? {
        try run("SELECT words FROM posthorn_setting WHERE name = $1", .text(name)).first?.textOrNil(0)
    }

    func keep(_ name: String, value: Int64? = nil, words: String? = nil) {
        runLater(
            """
            INSERT INTO posthorn_setting (name, value, words) VALUES ($1, $2, $3)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, words = excluded.words
            """,
            .text(name),
            .integer(value),
            .text(words)
        )
    }

    /// Counts the changes made by hand to deliveries and to mails about them.
    package func queueGeneration() throws(OutboxProblem) -> Int64 {
        if isInTurn, let facts { return facts.queue }
        return try setting("queue")
    }

    /// Counts that up.
    package func countQueueUp() { countUp("queue") }
}
#endif
