package import PosthornStore
import PosthornText

extension SQLiteStore {
    /// Old requests that one new one takes away at most, so that no request waits for long.
    private static let forgottenAtOnce: Int64 = 100

    /// Begins a request, and forgets some that are older than a day.
    package func begin(_ request: RepeatableRequest) throws(OutboxProblem) -> RepeatableRequest? {
        let oldest = request.created.advanced(byMilliseconds: -RepeatableRequest.keptMilliseconds)
        let forget = try connection.statement(
            """
            DELETE FROM posthorn_idempotency WHERE (owner, name) IN (
                SELECT owner, name FROM posthorn_idempotency WHERE created < ? ORDER BY created LIMIT ?)
            """
        )
        forget.bind(1, oldest.milliseconds)
        forget.bind(2, Self.forgottenAtOnce)
        try forget.run()
        if let known = try repeatable(request.owner, request.name), known.created >= oldest { return known }
        if try repeatableCount(request.owner) >= RepeatableRequest.limitEach {
            throw OutboxProblem(.refused, "too many requests with an Idempotency-Key were sent in a day")
        }
        let insert = try connection.statement(
            "INSERT OR REPLACE INTO posthorn_idempotency (owner, name, digest, created) VALUES (?, ?, ?, ?)"
        )
        insert.bind(1, request.owner)
        insert.bind(2, request.name)
        insert.bind(3, request.digest)
        insert.bind(4, request.created.milliseconds)
        try insert.run()
        return nil
    }

    private func repeatableCount(_ owner: String) throws(OutboxProblem) -> Int {
        let row = try connection.statement(
            "SELECT count(*) FROM (SELECT 1 FROM posthorn_idempotency WHERE owner = ? LIMIT ?)"
        )
        row.bind(1, owner)
        row.bind(2, Int64(RepeatableRequest.limitEach))
        defer { row.reset() }
        return try row.step() ? Int(row.integer(0)) : 0
    }

    private func repeatable(_ owner: String, _ name: String) throws(OutboxProblem) -> RepeatableRequest? {
        let row = try connection.statement(
            "SELECT digest, created, status, content_type, location, body FROM posthorn_idempotency WHERE owner = ? AND name = ?"
        )
        row.bind(1, owner)
        row.bind(2, name)
        defer { row.reset() }
        guard try row.step() else { return nil }
        var request = RepeatableRequest(
            owner: owner,
            name: name,
            digest: row.text(0),
            created: Timestamp(milliseconds: row.integer(1))
        )
        if let status = row.integerOrNil(2) {
            request.answer = RepeatableRequest.Answer(
                status: Int(status),
                contentType: row.textOrNil(3),
                location: row.textOrNil(4),
                body: row.isNull(5) ? nil : row.bytes(5)
            )
        }
        return request
    }

    /// Writes down what a request was answered with; with `nil` it is forgotten.
    package func end(_ request: RepeatableRequest, _ answer: RepeatableRequest.Answer?) throws(OutboxProblem) {
        guard let answer else {
            let delete = try connection.statement("DELETE FROM posthorn_idempotency WHERE owner = ? AND name = ?")
            delete.bind(1, request.owner)
            delete.bind(2, request.name)
            return try delete.run()
        }
        let update = try connection.statement(
            """
            UPDATE posthorn_idempotency SET status = ?3, content_type = ?4, location = ?5, body = ?6 WHERE owner = ?1 AND name = ?2
            """
        )
        update.bind(1, request.owner)
        update.bind(2, request.name)
        update.bind(3, Int64(answer.status))
        update.bind(4, answer.contentType)
        update.bind(5, answer.location)
        if let body = answer.body { update.bindBlob(6, body) } else { update.bind(6, nil as Int64?) }
        try update.run()
    }
}
