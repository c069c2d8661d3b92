/// What a handler answers.
public struct HTTPResponse: Sendable {
    /// The status, 200 to 999; anything else is sent as 500.
    public var status: Int
    /// Header fields to send. `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` are the server's own; a field that
    /// HTTP cannot carry (a line break, a control character, a blank in the name) is left out.
    public var headers: HTTPHeaders
    /// The body; not sent to a HEAD request, and not with 204 and 304.
    public var body: [UInt8]
    /// Whether the connection is closed once the answer is out.
    public var closesConnection: Bool
    /// What the answer to a HEAD says of the body that a GET would get, where that is not ``body``.
    package var absentBody: AbsentBody?

    /// How long a body is that is not here.
    package enum AbsentBody: Equatable, Sendable {
        case length(Int)
        /// Its length is not known, and none is told.
        case unknown
    }

    /// Whether it is ``hangUp``.
    public private(set) var isHangUp = false

    /// An answer made of its parts.
    public init(status: Int = 200, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], closesConnection: Bool = false) {
        self.status = status
        self.headers = headers
        self.body = body
        self.closesConnection = closesConnection
    }

    /// No answer at all: the connection is closed without a byte. For receivers that misbehave on purpose.
    public static let hangUp: HTTPResponse = {
        var response = HTTPResponse(status: 500, closesConnection: true)
        response.isHangUp = true
        return response
    }()

    /// A body of plain text.
    public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": "text/plain; charset=utf-8"], body: Array(text.utf8))
    }

    /// A body of JSON.
    public static func json(_ body: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": "application/json"], body: body)
    }
}
