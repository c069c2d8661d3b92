public import PosthornHTTP
public import PosthornModel
import PosthornSigning
public import PosthornSystem

/// Checks the signatures of requests with an endpoint's credentials: what a ``Receiver`` is given as its check.
public struct RequestCheck: Sendable {
    private let ofBodies: SignatureVerifier
    /// Voiso's Call Notify may come as a GET, whose key cannot stand in a body.
    private let ofQueries: SignatureVerifier
    private let clock: any PosthornClock

    /// - Parameters:
    ///   - settings: Envelope, signature and credentials.
    ///   - clock: What signed times are held against.
    /// - Throws: What is wrong with the credentials.
    public init(_ settings: EndpointSettings, clock: any PosthornClock = SystemClock()) throws(InputProblem) {
        ofBodies = try SignatureVerifier(settings)
        var asQuery = settings
        if settings.envelope == .voiso { asQuery.method = .get }
        ofQueries = try SignatureVerifier(asQuery)
        self.clock = clock
    }

    /// Judges a request.
    public func verdict(_ request: HTTPRequest) -> ReceiverVerdict {
        let isQuery = request.method == "GET"
        let received = SignatureVerifier.Request(
            method: isQuery ? .get : .post,
            query: Array((request.rawQuery ?? "").utf8),
            headers: request.headers.map { ($0.name, $0.value) },
            body: request.body
        )
        switch (isQuery ? ofQueries : ofBodies).verify(received, now: clock.now()) {
        case .genuine: return .valid
        case .unsigned: return .unchecked
        case .refused(let problem): return .invalid(problem.description)
        }
    }
}
