import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornText

/// Does a request with an `Idempotency-Key` once, and answers its repetitions with the first one's answer
/// (draft-ietf-httpapi-idempotency-key-header).
enum Idempotency {
    static let header = "Idempotency-Key"
    /// Longer answers are not kept.
    static let answerLimitBytes = 65_536

    /// Handles a request, unless that was done before.
    static func answer(_ request: APIRequest, _ handle: (APIRequest) throws -> HTTPResponse) throws -> HTTPResponse {
        guard request.route.isIdempotencyKeyTaken, let name = try name(request.head) else { return try handle(request) }
        let begun: (request: RepeatableRequest, earlier: RepeatableRequest?)
        do throws(OutboxProblem) {
            begun = try request.outbox.begin(owner: request.grant.keyID ?? "", name: name, content: content(request))
        } catch {
            if error.code != .refused { throw error }
            throw APIProblem(.tooManyRequests, "too many requests with an \(header) were sent in a day", headers: [("Retry-After", "3600")])
        }
        if let earlier = begun.earlier { return try repeated(earlier, begun.request) }
        let response: HTTPResponse
        do { response = try handle(request) } catch {
            // What was refused was not done. Where the store or the server failed nobody knows, and a repetition is told so.
            if APIProblem.from(error).code.status < 500 { try request.outbox.end(begun.request, nil) }
            throw error
        }
        try request.outbox.end(begun.request, kept(response))
        return response
    }

    private static func name(_ head: HTTPRequestHead) throws(APIProblem) -> String? {
        let values = head.headers.all(header)
        if values.isEmpty { return nil }
        guard values.count == 1, Parameter.isName(values[0]) else {
            throw APIProblem(.malformed, "\(header) must have 1 to 255 visible characters of ASCII, and be there once")
        }
        return values[0]
    }

    /// Method, target and body, each with its length in front, so that no two requests have the same.
    private static func content(_ request: APIRequest) -> [UInt8] {
        let query = request.head.target.query.flatMap { [$0.name, $0.value] }
        let parts = [request.head.method] + request.head.target.segments + ["?"] + query
        return Array(parts.map { "\($0.utf8.count):\($0)" }.joined().utf8) + request.body
    }

    private static func repeated(_ earlier: RepeatableRequest, _ now: RepeatableRequest) throws(APIProblem) -> HTTPResponse {
        if earlier.digest != now.digest {
            throw APIProblem(.keyReused, "the \(header) was sent before with another request; give each request one of its own")
        }
        guard let answer = earlier.answer else {
            throw APIProblem(
                .conflict,
                "the request with this \(header) is under way, or the program ended meanwhile: read what became of it"
            )
        }
        guard let body = answer.body else {
            throw APIProblem(
                .conflict,
                "the request with this \(header) was done, and its answer, which holds a secret or is long, was not kept"
            )
        }
        var response = HTTPResponse(status: answer.status, body: body)
        if let type = answer.contentType { response.headers.append("Content-Type", type) }
        if let location = answer.location { response.headers.append("Location", location) }
        response.headers.append("Idempotency-Replayed", "true")
        return response
    }

    private static func kept(_ response: HTTPResponse) -> RepeatableRequest.Answer {
        let isSecret = response.headers["Cache-Control"]?.contains("no-store") ?? false
        return RepeatableRequest.Answer(
            status: response.status,
            contentType: response.headers["Content-Type"],
            location: response.headers["Location"],
            body: isSecret || response.body.count > answerLimitBytes ? nil : response.body
        )
    }
}

extension Route {
    /// Whether it takes an `Idempotency-Key`: every POST but that of events, whose ids are what makes them idempotent.
    var isIdempotencyKeyTaken: Bool {
        if method != "POST" { return false }
        switch handler {
        case .plain, .outbound: return access != .open
        case .direct, .lines, .stream: return false
        }
    }
}
