/// The kinds of refusal of the HTTP API. Each is the last part of a `type` (RFC 9457) below `/problems/`, and never changes its meaning.
enum ProblemCode: String, CaseIterable, Sendable {
    case malformed
    case invalidParameter = "invalid-parameter"
    case noKey = "no-key"
    case sessionEnded = "session-ended"
    case forbidden
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case notAcceptable = "not-acceptable"
    case conflict
    case changed
    case tooLarge = "too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case invalidBody = "invalid-body"
    case keyReused = "idempotency-key-reused"
    case tooManyRequests = "too-many-requests"
    case unavailable
    case timeout
    case failed

    /// The status that it is answered with.
    var status: Int {
        switch self {
        case .malformed, .invalidParameter: return 400
        case .noKey, .sessionEnded: return 401
        case .forbidden: return 403
        case .notFound: return 404
        case .methodNotAllowed: return 405
        case .notAcceptable: return 406
        case .timeout: return 408
        case .conflict: return 409
        case .changed: return 412
        case .tooLarge: return 413
        case .unsupportedMediaType: return 415
        case .invalidBody, .keyReused: return 422
        case .tooManyRequests: return 429
        case .failed: return 500
        case .unavailable: return 503
        }
    }

    /// What is wrong, for people, the same each time.
    var title: String {
        switch self {
        case .malformed: return "The request cannot be read"
        case .invalidParameter: return "A parameter is not known or not valid"
        case .noKey: return "A valid key is needed"
        case .sessionEnded: return "The portal session is over"
        case .forbidden: return "The key may not do this"
        case .notFound: return "There is no such thing"
        case .methodNotAllowed: return "The path has no such method"
        case .notAcceptable: return "No acceptable form of an answer"
        case .conflict: return "The state of things is in the way"
        case .changed: return "It has changed since it was read"
        case .tooLarge: return "The body is too long"
        case .unsupportedMediaType: return "The body is of another type"
        case .invalidBody: return "The body has faults"
        case .keyReused: return "The Idempotency-Key is another request's"
        case .tooManyRequests: return "Too much is waiting"
        case .timeout: return "The request took too long"
        case .failed: return "The server failed"
        case .unavailable: return "The outbox cannot be used now"
        }
    }

    /// What to do about it, for the page of all codes.
    var remedy: String {
        switch self {
        case .malformed: return "Send HTTP and JSON as their standards have them; detail says what is not."
        case .invalidParameter: return "Correct the parameters that errors names."
        case .noKey: return "Send Authorization: Bearer and a key that is neither expired nor revoked."
        case .sessionEnded: return "Open a new link of the site that the last one came from."
        case .forbidden: return "Use a key that has the right."
        case .notFound: return "Correct the id or the path. What is outside of the key's node is answered the same."
        case .methodNotAllowed: return "Use a method that Allow names."
        case .notAcceptable: return "Accept the type that the answer has; detail names it."
        case .conflict: return "Read it again, and decide."
        case .changed: return "Read it again, and repeat the change with its new ETag."
        case .tooLarge: return "Send less at once; detail has the limit."
        case .unsupportedMediaType: return "Send the type that detail names."
        case .invalidBody: return "Correct the members that errors names. Nothing was changed."
        case .keyReused: return "Give each request an Idempotency-Key of its own, and send it again with the request unchanged."
        case .tooManyRequests: return "Repeat the request after the seconds that Retry-After names."
        case .timeout: return "Send the request without pauses."
        case .failed: return "Repeat the request; the log has a line with its X-Request-Id."
        case .unavailable: return "Repeat the request later: nothing of it was done."
        }
    }
}
