#if PostgreSQL
import PosthornStore

/// A statement with its values.
struct PostgresStep {
    let sql: String
    let values: [PostgresValue]
    /// Whether the server keeps it for the next time.
    let isPrepared: Bool

    init(_ sql: String, _ values: [PostgresValue] = [], isPrepared: Bool = true) {
        self.sql = sql
        self.values = values
        self.isPrepared = isPrepared
    }
}

/// What a server has returned to statements that were sent together, up to the first that failed.
struct PostgresReplies {
    var rows: [PostgresRows] = []
    /// Why there are no more.
    var problem: OutboxProblem?

    /// All of them.
    /// - Throws: What has failed.
    func get() throws(OutboxProblem) -> [PostgresRows] {
        if let problem { throw problem }
        return rows
    }
}
#endif
