#if PostgreSQL
package import PosthornStore
import PosthornText

extension PostgresStore {
    /// Old requests that one new one takes away at most, so that no request waits for long.
    private static let forgottenAtOnce: Int64 = 100

    /// Begins a request, and forgets some that are older than a day.
    package func begin(_ request: RepeatableRequest) throws(OutboxProblem) -> RepeatableRequest? {
        let oldest = request.created.advanced(byMilliseconds: -RepeatableRequest.keptMilliseconds)
        try run(
            """
            DELETE FROM posthorn_idempotency WHERE (owner, name) IN (
                SELECT owner, name FROM posthorn_idempotency WHERE created < $1 ORDER BY created LIMIT $2 FOR UPDATE SKIP LOCKED)
            """,
            .integer(oldest.milliseconds),
            .integer(Self.forgottenAtOnce)
        )
        if let known = try repeatable(request.owner, request.name), known.created >= oldest { return known }
        let row = try run(
            "SELECT count(*) FROM (SELECT 1 FROM posthorn_idempotency WHERE owner = $1 LIMIT $2) r",
            .text(request.owner),
            .integer(Int64(RepeatableRequest.limitEach))
        ).first
        if (row?.integer(0) ?? 0) >= Int64(RepeatableRequest.limitEach) {
            throw OutboxProblem(.refused, "too many requests with an Idempotency-Key were sent in a day")
        }
        let begun = try run(
            """
            INSERT INTO posthorn_idempotency AS i (owner, name, digest, created) VALUES ($1, $2, $3, $4)
            ON CONFLICT (owner, name) DO UPDATE SET digest = excluded.digest, created = excluded.created, status = NULL,
                content_type = NULL, location = NULL, body = NULL WHERE i.created < $5
            """,
            .text(request.owner),
            .text(request.name),
            .text(request.digest),
            .integer(request.created.milliseconds),
            .integer(oldest.milliseconds)
        )
        // Another program has begun it in the meantime.
        return begun.affected == 0 ? try repeatable(request.owner, request.name) : nil
    }

    private func repeatable(_ owner: String, _ name: String) throws(OutboxProblem) -> RepeatableRequest? {
        let row = try run(
            "SELECT digest, created, status, content_type, location, body FROM posthorn_idempotency WHERE owner = $1 AND name = $2",
            .text(owner),
            .text(name)
        ).first
        guard let row else { return nil }
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
            try run("DELETE FROM posthorn_idempotency WHERE owner = $1 AND name = $2", .text(request.owner), .text(request.name))
            return
        }
        try run(
            "UPDATE posthorn_idempotency SET status = $3, content_type = $4, location = $5, body = $6 WHERE owner = $1 AND name = $2",
            .text(request.owner),
            .text(request.name),
            .integer(Int64(answer.status)),
            .text(answer.contentType),
            .text(answer.location),
            .bytes(answer.body)
        )
    }
}
#endif
