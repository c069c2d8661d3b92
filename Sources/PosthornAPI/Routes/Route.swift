import PosthornHTTP
import PosthornModel
import PosthornText

/// One operation of the API: what is routed by, what is checked before its handler, and what the OpenAPI document says of it.
struct Route: Sendable {
    /// Who may call it.
    enum Access: Sendable, Equatable {
        /// Anybody, without a key.
        case open
        /// Any key.
        case key
        /// Keys with a right.
        case right(AccessRight)
    }

    /// A body that it takes.
    struct Body: Sendable {
        /// Its type, the first one being that of examples.
        let types: [String]
        let schema: JSONValue
        let example: JSONValue
        let limitBytes: Int
        var isRequired = true
    }

    /// An answer that it gives when all is well.
    struct Answer: Sendable {
        let status: Int
        let description: String
        var type = "application/json"
        var schema: JSONValue?
        var example: JSONValue?
        /// Fields of its head beside the usual ones, with what they are.
        var headers: [String: String] = [:]
    }

    let method: String
    /// With `{name}` in place of what varies.
    let path: String
    /// Its name in the OpenAPI document, and in logs and metrics.
    let operation: String
    let summary: String
    let access: Access
    var parameters: [Parameter] = []
    var body: Body?
    let answers: [Answer]
    /// What it may be refused with beyond what every route may.
    var problems: [ProblemCode] = []
    let handler: RouteHandler

    /// What is read of a body where none is taken: many clients send an empty object with whatever they POST.
    static let noBodyLimitBytes = 64

    /// Whether a body says no more than none does: it is empty, or an empty JSON object.
    static func isNoBody(_ body: [UInt8]) -> Bool {
        let letters = body.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        return letters.isEmpty || letters == Array("{}".utf8)
    }

    /// The segments of the path.
    var segments: [Substring] { path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { $0 } }
}

/// How a route answers.
enum RouteHandler: Sendable {
    /// Reads or writes the outbox on one of the API's own threads, and may wait for it.
    case plain(@Sendable (APIRequest) throws -> HTTPResponse)
    /// Calls a receiver, which may take seconds: on threads that only such calls have.
    case outbound(@Sendable (APIRequest) throws -> HTTPResponse)
    /// Returns at once, on the server's thread, and answers when it likes. Throws what is wrong with the request.
    case direct(@Sendable (APIRequest, @escaping @Sendable (HTTPResponse) -> Void) throws -> Void)
    /// Takes the body as it comes where that is one JSON text a line; whole bodies go to the other handler.
    case lines(@Sendable (APIRequest, HTTPResponder) -> any HTTPBodyConsumer, whole: DirectHandler)

    /// Begins an answer that is written bit by bit and has no end of its own. Throws why there is none.
    case stream(@Sendable (APIRequest, (HTTPResponse) -> HTTPResponseStream?) throws -> Void)

    typealias DirectHandler = @Sendable (APIRequest, @escaping @Sendable (HTTPResponse) -> Void) throws -> Void
}
